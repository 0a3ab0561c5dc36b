//! Who was considered for a text, one to a line, with a mark and the reason.

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde::Serialize;

use crate::domain::duty::Because;
use crate::domain::routing::{Candidate, Decision, Rule};
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

/// A decision as `--json` shows it: each reason as the sentence that the audit has, on the line's
/// clock, and beside it in a form for programs.
#[derive(Debug, Serialize)]
pub struct DecisionShown {
    line: String,
    at: Timestamp,
    rule: Rule,
    to_person: Option<String>,
    then: Vec<String>,
    candidates: Vec<CandidateShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

#[derive(Debug, Serialize)]
struct CandidateShown {
    person: String,
    available: bool,
    because: String,
    reason: Because,
}

impl DecisionShown {
    pub fn of(decision: &Decision, zone: &TimeZone) -> Self {
        let candidates = decision.candidates.iter().map(|candidate| CandidateShown {
            person: candidate.person.clone(),
            available: candidate.available,
            because: candidate.because.in_zone(zone),
            reason: candidate.because.clone(),
        });
        Self {
            line: decision.line.clone(),
            at: decision.at,
            rule: decision.rule,
            to_person: decision.to_person.clone(),
            then: decision.then.clone(),
            candidates: candidates.collect(),
            because: decision.because.clone(),
        }
    }
}

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const RED: Style = AnsiColor::Red.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();

/// One line for each candidate, with the names in a column of their own.
pub fn lines(candidates: &[Candidate], zone: &TimeZone) -> Vec<String> {
    let width = candidates
        .iter()
        .map(|c| c.person.chars().count())
        .max()
        .unwrap_or_default();
    candidates
        .iter()
        .map(|candidate| {
            let (style, mark) = if candidate.available {
                (GREEN, "✓")
            } else {
                (RED, "✗")
            };
            let name = printable(&candidate.person);
            let reason = printable(&candidate.because.in_zone(zone));
            format!("{style}{mark}{style:#} {name:width$}  {reason}")
        })
        .collect()
}

/// Where a decision leads, in a sentence.
pub fn outcome(decision: &Decision) -> String {
    match (&decision.to_person, decision.rule) {
        (Some(person), _) if decision.then.is_empty() => {
            format!("→ {BOLD}{person}{BOLD:#}{}", because(decision))
        }
        (Some(person), _) => format!(
            "→ {BOLD}{person}{BOLD:#} {DIM}(then {}){DIM:#}{}",
            decision.then.join(", "),
            because(decision)
        ),
        (None, Rule::FromPerson) => {
            format!(
                "→ {BOLD}nobody{BOLD:#}: a person of the cascade wrote, and there is no thread for it"
            )
        }
        (None, Rule::Answer | Rule::TaggedAnswer | Rule::Choice) => {
            format!("→ {BOLD}the customer{BOLD:#}{}", because(decision))
        }
        (
            None,
            Rule::Held
            | Rule::UnknownTag
            | Rule::TooLong
            | Rule::Passed
            | Rule::Claimed
            | Rule::WrongPin,
        ) => format!("→ {BOLD}nobody{BOLD:#}{}", because(decision)),
        (None, Rule::FromLine) => {
            format!("→ {BOLD}nobody{BOLD:#}: a line of the relay wrote, which would never end")
        }
        (None, Rule::OptOutWord) => {
            format!("→ {BOLD}nobody{BOLD:#}: an opt-out word of the cascade, which Twilio answers")
        }
        (None, Rule::AutomaticReply) => format!(
            "→ {BOLD}nobody{BOLD:#}: an automatic reply of the cascade, which is not answered"
        ),
        (None, Rule::OwnWords) => {
            format!("→ {BOLD}nobody{BOLD:#}: a relay's own words came back, which would never end")
        }
        (None, Rule::Keyword) => {
            format!("→ {BOLD}nobody{BOLD:#}: a topic's keyword, by which somebody subscribes")
        }
        (None, Rule::LeftTopic) => {
            format!("→ {BOLD}nobody{BOLD:#}: it asks for no more notices of a topic")
        }
        (None, Rule::DutyByText) => format!(
            "→ {BOLD}nobody{BOLD:#}: a person of the cascade says whether they are there, or asks"
        ),
        (None, Rule::FirstAvailable | Rule::Thread) => {
            format!("→ {BOLD}nobody{BOLD:#}: nobody is available")
        }
    }
}

fn because(decision: &Decision) -> String {
    let because = decision.because.as_ref();
    because.map_or(String::new(), |because| format!(": {}", printable(because)))
}
