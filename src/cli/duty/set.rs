use std::process::ExitCode;

use jiff::Timestamp;

use super::show;
use crate::app::ports::store::Store;
use crate::cli::WrongUsage;
use crate::cli::candidates::{self, YELLOW};
use crate::cli::output::{self, Unwritten, note, tell};
use crate::cli::schedule::{choose, known, wrong_time};
use crate::cli::target::Target;
use crate::domain::duty::{Because, Override, Presence, when};
use crate::domain::line::{Line, Person};
use crate::domain::routing::decide_for_a_customer;

#[derive(clap::Args)]
pub struct Set {
    /// The person's name
    person: String,
    /// Until then: 2h, 5pm, "Mon 8:00" on the line's clock, or RFC 3339 [default: until cleared]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
pub struct Clear {
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
    /// Print what is now true as JSON, as `duty show` does
    #[arg(long)]
    json: bool,
}

impl Set {
    pub async fn run(self, presence: Presence, now: Timestamp) -> anyhow::Result<ExitCode> {
        let store = self.place.target.store().await?;
        let mut report = Report::new(self.place.json);
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
            report.say(&format!(
                "{}: {} is {}",
                line.name,
                person.name,
                state.in_zone(zone)
            ))?;
            let is_backup = line
                .people
                .last()
                .is_some_and(|last| last.name == person.name);
            if is_backup && presence == Presence::Away {
                note!(
                    "{YELLOW}note:{YELLOW:#} {} is the backup and gets texts all the same when \
                     nobody else is available",
                    person.name
                );
            }
            report.line(&*store, &line, now).await?;
        }
        report.end()?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Clear {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let store = self.place.target.store().await?;
        let mut cleared = false;
        let mut report = Report::new(self.place.json);
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
            report.say(&format!(
                "{}: the hours decide about {name} again",
                line.name
            ))?;
            report.line(&*store, &line, now).await?;
        }
        if !cleared {
            // A name that is nobody's is a slip of the pen, not a state to be content with.
            let found = self.place.find(&*store, &self.person).await?;
            report.say(&format!("nothing was set for {}", self.person))?;
            for (line, _) in found.iter().filter(|_| self.place.json) {
                report.line(&*store, line, now).await?;
            }
        }
        report.end()?;
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
            return Err(WrongUsage(format!(
                "there is nobody called {name:?}; there is {}",
                names.join(", ")
            ))
            .into());
        }
        Ok(found)
    }
}

/// What a change is answered with: sentences as it goes, or JSON at its end.
struct Report {
    json: bool,
    lines: Vec<serde_json::Value>,
}

impl Report {
    fn new(json: bool) -> Self {
        let lines = Vec::new();
        Self { json, lines }
    }

    fn say(&self, sentence: &str) -> Result<(), Unwritten> {
        if self.json {
            Ok(())
        } else {
            tell!("{sentence}")
        }
    }

    /// Tells who gets the texts to this line now.
    async fn line(&mut self, store: &dyn Store, line: &Line, now: Timestamp) -> anyhow::Result<()> {
        let known = known(store, line).await?;
        if self.json {
            let shown = show::show(line, &known, now);
            self.lines.push(serde_json::to_value(shown)?);
        } else {
            let decision = decide_for_a_customer(line, &known, now);
            tell!("  now {}", candidates::outcome(&decision))?;
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        if self.json {
            output::json(&self.lines)?;
        }
        Ok(())
    }
}
