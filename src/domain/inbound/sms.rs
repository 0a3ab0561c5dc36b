//! A text that reached the line, and its attachments.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::ids::message_sid::MessageSid;
use crate::domain::opt_out::{OptOutType, Wish};
use crate::domain::phone::{PhoneNumber, Sender};

/// A text from anyone to the line. Only a verified webhook becomes one
/// (see [`crate::twilio::webhook`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundSms {
    pub sid: MessageSid,
    pub from: Sender,
    /// The line.
    pub to: PhoneNumber,
    /// City and state as Twilio guesses them from the number, such as `San Diego, CA`.
    pub place: Option<String>,
    pub body: String,
    pub media: Vec<Media>,
    /// How many attachments came beside `media` that cannot be passed on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub media_left_out: usize,
    /// What Twilio took the text for, with Advanced Opt-Out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out_type: Option<OptOutType>,
}

impl InboundSms {
    /// Whether anything came beside the words, even what cannot be passed on.
    pub fn has_attachments(&self) -> bool {
        !self.media.is_empty() || self.media_left_out > 0
    }

    /// What the text asks for as to the list of opt-outs.
    pub fn wish(&self) -> Option<Wish> {
        Wish::of(&self.body, self.opt_out_type)
    }
}

pub(crate) fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// No body and no number in logs, whoever prints the struct.
impl fmt::Debug for InboundSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundSms")
            .field("sid", &self.sid)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("characters", &self.body.chars().count())
            .field("media", &self.media.len())
            .field("media_left_out", &self.media_left_out)
            .finish()
    }
}

/// An attachment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub url: String,
    pub content_type: String,
}
