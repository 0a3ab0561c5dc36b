//! What commands print, in one place: text from outside cannot steer the terminal, and an output
//! that cannot be written is an error and no panic.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::printable::steers;

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output: {0}")]
pub struct Unwritten(#[from] io::Error);

impl Unwritten {
    /// Whoever read the output has seen enough, as `head` does.
    pub fn nobody_reads(&self) -> bool {
        self.0.kind() == ErrorKind::BrokenPipe
    }
}

/// Prints a line, with colours only on a terminal.
macro_rules! tell {
    () => { $crate::cli::output::print(format_args!("\n")) };
    ($($line:tt)+) => {
        $crate::cli::output::print(format_args!("{}\n", format_args!($($line)+)))
    };
}

/// Prints a line to standard error; nobody can be told that this failed.
macro_rules! note {
    ($($line:tt)+) => {{
        use std::io::Write;
        let _ = writeln!(anstream::stderr(), $($line)+);
    }};
}

pub(super) use {note, tell};

pub fn print(text: fmt::Arguments) -> Result<(), Unwritten> {
    let mut out = anstream::stdout().lock();
    out.write_fmt(text)?;
    Ok(out.flush()?)
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(tell!("{}", escaped(&text))?)
}

/// A list that is printed while it is read, since it may be longer than memory: as JSON if that is
/// asked for, otherwise in words.
pub struct Rows {
    json: bool,
    has_begun: bool,
}

impl Rows {
    pub fn of(json: bool) -> Self {
        let has_begun = false;
        Self { json, has_begun }
    }

    /// Prints what stands between the rows, for people alone.
    pub fn say(&self, text: fmt::Arguments) -> Result<(), Unwritten> {
        if self.json {
            return Ok(());
        }
        tell!("{text}")
    }

    pub fn row<T: Serialize>(
        &mut self,
        row: &T,
        in_words: impl FnOnce(&T) -> Result<(), Unwritten>,
    ) -> anyhow::Result<()> {
        if !self.json {
            return Ok(in_words(row)?);
        }
        let before = if self.has_begun { ",\n" } else { "[\n" };
        self.has_begun = true;
        let row = escaped(&serde_json::to_string(row)?);
        Ok(print(format_args!("{before}  {row}"))?)
    }

    pub fn end(self) -> anyhow::Result<ExitCode> {
        if self.json {
            let end = if self.has_begun { "\n]\n" } else { "[]\n" };
            print(format_args!("{end}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// JSON may hold control characters beyond ASCII and marks of direction as they are, and terminals obey
/// those, too.
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => escaped.push(c),
            c if steers(c) => escaped += &format!("\\u{:04x}", u32::from(c)),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_bears_no_control_character_and_says_the_same() {
        let value = ["a\u{9b}31m\u{1b}[2J\u{7f}\né\u{202e}gpj".to_owned()];
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(
            !text.contains(|c: char| (c.is_control() || c == '\u{202e}') && c != '\n'),
            "{text:?}"
        );
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), value);
    }
}
