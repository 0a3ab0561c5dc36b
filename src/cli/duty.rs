use std::process::ExitCode;

use anstream::{eprintln, println};
use anyhow::bail;
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{self, BOLD, DIM, YELLOW};
use super::schedule::{Schedule, choose, instant, wrong_time};
use super::target::Target;
use crate::clock::{Clock, SystemClock};
use crate::duty::check::{Finding, check};
use crate::duty::{Because, Override, Overrides, Presence, next_change, when};
use crate::line::{Line, Person};
use crate::phone::Sender;
use crate::routing::decide;
use crate::store::Store;

/// Show who is available and why; set people away or on duty; check the schedule
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay duty show --at \"Sat 02:00\"
  relay duty away Sergio --until 5pm
  relay duty on Sergio --until \"Mon 8:00\"
  relay duty clear Sergio
  relay duty check --config relay.toml")]
pub struct Duty {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show who is available, and why
    Show(Show),
    /// Set a person away, whatever the hours say
    Away(Set),
    /// Set a person on duty, whatever the hours say
    On(Set),
    /// Let the hours decide again
    Clear(Clear),
    /// Look for gaps, forgotten overrides and nights on which clocks change
    Check(Check),
}

#[derive(clap::Args)]
struct Show {
    #[command(flatten)]
    schedule: Schedule,
    /// At another time: RFC 3339, or such as "Sat 02:00" on the line's clock
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Set {
    /// The person's name
    person: String,
    /// Until then: 2h, 5pm, "Mon 8:00" on the line's clock, or RFC 3339 [default: until cleared]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
struct Clear {
    /// The person's name
    person: String,
    #[command(flatten)]
    place: Place,
}

/// Whose overrides are changed.
#[derive(clap::Args)]
struct Place {
    #[command(flatten)]
    target: Target,
    /// Only on this line, by its name or number [default: every line the person is in]
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
}

#[derive(clap::Args)]
struct Check {
    #[command(flatten)]
    schedule: Schedule,
    /// As of another time: RFC 3339, or such as "Sat 02:00" on the line's clock
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Duty {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match self.command {
            Command::Show(show) => show.run(now).await,
            Command::Away(set) => set.run(Presence::Away, now).await,
            Command::On(set) => set.run(Presence::On, now).await,
            Command::Clear(clear) => clear.run(now).await,
            Command::Check(check) => check.run(now).await,
        }
    }
}

/// Who is available on a line, as `--json` shows it.
#[derive(Serialize)]
struct Shown<'a> {
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
    because: Because,
    reason: String,
    /// When that changes, if it does within a week.
    until: Option<Timestamp>,
}

impl Show {
    async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let lines = self.schedule.lines().await?;
        let mut shown = Vec::new();
        for (line, overrides) in &lines {
            let at = instant(self.at.as_deref(), now, line)?;
            if !self.json {
                print_line(line, overrides, at);
            }
            shown.push(show(line, overrides, at));
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&shown)?);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A customer who writes: nobody's number, so that the hours and overrides alone decide.
fn a_customer() -> Sender {
    Sender::Alphanumeric(String::new())
}

fn show<'a>(line: &'a Line, overrides: &Overrides, at: Timestamp) -> Shown<'a> {
    let decision = decide(line, overrides, &a_customer(), at);
    let people = line.people.iter().zip(decision.candidates);
    Shown {
        line: &line.name,
        time_zone: line.time_zone.name(),
        at,
        to_person: decision.to_person,
        people: people
            .map(|(person, candidate)| ShownPerson {
                person: candidate.person,
                available: candidate.available,
                reason: candidate.because.in_zone(&line.time_zone),
                because: candidate.because,
                until: next_change(line, person, overrides, at),
            })
            .collect(),
    }
}

fn print_line(line: &Line, overrides: &Overrides, at: Timestamp) {
    let zone = &line.time_zone;
    let number = line
        .country()
        .map_or(String::new(), |country| country.write(&line.number));
    println!(
        "{BOLD}{}{BOLD:#}  {number}  {DIM}{}{DIM:#}",
        line.name,
        zone.show(at)
    );
    let decision = decide(line, overrides, &a_customer(), at);
    let rows = candidates::lines(&decision.candidates, zone);
    for ((row, person), candidate) in rows.iter().zip(&line.people).zip(&decision.candidates) {
        let change = match next_change(line, person, overrides, at) {
            Some(change) if candidate.available => format!(", until {}", zone.show(change)),
            Some(change) => format!(", back {}", zone.show(change)),
            None => String::new(),
        };
        println!("  {row}{DIM}{change}{DIM:#}");
    }
    println!("  {}", candidates::outcome(&decision));
}

impl Set {
    async fn run(self, presence: Presence, now: Timestamp) -> anyhow::Result<ExitCode> {
        let store = self.place.target.store().await?;
        for (line, person) in self.place.find(&*store, &self.person).await? {
            let zone = &line.time_zone;
            let until = match &self.until {
                Some(text) => Some(when::until(text, now, zone).map_err(wrong_time)?),
                None => None,
            };
            let set = Override { presence, until };
            store
                .set_override(&line.number, &person.name, Some(&set))
                .await?;
            let state = match presence {
                Presence::Away => Because::Away(until),
                Presence::On => Because::On(until),
            };
            println!("{}: {} is {}", line.name, person.name, state.in_zone(zone));
            let is_backup = line
                .people
                .last()
                .is_some_and(|last| last.name == person.name);
            if is_backup && presence == Presence::Away {
                eprintln!(
                    "{YELLOW}note:{YELLOW:#} {} is the backup and gets texts all the same when \
                     nobody else is available",
                    person.name
                );
            }
            say_who_gets_texts(&*store, &line, now).await?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Clear {
    async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let store = self.place.target.store().await?;
        let mut cleared = false;
        // By the overrides and not by the people: somebody may have left the cascade.
        for line in choose(store.lines().await?, self.place.line.as_deref())? {
            let overrides = store.overrides(&line.number).await?;
            let wanted = self.person.to_lowercase();
            let Some(name) = overrides
                .0
                .keys()
                .find(|name| name.to_lowercase() == wanted)
            else {
                continue;
            };
            store.set_override(&line.number, name, None).await?;
            cleared = true;
            println!("{}: the hours decide about {name} again", line.name);
            say_who_gets_texts(&*store, &line, now).await?;
        }
        if !cleared {
            // A name that is nobody's is a slip of the pen, not a state to be content with.
            self.place.find(&*store, &self.person).await?;
            println!("nothing was set for {}", self.person);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Place {
    /// The person of this name, in each line of which they are a part.
    async fn find(&self, store: &dyn Store, name: &str) -> anyhow::Result<Vec<(Line, Person)>> {
        let lines = choose(store.lines().await?, self.line.as_deref())?;
        let mut names: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for line in lines {
            names.extend(line.people.iter().map(|person| person.name.clone()));
            let is_meant = |person: &&Person| person.name.to_lowercase() == name.to_lowercase();
            let person = line.people.iter().find(is_meant).cloned();
            found.extend(person.map(|person| (line, person)));
        }
        if found.is_empty() {
            names.sort();
            names.dedup();
            bail!(
                "there is nobody called {name:?}; there is {}",
                names.join(", ")
            );
        }
        Ok(found)
    }
}

async fn say_who_gets_texts(store: &dyn Store, line: &Line, now: Timestamp) -> anyhow::Result<()> {
    let overrides = store.overrides(&line.number).await?;
    let decision = decide(line, &overrides, &a_customer(), now);
    println!("  now {}", candidates::outcome(&decision));
    Ok(())
}

/// The findings of a line, as `--json` shows them.
#[derive(Serialize)]
struct Checked<'a> {
    line: &'a str,
    findings: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    finding: Finding,
    warning: bool,
    sentence: String,
}

impl Check {
    async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let lines = self.schedule.lines().await?;
        let mut checked = Vec::new();
        for (line, overrides) in &lines {
            let at = instant(self.at.as_deref(), now, line)?;
            let findings = check(line, overrides, at).into_iter().map(|finding| Told {
                warning: finding.is_warning(),
                sentence: finding.to_string(),
                finding,
            });
            checked.push(Checked {
                line: &line.name,
                findings: findings.collect(),
            });
        }
        let warnings = checked
            .iter()
            .flat_map(|line| &line.findings)
            .any(|told| told.warning);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&checked)?);
        } else {
            checked.iter().for_each(print_findings);
        }
        Ok(if warnings {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn print_findings(line: &Checked) {
    println!("{BOLD}{}{BOLD:#}", line.line);
    if line.findings.is_empty() {
        println!("  nothing to tell: somebody besides the backup is on duty at all times");
    }
    for told in &line.findings {
        let mark = match told.warning {
            true => format!("{YELLOW}!{YELLOW:#}"),
            false => "·".to_owned(),
        };
        println!("  {mark} {}", told.sentence);
    }
}
