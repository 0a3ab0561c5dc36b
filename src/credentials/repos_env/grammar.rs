//! What a `repos.env` may say: what Python, Node, Bash and Go programs read alike with their
//! ordinary dotenv loading, and nothing else.
//!
//! Those loaders disagree on almost everything beyond plain lines, so the reader takes
//! `KEY=value`, `KEY='value'`, `KEY="value"` and comments at the start of a line. Every refusal
//! names line, column and kind, never what stands there. The tests hold it against the loaders.

use std::collections::HashSet;
use std::ops::Range;

use super::keys;
use super::quoting::{
    in_double_quotes, in_single_quotes, is_bare, is_control, is_line_break, quote as quote_for,
};
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
    #[error("this value needs double quotes; write KEY=\"value\"")]
    NeedsDoubleQuotes,
    #[error(
        "no quotes keep this value alike for all programs; store it as KEY_B64, encoded as base64url, and decode it where it is used"
    )]
    NeedsEncoding,
    #[error(
        "there is a comment behind the value; write it on a line of its own above, and end the line with the value"
    )]
    TrailingComment,
    #[error("there is white space at the end of the line; remove it")]
    TrailingSpace,
    #[error(
        "the value has several lines, which programs read differently; store it as KEY_B64, encoded as base64url in one line, and decode it where it is used"
    )]
    SeveralLines,
    #[error(
        "there is no closing quote on the line; close it, values of several lines are not read"
    )]
    Unclosed,
    #[error(
        "something follows the closing quote; end the line there, comments have lines of their own"
    )]
    AfterQuote,
    #[error(
        "the value goes on behind the closing quote; write all of it within one pair of quotes"
    )]
    SplitQuotes,
    #[error(
        "a quote cannot stand within the same quotes, whatever is in front of it; write the value within the other kind, KEY=\"it's\" or KEY='say \"a\"'"
    )]
    EscapedQuote,
    #[error(
        "a backslash in front of this character is left out by some programs and kept by others; write KEY='value', without that backslash if it is no part of the value"
    )]
    Escaped,
    #[error(
        "a backslash with n, r or t is a line break or a tab to some programs and two characters to others; write KEY='value' if it is two characters, and if it is one, store the value as KEY_B64, encoded as base64url"
    )]
    EscapedLineBreak,
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
    let (mut start, mut within) = (0, 0);
    let lines: Vec<&str> = text.split('\n').collect();
    for (number, line) in lines.iter().copied().enumerate() {
        let span = start..start + line.len();
        start = span.end + 1;
        // The rest of a value that was complained about.
        if number < within {
            continue;
        }
        // Without a line end, Node 20 takes a comment for a variable.
        let is_unended = span.end == text.len() && line.starts_with('#') && line.contains('=');
        let read = if number == 0 && line.starts_with('\u{feff}') {
            Err((0, Problem::ByteOrderMark))
        } else if is_unended {
            Err((line.len(), Problem::UnendedComment))
        } else {
            read_line(line)
        };
        let read = match read {
            Err((at, problem)) => match last_of(line, at, problem, &lines[number + 1..]) {
                Some(more) => {
                    within = number + 1 + more;
                    Err((at, Problem::SeveralLines))
                }
                None => Err((at, problem)),
            },
            read => read,
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

/// How many lines follow that belong to the same value, if it has several: a quote is closed on a later one,
/// or it is a key or certificate.
fn last_of(line: &str, at: usize, problem: Problem, following: &[&str]) -> Option<usize> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let is_text = matches!(
        problem,
        Problem::Unclosed
            | Problem::NeedsQuotes
            | Problem::NeedsDoubleQuotes
            | Problem::NeedsEncoding
    );
    if is_text && line.contains(BEGIN) && !line.contains(END) {
        return following
            .iter()
            .position(|line| line.contains(END))
            .map(|end| end + 1);
    }
    if problem != Problem::Unclosed {
        return None;
    }
    let quote = line[at..].chars().next()?;
    let end = following.iter().position(|line| line.contains(quote))?;
    // A quote that is not closed is followed by other variables.
    let is_variable = |line: &&str| {
        let key = line.split_once('=').map(|(key, _)| key);
        key.is_some_and(keys::is_key)
    };
    let mut within = following[..=end].iter();
    // The last line of a key can look like a variable.
    let is_one = !within.clone().any(is_variable) || within.any(|line| line.contains(BEGIN));
    is_one.then_some(end + 1)
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
            let (inside, behind) = (&inside[..close], &inside[close + 1..]);
            let differs = match quote {
                '\'' => in_single_quotes(inside).map(|at| (at, single_quoted(inside, behind))),
                _ => in_double_quotes(inside).map(|at| (at, double_quoted(inside, at))),
            };
            if let Some((at, problem)) = differs {
                return Err((at + 1, problem));
            }
            match behind {
                "" => Ok(inside),
                behind => Err((close + 2, behind_quotes(behind))),
            }
        }
        Some(' ' | '\t') => Err((0, Problem::SpaceAroundEquals)),
        _ => match value.find(|c| !is_bare(c)) {
            Some(at) => Err(bare(value, at)),
            None => Ok(value),
        },
    }
}

/// What to do about a bare value, by what was meant: to all loaders a `#` behind a space begins a comment, and
/// spaces at the end are none of the value.
fn bare(value: &str, at: usize) -> (usize, Problem) {
    let comment = value
        .match_indices('#')
        .find(|(at, _)| value[..*at].ends_with([' ', '\t']));
    if let Some((at, _)) = comment {
        return (value[..at].trim_end().len(), Problem::TrailingComment);
    }
    let trimmed = value.trim_end_matches([' ', '\t']);
    if trimmed.len() < value.len() {
        return (trimmed.len(), Problem::TrailingSpace);
    }
    let problem = match quote_for(value) {
        Ok("\"") => Problem::NeedsDoubleQuotes,
        Ok(_) => Problem::NeedsQuotes,
        Err(_) => Problem::NeedsEncoding,
    };
    (at, problem)
}

fn single_quoted(inside: &str, behind: &str) -> Problem {
    // 'it\'s'
    if inside.ends_with('\\') && !behind.is_empty() {
        Problem::EscapedQuote
    } else {
        Problem::InSingleQuotes
    }
}

fn double_quoted(inside: &str, at: usize) -> Problem {
    let mut here = inside[at..].chars();
    match (here.next(), here.next()) {
        (Some('\\'), Some('n' | 'r' | 't')) => Problem::EscapedLineBreak,
        // None: the quote behind it, which is taken for the closing one.
        (Some('\\'), None | Some('\\' | '$' | '`' | '!')) => Problem::Escaped,
        _ if !inside.contains('\'') && in_single_quotes(inside).is_none() => {
            Problem::InDoubleQuotes
        }
        _ => Problem::NeedsEncoding,
    }
}

fn behind_quotes(behind: &str) -> Problem {
    let text = behind.trim_start_matches([' ', '\t']);
    let is_apart = text.len() < behind.len();
    match text.chars().next() {
        None => Problem::TrailingSpace,
        Some('#') if is_apart => Problem::AfterQuote,
        // 'it'\''s', 'it'"'"'s'
        Some('\\' | '"' | '\'') if !is_apart => Problem::EscapedQuote,
        _ if is_apart => Problem::AfterQuote,
        _ => Problem::SplitQuotes,
    }
}

#[cfg(test)]
mod tests;
