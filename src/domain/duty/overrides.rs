use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// "Away until" or "on until", set by hand; beats the hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub presence: Presence,
    /// `None`: until cleared.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Away,
    On,
}

/// The overrides of one line, by the person's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overrides(pub BTreeMap<String, Override>);

impl Overrides {
    /// The person's override, unless its time has passed.
    pub fn in_force(&self, person: &str, now: Timestamp) -> Option<&Override> {
        self.0
            .get(person)
            .filter(|o| o.until.is_none_or(|until| now < until))
    }
}
