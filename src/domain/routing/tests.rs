use super::*;
use crate::domain::duty::{Override, Presence};
use crate::domain::line::config;
use crate::domain::opt_out::{Cause, OptOut};
use crate::domain::phone::PhoneNumber;

const FRIDAY_10: &str = "2026-11-20T18:00:00Z";
const FRIDAY_20: &str = "2026-11-21T04:00:00Z";
const CUSTOMER: &str = "+18585550107";
const SERGIO: &str = "+16195550110";
const BACKUP: &str = "+16195550111";

fn line() -> Line {
    config::parse(config::EXAMPLE, "relay.toml")
        .unwrap()
        .remove(0)
}

/// What the test says of the text and the people; the rest is nothing special.
struct Case {
    known: Known,
    nature: Nature,
}

impl Default for Case {
    fn default() -> Self {
        Known::default().into()
    }
}

impl From<Known> for Case {
    fn from(known: Known) -> Self {
        let nature = Nature::Ordinary;
        Self { known, nature }
    }
}

impl Case {
    fn decided(&self, from: &str, now: &str) -> Decision {
        let (from, now) = (Sender::parse(from), now.parse().unwrap());
        decide(&line(), &self.known, &from, self.nature, now)
    }
}

fn decided(from: &str, now: &str) -> Decision {
    Case::default().decided(from, now)
}

fn opted_out(numbers: &[&str]) -> OptOuts {
    let opt_out = OptOut {
        since: "2026-11-19T18:00:00Z".parse().unwrap(),
        by: Cause::Refusal(21610),
    };
    let number = |text: &&str| PhoneNumber::parse(text).unwrap();
    let numbers = numbers.iter().map(number);
    OptOuts(numbers.map(|number| (number, opt_out.clone())).collect())
}

fn reasons(decision: &Decision) -> Vec<String> {
    let zone = line().time_zone;
    let considered = decision.candidates.iter();
    considered
        .map(|c| format!("{} {}", c.available, c.because.in_zone(&zone)))
        .collect()
}

#[test]
fn the_first_who_is_available_gets_it_and_the_others_follow() {
    let decision = decided(CUSTOMER, FRIDAY_10);
    assert_eq!(decision.rule, Rule::FirstAvailable);
    assert_eq!(decision.to_person.as_deref(), Some("Sergio"));
    assert_eq!(decision.then, ["Backup"]);
    let line = line();
    let cascade: Vec<_> = decision.cascade(&line).map(|person| &person.name).collect();
    assert_eq!(cascade, ["Sergio", "Backup"]);
}

#[test]
fn whoever_is_skipped_is_on_record_with_the_reason() {
    let decision = decided(CUSTOMER, FRIDAY_20);
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
    let case = Case::from(Known {
        overrides: Overrides([("Sergio".to_owned(), away)].into()),
        ..Known::default()
    });
    let decision = case.decided(CUSTOMER, FRIDAY_10);
    assert_eq!(decision.to_person.as_deref(), Some("Backup"));
}

#[test]
fn senders_that_cannot_be_answered_are_relayed_like_others() {
    for from in ["72975", "ACME", "rcs:acme", ""] {
        assert_eq!(
            decided(from, FRIDAY_10).to_person.as_deref(),
            Some("Sergio"),
            "{from}"
        );
    }
}

#[test]
fn a_person_of_the_cascade_and_the_line_itself_are_relayed_to_nobody() {
    for (from, rule) in [
        (SERGIO, Rule::FromPerson),
        (BACKUP, Rule::FromPerson),
        ("+16195550100", Rule::FromLine),
    ] {
        let decision = decided(from, FRIDAY_10);
        assert_eq!(
            (decision.rule, decision.to_person, decision.then),
            (rule, None, vec![])
        );
    }
}

#[test]
fn another_line_of_the_relay_is_relayed_to_nobody() {
    let case = Case::from(Known {
        from_own_line: true,
        ..Known::default()
    });
    let decision = case.decided("+16195550102", FRIDAY_10);
    assert_eq!((decision.rule, decision.to_person), (Rule::FromLine, None));
}

#[test]
fn who_opted_out_is_skipped_with_the_reason() {
    let case = Case::from(Known {
        opt_outs: opted_out(&[SERGIO]),
        ..Known::default()
    });
    let decision = case.decided(CUSTOMER, FRIDAY_10);
    assert_eq!(decision.to_person.as_deref(), Some("Backup"));
    assert_eq!(
        reasons(&decision),
        [
            "false opted out of texts on Thu 2026-11-19 10:00 PST",
            "true the backup is always available"
        ]
    );
    // Whoever is off duty is so in the first place.
    let decision = case.decided(CUSTOMER, FRIDAY_20);
    assert_eq!(decision.candidates[0].because, Because::OutsideHours);
}

#[test]
fn a_backup_who_opted_out_is_left_out_while_there_is_somebody_else() {
    let case = Case::from(Known {
        opt_outs: opted_out(&[BACKUP]),
        ..Known::default()
    });
    let decision = case.decided(CUSTOMER, FRIDAY_10);
    assert_eq!(decision.to_person.as_deref(), Some("Sergio"));
    assert!(decision.then.is_empty());
}

#[test]
fn if_everybody_opted_out_the_backup_is_tried_all_the_same() {
    let case = Case::from(Known {
        opt_outs: opted_out(&[SERGIO, BACKUP]),
        ..Known::default()
    });
    let decision = case.decided(CUSTOMER, FRIDAY_10);
    assert_eq!(decision.to_person.as_deref(), Some("Backup"));
    assert_eq!(
        reasons(&decision)[1],
        "true opted out of texts on Thu 2026-11-19 10:00 PST, but nobody else is left"
    );
}

#[test]
fn a_person_is_not_answered_where_that_would_begin_a_loop() {
    for (nature, rule) in [
        (Nature::Automatic, Rule::AutomaticReply),
        (Nature::OwnWords, Rule::OwnWords),
        (Nature::OptOutWord, Rule::OptOutWord),
    ] {
        let case = Case {
            nature,
            ..Case::default()
        };
        let decision = case.decided(SERGIO, FRIDAY_10);
        assert_eq!((decision.rule, decision.to_person), (rule, None));
        let decision = case.decided(CUSTOMER, FRIDAY_10);
        assert_eq!(decision.rule, Rule::FirstAvailable, "a customer is relayed");
    }
}
