use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::Sender;

/// Something that Twilio and the relay do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub what: What,
    pub at: Timestamp,
    /// The message at Twilio.
    pub message_sid: Option<MessageSid>,
    pub delivery: Option<DeliveryId>,
    pub attempt: Option<u32>,
    /// Who wrote it, or whom it was sent to.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    pub other: Option<Sender>,
    /// What each side says, in a few words.
    pub detail: String,
    pub error_code: Option<u32>,
    /// Whether the relay agrees with Twilio by now.
    pub put_right: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A text came in, and neither the webhook nor the fallback brought it to the relay.
    NeverRecorded,
    /// Somebody else sends from the line's number.
    NotOurs,
    /// The same, with the words and to the recipient of a text of the relay's: somebody may have
    /// got it twice.
    Doubled,
    /// Twilio does not have a message that it took: it was deleted, or the account is another one.
    NotListed,
    /// Twilio says something else of how an attempt ended.
    OtherEnd,
    /// It is not known what became of a delivery, though its time is up.
    StillOpen,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::NeverRecorded => "a text that came in was never recorded",
            What::NotOurs => "somebody else sent from the line",
            What::Doubled => "a text may have been doubled",
            What::NotListed => "Twilio does not have a message",
            What::OtherEnd => "Twilio tells another end",
            What::StillOpen => "it is open what became of a text",
        })
    }
}

fn masked<S: Serializer>(other: &Option<Sender>, serializer: S) -> Result<S::Ok, S::Error> {
    other.as_ref().map(Sender::masked).serialize(serializer)
}

/// How many messages were compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Texts that came in.
    pub received: u64,
    /// Messages that were sent from the line's number.
    pub sent: u64,
    /// What Twilio answered on its own.
    pub replies: u64,
    pub differences: u64,
    /// Differences that are still there.
    pub left: u64,
}

/// What the comparison of a line's day came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub line: String,
    pub day: Date,
    pub from: Timestamp,
    pub until: Timestamp,
    pub counts: Counts,
    /// In the order of their time; the counts tell of more if there are very many.
    pub differences: Vec<Difference>,
}
