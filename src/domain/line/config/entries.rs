//! Tables of a TOML document, read key by key, with the place of everything.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistakes::Mistakes;

/// A table, with what it is called in error messages.
pub(super) struct Entries<'a> {
    pub table: &'a DeTable<'a>,
    pub at: Range<usize>,
    pub what: &'static str,
}

impl<'a> Entries<'a> {
    /// Refuses every key that is not among the `known`.
    pub fn only(&self, known: &[&str], mistakes: &mut Mistakes) {
        self.only_these(known, &[], "", mistakes);
    }

    /// Refuses every key that is not among the `known`; those that belong `elsewhere` with where.
    pub fn only_these(
        &self,
        known: &[&str],
        elsewhere: &[&str],
        place: &str,
        mistakes: &mut Mistakes,
    ) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let advice = match nearest(name, known.iter().copied()) {
                _ if elsewhere.contains(&name) => place.to_owned(),
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("it can have {}", listed(known)),
            };
            let message = format!("{} has no key {name:?}; {advice}", self.what);
            mistakes.unknown_key(key.span(), message);
        }
    }

    /// The value of a key that must be there. `example` is what could be written.
    pub fn required<T>(
        &self,
        key: &str,
        example: &str,
        mistakes: &mut Mistakes,
        read: impl FnOnce(&DeValue) -> Result<T, String>,
    ) -> Option<Spanned<T>> {
        let Some(value) = self.table.get(key) else {
            let message = format!("{} has no {key}; add {key} = {example}", self.what);
            mistakes.add(self.at.clone(), message);
            return None;
        };
        match read(value.get_ref()) {
            Ok(read) => Some(Spanned::new(value.span(), read)),
            Err(message) => {
                mistakes.add(value.span(), message);
                None
            }
        }
    }

    /// The value of a key that may be there. `None` too if it is a mistake.
    pub fn optional<T>(
        &self,
        key: &str,
        mistakes: &mut Mistakes,
        read: impl FnOnce(&DeValue) -> Result<T, String>,
    ) -> Option<Spanned<T>> {
        let value = self.table.get(key)?;
        match read(value.get_ref()) {
            Ok(read) => Some(Spanned::new(value.span(), read)),
            Err(message) => {
                mistakes.add(value.span(), message);
                None
            }
        }
    }

    /// The table under `[path]`; `None` if the key is absent.
    pub fn table(
        &self,
        key: &str,
        path: &'static str,
        mistakes: &mut Mistakes,
    ) -> Option<Entries<'a>> {
        let value = self.table.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            let found = kind(value.get_ref());
            let message = format!("this is {found}; write [{path}] in single brackets");
            mistakes.add(value.span(), message);
        }
        Some(Entries {
            table: table?,
            at: value.span(),
            what: path,
        })
    }

    /// The tables under `[[path]]`; none if the key is absent.
    pub fn tables(
        &self,
        key: &str,
        path: &'static str,
        mistakes: &mut Mistakes,
    ) -> Vec<Entries<'a>> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let mut wrong = |span, found: &DeValue| {
            let message = format!(
                "this is {}; write [[{path}]] in double brackets",
                kind(found)
            );
            mistakes.add(span, message);
        };
        let Some(items) = value.get_ref().as_array() else {
            wrong(value.span(), value.get_ref());
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| match item.get_ref().as_table() {
                Some(table) => Some(Entries {
                    table,
                    at: item.span(),
                    what: path,
                }),
                None => {
                    wrong(item.span(), item.get_ref());
                    None
                }
            })
            .collect()
    }
}

/// The text of a value.
pub(super) fn text<'a>(value: &'a DeValue) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| {
        format!(
            "this is {}; write it as text, in double quotes",
            kind(value)
        )
    })
}

/// What a value is, with its article.
pub(super) fn kind(value: &DeValue) -> String {
    let kind = match value.type_str() {
        "string" => "text",
        "float" => "fraction",
        "array" => "list",
        "datetime" => "date",
        other => other,
    };
    match kind {
        "text" => kind.to_owned(),
        "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
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
    candidates
        .map(|candidate| {
            let likeness = strsim::jaro_winkler(&text, &candidate.to_lowercase());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn listed(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}
