//! A table of the file, read key by key. What is wrong with a value becomes a mistake at its place,
//! and reading goes on.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::mistakes::Mistakes;

/// The keys that stand above all tables.
const OF_FILE: [&str; 3] = ["alert_command", "alert_url", "keep_audit"];

/// The keys that every line must have.
const OF_LINE: [&str; 5] = ["name", "number", "country", "time_zone", "public_url"];

/// Tables by what people call them, and as they are written.
const HEADERS: [(&str, &str); 12] = [
    ("line", "[[line]]"),
    ("person", "[[line.person]]"),
    ("people", "[[line.person]]"),
    ("staff", "[[line.person]]"),
    ("topic", "[[line.topic]]"),
    ("template", "[line.template.NAME]"),
    ("retry", "[line.retry]"),
    ("auto_reply", "[line.auto_reply]"),
    ("voice", "[line.voice]"),
    ("call", "[line.voice]"),
    ("voicemail", "[line.voice.voicemail]"),
    ("missed_text", "[line.voice.missed_text]"),
];

/// How the table is written that somebody called `name`.
fn header(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let one = name.strip_suffix('s').unwrap_or(&name);
    let mut headers = HEADERS.iter();
    headers
        .find(|(called, _)| *called == name || *called == one)
        .map(|(_, written)| *written)
}

pub(super) struct Table<'a> {
    /// What messages call it, such as `line.person`.
    pub name: &'static str,
    at: Range<usize>,
    pub entries: &'a DeTable<'a>,
    /// The keys that were asked for so far. Any other key is a mistake.
    pub known: Vec<&'static str>,
    pub mistakes: &'a Mistakes,
}

impl<'a> Table<'a> {
    pub fn file(document: &'a Spanned<DeTable<'a>>, mistakes: &'a Mistakes) -> Self {
        Self {
            name: "the file",
            at: 0..0,
            entries: document.get_ref(),
            known: Vec::new(),
            mistakes,
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.entries.get(key)
    }

    /// The value of a key, if it is there and right.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&'a DeValue<'a>) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        self.mistakes.check(value.span(), read(value.get_ref()))
    }

    /// Like `optional`, for a key with a default, which `place` has.
    pub fn set<T>(
        &mut self,
        key: &'static str,
        place: &mut T,
        read: impl FnOnce(&'a DeValue<'a>) -> Result<T, String>,
    ) {
        if let Some(value) = self.optional(key, read) {
            *place = value;
        }
    }

    /// The text of a key that must be there. `example` is what could be written.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.expect(key, example);
        self.optional(key, |value| read(text(value)?))
    }

    pub fn expect(&self, key: &str, example: &str) {
        if !self.entries.contains_key(key) {
            let message = format!("{} has no {key}; add {key} = {example}", self.name);
            self.wrong_here(message);
        }
    }

    /// The table under `[name]`, if there is one.
    pub fn table(&mut self, key: &'static str, name: &'static str) -> Option<Table<'a>> {
        let value = self.value(key)?;
        self.inner(value, name, &format!("write [{name}] in single brackets"))
    }

    /// The tables under `[[name]]`, in their order.
    pub fn tables(&mut self, key: &'static str, name: &'static str) -> Vec<Table<'a>> {
        let advice = format!("write [[{name}]] in double brackets");
        let items = self.optional(key, |value| list(value, &advice));
        let items = items.into_iter().flat_map(|items| items.iter());
        let tables = items.filter_map(|item| self.inner(item, name, &advice));
        tables.collect()
    }

    /// The table that this value has to be.
    pub fn inner(
        &self,
        value: &'a Spanned<DeValue<'a>>,
        name: &'static str,
        advice: &str,
    ) -> Option<Table<'a>> {
        let (at, value) = (value.span(), value.get_ref());
        let entries = value.as_table().ok_or_else(|| wrong_kind(value, advice));
        Some(Table {
            name,
            entries: self.mistakes.check(at.clone(), entries)?,
            at,
            known: Vec::new(),
            mistakes: self.mistakes,
        })
    }

    /// Adds a mistake about the table itself.
    pub fn wrong_here(&self, message: impl Into<String>) {
        self.mistakes.add(self.at.clone(), message);
    }

    /// Adds a mistake about these values together, at the first that is there. If one of them is
    /// wrong already, that comes first.
    pub fn wrong(&self, keys: &[&str], message: impl Into<String>) {
        let values = keys.iter().filter_map(|key| self.entries.get(*key));
        let places: Vec<_> = values.map(Spanned::span).collect();
        if !places.iter().any(|at| self.mistakes.are_at(at))
            && let Some(at) = places.first()
        {
            self.mistakes.add(at.clone(), message);
        }
    }

    /// Whether what is written under its name is of a single person or topic, which have no tables.
    fn has_no_tables(&self) -> bool {
        matches!(self.name, "line.person" | "line.topic")
    }

    /// Refuses every key that was not asked for. Keys `of_line` are refused with their right place.
    pub fn refuse_other_keys(&self, of_line: &[&str]) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let advice = if OF_FILE.contains(&name) {
                "it is the file's: write it above the first [[line]]".to_owned()
            } else if of_line.contains(&name) {
                format!(
                    "it is the line's: write it above the first [[{}]]",
                    self.name
                )
            } else if self.name == "the file" && OF_LINE.contains(&name) {
                "it is the line's: write it below [[line]]".to_owned()
            } else if let Some(written) = header(name).filter(|_| !self.has_no_tables()) {
                format!("write {written}")
            } else if let Some(meant) = nearest(name, self.known.iter().copied()) {
                format!("did you mean {meant}?")
            } else {
                format!("it can have {}", listed(&self.known))
            };
            let message = format!("{} has no key {name:?}; {advice}", self.name);
            self.mistakes.unknown_key(key.span(), message);
        }
    }
}

pub(super) fn text<'a>(value: &'a DeValue) -> Result<&'a str, String> {
    let advice = "write it as text, in double quotes";
    value.as_str().ok_or_else(|| wrong_kind(value, advice))
}

pub(super) fn boolean(value: &DeValue) -> Result<bool, String> {
    let advice = "write true or false, without quotes";
    value.as_bool().ok_or_else(|| wrong_kind(value, advice))
}

pub(super) fn list<'a>(value: &'a DeValue<'a>, advice: &str) -> Result<&'a DeArray<'a>, String> {
    value.as_array().ok_or_else(|| wrong_kind(value, advice))
}

pub(super) fn whole_number(
    value: &DeValue,
    within: RangeInclusive<u32>,
    advice: &str,
) -> Result<u32, String> {
    let DeValue::Integer(number) = value else {
        return Err(wrong_kind(value, advice));
    };
    match integer(number).map(u32::try_from) {
        Some(Ok(number)) if within.contains(&number) => Ok(number),
        _ => Err(format!("this number is out of range; {advice}")),
    }
}

pub(super) fn integer(number: &DeInteger) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Says what a value is, where something else is expected.
pub(super) fn wrong_kind(value: &DeValue, advice: &str) -> String {
    let kind = match value.type_str() {
        "string" => "text",
        "integer" => "an integer",
        "float" => "a fraction",
        "boolean" => "a boolean",
        "datetime" => "a date",
        "array" => "a list",
        _ => "a table",
    };
    format!("this is {kind}; {advice}")
}

/// Nothing that could be meant is longer; and comparing takes time with the length.
const LONGEST_NAME: usize = 64;

/// The candidate that `text` was probably meant to be.
pub(super) fn nearest<'c>(
    text: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    if text.len() > LONGEST_NAME {
        return None;
    }
    let text = text.to_lowercase();
    let likeness = |candidate: &str| strsim::jaro_winkler(&text, &candidate.to_lowercase());
    let candidates = candidates.map(|candidate| (likeness(candidate), candidate));
    let like = candidates.filter(|(likeness, _)| *likeness > 0.8);
    let nearest = like.max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map(|(_, candidate)| candidate)
}

fn listed(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}
