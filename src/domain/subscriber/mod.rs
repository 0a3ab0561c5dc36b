//! Numbers that asked for a topic's notices: since when, how they asked, and whether they left.

mod change;
pub mod wording;
mod words;

pub use change::{Change, To, Unchanged};

pub use words::Asked;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// A number's word on one topic of a line. It stays on record when the number leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The topic's name.
    pub topic: String,
    pub number: PhoneNumber,
    pub consent: Consent,
    /// Since when it gets no notices any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Leaving>,
    /// When it was asked whether it wants the topic's notices, as long as it has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
}

/// How long a number may take to say yes.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

impl Subscriber {
    /// Whether it gets the topic's notices, as far as the topic goes: who opted out of the line's
    /// texts gets none.
    pub fn is_active(&self) -> bool {
        self.left.is_none() && self.asked.is_none()
    }

    /// Whether a yes that was written then is its answer to whether it wants the topic's notices.
    pub fn can_confirm(&self, written: Timestamp) -> bool {
        let since = |asked| written.duration_since(asked);
        self.asked.is_some_and(|asked| {
            // A question of later than that was asked by a clock that was ahead.
            (SignedDuration::ZERO..ANSWERS_WITHIN).contains(&since(asked))
        })
    }
}

/// When and how a number agreed to get texts about a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub at: Timestamp,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// They wrote the topic's keyword, in this text.
    Keyword(MessageSid),
    /// They wrote the keyword, were asked, and said yes in this text.
    Confirmed(MessageSid),
    /// Somebody put them in with `relay subscribers add`, and maybe said why.
    Hand(Option<String>),
    /// They were on a list that was imported. If that did not say since when, the time is that of
    /// the import.
    List { how: Option<String>, dated: bool },
}

/// When and how a number asked for no more texts about a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    pub at: Timestamp,
    pub how: HowLeft,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowLeft {
    /// They wrote STOP and the topic, in this text.
    Word(MessageSid),
    /// Somebody took them out with `relay subscribers remove`.
    Hand,
}

/// By what, in words that say nothing about whoever it was.
impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Keyword(_) => write!(f, "by the keyword"),
            How::Confirmed(_) => write!(f, "by the keyword and a yes"),
            How::Hand(None) => write!(f, "by hand"),
            How::Hand(Some(note)) => write!(f, "by hand: {note}"),
            How::List { how: None, .. } => write!(f, "by a list"),
            How::List { how: Some(how), .. } => write!(f, "by a list: {how}"),
        }
    }
}

impl fmt::Display for HowLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HowLeft::Word(_) => write!(f, "by STOP and the topic"),
            HowLeft::Hand => write!(f, "by hand"),
        }
    }
}
