use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::AsOf;
use crate::cli::candidates::{self, BOLD, DIM};
use crate::cli::output::{Unwritten, tell};
use crate::cli::schedule::instant;
use crate::cli::show;
use crate::domain::duty::{Because, next_change};
use crate::domain::line::Line;
use crate::domain::routing::{Decision, Known, decide_for_a_customer};

/// Who is available on a line, as `--json` shows it.
#[derive(Serialize)]
pub struct Shown<'a> {
    #[serde(rename = "line")]
    name: &'a str,
    time_zone: &'a str,
    at: Timestamp,
    to_person: Option<String>,
    pub people: Vec<Person>,
    #[serde(skip)]
    line: &'a Line,
    #[serde(skip)]
    pub decision: Decision,
}

#[derive(Serialize)]
pub struct Person {
    #[serde(flatten)]
    pub candidate: Value,
    /// When that changes, if it does within a week.
    pub until: Option<Timestamp>,
}

pub(super) async fn run(as_of: AsOf, now: Timestamp) -> anyhow::Result<ExitCode> {
    let lines = as_of.schedule.lines().await?;
    let mut all = Vec::new();
    for (line, known) in &lines {
        let at = instant(as_of.at.as_deref(), now, line)?;
        all.push(shown(line, known, at));
    }
    show::print(&all, as_of.json, |all| all.iter().try_for_each(print))
}

pub fn shown<'a>(line: &'a Line, known: &Known, at: Timestamp) -> Shown<'a> {
    let decision = decide_for_a_customer(line, known, at);
    let people = line.people.iter().zip(&decision.candidates);
    let people = people.map(|(person, candidate)| Person {
        candidate: candidates::json(candidate, &line.time_zone),
        until: match candidate.because {
            // They come back by a word of theirs, whatever the hours say.
            Because::OptedOut(_) | Because::OptedOutBackup(_) => None,
            _ => next_change(line, person, &known.overrides, at),
        },
    });
    Shown {
        name: &line.name,
        time_zone: line.time_zone.name(),
        at,
        to_person: decision.to_person.clone(),
        people: people.collect(),
        line,
        decision,
    }
}

fn print(shown: &Shown) -> Result<(), Unwritten> {
    let (line, zone) = (shown.line, &shown.line.time_zone);
    let number = line.country().map(|country| country.write(&line.number));
    tell!(
        "{BOLD}{}{BOLD:#}  {}  {DIM}{}{DIM:#}",
        line.name,
        number.unwrap_or_default(),
        zone.show(shown.at)
    )?;
    let candidates = &shown.decision.candidates;
    let rows = candidates::lines(candidates, zone);
    for ((row, candidate), person) in rows.iter().zip(candidates).zip(&shown.people) {
        let word = if candidate.available { "until" } else { "back" };
        let change = person.until.map(|at| format!(", {word} {}", zone.show(at)));
        tell!("  {row}{DIM}{}{DIM:#}", change.unwrap_or_default())?;
    }
    tell!("  {}", candidates::outcome(&shown.decision))
}
