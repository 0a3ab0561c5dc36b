//! Which person an inbound goes to: a pure function of the line, its overrides, the sender and the
//! time. The same arguments always give the same decision, so a stored one can be explained.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::duty::{Because, Overrides, duty_of};
use crate::line::{Line, Person};
use crate::phone::Sender;

/// Where an inbound goes, with everyone who was considered and why each was taken or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub line: String,
    pub at: Timestamp,
    pub rule: Rule,
    /// The name of the person it goes to; `None` if it is relayed to nobody.
    pub to_person: Option<String>,
    /// Whom a delivery that fails is handed over to, in this order.
    pub then: Vec<String>,
    pub candidates: Vec<Candidate>,
}

/// The rule that made the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The first of the cascade who is available.
    FirstAvailable,
    /// A person of the cascade wrote: that is no customer's text.
    FromPerson,
    /// The line wrote to itself; relaying that would never end.
    FromLine,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub person: String,
    pub available: bool,
    pub because: Because,
}

/// Decides for a text that `from` wrote to `line`.
pub fn decide(line: &Line, overrides: &Overrides, from: &Sender, now: Timestamp) -> Decision {
    let candidates: Vec<Candidate> = line
        .people
        .iter()
        .map(|person| {
            let duty = duty_of(line, person, overrides, now);
            Candidate {
                person: person.name.clone(),
                available: duty.available,
                because: duty.because,
            }
        })
        .collect();
    let rule = match from.phone() {
        Some(number) if *number == line.number => Rule::FromLine,
        Some(number) if line.person_with(number).is_some() => Rule::FromPerson,
        _ => Rule::FirstAvailable,
    };
    let mut cascade = match rule {
        Rule::FirstAvailable => on_duty(&candidates),
        Rule::FromPerson | Rule::FromLine => Vec::new(),
    }
    .into_iter();
    Decision {
        line: line.name.clone(),
        at: now,
        rule,
        to_person: cascade.next(),
        then: cascade.collect(),
        candidates,
    }
}

impl Decision {
    /// The people whom this decision names, first choice first.
    pub fn cascade<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = &'a Person> {
        self.to_person
            .iter()
            .chain(&self.then)
            .filter_map(|name| line.person_named(name))
    }
}

fn on_duty(candidates: &[Candidate]) -> Vec<String> {
    candidates
        .iter()
        .filter(|c| c.available)
        .map(|c| c.person.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::{Override, Presence};
    use crate::line::config;

    const FRIDAY_10: &str = "2026-11-20T18:00:00Z";
    const FRIDAY_20: &str = "2026-11-21T04:00:00Z";

    fn decided(from: &str, overrides: &Overrides, now: &str) -> Decision {
        let line = &config::parse(config::EXAMPLE, "relay.toml").unwrap()[0];
        decide(line, overrides, &Sender::parse(from), now.parse().unwrap())
    }

    #[test]
    fn the_first_who_is_available_gets_it_and_the_others_follow() {
        let decision = decided("+18585550107", &Overrides::default(), FRIDAY_10);
        assert_eq!(decision.rule, Rule::FirstAvailable);
        assert_eq!(decision.to_person.as_deref(), Some("Sergio"));
        assert_eq!(decision.then, ["Backup"]);
        let line = &config::parse(config::EXAMPLE, "relay.toml").unwrap()[0];
        let cascade: Vec<_> = decision.cascade(line).map(|person| &person.name).collect();
        assert_eq!(cascade, ["Sergio", "Backup"]);
    }

    #[test]
    fn whoever_is_skipped_is_on_record_with_the_reason() {
        let decision = decided("+18585550107", &Overrides::default(), FRIDAY_20);
        assert_eq!(decision.to_person.as_deref(), Some("Backup"));
        assert!(decision.then.is_empty());
        let considered: Vec<_> = decision
            .candidates
            .iter()
            .map(|c| (c.person.as_str(), c.available))
            .collect();
        assert_eq!(considered, [("Sergio", false), ("Backup", true)]);
        assert_eq!(decision.candidates[0].because, Because::OutsideHours);
    }

    #[test]
    fn an_override_changes_the_decision() {
        let away = Override {
            presence: Presence::Away,
            until: None,
        };
        let overrides = Overrides([("Sergio".to_owned(), away)].into());
        let decision = decided("+18585550107", &overrides, FRIDAY_10);
        assert_eq!(decision.to_person.as_deref(), Some("Backup"));
    }

    #[test]
    fn senders_that_cannot_be_answered_are_relayed_like_others() {
        for from in ["72975", "ACME", "rcs:acme", ""] {
            assert_eq!(
                decided(from, &Overrides::default(), FRIDAY_10)
                    .to_person
                    .as_deref(),
                Some("Sergio"),
                "{from}"
            );
        }
    }

    #[test]
    fn a_person_of_the_cascade_and_the_line_itself_are_relayed_to_nobody() {
        for (from, rule) in [
            ("+16195550110", Rule::FromPerson),
            ("+16195550111", Rule::FromPerson),
            ("+16195550100", Rule::FromLine),
        ] {
            let decision = decided(from, &Overrides::default(), FRIDAY_10);
            assert_eq!(
                (decision.rule, decision.to_person, decision.then),
                (rule, None, vec![])
            );
        }
    }
}
