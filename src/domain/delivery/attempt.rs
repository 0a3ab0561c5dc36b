use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Recipient;
use crate::domain::delivery::Class;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// How soon after its beginning an attempt's request has to leave. A machine that was suspended, or
/// whose disk hung, goes on in the middle of its work when others may have taken the lease for over;
/// what is left of the lease is for the request's way.
const SEND_WITHIN: Duration = Duration::from_secs(20);

/// One try to hand a part of a delivery to Twilio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1 within the delivery; callback URLs carry it.
    pub number: u32,
    pub to: Recipient,
    /// Index into the delivery's parts.
    pub part: usize,
    /// How many parts there were then; zero in records from before that was kept.
    #[serde(default)]
    pub of: usize,
    pub began: Timestamp,
    pub outcome: Outcome,
    /// When the outcome became known; when it began, if there is none yet.
    pub since: Timestamp,
    /// Twilio's name for the message, once it is known.
    pub sid: Option<MessageSid>,
    /// The reply number that it came from; the line's own number if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<PhoneNumber>,
    /// The failure that it was taken for, until news came that proved it wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disproved: Option<Box<Disproved>>,
    /// Nothing was sent: after the relay was restored from a backup, the provider was asked for a message that
    /// may have been sent since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_backup: Option<Timestamp>,
}

/// A failure that was none: carriers report that a text was not delivered, and then that it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disproved {
    pub outcome: Outcome,
    /// When it was told.
    pub at: Timestamp,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Claimed; no answer yet.
    Pending,
    /// The answer got lost: Twilio may have the message or not.
    Unknown,
    /// Twilio does not have the message: it was asked, or it could not be reached at all.
    Absent,
    Accepted,
    Refused {
        code: Option<u32>,
        http_status: u16,
        class: Class,
    },
    /// Handed to the carrier.
    Sent,
    Delivered,
    /// Twilio or the carrier could not deliver it (`undelivered`, `failed`, `canceled`).
    Undelivered {
        code: Option<u32>,
        class: Class,
    },
}

impl Attempt {
    /// Whether it is not too late for its request to leave.
    pub fn may_be_sent(&self, now: Timestamp) -> bool {
        now < self.began + SEND_WITHIN
    }

    pub(super) fn become_known(&mut self, outcome: Outcome, at: Timestamp) {
        if self.outcome.is_failure() && !outcome.is_failure() {
            self.disproved = Some(Box::new(Disproved {
                outcome: self.outcome.clone(),
                at: self.since,
            }));
        }
        self.outcome = outcome;
        self.since = at;
    }
}

impl Outcome {
    /// Twilio's error code, if it is a failure that has one.
    pub fn code(&self) -> Option<u32> {
        match self {
            Outcome::Refused { code, .. } | Outcome::Undelivered { code, .. } => *code,
            _ => None,
        }
    }

    /// What the failure means, if it is one that Twilio or a carrier told.
    pub fn class(&self) -> Option<Class> {
        match self {
            Outcome::Refused { class, .. } | Outcome::Undelivered { class, .. } => Some(*class),
            _ => None,
        }
    }

    pub fn is_failure(&self) -> bool {
        let fails = matches!(
            self,
            Outcome::Absent | Outcome::Refused { .. } | Outcome::Undelivered { .. }
        );
        fails && !self.is_uncertain()
    }

    /// It was told to have failed, and may be on the phone all the same.
    pub fn is_uncertain(&self) -> bool {
        let Outcome::Undelivered { class, .. } = self else {
            return false;
        };
        *class == Class::Uncertain
    }

    pub(super) fn is_with_twilio(&self) -> bool {
        let is_taken = matches!(self, Outcome::Accepted | Outcome::Sent | Outcome::Delivered);
        is_taken || self.is_uncertain()
    }

    /// Twilio may have it, without having said so.
    pub(super) fn is_unresolved(&self) -> bool {
        matches!(self, Outcome::Pending | Outcome::Unknown)
    }

    /// Nothing more can become of it.
    pub(super) fn is_final(&self) -> bool {
        self.rank() == 4 && !self.is_uncertain()
    }

    /// Whether news says more than what is known. Outcomes only move to a higher rank, but for two
    /// that can be wrong: a text that arrived has arrived, whatever was said of it before, and what
    /// Twilio has news of it has, even if it did not list it.
    pub(super) fn gives_way_to(&self, news: &Outcome) -> bool {
        match (self, news) {
            (Outcome::Delivered, _) => false,
            (_, Outcome::Delivered) | (Outcome::Absent, _) => true,
            _ => self.rank() < news.rank(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Outcome::Pending => 0,
            Outcome::Unknown => 1,
            Outcome::Accepted => 2,
            Outcome::Sent => 3,
            Outcome::Absent
            | Outcome::Refused { .. }
            | Outcome::Delivered
            | Outcome::Undelivered { .. } => 4,
        }
    }
}
