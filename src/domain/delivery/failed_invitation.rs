//! That an invitation failed, as it is told to other systems.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::delivery::{Attempt, Delivery, GaveUp, Outcome, State, Withheld};
use crate::domain::ids::DeliveryId;

/// The detail of the event `Invitation Failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The invitation's; by it, an event that comes twice is known.
    pub id: DeliveryId,
    /// The idempotency key that the caller gave it.
    pub key: String,
    /// What the caller said that it is about, such as the id of an assignment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    pub line: String,
    /// Who was invited, by the caller's own word for them.
    pub name: String,
    pub event: String,
    pub at: Timestamp,
    pub because: Because,
    /// Twilio's, or the carrier's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_code: Option<u32>,
    /// Whether it may be on the phone all the same.
    pub may_have_arrived: bool,
}

/// Why an invitation failed; callers may branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// They want no texts from the line.
    OptedOut,
    /// The line does not text numbers that begin like theirs.
    NotAllowed,
    /// Twilio or the carrier refused it for good; the error code says why.
    Undeliverable,
    /// It expired before it could be delivered.
    Expired,
    /// Twilio did not say in time whether it had it, or whether it arrived.
    NoReport,
}

impl Because {
    /// As people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Because::OptedOut => "they opted out of the line's texts",
            Because::NotAllowed => "allowed_prefixes does not have their number",
            Because::Undeliverable => "it cannot be delivered to that number",
            Because::Expired => "it expired before it could be delivered",
            Because::NoReport => "nothing says that it arrived",
        }
    }
}

impl Failed {
    /// Why the invitation failed; `None` if it did not, or has arrived since.
    pub fn of(delivery: &Delivery) -> Option<Self> {
        let invitation = delivery.invitation.as_ref()?;
        let because = match delivery.state {
            State::GaveUp { because } => match because {
                GaveUp::Late => Because::Expired,
                GaveUp::Refused | GaveUp::NobodyLeft => Because::Undeliverable,
                GaveUp::Unresolved | GaveUp::NoReport => Because::NoReport,
            },
            State::Withheld { because } => match because {
                Withheld::OptedOut | Withheld::LeftTopic => Because::OptedOut,
                Withheld::NotAllowed => Because::NotAllowed,
                _ => Because::Expired,
            },
            _ => return None,
        };
        if has_arrived(delivery) {
            return None;
        }
        let may_be_there = |attempt: &Attempt| !attempt.outcome.is_final();
        Some(Self {
            id: delivery.id.clone(),
            key: invitation.key.clone(),
            subject: invitation.subject.clone(),
            line: delivery.line.clone(),
            name: delivery.to.person.clone(),
            event: invitation.event.clone(),
            at: invitation.report_due().unwrap_or(delivery.changed()),
            because,
            error_code: delivery.last_error(),
            may_have_arrived: delivery.attempts.iter().any(may_be_there),
        })
    }
}

/// Whether it is on the phone, whatever became of the delivery.
pub(crate) fn has_arrived(delivery: &Delivery) -> bool {
    let mut attempts = delivery.attempts.iter();
    attempts.any(|attempt| attempt.outcome == Outcome::Delivered)
}
