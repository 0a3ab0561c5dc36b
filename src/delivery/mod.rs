//! A text on its way to one of a cascade's people. Nothing here does I/O: [`step()`] turns an event
//! into the delivery's next state and a list of effects for somebody else to carry out.

pub mod backoff;
mod event;
mod step;

pub use event::{Answer, Effect, Event};
pub use step::step;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::inbound::MessageSid;
use crate::phone::PhoneNumber;
use crate::twilio::errors::Class;

/// Names a delivery in the store, on the queue and in callback URLs. Derived from what caused it,
/// so that the same cause never makes a second delivery.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a delivery's id (1 to 64 letters, digits, hyphens and underscores)")]
pub struct NotADeliveryId;

impl DeliveryId {
    pub fn parse(text: &str) -> Result<Self, NotADeliveryId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let well_formed = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotADeliveryId)
        }
    }

    /// The delivery that relays the inbound of this SID, or answers it.
    pub fn of_inbound(sid: &MessageSid) -> Self {
        Self(format!("in-{sid}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DeliveryId {
    type Error = NotADeliveryId;

    fn try_from(text: String) -> Result<Self, NotADeliveryId> {
        Self::parse(&text)
    }
}

impl From<DeliveryId> for String {
    fn from(id: DeliveryId) -> Self {
        id.0
    }
}

/// One text to be delivered. The unit of work on the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    /// Counts the saves; a save with an outdated version is refused.
    pub version: u64,
    /// The line's name, for the record.
    pub line: String,
    /// The line's number, which the text comes from.
    pub from: PhoneNumber,
    /// What status callbacks are sent to: the line's public URL.
    pub public_url: String,
    /// The inbound that caused it.
    pub message_sid: Option<MessageSid>,
    /// Whom it is for now.
    pub to: Recipient,
    /// Whom it is handed over to if that fails, in this order.
    pub remaining: Vec<Recipient>,
    /// The whole text; [`Delivery::parts`] is how it is cut into messages.
    pub body: String,
    pub media: Vec<String>,
    pub parts: Vec<Part>,
    pub attempts: Vec<Attempt>,
    pub state: State,
    pub created: Timestamp,
    /// When it is too late to try again.
    pub deadline: Timestamp,
    /// When it gave up, while it is a dead letter.
    #[serde(default)]
    pub gave_up: Option<Timestamp>,
    /// Oldest first.
    #[serde(default)]
    pub replays: Vec<Replay>,
}

/// Somebody wanted a delivery tried again that had given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    pub at: Timestamp,
    /// How many attempts had been made before. Their failures do not count any more.
    pub attempts: u32,
    /// It went on to the same person: what they have of it already is not sent again.
    pub resumed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub person: String,
    pub number: PhoneNumber,
}

/// What one message to Twilio carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub body: String,
    pub media: Vec<String>,
}

/// No body in logs.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("characters", &self.body.chars().count())
            .field("media", &self.media.len())
            .finish()
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The next attempt is due then.
    Waiting { due: Timestamp },
    /// An attempt has been claimed; once the lease is over, nobody can still be sending it.
    Sending { lease: Timestamp },
    /// Twilio may or may not have the last attempt; it is to be asked then.
    Unknown {
        ask: Timestamp,
        /// How often it was asked in vain.
        #[serde(default)]
        asked: u32,
    },
    /// Twilio has every part; what became of them comes by callback. A callback may get lost, so
    /// Twilio is asked then, until the deadline.
    Accepted {
        #[serde(default)]
        ask: Option<Timestamp>,
        #[serde(default)]
        asked: u32,
    },
    /// Every part reached the phone.
    Delivered,
    /// No further attempt is made.
    GaveUp { because: GaveUp },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GaveUp {
    /// The deadline passed.
    Late,
    /// Twilio refused in a way that no repetition and no other person can change.
    Refused,
    /// Nobody is left in the cascade.
    NobodyLeft,
    /// Twilio did not say in time whether it had the message. Sending it again could double it.
    Unresolved,
}

/// One try to hand a part of a delivery to Twilio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1 within the delivery; callback URLs carry it.
    pub number: u32,
    pub to: Recipient,
    /// Index into the delivery's parts.
    pub part: usize,
    pub began: Timestamp,
    pub outcome: Outcome,
    /// When the outcome became known; when it began, if there is none yet.
    pub since: Timestamp,
    /// Twilio's name for the message, once it is known.
    pub sid: Option<MessageSid>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Claimed; no answer yet.
    Pending,
    /// The answer got lost: Twilio may have the message or not.
    Unknown,
    /// Twilio does not have the message: it was asked, or it could not be reached at all.
    Absent,
    Accepted,
    Refused {
        code: Option<u32>,
        http_status: u16,
        class: Class,
    },
    /// Handed to the carrier.
    Sent,
    Delivered,
    /// Twilio or the carrier could not deliver it (`undelivered`, `failed`, `canceled`).
    Undelivered {
        code: Option<u32>,
        class: Class,
    },
}

impl Delivery {
    /// When somebody must look at it again, if ever; what the index of due deliveries holds.
    pub fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { due } => Some(due),
            State::Sending { lease } => Some(lease),
            State::Unknown { ask, .. } => Some(ask),
            State::Accepted { ask, .. } => ask,
            State::Delivered | State::GaveUp { .. } => None,
        }
    }

    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.number == number)
    }

    /// When its time up to the deadline began.
    pub fn began(&self) -> Timestamp {
        self.replays.last().map_or(self.created, |replay| replay.at)
    }

    /// Who has all of it, whatever the state says: a callback may come after it gave up.
    pub fn reached(&self) -> Option<&Recipient> {
        let has_all = |to: &&Recipient| {
            let delivered = |a: &&Attempt| a.to == **to && a.outcome == Outcome::Delivered;
            let parts: BTreeSet<usize> = self
                .attempts
                .iter()
                .filter(delivered)
                .map(|a| a.part)
                .collect();
            parts.len() >= self.parts.len().max(1)
        };
        self.attempts.iter().map(|a| &a.to).find(has_all)
    }

    /// The last error that Twilio or a carrier gave a code for.
    pub fn last_error(&self) -> Option<u32> {
        self.attempts
            .iter()
            .rev()
            .find_map(|attempt| attempt.outcome.code())
    }
}

impl Outcome {
    /// Twilio's error code, if it is a failure that has one.
    pub fn code(&self) -> Option<u32> {
        match self {
            Outcome::Refused { code, .. } | Outcome::Undelivered { code, .. } => *code,
            _ => None,
        }
    }
}
