//! JSON objects, read field by field, so that one answer says everything that is wrong.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Problem, Refused};
use crate::domain::phone::PhoneNumber;
use crate::domain::template::When;

/// An object while it is being read.
pub(super) struct Fields {
    object: Map<String, Value>,
    /// Those that were asked for.
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

/// What a field has to be.
pub(super) struct Kind<T> {
    pub expected: &'static str,
    pub read: fn(&Value) -> Option<T>,
}

impl Fields {
    /// `what` the object is to describe, for the one thing that can be wrong before any field is.
    pub fn of(value: Value, what: &str) -> Result<Self, Refused> {
        match value {
            Value::Object(object) => Ok(Self {
                object,
                known: Vec::new(),
                problems: Vec::new(),
            }),
            _ => Err(Refused::field(
                "",
                format!("must be an object with the fields of {what}"),
            )),
        }
    }

    /// The value of a field that must be there; `None` means that the object will be refused.
    pub fn required<T>(&mut self, name: &'static str, kind: &Kind<T>) -> Option<T> {
        let read = self.optional(name, kind);
        if self.is_absent(name) {
            self.wrong(name, format!("is missing; write {}", kind.expected));
        }
        read
    }

    /// The value of a field that may be there. `null` is as good as none.
    pub fn optional<T>(&mut self, name: &'static str, kind: &Kind<T>) -> Option<T> {
        self.known.push(name);
        if self.is_absent(name) {
            return None;
        }
        let read = (kind.read)(&self.object[name]);
        if read.is_none() {
            self.wrong(name, format!("must be {}", kind.expected));
        }
        read
    }

    /// A field that is read by somebody else; absent if it is `null`.
    pub fn raw(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let value = self.object.get(name)?;
        (!value.is_null()).then(|| value.clone())
    }

    pub fn wrong(&mut self, path: &str, problem: impl Into<String>) {
        self.problems.push(Problem::new(path, problem));
    }

    /// What was found wrong with the value of a field by somebody else.
    pub fn wrong_within(&mut self, name: &str, refused: Refused) {
        self.problems.extend(refused.within(name).fields);
    }

    fn is_absent(&self, name: &str) -> bool {
        self.object.get(name).is_none_or(Value::is_null)
    }

    /// Refuses the object if it has other fields than those that were asked for.
    pub fn no_others(&mut self) {
        let unknown: Vec<String> = (self.object.keys())
            .filter(|name| !self.known.contains(&name.as_str()))
            .take(MOST_UNKNOWN)
            .map(|name| shown(name))
            .collect();
        for name in unknown {
            let advice = format!("is no field of this; there are {}", self.known.join(", "));
            self.wrong(&name, advice);
        }
    }

    /// The fields that nobody asked for.
    pub fn others(&self) -> Map<String, Value> {
        let others = self.object.iter();
        others
            .filter(|(name, _)| !self.known.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The whole object as it came.
    pub fn all(&self) -> Map<String, Value> {
        self.object.clone()
    }

    /// What was read, unless something is wrong.
    pub fn finish<T>(self, read: impl FnOnce() -> Option<T>) -> Result<T, Refused> {
        if !self.problems.is_empty() {
            return Err(Refused::fields(self.problems));
        }
        Ok(read().expect("what could not be read is among the problems"))
    }
}

/// More of what nobody knows help nobody.
const MOST_UNKNOWN: usize = 20;

/// A field's name as an answer and a log show it.
fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    crate::printable::printable(&name.chars().take(LONGEST).collect::<String>())
}

/// The path of what is at `inner` within `outer`.
pub(super) fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        (outer, "") => outer.to_owned(),
        ("", inner) => inner.to_owned(),
        (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
        (outer, inner) => format!("{outer}.{inner}"),
    }
}

/// What names a line, a topic, a template, a person or an event.
pub(super) const NAME: Kind<String> = Kind {
    expected: "text of 1 to 80 characters without line breaks and without spaces around it",
    read: |value| text(value, LONGEST_NAME),
};

/// In characters, as the other two.
pub(super) const LONGEST_NAME: usize = 80;

pub(super) const LONGEST_ID: usize = 128;

pub(super) const LONGEST_LINK: usize = 300;

pub(super) const ID: Kind<String> = Kind {
    expected: "text of 1 to 128 characters without line breaks and without spaces around it",
    read: |value| text(value, LONGEST_ID),
};

/// Visible ASCII: what every system keeps as it is.
pub(super) const IDEMPOTENCY_KEY: Kind<String> = Kind {
    expected: "1 to 128 visible ASCII characters (letters, digits, punctuation, no spaces) that \
               are the same whenever the same thing is asked for again",
    read: |value| {
        let key = value.as_str()?;
        let is_visible = key.bytes().all(|b| b.is_ascii_graphic());
        (is_visible && (1..=LONGEST_ID).contains(&key.len())).then(|| key.to_owned())
    },
};

pub(super) const TIME: Kind<Timestamp> = Kind {
    expected: "a time with its offset, such as 2026-04-29T18:00:00-07:00",
    read: |value| value.as_str()?.parse().ok(),
};

pub(super) const WHEN: Kind<When> = Kind {
    expected: "a time such as 2026-04-29T18:00:00-07:00, or a date such as 2026-04-29",
    read: |value| When::parse(value.as_str()?),
};

pub(super) const NUMBER: Kind<PhoneNumber> = Kind {
    expected: "a phone number in E.164 form, such as +16195550110",
    read: |value| PhoneNumber::parse(value.as_str()?).ok(),
};

/// What a phone makes a link of.
pub(super) const LINK: Kind<String> = Kind {
    expected: "a link that begins with https:// or http://, of at most 300 ASCII characters",
    read: |value| {
        let link = value.as_str()?;
        let rest = (link.strip_prefix("https://")).or_else(|| link.strip_prefix("http://"))?;
        let has_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        let is_ascii = link.len() <= LONGEST_LINK && link.bytes().all(|b| b.is_ascii_graphic());
        (has_host && is_ascii).then(|| link.to_owned())
    },
};

pub(super) const DATA: Kind<Map<String, Value>> = Kind {
    expected: "an object with the values that the template needs",
    read: |value| value.as_object().cloned(),
};

pub(super) const YES_OR_NO: Kind<bool> = Kind {
    expected: "true or false",
    read: Value::as_bool,
};

fn text(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?;
    let fits = !text.is_empty() && text.chars().count() <= most;
    let is_clean = text.trim() == text && !text.chars().any(char::is_control);
    (fits && is_clean).then(|| text.to_owned())
}
