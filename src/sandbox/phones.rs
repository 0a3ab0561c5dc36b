use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::State;
use super::message::MessageNumber;
use crate::domain::ids::message_sid::MessageSid;

/// A virtual phone.
#[derive(Default)]
pub(super) struct Phone {
    pub power: Power,
    pub screen: Vec<Entry>,
}

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

/// Without body and number, for whoever prints it.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("at", &self.at)
            .field("sid", &self.sid)
            .field("sent", &self.sent)
            .finish()
    }
}

impl State {
    /// Puts a message on the screen of the phone that sent it.
    pub(super) fn show_sent(&mut self, number: MessageNumber, at: Timestamp) {
        self.show(number, at, true);
    }

    /// Puts a message on the screen of the phone that it is for.
    pub(super) fn show_received(&mut self, number: MessageNumber, at: Timestamp) {
        self.show(number, at, false);
    }

    fn show(&mut self, number: MessageNumber, at: Timestamp, sent: bool) {
        let Some(message) = self.messages.get(number) else {
            return;
        };
        let (own, other) = match sent {
            true => (&message.from, &message.to),
            false => (&message.to, &message.from),
        };
        let entry = Entry {
            at,
            sid: message.sid.clone(),
            sent,
            with: other.clone(),
            body: message.body.clone(),
            media: message.media.clone(),
        };
        let own = own.clone();
        self.phone(&own).screen.push(entry);
    }
}
