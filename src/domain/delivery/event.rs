//! What goes into a delivery's step and what comes out of it.

use std::fmt;

use jiff::Timestamp;

use super::{Directed, Failure, GaveUp, Hold, MovedOn, Recipient, Slowed, Status, Withheld};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// What happens to a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A wake-up came, or a sweep found it due.
    Woken,
    /// The same, and the attempt that is due is to come from this reply number.
    WokenVia(PhoneNumber),
    /// The attempt that it was woken for may not be made.
    Held(Hold),
    /// What has not gone out shall not, for this reason, even if it is not due yet.
    Withdrawn(Withheld),
    /// It is on record that the present recipient can answer the text.
    Joined,
    /// Another text of the conversation waits for this one to leave.
    FollowedBy(DeliveryId),
    /// It waits for another text of its conversation to leave, and somebody is to look whether it has.
    TurnCame,
    /// It is known now whom it goes to and what it says.
    Directed(Box<Directed>),
    /// The request of an attempt was answered, or was not.
    Answered { attempt: u32, answer: Answer },
    /// A status callback of an attempt's message.
    Status {
        attempt: u32,
        sid: MessageSid,
        status: Status,
        /// What went wrong, if the status is that it failed.
        failure: Failure,
    },
    /// Twilio was asked about an attempt and has no such message.
    Absent { attempt: u32 },
    /// Twilio was asked about an attempt but did not answer.
    NoAnswer,
    /// Whoever invited the recipient has heard that it failed.
    Told,
    /// Somebody wants it tried again after it gave up, with these people, of whom there is one.
    Replayed {
        cascade: Vec<Recipient>,
        public_url: String,
    },
    /// Somebody dealt with it in another way after it gave up.
    Dropped,
    /// The store was replaced by a copy of that time or later. What was sent since then is not in there.
    Restored { since: Timestamp },
}

/// What came back from Twilio's Messages API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Accepted {
        sid: MessageSid,
    },
    Refused {
        http_status: u16,
        failure: Failure,
    },
    /// The request did not reach Twilio.
    NotSent,
    /// The request may have reached Twilio.
    Unknown,
}

/// As logs say it.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Accepted { .. } => write!(f, "accepted"),
            Answer::Refused {
                http_status,
                failure,
            } => {
                write!(f, "refused")?;
                if let Some(code) = failure.code {
                    write!(f, " with error {code}")?;
                }
                write!(f, " (HTTP {http_status})")
            }
            Answer::NotSent => write!(f, "not sent, no connection"),
            Answer::Unknown => write!(f, "no answer"),
        }
    }
}

/// What somebody has to do because of a step, once the new state is saved.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Hand this attempt's part to Twilio, then report [`Event::Answered`].
    Send { attempt: u32 },
    /// Ask Twilio whether it has this attempt's message, then report it.
    Ask { attempt: u32 },
    /// Ask Twilio what became of this attempt's message, whose SID is known, and report it.
    AskAfter { attempt: u32 },
    /// Wake the delivery then.
    Wake { due: Timestamp },
    /// Wake the text of the conversation that waited for this one to leave.
    WakeNext(DeliveryId),
    /// Put into the audit how this attempt stands.
    Report { attempt: u32 },
    /// Put into the audit that the delivery went on to its present recipient.
    ReportHandOver { from: Recipient, because: MovedOn },
    /// Put into the audit that it stays with its recipient after all, and does not go to this one.
    ReportHandBack { from: Recipient },
    /// Put into the audit that this attempt arrived although it, or the delivery, had ended otherwise.
    ReportArrived { attempt: u32 },
    /// Tell the person whom it moved on from by this hand-over, which is an index.
    Tell { hand_over: usize },
    /// Put into the audit that the delivery ended without success.
    ReportGivenUp { because: GaveUp },
    /// Put into the audit that the customer went on to its present recipient, since nobody answered.
    ReportHandedOn { from: String },
    /// Look after the customer further if nobody answers this time either.
    FollowUp,
    /// Tell whoever invited the recipient that it failed.
    TellInviter,
    /// Put into the audit that the delivery has to wait for its turn.
    ReportSlowed(Slowed),
    /// Put into the audit that words were not sent.
    ReportWithheld { because: Withheld },
}
