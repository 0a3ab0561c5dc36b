use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::candidates::{self, BOLD, DIM};
use crate::cli::output::{self, Unwritten, tell};
use crate::cli::schedule::{Schedule, instant};
use crate::domain::duty::{Because, next_change};
use crate::domain::line::{Line, Person};
use crate::domain::routing::{Candidate, Known, decide_for_a_customer};

#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    schedule: Schedule,
    /// At another time: RFC 3339, or such as "Sat 02:00" on the line's clock
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Who is available on a line, as `--json` shows it.
#[derive(Serialize)]
pub struct Shown<'a> {
    line: &'a str,
    time_zone: &'a str,
    at: Timestamp,
    to_person: Option<String>,
    people: Vec<ShownPerson>,
}

#[derive(Serialize)]
struct ShownPerson {
    person: String,
    available: bool,
    /// The reason as a sentence, and in a form for programs.
    because: String,
    reason: Because,
    /// When that changes, if it does within a week.
    until: Option<Timestamp>,
}

impl Show {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let lines = self.schedule.lines().await?;
        let mut shown = Vec::new();
        for (line, known) in &lines {
            let at = instant(self.at.as_deref(), now, line)?;
            if !self.json {
                print_line(line, known, at)?;
            }
            shown.push(show(line, known, at));
        }
        if self.json {
            output::json(&shown)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

pub fn show<'a>(line: &'a Line, known: &Known, at: Timestamp) -> Shown<'a> {
    let decision = decide_for_a_customer(line, known, at);
    let people = line.people.iter().zip(decision.candidates);
    Shown {
        line: &line.name,
        time_zone: line.time_zone.name(),
        at,
        to_person: decision.to_person,
        people: people
            .map(|(person, candidate)| ShownPerson {
                until: change(line, person, &candidate, known, at),
                person: candidate.person,
                available: candidate.available,
                because: candidate.because.in_zone(&line.time_zone),
                reason: candidate.because,
            })
            .collect(),
    }
}

/// When the candidate's availability changes by itself. Who opted out comes back by a word of theirs,
/// whatever the hours say.
fn change(
    line: &Line,
    person: &Person,
    candidate: &Candidate,
    known: &Known,
    at: Timestamp,
) -> Option<Timestamp> {
    match candidate.because {
        Because::OptedOut(_) | Because::OptedOutBackup(_) => None,
        _ => next_change(line, person, &known.overrides, at),
    }
}

fn print_line(line: &Line, known: &Known, at: Timestamp) -> Result<(), Unwritten> {
    let zone = &line.time_zone;
    let number = line
        .country()
        .map_or(String::new(), |country| country.write(&line.number));
    tell!(
        "{BOLD}{}{BOLD:#}  {number}  {DIM}{}{DIM:#}",
        line.name,
        zone.show(at)
    )?;
    let decision = decide_for_a_customer(line, known, at);
    let rows = candidates::lines(&decision.candidates, zone);
    for ((row, person), candidate) in rows.iter().zip(&line.people).zip(&decision.candidates) {
        let change = match change(line, person, candidate, known, at) {
            Some(change) if candidate.available => format!(", until {}", zone.show(change)),
            Some(change) => format!(", back {}", zone.show(change)),
            None => String::new(),
        };
        tell!("  {row}{DIM}{change}{DIM:#}")?;
    }
    tell!("  {}", candidates::outcome(&decision))
}
