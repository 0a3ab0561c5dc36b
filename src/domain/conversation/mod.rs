//! A customer's running exchange with a line: who has it, whether the customer waits for an answer,
//! what was written last. Each customer has one of their own, so that what one text costs does not
//! depend on how many customers write.

mod addressed;
pub mod addressee;
mod apply;
mod begin;
mod block;
mod call;
pub mod excerpt;
mod on_reply_number;
mod outcome;
mod person_state;
mod pin_attempts;
pub mod question;
mod reply_number;
mod tag;
pub mod wording;
mod write_first;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::delivery::{Delivery, WAITS_AT_MOST};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

pub use addressed::{Digits, addressed};
pub use begin::{CustomerText, Relayed};
pub use block::{Block, Blocker};
pub use outcome::{Ask, Outcome, Passed, Sent, Told};
pub use person_state::PersonState;
pub use pin_attempts::{Proof, TRIES, WrongPins};
pub use question::{Choice, Question, What};
pub use reply_number::{OnReplyNumber, ReplyNumber};
pub use tag::{digits_alike, tag};
pub use write_first::Stranger;

/// How many texts are known by name of a conversation: what whoever gets it next is to read.
const MOST_TEXTS: usize = 5;

/// How many texts about it to a participant's phone are looked at.
const MOST_ON_PHONE: usize = 3;

/// A person may write at an answer without seeing a text that has just come, and may have read one
/// that has just gone to somebody else. What is younger than this is in doubt. With less, the people of
/// the simulation, who think for up to three minutes, reach the wrong customer.
pub const CROSSING: Duration = Duration::from_secs(4 * 60);

/// One customer's exchange with a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub customer: PhoneNumber,
    /// Counts the saves; a save with an outdated version is refused.
    #[serde(default)]
    pub version: u64,
    /// What people call it: the last digits of the customer's number.
    pub tag: String,
    pub opened: Timestamp,
    /// When a text of it was last written, by whomever.
    pub active: Timestamp,
    /// The number of the person who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<PhoneNumber>,
    /// Since when the customer waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// Their texts reach nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Block>,
    /// The beginning of what the customer wrote last.
    #[serde(default)]
    pub words: Words,
    /// The texts that were written last, oldest first.
    #[serde(default)]
    pub texts: Vec<MessageSid>,
    /// The record of the last text that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<MessageSid>,
    /// The last text on its way to a person; the next one leaves after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_in: Option<DeliveryId>,
    /// The last one on its way to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_out: Option<DeliveryId>,
    /// Whether the customer had the automatic reply.
    #[serde(default)]
    pub auto_replied: bool,
    /// Whether they were texted because nobody took their call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed_texted: bool,
    /// Who got a text of it, and so can answer.
    #[serde(default)]
    pub participants: Vec<Participant>,
}

/// A customer waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    pub since: Timestamp,
    /// When somebody was last reminded, or it was passed on.
    pub reminded: Timestamp,
    /// Somebody takes care of it: nobody is reminded until the customer writes again.
    #[serde(default)]
    pub is_taken: bool,
}

impl Waits {
    pub fn since(at: Timestamp) -> Self {
        Self {
            since: at,
            reminded: at,
            is_taken: false,
        }
    }
}

/// A person who got a text of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub person: PhoneNumber,
    /// The last texts about it for their phone, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<DeliveryId>,
    /// When they gave it away; it is not theirs any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Timestamp>,
}

/// Words of somebody's. Not for logs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub String);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} characters", self.0.chars().count())
    }
}

/// What belongs to the conversation of a text that was kept: how it can be followed backwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub customer: PhoneNumber,
    pub opened: Timestamp,
    /// The record before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<MessageSid>,
    /// The earlier text that it let go to the customer, having been asked about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<MessageSid>,
}

/// Where a conversation stands in a person's list: those that wait before the others, and the latest
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    pub waits: bool,
    pub at: Timestamp,
}

/// A conversation that a person's text may be for, and the last texts about it for their phone.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub conversation: Conversation,
    pub texts: Vec<Delivery>,
}

impl Conversation {
    /// One that nobody has written in yet. `alike` are the line's other customers whose numbers end in
    /// the same digits.
    pub fn new(customer: PhoneNumber, alike: &[PhoneNumber], now: Timestamp) -> Self {
        Self {
            tag: tag(&customer, alike),
            customer,
            version: 0,
            opened: now,
            active: now,
            has: None,
            waits: None,
            blocked: None,
            words: Words::default(),
            texts: Vec::new(),
            last: None,
            last_in: None,
            last_out: None,
            auto_replied: false,
            missed_texted: false,
            participants: Vec::new(),
        }
    }

    pub fn rank(&self) -> Rank {
        Rank {
            waits: self.waits.is_some(),
            at: self.waits.map_or(self.active, |waits| waits.since),
        }
    }

    /// Whether it still runs: the customer waits, or a text of it was written within that time.
    pub fn is_open(&self, conversation_for: Duration, now: Timestamp) -> bool {
        self.waits.is_some() || !is_past(self.active, conversation_for, now)
    }

    /// Whether the customer waits, and somebody took them just then.
    pub fn is_taken_at(&self, now: Timestamp) -> bool {
        self.waits
            .is_some_and(|waits| waits.is_taken && waits.since == now)
    }

    /// Whether a text without a tag may be for it.
    pub fn is_candidate(&self, conversation_for: Duration, now: Timestamp) -> bool {
        let waits = |waits: Waits| !is_past(waits.reminded, WAITS_AT_MOST, now);
        let is_recent = !is_past(self.active, conversation_for, now);
        self.blocked.is_none() && (is_recent || self.waits.is_some_and(waits))
    }

    /// Whether the customer's number ends in these digits.
    pub fn is_named(&self, digits: &str) -> bool {
        self.customer.expose().ends_with(digits)
    }

    pub fn participant(&self, person: &PhoneNumber) -> Option<&Participant> {
        self.participants.iter().find(|p| p.person == *person)
    }

    /// The people who can answer it, but for this one.
    pub fn others<'c>(&'c self, person: &'c PhoneNumber) -> impl Iterator<Item = &'c PhoneNumber> {
        let others = self.participants.iter().filter(|p| p.left.is_none());
        others.map(|p| &p.person).filter(move |p| *p != person)
    }

    /// A text of it is on its way to a person, who can answer from now on.
    pub fn joins(&mut self, person: &PhoneNumber, text: &DeliveryId) {
        self.take_part(person);
        self.reads(person, text);
    }

    /// Makes a person a participant, if they are none or gave it away.
    fn take_part(&mut self, person: &PhoneNumber) {
        match self.participants.iter_mut().find(|p| p.person == *person) {
            Some(participant) => participant.left = None,
            None => self.participants.push(Participant {
                person: person.clone(),
                texts: Vec::new(),
                left: None,
            }),
        }
    }

    /// A text about it is on its way to a participant's phone.
    pub fn reads(&mut self, person: &PhoneNumber, text: &DeliveryId) {
        let mut participants = self.participants.iter_mut();
        if let Some(participant) = participants.find(|p| p.person == *person) {
            let texts = &mut participant.texts;
            texts.retain(|known| known != text);
            texts.push(text.clone());
            texts.drain(..texts.len().saturating_sub(MOST_ON_PHONE));
        }
    }

    /// A text of it was written, and this is its record. Returns how it is followed backwards.
    fn goes_on(&mut self, text: &MessageSid, record: &MessageSid, now: Timestamp) -> Link {
        self.active = self.active.max(now);
        if !self.texts.contains(text) {
            self.texts.push(text.clone());
        }
        let more = self.texts.len().saturating_sub(MOST_TEXTS);
        self.texts.drain(..more);
        self.link(record)
    }

    /// The record is the conversation's last one.
    fn link(&mut self, record: &MessageSid) -> Link {
        let previous = self.last.replace(record.clone());
        Link {
            customer: self.customer.clone(),
            opened: self.opened,
            previous: previous.filter(|previous| previous != record),
            sends: None,
        }
    }
}

fn is_past(since: Timestamp, by: Duration, now: Timestamp) -> bool {
    is_ahead(since, now) || since.checked_add(by).is_ok_and(|end| end <= now)
}

/// Clocks of several machines differ, and one that is set right goes back, by an hour if its time zone was
/// wrong.
const DIFFER_BY: SignedDuration = SignedDuration::from_hours(2);

/// Whether what has happened happened by a clock that was ahead, which nobody believes.
fn is_ahead(happened: Timestamp, now: Timestamp) -> bool {
    now.checked_add(DIFFER_BY).is_ok_and(|end| end < happened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_by_a_clock_that_was_ahead_is_past() {
        let now = Timestamp::from_second(1_780_000_000).unwrap();
        let hour = Duration::from_secs(3600);
        let at = |seconds| now + SignedDuration::from_secs(seconds);
        for (seconds, past) in [
            (-3600, true),
            (-3599, false),
            (0, false),
            (7200, false),
            (7201, true),
            (86_400, true),
            (10 * 365 * 86_400, true),
        ] {
            assert_eq!(is_past(at(seconds), hour, now), past, "{seconds}");
        }
    }
}

#[cfg(test)]
mod phrase_tests;
