//! Lists of telephone numbers that a line's store keeps: who opted out, who subscribed.

use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::candidates::DIM;
use crate::cli::output::{Unwritten, tell};
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
