//! Who was considered for a text, one to a line, with a mark and the reason.

use anstyle::{AnsiColor, Style};

use crate::line::TimeZone;
use crate::printable::printable;
use crate::routing::{Candidate, Decision, Rule};

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
        (Some(person), _) if decision.then.is_empty() => format!("→ {BOLD}{person}{BOLD:#}"),
        (Some(person), _) => format!(
            "→ {BOLD}{person}{BOLD:#} {DIM}(then {}){DIM:#}",
            decision.then.join(", ")
        ),
        (None, Rule::FromPerson) => {
            format!(
                "→ {BOLD}nobody{BOLD:#}: a person of the cascade wrote, which is no customer's text"
            )
        }
        (None, Rule::FromLine) => {
            format!("→ {BOLD}nobody{BOLD:#}: the line wrote to itself, which would never end")
        }
        (None, Rule::FirstAvailable) => format!("→ {BOLD}nobody{BOLD:#}: nobody is available"),
    }
}
