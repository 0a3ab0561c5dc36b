//! Twilio's credentials from `repos.env`, the file that Python, Node, Bash and Go programs read
//! with their ordinary dotenv loading.
//!
//! Those loaders disagree on almost everything beyond plain lines, so only what all of them read
//! alike is accepted: `KEY=value`, `KEY='value'`, `KEY="value"` and comments at the start of a
//! line. Every refusal names line, column and kind, never what stands there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::{BadCredentials, Credentials, Secret};

const MOST_BYTES: u64 = 1024 * 1024;

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum BadEnvFile {
    #[error(
        "there is no {0}; create it with `install -m 600 /dev/null {0}` and add the lines TWILIO_ACCOUNT_SID=… and TWILIO_AUTH_TOKEN=…"
    )]
    Missing(String),
    #[error("{0} cannot be read: {1}; check its owner and mode with `ls -l {0}`")]
    Unreadable(String, std::io::Error),
    #[error("{0} is not a regular file; name the file that holds the credentials")]
    NotAFile(String),
    #[error("{place} can be read or changed by others (mode {mode:03o}); run `chmod 600 {place}`")]
    Exposed { place: String, mode: u32 },
    #[error("{0} is larger than 1 MiB; name the file that holds the credentials")]
    TooLarge(String),
    #[error("{0}:{1}")]
    Syntax(String, BadLine),
    #[error(transparent)]
    Credentials(#[from] BadCredentials),
}

/// Reads Twilio's credentials; other services' variables need only be well formed.
pub fn read(path: &Path) -> Result<Credentials, BadEnvFile> {
    let place = path.display().to_string();
    let bytes = read_private(path, &place)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let bad = BadLine::at(before, Problem::NotUtf8);
        BadEnvFile::Syntax(place.clone(), bad)
    })?;
    let entries = parse(text).map_err(|bad| BadEnvFile::Syntax(place.clone(), bad))?;
    Ok(Credentials::from_values(&place, |name| {
        let entry = entries.iter().find(|entry| entry.key == name)?;
        Some(Secret::new(entry.value.expose()))
    })?)
}

fn read_private(path: &Path, place: &str) -> Result<Zeroizing<Vec<u8>>, BadEnvFile> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => BadEnvFile::Missing(place.to_owned()),
        _ => BadEnvFile::Unreadable(place.to_owned(), error),
    };
    // Before it is opened: opening a named pipe waits for somebody to write.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(BadEnvFile::NotAFile(place.to_owned()));
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let place = place.to_owned();
            return Err(BadEnvFile::Exposed { place, mode });
        }
    }
    if metadata.len() > MOST_BYTES {
        return Err(BadEnvFile::TooLarge(place.to_owned()));
    }
    // All the room at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES as usize + 1));
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    if read.map_err(unreadable)? as u64 > MOST_BYTES {
        return Err(BadEnvFile::TooLarge(place.to_owned()));
    }
    Ok(bytes)
}

/// One variable of the file.
#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub value: Secret,
    /// Counts from 1.
    pub line: usize,
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
    fn at(before: &[u8], problem: Problem) -> Self {
        let text = String::from_utf8_lossy(before);
        let line_start = text.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: text.matches('\n').count() + 1,
            column: text[line_start..].chars().count() + 1,
            problem,
        }
    }
}

/// The variables of a file in their order.
pub fn parse(text: &str) -> Result<Vec<Entry>, BadLine> {
    let refuse = |at: usize, problem| Err(BadLine::at(&text.as_bytes()[..at], problem));
    if text.starts_with('\u{feff}') {
        return refuse(0, Problem::ByteOrderMark);
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        if let Some((at, control)) = line.char_indices().find(|(_, c)| is_control(*c)) {
            let ends_the_line = control == '\r' && at + 1 == line.len();
            let problem = if ends_the_line {
                Problem::CarriageReturn
            } else {
                Problem::ControlCharacter
            };
            return refuse(start + at, problem);
        }
        if !line.trim().is_empty() && !line.starts_with('#') {
            match read_line(line) {
                Ok((key, _)) if entries.iter().any(|entry| entry.key == key) => {
                    return refuse(start, Problem::Twice);
                }
                Ok((key, value)) => entries.push(Entry {
                    key: key.to_owned(),
                    value: Secret::new(value),
                    line: number + 1,
                }),
                Err((at, problem)) => return refuse(start + at, problem),
            }
        }
        start += line.len() + 1;
    }
    Ok(entries)
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// Key and value of a line, or where it goes wrong.
fn read_line(line: &str) -> Result<(&str, &str), (usize, Problem)> {
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
    if is_reserved(key) {
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
                _ => inside
                    .find(['$', '`', '\\', '!'])
                    .map(|at| (at, Problem::InDoubleQuotes)),
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
fn in_single_quotes(inside: &str) -> Option<usize> {
    let expanded = inside.find("${").filter(|at| inside[*at..].contains('}'));
    let ends_in_backslash = || inside.ends_with('\\').then(|| inside.len() - 1);
    inside.find("\\\\").or(expanded).or_else(ends_in_backslash)
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c)
}

/// Names by which the shell, the dynamic linker or a language's runtime is controlled: whoever can
/// write the file must not thereby change what programs do.
fn is_reserved(key: &str) -> bool {
    const NAMES: &[&str] = &[
        "PATH",
        "HOME",
        "IFS",
        "ENV",
        "BASH_ENV",
        "SHELLOPTS",
        "BASHOPTS",
        "UID",
        "EUID",
        "PPID",
        "NODE_OPTIONS",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PERL5OPT",
        "GOFLAGS",
        "GODEBUG",
        "PYTHON_DOTENV_DISABLED",
    ];
    const PREFIXES: &[&str] = &["LD_", "DYLD_", "DOTENV_"];
    NAMES.contains(&key) || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

#[cfg(test)]
#[path = "env_file_tests.rs"]
mod tests;
