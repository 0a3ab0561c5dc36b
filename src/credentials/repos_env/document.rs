//! A `repos.env` in memory. What is not changed stays as it is, byte for byte.

use zeroize::Zeroizing;

use super::{BadLine, Entry, Unwritable, parse, writing};
use crate::credentials::values::Values;
use crate::domain::credentials::Secret;

/// A file's text and the variables in it.
#[derive(Default)]
pub struct Document {
    text: Zeroizing<String>,
    entries: Vec<Entry>,
}

/// What became of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Added,
    Replaced,
    /// It has this value already.
    Same,
}

impl Document {
    pub fn parse(text: Zeroizing<String>) -> Result<Self, BadLine> {
        let entries = parse(&text)?;
        Ok(Self { text, entries })
    }

    /// The variables in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The variables by name.
    pub fn values(&self) -> Values {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.key.as_str(), &entry.value))
            .collect()
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Gives a variable a value: in its place if it is there, otherwise at the end.
    pub fn set(&mut self, key: &str, value: &Secret) -> Result<Change, Unwritable> {
        let line = writing::line(key, value.expose())?;
        match self.entry(key) {
            Some(entry) if entry.value == *value => Ok(Change::Same),
            Some(entry) => {
                let (before, after) = (entry.span.start, entry.span.end);
                self.replace(before, &[&line], after);
                Ok(Change::Replaced)
            }
            None => {
                let end = self.text.len();
                let is_open = !self.text.is_empty() && !self.text.ends_with('\n');
                self.replace(end, &[if is_open { "\n" } else { "" }, &line, "\n"], end);
                Ok(Change::Added)
            }
        }
    }

    /// Takes a variable out with its line; comments around it stay. Says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Some(entry) = self.entry(key) else {
            return false;
        };
        let (before, end) = (entry.span.start, entry.span.end);
        let has_line_end = self.text[end..].starts_with('\n');
        self.replace(before, &[], end + usize::from(has_line_end));
        true
    }

    /// Replaces the bytes from `start` to `end`.
    fn replace(&mut self, start: usize, parts: &[&str], end: usize) {
        let (before, after) = (&self.text[..start], &self.text[end..]);
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        // All the room at once: text that grows leaves copies behind that nobody wipes.
        let room = before.len() + length + after.len();
        let mut text = Zeroizing::new(String::with_capacity(room));
        text.push_str(before);
        parts.iter().for_each(|part| text.push_str(part));
        text.push_str(after);
        // The proof that what is about to be written can be read.
        *self = Self::parse(text).expect("a line of the writer is one that the reader takes");
    }

    /// The whole file with its values, for the one who writes it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(Zeroizing::new(text.to_owned())).unwrap()
    }

    fn set(text: &str, key: &str, value: &str) -> (Change, String) {
        let mut document = document(text);
        let change = document.set(key, &Secret::new(value)).unwrap();
        assert_eq!(document.get(key).unwrap().expose(), value);
        (change, document.text().to_owned())
    }

    #[test]
    fn a_change_leaves_every_other_byte_alone() {
        let text = "# \tours  \n\nA='1'\n\n# B=2\nB=\"2\"\n#";
        let (change, after) = set(text, "A", "it's");
        assert_eq!(change, Change::Replaced);
        assert_eq!(after, text.replace("A='1'", "A=\"it's\""));
        let (change, after) = set(text, "C", "");
        assert_eq!((change, after), (Change::Added, format!("{text}\nC=''\n")));
        let (change, after) = set(text, "B", "2");
        assert_eq!(
            (change, after.as_str()),
            (Change::Same, text),
            "the quotes stay, too"
        );
        assert_eq!(set("", "A", "1"), (Change::Added, "A=1\n".to_owned()));
    }

    #[test]
    fn a_variable_goes_with_its_line_alone() {
        let mut document = document("# a\nA=1\n\nB=2");
        assert!(document.remove("A"));
        assert_eq!(document.text(), "# a\n\nB=2");
        assert!(document.remove("B"));
        assert!(!document.remove("B"));
        assert_eq!(document.text(), "# a\n\n");
    }

    #[test]
    fn a_value_that_cannot_be_written_changes_nothing() {
        let mut document = document("A=1\n");
        assert!(document.set("A", &Secret::new("a\nb")).is_err());
        assert!(document.set("a", &Secret::new("b")).is_err());
        assert_eq!(document.text(), "A=1\n");
    }
}
