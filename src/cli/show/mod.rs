//! How commands print: one list for each line, telephone numbers, amounts, and what can be JSON.

mod list;

pub use list::Listing;

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{BOLD, DIM};
use super::output::{self, Unwritten, tell};
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::printable::printable;

/// Prints a value: as JSON if that is asked for, otherwise as `in_words` prints it.
pub fn print<T: Serialize>(
    value: &T,
    json: bool,
    in_words: impl FnOnce(&T) -> Result<(), Unwritten>,
) -> anyhow::Result<ExitCode> {
    if json {
        output::json(value)?;
    } else {
        in_words(value)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What stands above what is said of a line: its name, and as of when by its clock.
pub fn head(line: &Line, at: Timestamp) -> Result<(), Unwritten> {
    tell!(
        "{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}",
        printable(&line.name),
        time(line, at)
    )
}

/// A time as every command prints it: by the line's clock, as `relay duty` and `relay explain` do.
pub fn time(line: &Line, at: Timestamp) -> String {
    line.time_zone.show(at)
}

/// Whether this command has masked a number that `--numbers` shows.
static HAS_MASKED: AtomicBool = AtomicBool::new(false);

pub fn has_masked() -> bool {
    HAS_MASKED.load(Ordering::Relaxed)
}

/// A telephone number, masked unless it is asked for in full.
pub fn number(number: &PhoneNumber, in_full: bool) -> String {
    if in_full {
        number.expose().to_owned()
    } else {
        masked(&number.masked())
    }
}

/// What stands for a number that `--numbers` would show.
pub fn masked(shown: &impl Display) -> String {
    HAS_MASKED.store(true, Ordering::Relaxed);
    shown.to_string()
}

/// Such as `1 row` and `2 rows`.
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// The amounts that are not zero, each as `count` says it.
pub fn counts<'w>(amounts: impl IntoIterator<Item = (usize, &'w str)>) -> Vec<String> {
    let amounts = amounts.into_iter().filter(|(number, _)| *number > 0);
    amounts.map(|(number, what)| count(number, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_said_in_the_singular_and_the_plural_and_none_is_left_out() {
        assert_eq!(count(0, "row"), "0 rows");
        let said = counts([(0, "text"), (1, "wake-up"), (2, "row")]);
        assert_eq!(said, ["1 wake-up", "2 rows"]);
    }
}
