//! Who was considered for a text, one to a line, with a mark and the reason.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::domain::routing::{Candidate, Decision, Rule};
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

/// A decision as `--json` shows it: each reason as the sentence that the audit has, on the line's
/// clock, and beside it in a form for programs.
pub fn decision_json(decision: &Decision, zone: &TimeZone) -> Value {
    let mut shown = json!(decision);
    let candidates = decision.candidates.iter();
    shown["candidates"] = candidates.map(|candidate| json(candidate, zone)).collect();
    shown
}

/// A candidate as `--json` shows it.
pub fn json(candidate: &Candidate, zone: &TimeZone) -> Value {
    json!({
        "person": candidate.person,
        "available": candidate.available,
        "because": candidate.because.in_zone(zone),
        "reason": candidate.because,
    })
}

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const RED: Style = AnsiColor::Red.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();

/// One line for each candidate, with the names in a column of their own.
pub fn lines(candidates: &[Candidate], zone: &TimeZone) -> Vec<String> {
    let widths = candidates.iter().map(|c| c.person.chars().count());
    let width = widths.max().unwrap_or_default();
    let line = |candidate: &Candidate| {
        let style = if candidate.available { GREEN } else { RED };
        let mark = mark(candidate);
        let name = printable(&candidate.person);
        let reason = printable(&candidate.because.in_zone(zone));
        format!("{style}{mark}{style:#} {name:width$}  {reason}")
    };
    candidates.iter().map(line).collect()
}

pub fn mark(candidate: &Candidate) -> char {
    if candidate.available { '✓' } else { '✗' }
}

/// Where a decision leads, in a sentence.
pub fn outcome(decision: &Decision) -> String {
    let because = decision.because.as_ref();
    let because = because.map(|because| format!(": {}", printable(because)));
    let because = because.unwrap_or_default();
    let Some(person) = &decision.to_person else {
        let (to, why) = nobody(decision.rule);
        return format!("→ {BOLD}{to}{BOLD:#}: {why}{because}");
    };
    let then = match &decision.then[..] {
        [] => String::new(),
        then => format!(" {DIM}(then {}){DIM:#}", then.join(", ")),
    };
    format!("→ {BOLD}{person}{BOLD:#}{then}{because}")
}

/// Where a text goes that goes to no person of the cascade, and why.
pub fn nobody(rule: Rule) -> (&'static str, &'static str) {
    let to = match rule {
        Rule::Answer | Rule::TaggedAnswer | Rule::WroteFirst | Rule::Choice => "the customer",
        Rule::OptOutWord | Rule::AutomaticReply | Rule::OwnWords => "nobody, not answered",
        Rule::Asked => "nobody yet",
        _ => "nobody",
    };
    let why = match rule {
        Rule::FirstAvailable | Rule::Conversation => "nobody is available",
        Rule::Talked => "the person whom they talked to is not behind the line any more",
        Rule::FromPerson => "a person of the cascade wrote, and no customer can be meant",
        Rule::Answer => "a person of the cascade answered their customer",
        Rule::TaggedAnswer => "a person of the cascade put the customer's digits in front",
        Rule::WroteFirst => "a person of the cascade wrote first",
        Rule::Choice => "a person of the cascade said for whom an earlier text was",
        Rule::Asked => "it is not certain for which customer it is",
        Rule::UnknownTag => {
            "no customer's number ends in its digits, or nothing stands behind them"
        }
        Rule::TooLong => "it is longer than what goes to a customer in one text",
        Rule::Passed => "a person of the cascade gave their customer to the next",
        Rule::Claimed => "a person of the cascade took the customer on",
        Rule::Done => "a person of the cascade said that the customer waits no longer",
        Rule::Blocked => "the customer is blocked",
        Rule::BlockByText => "a person of the cascade blocked a customer, or took that back",
        Rule::CallByText => "a person of the cascade wants to call a customer",
        Rule::NotReached => "a person of the cascade called the customer",
        Rule::Reaction => "a phone's reaction is no answer",
        Rule::NearMiss => "it is nearly a command",
        Rule::WrongPin => "the PIN is missing or wrong, or stands in a text that is no command",
        Rule::FromLine => "a line of the relay wrote, which would never end",
        Rule::OptOutWord => "a person of the cascade wrote a word that Twilio answers",
        Rule::AutomaticReply => "a person's phone wrote it by itself",
        Rule::OwnWords => "a relay's own words came from a person's number, which would never end",
        Rule::Keyword => "it is a topic's keyword, by which somebody subscribes",
        Rule::LeftTopic => "it asks for no more notices of a topic",
        Rule::DutyByText => "a person of the cascade says whether they are there, or asks",
    };
    (to, why)
}
