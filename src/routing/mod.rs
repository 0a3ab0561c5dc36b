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
