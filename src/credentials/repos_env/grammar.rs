//! What a `repos.env` may say: what Python, Node, Bash and Go programs read alike with their
//! ordinary dotenv loading, and nothing else.
//!
//! Those loaders disagree on almost everything beyond plain lines, so the reader takes
//! `KEY=value`, `KEY='value'`, `KEY="value"` and comments at the start of a line. Every refusal
//! names line, column and kind, never what stands there. The tests hold it against the loaders.

use std::collections::HashSet;
use std::ops::Range;

use super::keys;
use crate::domain::credentials::Secret;

/// One variable of the file.
#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub value: Secret,
    /// Counts from 1.
    pub line: usize,
    /// The bytes of its line, without the line's end.
    pub(super) span: Range<usize>,
}

/// What is wrong with a line, and where. Carries nothing of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {problem}")]
pub struct BadLine {
    pub line: usize,
    pub column: usize,
    pub problem: Problem,
}

/// What loaders read differently, or cannot read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the file is not UTF-8; save it as UTF-8")]
    NotUtf8,
    #[error("the file begins with a byte order mark; save it as UTF-8 without")]
    ByteOrderMark,
    #[error(
        "the line ends in CR LF; save the file with LF alone, for one with `sed -i 's/\\r$//'`"
    )]
    CarriageReturn,
    #[error("there is a NUL or another control character; remove it")]
    ControlCharacter,
    #[error("there is a line or paragraph separator (U+2028, U+2029); remove it")]
    LineBreak,
    #[error("there is white space on an empty line; remove it")]
    WhiteSpaceAlone,
    #[error("the comment on the last line has no line end; add one")]
    UnendedComment,
    #[error("there is white space before the key; begin the line with it")]
    Indented,
    #[error(
        "there is an `export` before the key; leave it out, programs that need it say `set -a`"
    )]
    Export,
    #[error(
        "this is not a key; write one of capital letters, digits and underscores, or # in the first column for a comment"
    )]
    NotAKey,
    #[error("a variable of this name would change how programs run; leave it out of the file")]
    ReservedKey,
    #[error("the key is not followed by =; write KEY=value without spaces")]
    NoEquals,
    #[error("there is white space around the =; write KEY=value without spaces")]
    SpaceAroundEquals,
    #[error("this character needs quotes; write KEY='value'")]
    NeedsQuotes,
    #[error(
        "there is no closing quote on the line; close it, values of several lines are not read"
    )]
    Unclosed,
    #[error(
        "something follows the closing quote; end the line there, comments have lines of their own"
    )]
    AfterQuote,
    #[error(
        "this reads differently inside single quotes (\\\\, ${{…}}, or \\ at the end); store the value encoded as base64url"
    )]
    InSingleQuotes,
    #[error("this reads differently inside double quotes ($, `, \\ or !); write KEY='value'")]
    InDoubleQuotes,
    #[error("the key stands in the file twice; remove one of the lines")]
    Twice,
}

impl BadLine {
    /// Right after `before`, which is all of the file up to there.
    pub(super) fn after(before: &[u8], problem: Problem) -> Self {
        let line_start = before.iter().rposition(|byte| *byte == b'\n');
        let line = &before[line_start.map_or(0, |newline| newline + 1)..];
        Self {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: String::from_utf8_lossy(line).chars().count() + 1,
            problem,
        }
    }
}

/// The variables of a file in their order, or the first thing that is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Entry>, BadLine> {
    let (entries, mistakes) = scan(text);
    match mistakes.into_iter().next() {
        Some(mistake) => Err(mistake),
        None => Ok(entries),
    }
}

/// What can be read, and every line that cannot.
pub fn scan(text: &str) -> (Vec<Entry>, Vec<BadLine>) {
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let span = start..start + line.len();
        start = span.end + 1;
        // Without a line end, Node 20 takes a comment for a variable.
        let is_unended = span.end == text.len() && line.starts_with('#') && line.contains('=');
        let read = if number == 0 && line.starts_with('\u{feff}') {
            Err((0, Problem::ByteOrderMark))
        } else if is_unended {
            Err((line.len(), Problem::UnendedComment))
        } else {
            read_line(line)
        };
        let read = read.and_then(|entry| match entry {
            Some((key, _)) if !seen.insert(key) => Err((0, Problem::Twice)),
            entry => Ok(entry),
        });
        let line_number = number + 1;
        match read {
            Ok(None) => {}
            Ok(Some((key, value))) => entries.push(Entry {
                key: key.to_owned(),
                value: Secret::new(value),
                line: line_number,
                span,
            }),
            Err((at, problem)) => mistakes.push(BadLine {
                line: line_number,
                column: line[..at].chars().count() + 1,
                problem,
            }),
        }
    }
    (entries, mistakes)
}

/// Key and value of a line if it has any, or at which byte it goes wrong.
fn read_line(line: &str) -> Result<Option<(&str, &str)>, (usize, Problem)> {
    if let Some((at, control)) = line.char_indices().find(|(_, c)| is_control(*c)) {
        let ends_the_line = control == '\r' && at + 1 == line.len();
        let problem = if ends_the_line {
            Problem::CarriageReturn
        } else {
            Problem::ControlCharacter
        };
        return Err((at, problem));
    }
    if let Some(at) = line.find(is_line_break) {
        return Err((at, Problem::LineBreak));
    }
    if line.starts_with('#') || line.is_empty() {
        return Ok(None);
    }
    // To Node 20 a space or tab on an empty line begins the name on the next one, and to a shell
    // any other white space is a command.
    if line.chars().all(char::is_whitespace) {
        return Err((0, Problem::WhiteSpaceAlone));
    }
    read_variable(line).map(Some)
}

/// JavaScript takes these for the end of a line (ECMA-262, "Line Terminators").
pub(super) fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

pub(super) fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn read_variable(line: &str) -> Result<(&str, &str), (usize, Problem)> {
    if line.starts_with([' ', '\t']) {
        return Err((0, Problem::Indented));
    }
    if line.starts_with("export ") || line.starts_with("export\t") {
        return Err((0, Problem::Export));
    }
    let is_key = |c: char| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit();
    let end = line.find(|c| !is_key(c)).unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    if key.is_empty() || key.starts_with(|c: char| c.is_ascii_digit()) {
        return Err((0, Problem::NotAKey));
    }
    let Some(value) = rest.strip_prefix('=') else {
        let problem = match rest.trim_start() {
            spaced if spaced.starts_with('=') => Problem::SpaceAroundEquals,
            "" => Problem::NoEquals,
            _ if rest.starts_with([':', ' ', '\t']) => Problem::NoEquals,
            _ => Problem::NotAKey,
        };
        return Err((end, problem));
    };
    if keys::is_reserved(key) {
        return Err((0, Problem::ReservedKey));
    }
    match read_value(value) {
        Ok(value) => Ok((key, value)),
        Err((at, problem)) => Err((end + 1 + at, problem)),
    }
}

fn read_value(value: &str) -> Result<&str, (usize, Problem)> {
    match value.chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let inside = &value[1..];
            let close = inside.find(quote).ok_or((0, Problem::Unclosed))?;
            let inside = &inside[..close];
            let differs = match quote {
                '\'' => in_single_quotes(inside).map(|at| (at, Problem::InSingleQuotes)),
                _ => in_double_quotes(inside).map(|at| (at, Problem::InDoubleQuotes)),
            };
            if let Some((at, problem)) = differs {
                return Err((at + 1, problem));
            }
            if close + 2 < value.len() {
                return Err((close + 2, Problem::AfterQuote));
            }
            Ok(inside)
        }
        Some(' ' | '\t') => Err((0, Problem::SpaceAroundEquals)),
        _ => match value.find(|c| !is_bare(c)) {
            Some(at) => Err((at, Problem::NeedsQuotes)),
            None => Ok(value),
        },
    }
}

/// Where text inside single quotes is read differently: python-dotenv alone unescapes and expands
/// there, and a backslash before the closing quote keeps some loaders from seeing it.
pub(super) fn in_single_quotes(inside: &str) -> Option<usize> {
    let expanded = inside.find("${").filter(|at| inside[*at..].contains('}'));
    let ends_in_backslash = || inside.ends_with('\\').then(|| inside.len() - 1);
    inside.find("\\\\").or(expanded).or_else(ends_in_backslash)
}

/// Where text inside double quotes is read differently: shells and Go expand there, and no escape
/// means the same to all.
pub(super) fn in_double_quotes(inside: &str) -> Option<usize> {
    inside.find(['$', '`', '\\', '!'])
}

pub(super) fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c)
}

#[cfg(test)]
mod tests;
