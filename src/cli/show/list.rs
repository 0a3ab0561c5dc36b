//! Lists of telephone numbers that a line's store keeps: who opted out, who subscribed.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::app::ports::store::Store;
use crate::cli::candidates::{BOLD, DIM};
use crate::cli::output::{Rows, Unwritten, tell};
use crate::cli::schedule::Lines;
use crate::cli::show;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::printable::printable;

/// What a command lists, and how.
#[derive(clap::Args)]
pub struct Listing {
    #[command(flatten)]
    pub lines: Lines,
    /// Show telephone numbers in full
    #[arg(long)]
    pub numbers: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// One number of a list, as `--json` shows it.
#[derive(Serialize)]
pub struct Entry<'l, T> {
    line: &'l str,
    number: String,
    /// Whose number it is, if it is one of the line's people.
    person: Option<&'l str>,
    since: Timestamp,
    /// How it came onto the list, in words; `what` has it in a form for programs.
    because: String,
    #[serde(flatten)]
    what: T,
}

impl Listing {
    /// Lists the numbers of each line, or says `nobody`: since when each is there, and by what.
    pub async fn print<T: Display + Serialize>(
        &self,
        nobody: &str,
        numbers: impl AsyncFn(
            &dyn Store,
            &Line,
        ) -> anyhow::Result<BTreeMap<PhoneNumber, (Timestamp, T)>>,
    ) -> anyhow::Result<ExitCode> {
        let (store, lines) = self.lines.open().await?;
        let mut rows = Rows::of(self.json);
        for line in &lines {
            let listed = numbers(store.as_ref(), line).await?;
            rows.say(format_args!("{BOLD}{}{BOLD:#}", printable(&line.name)))?;
            if listed.is_empty() {
                rows.say(format_args!("    {nobody}"))?;
            }
            for (number, (since, by)) in &listed {
                // The same as in words, in a form for programs.
                let what = json!({ "by": by });
                let entry = self.entry(line, number, *since, by, what);
                rows.row(&entry, |entry| entry.print(line))?;
            }
        }
        rows.end()
    }

    pub fn entry<'l, T>(
        &self,
        line: &'l Line,
        number: &PhoneNumber,
        since: Timestamp,
        because: &impl Display,
        what: T,
    ) -> Entry<'l, T> {
        Entry {
            line: &line.name,
            number: show::number(number, self.numbers),
            person: line.person_with(number).map(|person| person.name.as_str()),
            since,
            because: because.to_string(),
            what,
        }
    }
}

impl<T> Entry<'_, T> {
    pub fn print(&self, line: &Line) -> Result<(), Unwritten> {
        let person = self.person.map(|name| format!(" {}", printable(name)));
        tell!(
            "    {}{}  {DIM}since {} {}{DIM:#}",
            self.number,
            person.unwrap_or_default(),
            line.time_zone.show(self.since),
            printable(&self.because)
        )
    }
}
