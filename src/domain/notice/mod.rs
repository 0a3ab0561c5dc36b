//! A text to many: what somebody wants a line to tell a topic's subscribers. A notice is a job. It is
//! accepted at once and fans out page by page into deliveries of its own, one to a recipient, of
//! which each finds its own way.

mod counts;
mod heard;
mod page;
pub mod skip;
mod texts;

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::delivery::source::Source;
use crate::domain::ids::NoticeId;
use crate::domain::phone::PhoneNumber;

pub use counts::{Counts, RecipientStatus};
pub use heard::{Informed, already_informed};
pub use page::{RecipientDecision, decide};
pub use skip::Skip;
pub use texts::{SUBSCRIBER, pause_after, segments, to_recipient};

/// The template of a notice that tells of a change to what an earlier one told of.
pub const CHANGED: &str = "event_changed";

/// The template of a notice that calls off what an earlier one told of.
pub const CALLED_OFF: &str = "event_cancelled";

/// What was accepted, and how far its fan-out has come.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub id: NoticeId,
    /// Counts the saves; a save with an outdated version is refused.
    pub version: u64,
    /// The line's name, for the record.
    pub line: String,
    /// The line's number, which the texts come from.
    pub from: PhoneNumber,
    pub topic: String,
    pub audience: Audience,
    /// The template's name.
    pub template: String,
    /// What the template was filled with.
    pub data: serde_json::Value,
    /// The template with its data: what every recipient reads, whatever is configured meanwhile.
    pub text: String,
    /// What those read instead who were still to hear of it by an earlier notice: that one's
    /// template with this one's data. Without it they read nothing.
    #[serde(default)]
    pub text_if_unheard: Option<String>,
    /// What it is about, such as an event's id. A later notice of a change is about the same.
    pub subject: Option<String>,
    pub not_before: Timestamp,
    /// When it is too late for a text that has not gone out.
    pub expires: Timestamp,
    /// The idempotency key.
    pub key: String,
    /// A digest of what was asked for, which tells a repetition from another wish with the same key.
    pub request: String,
    pub source: Source,
    /// Whether it says nothing if its words were the last ones about its subject.
    #[serde(default)]
    pub is_news: bool,
    pub created: Timestamp,
    pub state: NoticeState,
    /// The earlier notices of the same subject, oldest first, which end with this one.
    #[serde(default)]
    pub supersedes: Vec<NoticeId>,
    pub cursor: Cursor,
    /// How many pages were fanned out.
    #[serde(default)]
    pub page: u64,
    /// When the next one is to be, as long as there is one.
    pub page_due: Timestamp,
    /// How many deliveries its pages made, for the log. How many there are is counted.
    pub spawned: u64,
    #[serde(default)]
    pub skipped: Skipped,
    /// Makes the ids of its deliveries, which stand in logs, say nothing about numbers.
    pub salt: String,
}

/// Whom it goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone who subscribes to the topic when the fan-out comes to them.
    #[default]
    Subscribers,
    /// These, in order and each once.
    Numbers(#[schemars(length(min = 1, max = 500))] Vec<PhoneNumber>),
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// No page was fanned out yet.
    Scheduled,
    /// Some were.
    Sending,
    /// Every recipient has a delivery.
    Sent,
    /// Somebody called it back.
    Cancelled { at: Timestamp },
    /// A later notice of the same subject took its place.
    Superseded { by: NoticeId, at: Timestamp },
    /// Its time was over before every recipient had a delivery.
    Expired { at: Timestamp },
}

impl NoticeState {
    /// Whether pages are still to be fanned out.
    pub fn is_open(self) -> bool {
        matches!(self, NoticeState::Scheduled | NoticeState::Sending)
    }

    /// Whether its texts may go out.
    pub fn may_go_out(self) -> bool {
        self.is_open() || self == NoticeState::Sent
    }
}

/// How far the fan-out has come; recipients are taken in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    Start,
    After(PhoneNumber),
    End,
}

impl Cursor {
    pub fn after(&self) -> Option<&PhoneNumber> {
        match self {
            Cursor::After(number) => Some(number),
            Cursor::Start | Cursor::End => None,
        }
    }

    /// Whether the fan-out has been where this number would be.
    pub fn has_passed(&self, number: &PhoneNumber) -> bool {
        match self {
            Cursor::Start => false,
            Cursor::After(last) => number <= last,
            Cursor::End => true,
        }
    }
}

/// How many recipients got no delivery, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Skipped {
    pub opted_out: u64,
    /// Their numbers do not begin as numbers do that the line may text.
    pub not_allowed: u64,
    /// They never heard of what has changed now.
    pub unconcerned: u64,
}

impl Skipped {
    pub fn total(self) -> u64 {
        self.opted_out + self.not_allowed + self.unconcerned
    }

    pub fn count(&mut self, skip: Skip) {
        match skip {
            Skip::OptedOut => self.opted_out += 1,
            Skip::NotAllowed => self.not_allowed += 1,
            Skip::Unconcerned => self.unconcerned += 1,
        }
    }
}

impl Notice {
    /// When somebody must look at it again, if ever; what the index of due notices holds.
    pub fn due(&self) -> Option<Timestamp> {
        self.state.is_open().then_some(self.page_due)
    }

    /// Whether it takes the place of earlier notices of the same subject.
    pub fn supersedes_others(&self) -> bool {
        self.subject.is_some() && supersedes(&self.template)
    }

    /// Whether it would tell nobody anything that the other one, which may go out, does not.
    pub fn repeats(&self, other: &Notice) -> bool {
        let says = |n: &Notice| (n.template.clone(), n.data.clone(), n.audience.clone());
        self.is_news && other.state.may_go_out() && says(self) == says(other)
    }

    /// Whether it was accepted before the other one.
    pub fn is_before(&self, other: &Notice) -> bool {
        (self.created, self.id) < (other.created, other.id)
    }
}

/// Whether a notice with this template takes the place of earlier ones of the same subject.
pub fn supersedes(template: &str) -> bool {
    matches!(template, CHANGED | CALLED_OFF)
}

/// Neither words nor numbers in logs.
impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("line", &self.line)
            .field("topic", &self.topic)
            .field("template", &self.template)
            .field("state", &self.state)
            .field("spawned", &self.spawned)
            .finish_non_exhaustive()
    }
}
