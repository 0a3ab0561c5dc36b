//! What a secret in Secrets Manager holds: a JSON object, of which the relay uses some texts and
//! leaves the rest as it is.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::domain::credentials::Secret;

/// The members of the object. Texts cannot be printed; what is no text is no secret of the relay's.
#[derive(Debug, Default, PartialEq)]
pub struct Values {
    texts: BTreeMap<String, Secret>,
    others: Map<String, Value>,
}

/// Where a text is no JSON object. Carries nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object (line {line}, column {column})")]
pub struct NotAnObject {
    pub line: usize,
    pub column: usize,
}

impl Values {
    pub fn parse(json: &str) -> Result<Self, NotAnObject> {
        // The message of a JSON error may quote the value.
        let members: Map<String, Value> =
            serde_json::from_str(json).map_err(|error| NotAnObject {
                line: error.line(),
                column: error.column(),
            })?;
        let mut values = Self::default();
        for (name, value) in members {
            match value {
                Value::String(text) => drop(values.texts.insert(name, Secret::new(text))),
                other => drop(values.others.insert(name, other)),
            }
        }
        Ok(values)
    }

    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.texts.get(name)
    }

    /// A text that is not empty.
    pub fn filled(&self, name: &str) -> Option<&Secret> {
        self.get(name).filter(|value| !value.expose().is_empty())
    }

    /// The members that are texts, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.texts
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    pub fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name) || self.others.contains_key(name)
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.texts.keys().chain(self.others.keys());
        names.map(String::as_str)
    }

    /// A member that is no text.
    pub fn other(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }

    pub fn set(&mut self, name: &str, value: Secret) {
        self.others.remove(name);
        self.texts.insert(name.to_owned(), value);
    }

    pub fn set_other(&mut self, name: &str, value: Value) {
        self.texts.remove(name);
        self.others.insert(name.to_owned(), value);
    }

    /// Makes a member what it is in `other`: sets it, or takes it out.
    pub fn copy_from(&mut self, other: &Self, name: &str) {
        match other.get(name) {
            Some(value) => self.set(name, value.duplicate()),
            None => self.remove(name),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.texts.remove(name);
        self.others.remove(name);
    }

    /// The object with its members in the order of their names.
    pub fn to_json(&self) -> Zeroizing<String> {
        let json = serde_json::to_string(&Exposed(self));
        Zeroizing::new(json.expect("texts and JSON values are always written"))
    }

    pub fn duplicate(&self) -> Self {
        Self {
            others: self.others.clone(),
            ..self.texts().collect()
        }
    }
}

impl<'a> FromIterator<(&'a str, &'a Secret)> for Values {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a Secret)>>(texts: I) -> Self {
        let texts = texts.into_iter();
        Self {
            texts: texts
                .map(|(name, value)| (name.to_owned(), value.duplicate()))
                .collect(),
            others: Map::new(),
        }
    }
}

struct Exposed<'a>(&'a Values);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.0.texts {
            map.serialize_entry(name, value.expose())?;
        }
        for (name, value) in &self.0.others {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_relay_does_not_know_is_written_as_it_was_read() {
        let json = r#"{"A":"x \"y\"","B":"","N":1,"O":{"P":[null]}}"#;
        let mut values = Values::parse(json).unwrap();
        assert_eq!(*values.to_json(), json);
        values.set("A", Secret::new("z"));
        values.remove("B");
        assert_eq!(*values.to_json(), r#"{"A":"z","N":1,"O":{"P":[null]}}"#);
    }

    #[test]
    fn neither_a_mistake_nor_a_debugger_shows_a_value() {
        for json in [
            "hunter2",
            "\"hunter2\"",
            "[\"hunter2\"]",
            "{\"A\": hunter2}",
            "{\"A\": \"hunter2",
        ] {
            let bad = Values::parse(json).unwrap_err();
            assert!(bad.to_string().starts_with("not a JSON object"));
            assert!(!format!("{bad} {bad:?}").contains("hunter2"));
        }
        let values = Values::parse(r#"{"A": "hunter2"}"#).unwrap();
        assert!(!format!("{values:?}").contains("hunter2"));
    }
}
