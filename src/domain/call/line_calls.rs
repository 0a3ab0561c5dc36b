//! The calls of a line that go on, and how many came lately: so that nobody is rung who talks already, and
//! so that no caller can block the line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;

/// Stored once for each line, and written together with a call when one begins, goes on to another person
/// or ends. Bounded: what is over is taken out at each write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LineCalls {
    /// Counts the saves; a save with an outdated version is refused.
    pub version: u64,
    #[serde(default)]
    pub live: Vec<LiveCall>,
    /// When each of the last calls came, and from whom, oldest first.
    #[serde(default)]
    pub recent: Vec<(Timestamp, Option<PhoneNumber>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    pub sid: CallSid,
    /// `None` if the number is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<PhoneNumber>,
    /// The person who is rung or talks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PhoneNumber>,
    /// When it is over at the latest, should its end never be heard of.
    pub until: Timestamp,
}
