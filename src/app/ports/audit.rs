//! The record of every decision and of every change of a delivery's state, for people who ask
//! later. No message body is in it, and no number but masked and as a keyed hash.

use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::ids::CallSid;
use crate::domain::ids::hex;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::inbound_record::ByFallback;
use crate::domain::phone::Masked;
use crate::domain::reconciliation::Counts;

/// The version of the record's shape.
pub const VERSION: u32 = 1;

/// One record, one JSON object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub at: Timestamp,
    pub kind: Kind,
    pub version: u32,
    pub line: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_sid: Option<MessageSid>,
    /// The call that it is about, which is no message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_sid: Option<CallSid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Who>,
    /// The text came by the fallback URL, at this time and because of this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<ByFallback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Who>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub candidates: Vec<Considered>,
    /// What the attempt came to, or why the delivery ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
    /// Twilio's name for the message that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_sid: Option<MessageSid>,
    /// When the next attempt is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// The line's day that was compared with Twilio's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// The topic that a number joined or left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// How many messages were compared, and how many differences there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
}

impl Record {
    /// A record that says nothing but what happened on which line, and when.
    pub fn new(kind: Kind, line: &str, at: Timestamp) -> Self {
        Self {
            at,
            kind,
            version: VERSION,
            line: line.to_owned(),
            ..Self::default()
        }
    }

    pub fn with_outcome(self, outcome: impl Into<String>) -> Self {
        Self {
            outcome: Some(outcome.into()),
            ..self
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An inbound was routed.
    #[default]
    Decision,
    /// Twilio sent the same webhook again; what was decided first stands and is said here,
    /// whatever a decision of the same moment says.
    Duplicate,
    /// The text could not be kept and Twilio was told so; a decision of the same moment is void. If
    /// it was kept after all, a duplicate says what was decided.
    NotKept,
    /// Another text changed the conversation while this one was kept, and it was decided anew: a
    /// decision of the same moment is void, and this one stands.
    DecidedAnew,
    /// An attempt began.
    Attempt,
    /// What became of an attempt.
    Outcome,
    /// The delivery went to the next of the cascade.
    HandOver,
    /// It turned out to have arrived before the next of the cascade was tried, and stays where it
    /// is.
    HandBack,
    /// It turned out to have arrived although the attempt was taken for failed, or the delivery had
    /// ended otherwise.
    Arrived,
    /// Nobody answered a customer in time, and their conversation went to another person.
    Unanswered,
    /// A person is told that the text moved on, or that words of theirs did not reach the customer; a
    /// delivery of its own.
    Told,
    /// The owner is told that a text reached nobody or that something needs repair; a delivery of
    /// its own.
    Alert,
    /// No further attempt is made.
    GaveUp,
    /// Somebody had a delivery tried again that had given up.
    Replayed,
    /// Somebody took a delivery that had given up off the list of dead letters.
    Dropped,
    /// Somebody had a customer's number and words removed.
    Forgotten,
    /// Somebody did something on the page; the outcome says who and what.
    ByPage,
    /// Somebody had numbers and words shown on the page.
    Shown,
    /// Twilio's list of a day says something else than the relay knew; `rule` says what.
    Difference,
    /// A line's day was compared with Twilio's list.
    Reconciled,
    /// A number went on the list of those who get no texts from the line, or off it.
    OptOut,
    /// A customer was blocked, or not any more.
    Block,
    /// A person said by text whether they are there.
    DutyByText,
    /// A number gets a topic's notices from now on.
    Subscribed,
    /// A number gets no more notices of a topic.
    Left,
    /// A delivery has to wait for its turn, since too much comes at once.
    Slowed,
    /// Words of the relay's own were better not sent, or a notice's or a blocked customer's text not any
    /// more.
    Withheld,
    /// Another system invited somebody.
    Invited,
    /// An invitation failed; whoever asked for it is told.
    InvitationFailed,
    /// A notice was accepted; its deliveries have records of their own.
    Notice,
    /// Somebody called a notice back.
    NoticeCancelled,
    /// A later notice of the same subject took a notice's place.
    Superseded,
    /// A notice's time was over before every recipient had a delivery.
    NoticeExpired,
    /// A call came; `candidates` says who is rung and who is not.
    Call,
    /// A person's phone was rung.
    Rang,
    /// What a person pressed, which decides whether they are connected.
    Pressed,
    /// A person's phone does not ring any more, or they hung up.
    LegEnded,
    /// The caller left a message.
    Voicemail,
    /// How a call ended.
    CallEnded,
    /// A call was refused.
    CallRefused,
    /// The line called itself, as somebody's phone forwards calls back to it.
    CallLoop,
}

/// A candidate, with the reason as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub person: String,
    pub available: bool,
    pub because: String,
}

/// A number that cannot be read, but recognised: masked, and hashed with a key, so that records of
/// the same number belong together without the number being there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    pub masked: Masked,
    pub hash: String,
    /// Which key it was hashed with; hashes of two keys cannot be compared.
    #[serde(default)]
    pub key: String,
}

/// The key of the hash; without it a number cannot be found by trying all numbers.
#[derive(Clone)]
pub struct HashKey {
    mac: Hmac<sha2::Sha256>,
    /// Tells the key apart from others, and gives nothing of it away.
    version: String,
}

impl HashKey {
    pub fn new(key: &[u8]) -> Self {
        let mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        let version = hex(&code(&mac, "the version of the audit's key")[..4]);
        Self { mac, version }
    }

    /// A key made of a secret that is for something else.
    pub fn made_of(secret: &[u8]) -> Self {
        let mac = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
        Self::new(&code(&mac, "a key for the audit"))
    }

    pub fn who(&self, exposed: &str, masked: Masked) -> Who {
        Who {
            masked,
            hash: hex(&code(&self.mac, exposed)[..8]),
            key: self.version.clone(),
        }
    }
}

fn code(mac: &Hmac<sha2::Sha256>, text: &str) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Where records go.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Keeps the records, in this order. An error means that some may not have been kept.
    async fn write(&self, records: &[Record]) -> anyhow::Result<()>;
}

#[async_trait]
impl<A: Audit + ?Sized> Audit for Arc<A> {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        self.as_ref().write(records).await
    }
}
