//! What is on record of a rotation: what is replaced, and how far it is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::values::Values;
use crate::domain::credentials::{API_KEY, Secret};

/// The record of a rotation within the secret: a member that is no text, so that nobody takes it
/// for a credential.
#[cfg(feature = "aws")]
pub const RECORD: &str = "RELAY_ROTATION";

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "machine", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    ApiKey,
    AuthToken,
}

impl Subject {
    /// As a command line names it.
    pub fn argument(self) -> &'static str {
        match self {
            Subject::ApiKey => "api-key",
            Subject::AuthToken => "auth-token",
        }
    }

    /// As a sentence names it.
    pub fn name(self) -> &'static str {
        match self {
            Subject::ApiKey => "API key",
            Subject::AuthToken => "auth token",
        }
    }

    /// The SID of a key, of which `first` is the first value; a token has none.
    pub fn sid(self, first: Option<&Secret>) -> Option<String> {
        let first = first.filter(|_| self == Subject::ApiKey);
        first.map(|sid| sid.expose().to_owned())
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Begun,
    /// Twilio made the new one; whoever knows it may be gone.
    Minted,
    /// It is kept beside the old one.
    Pending,
    /// Twilio accepts it.
    Verified,
    /// It stands in the place of the old one.
    Switched,
    /// Nobody uses the old one any more.
    Drained,
    /// The old one is deleted, or void.
    OldDeleted,
    /// Twilio refuses the old one and accepts the new one.
    OldProvenDead,
}

/// The record of a rotation: names and times, no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationRecord {
    pub subject: Subject,
    /// Names the rotation, and the key that it makes.
    pub id: String,
    pub step: Step,
    /// When that step was reached.
    pub at: Timestamp,
    pub began: Timestamp,
    /// The SIDs of the keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_key: Option<String>,
}

impl RotationRecord {
    /// Of a rotation that begins now; `values` are those in force.
    pub fn begin(subject: Subject, id: &str, values: &Values, now: Timestamp) -> Self {
        Self {
            subject,
            id: id.to_owned(),
            step: Step::Begun,
            at: now,
            began: now,
            old_key: subject.sid(values.filled(API_KEY)),
            new_key: None,
        }
    }

    pub fn reach(&mut self, step: Step, now: Timestamp) {
        self.step = step;
        self.at = now;
    }

    /// The name of the key that the rotation makes, by which it is found if its making was not
    /// answered. Twilio takes 64 characters.
    pub fn key_name(&self) -> String {
        let date = self.began.to_zoned_datetime(TimeZone::UTC).date();
        let quarter = (date.month() - 1) / 3 + 1;
        format!("relay/{}Q{quarter}/{}", date.year(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(id: &str, began: &str) -> RotationRecord {
        let mut values = Values::default();
        values.set(API_KEY, Secret::new("SK".to_owned() + &"0".repeat(32)));
        RotationRecord::begin(Subject::ApiKey, id, &values, began.parse().unwrap())
    }

    #[test]
    fn a_key_is_named_after_its_quarter_and_rotation_within_twilios_limit() {
        let id = "0".repeat(36);
        let name = |began| begin(&id, began).key_name();
        assert_eq!(name("2026-11-23T12:00:00Z"), format!("relay/2026Q4/{id}"));
        assert!(name("2026-11-23T12:00:00Z").len() <= 64);
        assert!(name("2027-01-01T00:00:00Z").contains("2027Q1"));
        assert!(name("2027-03-31T00:00:00Z").contains("2027Q1"));
    }

    #[test]
    fn the_record_of_a_rotation_survives_being_written() {
        let record = begin("x", "2026-11-23T12:00:00Z");
        assert!(record.old_key.is_some());
        let json = serde_json::to_string(&record).unwrap();
        let read: RotationRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(read, record);
    }
}
