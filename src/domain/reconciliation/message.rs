use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::domain::delivery::{Failure, Status};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::Sender;

/// A message of a line as Twilio lists it, as far as it is compared. What it says is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub sid: MessageSid,
    /// When Twilio sent it or, if it came in, called the webhook.
    pub at: Timestamp,
    pub way: Way,
    /// Who wrote it, or whom it was sent to.
    pub other: Sender,
    pub words: Words,
    pub status: Status,
    /// What went wrong, if the status is that it failed.
    pub failure: Failure,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    /// Somebody had it sent.
    Out,
    /// Twilio answered a text on its own, or because a webhook told it to: the confirmation of a
    /// STOP, or what a TwiML Bin says. The relay never answers in that way.
    Reply,
}

/// Recognises messages to the same number with the same words, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Words([u8; 16]);

impl Words {
    pub fn of(to: &str, body: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(to);
        hash.update([0]);
        hash.update(body.trim());
        let mut words = [0; 16];
        words.copy_from_slice(&hash.finalize()[..16]);
        Self(words)
    }
}
