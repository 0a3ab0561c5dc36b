//! A line's templates: read, and tried with their samples.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entries::{Entries, kind, text};
use super::mistakes::Mistakes;
use crate::domain::template::{LONGEST_SOURCE, Template, Unrendered};
use crate::domain::time_zone::TimeZone;

pub(super) const KEY: &str = "template";

/// As far as they could be read: one that is a mistake is missing.
pub(super) fn read(
    line: &Entries,
    zone: Option<&TimeZone>,
    mistakes: &mut Mistakes,
) -> BTreeMap<String, Template> {
    let zone = zone.cloned().unwrap_or_default();
    let mut templates = BTreeMap::new();
    let Some(table) = line.table(KEY, "line.template.NAME", mistakes) else {
        return templates;
    };
    for (name, value) in table.table {
        let at = name.span();
        let name: &str = name.get_ref();
        if !is_name(name) {
            let message = format!(
                "{name:?} is no name of a template; write small letters, digits and underscores, such as event_published"
            );
            mistakes.add(at, message);
            continue;
        }
        let Some(entries) = value.get_ref().as_table() else {
            let message = format!(
                "this is {}; write [line.template.{name}] with text and sample",
                kind(value.get_ref())
            );
            mistakes.add(value.span(), message);
            continue;
        };
        let entries = Entries {
            table: entries,
            at: value.span(),
            what: "line.template.NAME",
        };
        if let Some(template) = read_one(&entries, &zone, mistakes) {
            templates.insert(name.to_owned(), template);
        }
    }
    templates
}

fn read_one(entries: &Entries, zone: &TimeZone, mistakes: &mut Mistakes) -> Option<Template> {
    entries.only(&["text", "sample"], mistakes);
    let example = "\"{{ name }}, {{ starts | when }}\"";
    let source = entries.required("text", example, mistakes, |v| source(text(v)?));
    let sample = match entries.table.get("sample") {
        None => Some(Map::new()),
        Some(value) => match value.get_ref().as_table() {
            Some(table) => Some(object(table)),
            None => {
                let message = format!(
                    "this is {}; write values to try the text with, such as {{ name = \"Zurek\" }}",
                    kind(value.get_ref())
                );
                mistakes.add(value.span(), message);
                None
            }
        },
    };
    let (source, sample) = (source?, sample?);
    let at = source.span();
    let template = Template {
        text: source.into_inner(),
        sample,
    };
    match template.check(zone) {
        Ok(_) => Some(template),
        Err(error) => {
            mistakes.add(at, advice(&error));
            None
        }
    }
}

fn advice(error: &Unrendered) -> String {
    match error {
        Unrendered::Missing(name) => format!(
            "the sample has no {name}, which the text needs; add it to sample, or write what needs it between {{% if {name} %}} and {{% endif %}}"
        ),
        Unrendered::NotATime(name) => format!(
            "{name} of the sample is no time and no date, and the text shows it as one; write one such as \"2026-04-29T18:00:00-07:00\""
        ),
        error => format!("with its sample, {error}"),
    }
}

pub(super) fn source(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if length > LONGEST_SOURCE {
        return Err(format!(
            "this has {length} characters; write at most {LONGEST_SOURCE}, and fewer are cheaper"
        ));
    }
    Ok(text.to_owned())
}

fn is_name(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=40).contains(&name.len()) && name.bytes().all(is_part)
}

fn object(table: &DeTable) -> Map<String, Value> {
    let members = table.iter();
    members
        .map(|(name, value)| (name.get_ref().to_string(), json(value)))
        .collect()
}

/// A value as other programs would send it. JSON has no dates: they are text there.
fn json(value: &Spanned<DeValue>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => match number.as_str().parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => number.as_str().into(),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) => number.into(),
            Err(_) => number.as_str().into(),
        },
        DeValue::Boolean(yes) => Value::from(*yes),
        DeValue::Datetime(at) => at.to_string().into(),
        DeValue::Array(items) => items.iter().map(json).collect(),
        DeValue::Table(table) => object(table).into(),
    }
}
