//! A line's templates and its automatic reply: read, and tried.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::table::{Table, integer, wrong_kind};
use crate::domain::line::AutoReply;
use crate::domain::line::auto_reply::Sends;
use crate::domain::template::{LONGEST_SOURCE, RenderError, Template};
use crate::domain::time_zone::Clock;

pub(super) fn read(line: &mut Table, clock: Clock) -> BTreeMap<String, Template> {
    let mut templates = BTreeMap::new();
    let Some(table) = line.table("template", "line.template.NAME") else {
        return templates;
    };
    for (key, value) in table.entries {
        let name: &str = key.get_ref();
        if !is_name(name) {
            let message = format!(
                "{name:?} is no name of a template; write small letters, digits and underscores, \
                 such as event_published"
            );
            table.mistakes.add(key.span(), message);
            continue;
        }
        let advice = format!("write [line.template.{name}] with text and sample");
        let template = table.inner(value, "line.template.NAME", &advice);
        if let Some(template) = template.and_then(|table| read_template(table, clock)) {
            templates.insert(name.to_owned(), template);
        }
    }
    templates
}

fn read_template(mut table: Table, clock: Clock) -> Option<Template> {
    let text = table.required("text", "\"{{ name }}, {{ starts | when }}\"", source);
    let mut sample = Map::new();
    table.set("sample", &mut sample, |v| {
        let advice = "write values to try the text with, such as { name = \"Zurek\" }";
        v.as_table()
            .map(object)
            .ok_or_else(|| wrong_kind(v, advice))
    });
    table.refuse_other_keys(&[]);
    let template = Template {
        text: text?,
        sample,
    };
    if let Err(error) = template.check(clock) {
        let message = match error {
            RenderError::Missing(name) => format!(
                "the sample has no {name}, which the text needs; add it to sample, or write what \
                 needs it between {{% if {name} %}} and {{% endif %}}"
            ),
            RenderError::NotATime(name) => format!(
                "{name} of the sample is no time and no date, and the text shows it as one; write \
                 one such as \"2026-04-29T18:00:00-07:00\""
            ),
            error => format!("with its sample, {error}"),
        };
        table.wrong(&["text", "sample"], message);
    }
    Some(template)
}

pub(super) fn read_auto_reply(line: &mut Table, clock: Clock) -> Option<AutoReply> {
    reply(line.table("auto_reply", "line.auto_reply")?, clock)
}

/// A text to customers, and when it is sent. Other keys than these two were read before.
pub(super) fn reply(mut table: Table, clock: Clock) -> Option<AutoReply> {
    let words = table.required("text", "\"We got your text and answer soon.\"", source);
    let when = table.required("when", "\"outside_hours\"", |when| match when {
        "outside_hours" => Ok(Sends::OutsideHours),
        "always" => Ok(Sends::Always),
        other => Err(format!(
            "{other:?} is no time for it; write \"outside_hours\" (while nobody is on duty but the \
             backup) or \"always\""
        )),
    });
    table.refuse_other_keys(&[]);
    let auto_reply = AutoReply {
        text: words?,
        when: when?,
    };
    if let Err(error) = auto_reply.check(clock) {
        let message = match error {
            RenderError::Missing(name) if name == "opens" => {
                "it is not always known when the line opens; write what needs it between {% if \
                 opens %} and {% endif %}"
                    .to_owned()
            }
            RenderError::Missing(name) => format!(
                "the text shows {name}, and there are only line and opens; write one of these"
            ),
            error => error.to_string(),
        };
        table.wrong(&["text"], message);
    }
    Some(auto_reply)
}

fn source(source: &str) -> Result<String, String> {
    let length = source.chars().count();
    if length > LONGEST_SOURCE {
        return Err(format!(
            "this has {length} characters; write at most {LONGEST_SOURCE}, and fewer are cheaper"
        ));
    }
    Ok(source.to_owned())
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

/// A value as other programs would send it. JSON has no dates: they are text there. A number that
/// JSON cannot hold is text too.
fn json(value: &Spanned<DeValue>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            integer(number).map_or_else(|| number.to_string().into(), Value::from)
        }
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(finite) if finite.is_finite() => finite.into(),
            _ => number.as_str().into(),
        },
        DeValue::Boolean(yes) => Value::from(*yes),
        DeValue::Datetime(at) => at.to_string().into(),
        DeValue::Array(items) => items.iter().map(json).collect(),
        DeValue::Table(table) => object(table).into(),
    }
}
