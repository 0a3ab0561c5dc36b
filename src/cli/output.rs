//! What commands print, in one place: text from outside cannot steer the terminal, and an output
//! that cannot be written is an error and no panic.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

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

/// A list as JSON, printed while it is read: it may be longer than memory.
#[derive(Default)]
pub struct JsonRows {
    has_begun: bool,
}

impl JsonRows {
    pub fn row(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        let before = if self.has_begun { ",\n" } else { "[\n" };
        self.has_begun = true;
        let row = escaped(&serde_json::to_string(row)?);
        Ok(print(format_args!("{before}  {row}"))?)
    }

    pub fn end(self) -> anyhow::Result<()> {
        let end = if self.has_begun { "\n]\n" } else { "[]\n" };
        Ok(print(format_args!("{end}"))?)
    }
}

/// JSON may hold control characters beyond ASCII as they are, and terminals obey those, too.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => escaped.push(c),
            c if c.is_control() => escaped += &format!("\\u{:04x}", u32::from(c)),
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
        let value = ["a\u{9b}31m\u{1b}[2J\u{7f}\né".to_owned()];
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text:?}"
        );
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), value);
    }
}
