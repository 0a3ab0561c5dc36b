//! A text that reached the line, and what the relay keeps of it.

mod automatic;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::DeliveryId;
use crate::duty::by_text;
use crate::opt_out::{self, OptOutType, Wish};
use crate::phone::{PhoneNumber, Sender};
use crate::routing::Decision;
use crate::subscriber::Subscriber;
use crate::text;
use crate::thread::Link;

/// Twilio's name for a message: `SM` or `MM` and 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageSid(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message's SID (SM or MM and 32 hexadecimal digits)")]
pub struct NotAMessageSid;

impl MessageSid {
    pub fn parse(text: &str) -> Result<Self, NotAMessageSid> {
        let hex = text
            .strip_prefix("SM")
            .or_else(|| text.strip_prefix("MM"))
            .ok_or(NotAMessageSid)?;
        let well_formed = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAMessageSid)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MessageSid {
    type Error = NotAMessageSid;

    fn try_from(text: String) -> Result<Self, NotAMessageSid> {
        Self::parse(&text)
    }
}

impl From<MessageSid> for String {
    fn from(sid: MessageSid) -> Self {
        sid.0
    }
}

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

/// What kind of text it is, where that says whether it may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Somebody says something.
    Ordinary,
    /// It asked for no more texts, or for texts again, or for help with that; Twilio answers it.
    OptOutWord,
    /// A phone wrote it by itself.
    Automatic,
    /// A relay's own words come back.
    OwnWords,
    /// It is the keyword of one of the line's topics.
    Joins,
    /// It asks for no more notices of a topic.
    Leaves,
    /// A person of the cascade says whether they are there, or asks.
    DutyCommand,
}

impl InboundSms {
    /// What the text asks for as to the list of opt-outs.
    pub fn wish(&self) -> Option<Wish> {
        Wish::of(&self.body, self.opt_out_type)
    }

    /// `changes_list`: a word such as YES is an answer like any other, unless it changes the list of
    /// opt-outs.
    pub fn nature(&self, changes_list: bool) -> Nature {
        match self.wish() {
            Some(Wish::Stop(_) | Wish::Help) => Nature::OptOutWord,
            Some(Wish::Start) if changes_list || self.opt_out_type.is_some() => Nature::OptOutWord,
            _ if text::is_own(&self.body) => Nature::OwnWords,
            _ if automatic::is_automatic(&self.body) => Nature::Automatic,
            _ => Nature::Ordinary,
        }
    }
}

fn is_zero(number: &usize) -> bool {
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

/// Everything that is kept of one inbound: what came, what was decided, what was set in motion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundRecord {
    pub sms: InboundSms,
    pub received: Timestamp,
    pub decision: Decision,
    pub deliveries: Vec<DeliveryId>,
    /// What it changed about who may be texted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<opt_out::Change>,
    /// What became of its sender's subscriptions by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Subscriber>,
    /// What it changed about its sender's duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<by_text::Change>,
    /// The customer's thread that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Link>,
    /// How it came, if not on the main path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_fallback: Option<ByFallback>,
}

/// A text came by the fallback URL, because the main path did not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByFallback {
    /// When Twilio brought it. It was decided later, when the main path worked again.
    pub received: Timestamp,
    /// Why the main path failed, in Twilio's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
}
