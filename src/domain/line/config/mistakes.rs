//! Mistakes in a configuration, each with its place.

use std::fmt;
use std::ops::Range;
use std::str::Utf8Error;

/// Everything that is wrong with a configuration, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// What the configuration is called: the path of its file.
    name: String,
    /// The first of them.
    mistakes: Vec<Mistake>,
    total: usize,
}

/// Nobody corrects more in one go; a file that is no configuration has one in every line.
const MOST_SHOWN: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Counts from 1.
    pub line: usize,
    /// Counts characters from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
    excerpt: String,
    /// How many characters of the line the mistake is about.
    width: usize,
}

impl ConfigErrors {
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    pub(super) fn not_utf8(name: &str, bytes: &[u8], error: Utf8Error) -> Self {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let at = before.len();
        let message = "this byte is not UTF-8; save the file as UTF-8".to_owned();
        Self {
            name: name.to_owned(),
            mistakes: vec![Mistake::at(&before, at..at, message, Shown::UpToMistake)],
            total: 1,
        }
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.mistakes.iter().enumerate() {
            if number > 0 {
                f.write_str("\n\n")?;
            }
            mistake.print(&self.name, f)?;
        }
        if self.total > 1 {
            write!(f, "\n\n{} mistakes in {}", self.total, self.name)?;
        }
        if self.total > self.mistakes.len() {
            write!(f, ", of which these are the first {}", self.mistakes.len())?;
        }
        Ok(())
    }
}

impl Mistake {
    fn at(text: &str, span: Range<usize>, message: String, shown: Shown) -> Self {
        let start = floor(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |newline| start + newline);
        let end = floor(text, span.end).clamp(start, line_end);
        let (shown, more) = match shown {
            Shown::Line => (&text[line_start..line_end], ""),
            Shown::UpToMistake => (&text[line_start..end], " …"),
        };
        let excerpt = match shown.len() {
            0..=LONGEST_EXCERPT => hide(shown) + more,
            _ => String::new(),
        };
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message,
            excerpt: excerpt.trim_end().to_owned(),
            width: text[start..end].trim_end().chars().count().max(1),
        }
    }

    fn print(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{name}:{}:{}: {}", self.line, self.column, self.message)?;
        if self.excerpt.is_empty() {
            return Ok(());
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent: String = self
            .excerpt
            .chars()
            .take(self.column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(self.width);
        write!(
            f,
            "\n{margin} |\n{number} | {}\n{margin} | {indent}{carets}",
            self.excerpt
        )
    }
}

/// A longer line is not shown; its number has to do.
const LONGEST_EXCERPT: usize = 200;

/// How much of the source line an error message shows.
#[derive(Clone, Copy)]
enum Shown {
    Line,
    /// What comes after is nobody's business: the value of an unknown key may be a credential.
    UpToMistake,
}

/// The closest place at or before `at` at which the text can be cut.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The line without telephone numbers and without the user and password of a URL. Every character
/// stays in its column.
fn hide(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    let is_part = |c: char| c.is_ascii_digit() || "+-. ()/".contains(c);
    let mut start = 0;
    while start < shown.len() {
        let length = shown[start..].iter().take_while(|c| is_part(**c)).count();
        let digits = shown[start..start + length]
            .iter()
            .filter(|c| c.is_ascii_digit())
            .count();
        if digits >= 7 {
            let mut left = digits;
            for c in &mut shown[start..start + length] {
                if c.is_ascii_digit() {
                    left -= 1;
                    if left >= 2 {
                        *c = '•';
                    }
                }
            }
        }
        start += length.max(1);
    }
    let position = |from: usize, wanted: &str| {
        let wanted: Vec<char> = wanted.chars().collect();
        (from..shown.len()).find(|at| shown[*at..].starts_with(&wanted))
    };
    if let Some(slashes) = position(0, "://")
        && let Some(at) = position(slashes, "@")
    {
        shown[slashes + 3..at].fill('•');
    }
    shown.into_iter().collect()
}

/// Mistakes while they are being collected.
#[derive(Default)]
pub(super) struct Mistakes(Vec<(Range<usize>, String, Shown)>);

impl Mistakes {
    pub fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.0.push((span, message.into(), Shown::Line));
    }

    pub fn unknown_key(&mut self, span: Range<usize>, message: String) {
        self.0.push((span, message, Shown::UpToMistake));
    }

    /// Takes over what the TOML reader found, with advice where it gives none.
    pub fn syntax(&mut self, errors: &[toml::de::Error], text: &str) {
        for error in errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            let message = error.message();
            let twice = message.starts_with("duplicate key");
            let line_start = text[..floor(text, span.start)]
                .rfind('\n')
                .map_or(0, |at| at + 1);
            let second_table = twice && text[line_start..].starts_with('[');
            let message = if second_table {
                "there is such a table already; write it in double brackets, such as \
                 [[line.person]], to add another"
                    .to_owned()
            } else if twice {
                format!("{message}; write it once")
            } else if message.contains("string values must be quoted") {
                format!("{message}; write it in double quotes")
            } else {
                message.to_owned()
            };
            self.add(span, message);
            if second_table {
                // Every key below would be reported as there already, too.
                return;
            }
        }
    }

    /// The mistakes as errors, if there are any.
    pub fn into_result(mut self, name: &str, text: &str) -> Result<(), ConfigErrors> {
        if self.0.is_empty() {
            return Ok(());
        }
        let total = self.0.len();
        self.0.sort_by_key(|(span, ..)| span.start);
        self.0.truncate(MOST_SHOWN);
        Err(ConfigErrors {
            name: name.to_owned(),
            total,
            mistakes: self
                .0
                .into_iter()
                .map(|(span, message, shown)| Mistake::at(text, span, message, shown))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_passwords_are_hidden_and_columns_stay() {
        for (line, shown) in [
            ("number = \"619-555-0110\"", "number = \"•••-•••-••10\""),
            ("number = 16195550110", "number = •••••••••10"),
            (
                "hours = [\"Mon-Fri 08:00-18:00\"]",
                "hours = [\"Mon-Fri 08:00-18:00\"]",
            ),
            (
                "u = \"https://me:pw@x.org/a\"",
                "u = \"https://•••••@x.org/a\"",
            ),
        ] {
            assert_eq!(hide(line), shown);
        }
    }

    #[test]
    fn of_too_many_mistakes_the_first_are_shown_and_all_are_counted() {
        let text = "a\n".repeat(70);
        let mut mistakes = Mistakes::default();
        for at in (0..140).step_by(2).rev() {
            mistakes.add(at..at + 1, "no");
        }
        let errors = mistakes.into_result("relay.toml", &text).unwrap_err();
        let lines: Vec<_> = errors.mistakes().iter().map(|m| m.line).collect();
        assert_eq!(lines, (1..=50).collect::<Vec<_>>());
        assert!(
            (errors.to_string())
                .ends_with("70 mistakes in relay.toml, of which these are the first 50")
        );
    }

    #[test]
    fn the_caret_stands_under_what_is_wrong() {
        let text = "a = 1\n\tñandú = \"x\"\n";
        let at = text.find("\"x\"").unwrap();
        let mut mistakes = Mistakes::default();
        mistakes.add(at..at + 3, "no");
        let errors = mistakes.into_result("relay.toml", text).unwrap_err();
        assert_eq!(
            errors.to_string(),
            "relay.toml:2:10: no\n  |\n2 | \tñandú = \"x\"\n  | \t        ^^^"
        );
    }
}
