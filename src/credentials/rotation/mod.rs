//! How an API key or the auth token is replaced without a text that fails: what is done in which
//! order, and what is on record of it, so that whoever comes after a crash goes on where it was.
//!
//! ```text
//! begun ─▶ minted ─▶ pending ─▶ verified ─▶ switched ─▶ drained ─▶ old deleted ─▶ old proven dead
//! ```
//!
//! Between *switched* and *drained* everybody who still has the old one gets the new one. For the
//! auth token, *old deleted* is the promotion of the new one, with which the old one is void; both
//! are accepted in signatures from *switched* until the end.

#[cfg(feature = "aws")]
pub mod four_steps;
mod names;
mod steps;
#[cfg(all(feature = "aws", feature = "machine"))]
mod two_places;
mod work;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cache::{FRESH, USABLE};

pub use names::{Slots, forget, keep_pending, previous, switch, undo_pending};
pub use steps::{Places, begin, new_id, run};
#[cfg(all(feature = "aws", feature = "machine"))]
pub use two_places::{TwoPlaces, Wait};
pub use work::{Minted, Proof, Twilio, Which};

/// The longest that an event is worked on, Twilio's answer included.
const LONGEST_EVENT: Duration = Duration::from_secs(60);

/// How long the old one stays alive after the switch, when everybody can ask for the new one: until
/// nobody has the old one kept, and nobody works on an event that began with it.
pub const DRAIN: Duration = FRESH.saturating_add(LONGEST_EVENT);

/// The same if it has to hold even when nobody can ask for the new one.
pub const LONG_DRAIN: Duration = USABLE.saturating_add(LONGEST_EVENT);

/// For how long after a promotion webhooks may come that were signed before it: Twilio tries again
/// at once, so this is ample.
pub const LATE_WEBHOOKS: Duration = Duration::from_secs(10 * 60);

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct Journal {
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

impl Journal {
    pub fn begin(subject: Subject, id: &str, old_key: Option<String>, now: Timestamp) -> Self {
        Self {
            subject,
            id: id.to_owned(),
            step: Step::Begun,
            at: now,
            began: now,
            old_key,
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
        let date = self.began.strftime("%Y");
        let month: u32 = self.began.strftime("%m").to_string().parse().unwrap_or(1);
        let quarter = month.saturating_sub(1) / 3 + 1;
        format!("relay/{date}Q{quarter}/{}", self.id)
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Mint,
    Verify,
    Switch,
    /// Nothing before then.
    Wait(Timestamp),
    DeleteOld,
    ProveOldDead,
    Forget,
}

/// What comes next in a rotation. `drain` is how long the old one stays alive after the switch.
pub fn next(journal: &Journal, drain: Duration, now: Timestamp) -> Action {
    let wait = |by: Duration, then| match journal.at + by {
        until if now < until => Action::Wait(until),
        _ => then,
    };
    match journal.step {
        Step::Begun | Step::Minted => Action::Mint,
        Step::Pending => Action::Verify,
        Step::Verified => Action::Switch,
        Step::Switched => wait(drain, Action::DeleteOld),
        Step::Drained => Action::DeleteOld,
        Step::OldDeleted => Action::ProveOldDead,
        Step::OldProvenDead if journal.subject == Subject::AuthToken => {
            wait(LATE_WEBHOOKS.min(drain), Action::Forget)
        }
        Step::OldProvenDead => Action::Forget,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_order_is_fixed_and_the_old_one_outlives_whoever_has_it() {
        let began = at("2026-11-23T12:00:00Z");
        let mut journal = Journal::begin(Subject::ApiKey, "x", None, began);
        let mut seen = Vec::new();
        for step in [
            Step::Begun,
            Step::Minted,
            Step::Pending,
            Step::Verified,
            Step::Switched,
            Step::Drained,
            Step::OldDeleted,
            Step::OldProvenDead,
        ] {
            journal.reach(step, began);
            seen.push(next(&journal, DRAIN, began));
        }
        use Action::*;
        let until = at("2026-11-23T12:06:00Z");
        let order = [
            Mint,
            Mint,
            Verify,
            Switch,
            Wait(until),
            DeleteOld,
            ProveOldDead,
            Forget,
        ];
        assert_eq!(seen, order);
        journal.reach(Step::Switched, began);
        assert_eq!(next(&journal, DRAIN, until), DeleteOld);
        assert!(DRAIN > FRESH && LONG_DRAIN > USABLE);
    }

    #[test]
    fn webhooks_that_were_signed_before_a_promotion_may_still_come() {
        let began = at("2026-11-23T12:00:00Z");
        let mut journal = Journal::begin(Subject::AuthToken, "x", None, began);
        journal.reach(Step::OldProvenDead, began);
        let until = began + LATE_WEBHOOKS.min(DRAIN);
        assert_eq!(next(&journal, DRAIN, began), Action::Wait(until));
        assert_eq!(next(&journal, DRAIN, until), Action::Forget);
    }

    #[test]
    fn a_key_is_named_after_its_quarter_and_rotation_within_twilios_limit() {
        let id = "0".repeat(36);
        let journal = |began| Journal::begin(Subject::ApiKey, &id, None, at(began));
        let name = journal("2026-11-23T12:00:00Z").key_name();
        assert_eq!(name, format!("relay/2026Q4/{id}"));
        assert!(name.len() <= 64);
        assert!(
            journal("2027-01-01T00:00:00Z")
                .key_name()
                .contains("2027Q1")
        );
        assert!(
            journal("2027-03-31T00:00:00Z")
                .key_name()
                .contains("2027Q1")
        );
    }

    #[test]
    fn the_record_of_a_rotation_survives_being_written() {
        let old = Some("SK".to_owned() + &"0".repeat(32));
        let began = at("2026-11-23T12:00:00Z");
        let journal = Journal::begin(Subject::ApiKey, "x", old, began);
        let json = serde_json::to_string(&journal).unwrap();
        assert_eq!(serde_json::from_str::<Journal>(&json).unwrap(), journal);
    }
}
