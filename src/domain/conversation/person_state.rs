//! What is known of one person of a line, apart from their conversations: what they are asked, wrong PINs,
//! and whose the reply numbers on their phone are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::question::LATE_ANSWERS;
use super::{Question, ReplyNumber, WrongPins};
use crate::domain::ids::message_sid::MessageSid;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonState {
    /// Counts the saves; a save with an outdated version is refused.
    #[serde(default)]
    pub version: u64,
    /// The one question that they are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// The questions of the last hours that were settled, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Settled>,
    /// When their phone last wrote by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_reply: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_pins: Option<WrongPins>,
    /// At most one for each of the line's reply numbers, also of those that the line had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_numbers: Vec<ReplyNumber>,
}

/// A question that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The text that it was about.
    pub sid: MessageSid,
    pub at: Timestamp,
    /// The last number that it offered.
    pub last_number: usize,
    /// Nobody answered it while it was open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unanswered: bool,
}

impl Settled {
    /// An answer to it, or a text that reports it unanswered, may still come.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now < self.at + LATE_ANSWERS
    }
}

impl PersonState {
    /// Whether the text is still asked about, by the question of that time.
    pub fn is_asked(&self, sid: &MessageSid, asked: Timestamp, now: Timestamp) -> bool {
        let question = self.question.as_ref();
        question.is_some_and(|q| q.sid == *sid && q.asked == asked && q.is_open(now))
    }

    /// Whether it was said for whom the text was.
    pub fn is_settled(&self, sid: &MessageSid) -> bool {
        let mut settled = self.settled.iter();
        settled.any(|settled| settled.sid == *sid && !settled.is_unanswered)
    }
}
