use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Message, TakesCalls};
use crate::domain::ids::message_sid::MessageSid;

/// A virtual phone.
#[derive(Default)]
pub(super) struct Phone {
    pub power: Power,
    pub calls: TakesCalls,
    pub screen: Vec<Entry>,
}

/// By number or, for a short code or a name, as Twilio writes the sender.
#[derive(Default)]
pub(super) struct Phones(pub BTreeMap<String, Phone>);

/// Whether a phone can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    #[default]
    On,
    /// Switched off: a message to it ends as undelivered with error 30003.
    Off,
    /// The carrier never reports anything: a message to it stays `sent`, and does not arrive.
    Silent,
}

/// A line on a phone's screen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub sid: MessageSid,
    /// Whether the phone sent it or received it.
    pub sent: bool,
    /// The other side.
    pub with: String,
    pub body: String,
    pub media: Vec<String>,
}

impl Phones {
    /// The phone of that name, which nobody may have used before.
    pub fn named(&mut self, name: &str) -> &mut Phone {
        self.0.entry(name.to_owned()).or_default()
    }

    /// Puts a message on the screen of the phone that sent it, or of the one that it is for.
    pub fn show(&mut self, message: &Message, sent: bool, at: Timestamp) {
        let (own, other) = if sent {
            (&message.from, &message.to)
        } else {
            (&message.to, &message.from)
        };
        self.named(own).screen.push(Entry {
            at,
            sid: message.sid.clone(),
            sent,
            with: other.clone(),
            body: message.body.clone(),
            media: message.media.clone(),
        });
    }
}
