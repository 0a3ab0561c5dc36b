use std::process::ExitCode;

use jiff::Timestamp;

use super::show::{Shown, shown};
use crate::app::ports::store::Store;
use crate::cli::candidates::{self, YELLOW};
use crate::cli::completions;
use crate::cli::output::{Rows, note, tell};
use crate::cli::schedule::{Lines, known, wrong_time};
use crate::cli::{WrongUsage, meant};
use crate::domain::duty::{Because, Override, Presence};
use crate::domain::line::{Line, Person};
use crate::domain::when::option;

#[derive(clap::Args)]
pub struct Set {
    /// Until then: 2h, 5pm, "Mon 8:00", "Dec 10" on the line's clock, or RFC 3339 [default: until
    /// cleared]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// Whose override is changed.
#[derive(clap::Args)]
pub struct Whose {
    /// The person's name
    #[arg(add = completions::people())]
    person: String,
    #[command(flatten)]
    lines: Lines,
    /// Print what is now true as JSON, as `duty show` does
    #[arg(long)]
    json: bool,
}

impl Set {
    pub async fn run(self, presence: Presence, now: Timestamp) -> anyhow::Result<ExitCode> {
        let (store, lines) = self.whose.lines.open().await?;
        let mut rows = Rows::of(self.whose.json);
        for (line, person) in self.whose.find(&lines)? {
            let (zone, name) = (&line.time_zone, &person.name);
            let until = match &self.until {
                Some(text) => Some(option::until(text, now, line.clock()).map_err(wrong_time)?),
                None => None,
            };
            let set = Override { presence, until };
            store.set_override(&line.number, name, Some(&set)).await?;
            let state = match presence {
                Presence::Away => Because::Away(until),
                Presence::On => Because::On(until),
            };
            let state = state.in_zone(zone);
            rows.say(format_args!("{}: {name} is {state}", line.name))?;
            let is_backup = line.people.last().is_some_and(|last| last.name == *name);
            if is_backup && presence == Presence::Away {
                note!(
                    "{YELLOW}note:{YELLOW:#} {name} is the backup and gets texts all the same when \
                     nobody else is available"
                );
            }
            now_true(&mut rows, store.as_ref(), line, now).await?;
        }
        rows.end()
    }
}

impl Whose {
    /// Lets the hours decide again.
    pub async fn clear(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let (store, lines) = self.lines.open().await?;
        let mut rows = Rows::of(self.json);
        let mut cleared = false;
        // By the overrides and not by the people: somebody may have left the cascade.
        for line in &lines {
            let overrides = store.overrides(&line.number).await?.0;
            let Some(name) = overrides.into_keys().find(|name| self.is(name)) else {
                continue;
            };
            store.set_override(&line.number, &name, None).await?;
            cleared = true;
            let line_name = &line.name;
            rows.say(format_args!(
                "{line_name}: the hours decide about {name} again"
            ))?;
            now_true(&mut rows, store.as_ref(), line, now).await?;
        }
        if !cleared {
            // A name that is nobody's is a slip of the pen, not a state to be content with.
            let found = self.find(&lines)?;
            rows.say(format_args!("nothing was set for {}", self.person))?;
            for (line, _) in found.into_iter().filter(|_| self.json) {
                now_true(&mut rows, store.as_ref(), line, now).await?;
            }
        }
        rows.end()
    }

    fn is(&self, name: &str) -> bool {
        name.to_lowercase() == self.person.to_lowercase()
    }

    /// The person of this name, in each line of which they are a part.
    fn find<'l>(&self, lines: &'l [Line]) -> Result<Vec<(&'l Line, &'l Person)>, WrongUsage> {
        let people = lines
            .iter()
            .flat_map(|line| line.people.iter().map(move |p| (line, p)));
        let found: Vec<_> = people
            .clone()
            .filter(|(_, person)| self.is(&person.name))
            .collect();
        if found.is_empty() {
            let mut names: Vec<&str> = people.map(|(_, person)| person.name.as_str()).collect();
            names.sort();
            names.dedup();
            let meant = meant(&self.person, names.iter().copied());
            let (name, names) = (&self.person, names.join(", "));
            let message = format!("there is nobody called {name:?}; there is {names}{meant}");
            return Err(WrongUsage(message));
        }
        Ok(found)
    }
}

/// Tells who gets the texts to a line after the change.
async fn now_true(
    rows: &mut Rows,
    store: &dyn Store,
    line: &Line,
    now: Timestamp,
) -> anyhow::Result<()> {
    let shown = shown(line, &known(store, line).await?, now);
    rows.row(&shown, |Shown { decision, .. }| {
        tell!("  now {}", candidates::outcome(decision))
    })
}
