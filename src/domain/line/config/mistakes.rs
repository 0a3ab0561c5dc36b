//! Mistakes in a configuration, each with its place.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::str::Utf8Error;

use super::syntax;

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
        let start = text.floor_char_boundary(span.start);
        let line_start = line_start(text, start);
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |length| start + length);
        let end = text.floor_char_boundary(span.end).clamp(start, line_end);
        let (shown_end, more) = match shown {
            Shown::Line => (line_end, ""),
            Shown::UpToMistake => (end, " …"),
        };
        let shown = &text[line_start..shown_end];
        let excerpt = if shown.len() > LONGEST_EXCERPT {
            String::new()
        } else {
            hide(shown) + more
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
        let before = self.excerpt.chars().take(self.column - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let (excerpt, carets) = (&self.excerpt, "^".repeat(self.width));
        write!(
            f,
            "\n{margin} |\n{number} | {excerpt}\n{margin} | {indent}{carets}"
        )
    }
}

/// Where the line begins that holds a place.
fn line_start(text: &str, at: usize) -> usize {
    let before = &text[..text.floor_char_boundary(at)];
    before.rfind('\n').map_or(0, |newline| newline + 1)
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

/// The line without telephone numbers and without the user and password of a URL. Every character
/// stays in its column.
fn hide(line: &str) -> String {
    let is_part = |c: &char| c.is_ascii_digit() || "+-. ()/".contains(*c);
    let mut shown: Vec<char> = line.chars().collect();
    for run in shown.chunk_by_mut(|a, b| is_part(a) == is_part(b)) {
        let digits: Vec<_> = run.iter_mut().filter(|c| c.is_ascii_digit()).collect();
        if digits.len() >= 7 {
            let all_but_two = digits.into_iter().rev().skip(2);
            all_but_two.for_each(|digit| *digit = '•');
        }
    }
    let shown = String::from_iter(shown);
    if let Some((scheme, rest)) = shown.split_once("://")
        && let Some((user, rest)) = rest.split_once('@')
    {
        return format!("{scheme}://{}@{rest}", "•".repeat(user.chars().count()));
    }
    shown
}

/// Mistakes while they are being collected.
#[derive(Default)]
pub(super) struct Mistakes(RefCell<Vec<(Range<usize>, String, Shown)>>);

impl Mistakes {
    fn push(&self, span: Range<usize>, message: String, shown: Shown) {
        self.0.borrow_mut().push((span, message, shown));
    }

    pub fn add(&self, span: Range<usize>, message: impl Into<String>) {
        self.push(span, message.into(), Shown::Line);
    }

    pub fn unknown_key(&self, span: Range<usize>, message: String) {
        self.push(span, message, Shown::UpToMistake);
    }

    /// The value of a result. What is wrong with it is a mistake there.
    pub fn check<T>(&self, span: Range<usize>, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(span, message)).ok()
    }

    pub fn are_at(&self, span: &Range<usize>) -> bool {
        self.0.borrow().iter().any(|(at, ..)| at == span)
    }

    /// Takes over what the TOML reader found.
    pub fn syntax(&self, errors: &[toml::de::Error], text: &str) {
        let mut others = Vec::new();
        for error in errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            let message = error.message();
            let at = &text[line_start(text, span.start)..];
            if message.starts_with("duplicate key") && at.starts_with('[') {
                self.add(span, table_twice(at));
                // Every key below would be reported as there already, too.
                break;
            }
            others.push((message.to_owned(), span));
        }
        for (span, message) in syntax::explain(&others, text) {
            self.add(span, message);
        }
    }

    /// The mistakes as errors, if there are any.
    pub fn into_result(self, name: &str, text: &str) -> Result<(), ConfigErrors> {
        if self.0.borrow().is_empty() {
            return Ok(());
        }
        Err(self.into_errors(name, text))
    }

    pub fn into_errors(self, name: &str, text: &str) -> ConfigErrors {
        let mut mistakes = self.0.into_inner();
        let total = mistakes.len();
        mistakes.sort_by_key(|(span, ..)| span.start);
        mistakes.truncate(MOST_SHOWN);
        let mistakes = mistakes.into_iter();
        ConfigErrors {
            name: name.to_owned(),
            total,
            mistakes: mistakes
                .map(|(span, message, shown)| Mistake::at(text, span, message, shown))
                .collect(),
        }
    }
}

/// What to say of a table that is there already. `at` begins with its brackets.
fn table_twice(at: &str) -> &'static str {
    if at.starts_with("[line.voice") {
        "there is such a table already; a line has one: write all of its keys there"
    } else if at.starts_with("[[line]]") {
        "tables of this line stand above it; write [[line]] first, and what belongs to it below"
    } else {
        "there is such a table already; write it in double brackets, such as [[line.person]], to add another"
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
        let mistakes = Mistakes::default();
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
        let mistakes = Mistakes::default();
        mistakes.add(at..at + 3, "no");
        let errors = mistakes.into_result("relay.toml", text).unwrap_err();
        assert_eq!(
            errors.to_string(),
            "relay.toml:2:10: no\n  |\n2 | \tñandú = \"x\"\n  | \t        ^^^"
        );
    }
}
