//! What a failure means for a delivery, whoever sends the texts and whatever its codes are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{MovedOn, Outcome};

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Passing trouble: the same person again, after a while.
    Retry,
    /// The phone may be off or the carrier confused: once more, then the next person.
    RetryOnce,
    /// It is about what came with the text: the same person again at once, without that.
    Attachment,
    /// Twilio or a carrier blocks the text for some minutes or hours: the next person, at once.
    Blocked,
    /// This number cannot be reached by text: the next person, at once.
    HandOver,
    /// The person opted out: never text that number again until they opt in; the next person.
    Stop,
    /// Account, number or campaign need the owner's attention: keep the text and try later.
    Configuration,
    /// The request was wrong: no repetition helps.
    OurBug,
    /// Nobody here knows the provider's code, or there is none, and it was told of a message: once
    /// more, then the next person.
    Unknown,
    /// The same of a request that was refused: most reasons are the recipient's number, so the next
    /// person, at once.
    UnknownRefusal,
    /// The carrier did not say what became of it, so it may be on the phone: no repetition to the same
    /// person, and the next one when the time is over.
    Uncertain,
    /// Twilio failed over the request, and may have taken the message all the same: it is to be
    /// asked before anything is sent again.
    Ambiguous,
}

impl Class {
    /// As the audit and people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Class::Retry => "passing trouble, worth another try",
            Class::RetryOnce => "the phone may be off, worth one more try",
            Class::Attachment => "what came with the text could not be passed on",
            Class::Blocked => "Twilio or a carrier blocks this text for now",
            Class::HandOver => "this number cannot be reached by text",
            Class::Stop => "this number opted out",
            Class::Configuration => "account, number or campaign need the owner's attention",
            Class::OurBug => "the request was wrong",
            Class::Unknown | Class::UnknownRefusal => "the relay does not know the reason",
            Class::Uncertain => "the carrier did not answer, so it may have arrived or not",
            Class::Ambiguous => "Twilio may have it or not",
        }
    }
}

/// A failure as the provider tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub class: Class,
    /// The provider's code for it.
    pub code: Option<u32>,
    /// How long the other side wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let class = match outcome {
            Outcome::Absent => Class::Retry,
            _ if !outcome.is_failure() => return None,
            _ => outcome.class()?,
        };
        Some(Self {
            class,
            code: outcome.code(),
            retry_after: None,
        })
    }

    pub(super) fn moved_on(self) -> MovedOn {
        let Failure { class, code, .. } = self;
        MovedOn::Failed { class, code }
    }
}
