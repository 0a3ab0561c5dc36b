//! What may speak against an attempt before it is made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Recipient;

/// Why an attempt may not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The present recipient opted out.
    OptedOut,
    /// The present recipient's number does not begin as numbers do that the line may text.
    NotAllowed,
    /// It is not its turn yet.
    Slowed(Slowed),
    /// Somebody else's phone takes it sooner.
    Busy(Busy),
    /// It would be more than may go to one number within the time.
    TooMany,
    /// It shall not go out any more, for this reason.
    Over(Withheld),
}

/// A wait for a slot of a pace, which the delivery has for good, or for the end of the quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowed {
    pub by: Limit,
    pub at: Timestamp,
    pub until: Timestamp,
    /// How many hand-overs there had been: a slot is one person's.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hand_overs: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Slowed {
    pub fn new(by: Limit, at: Timestamp, until: Timestamp) -> Self {
        Self {
            by,
            at,
            until,
            hand_overs: 0,
        }
    }
}

/// The present recipient's phone has no slot in time, and this person's has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// The phone that has none is busy until then.
    pub until: Timestamp,
    pub to: Recipient,
    pub slot: Slowed,
}

/// Whose pace it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// What one sender may have relayed.
    Sender,
    /// What goes from the line to one phone.
    Pair,
    /// None at all while the line's quiet hours last.
    QuietHours,
    /// What the line may send on a day without anybody's hand is used up.
    Day,
    /// Texts of a conversation leave in the order in which they came: an earlier one has not left.
    Order,
}

impl Limit {
    /// As the audit and people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Limit::Sender => "its sender wrote more texts a minute than sender_limit",
            Limit::Pair => "more came for this phone at once than Twilio lets through",
            Limit::QuietHours => "notices keep to the line's quiet hours",
            Limit::Day => "the line had sent its most_segments_a_day",
            Limit::Order => "an earlier text of the conversation had not left yet",
        }
    }
}

/// Why words were better not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    OptedOut,
    NotAllowed,
    TooMany,
    /// Its time was over before it could go out.
    Expired,
    /// The notice was called back.
    Cancelled,
    /// A later notice took the place of its own.
    Superseded,
    /// The recipient left the notice's topic.
    LeftTopic,
    /// What it was to say is not so any more.
    Settled,
    /// A customer's text had to wait, and they were blocked meanwhile.
    Blocked,
    /// The same answer went to the number within the hour.
    SaidLately,
    /// The line had sent as much without anybody's hand as it may on a day.
    UsedUp,
    /// Nobody is left who could be asked to answer a customer, and no owner to be told.
    NobodyElse,
}
