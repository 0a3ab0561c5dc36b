//! A call that a person asks for by text: their own phone is rung as the line, and once they press 1, the
//! customer's, whose display shows the line's number.
//!
//! The call has a name of the relay's own, made of the text's: the provider names it only when it is made, and
//! the answer to that may be lost. So it is made once, however often the text comes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ByPhone;
use super::ring::live_call;
use super::{Answer, Call, Caller, Effect, Leg, LegEnd, LineCalls, Stage, Step};
use crate::domain::ids::CallSid;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::{Line, Person};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::routing::{Known, Nature, decide};

use super::Outcome;

/// What is kept of such a call beside what every call has. Its first leg is the person's; the caller is the
/// customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Out {
    /// The person's text; `None` if they called the line themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<MessageSid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_phone: Option<ByPhone>,
    /// The provider's name for the customer's leg, once it was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CallSid>,
    /// When the customer picked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
    /// How the customer's leg ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<LegEnd>,
}

/// Why a call that a person asked for reached nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReached {
    /// The person asked for too many calls.
    TooMany,
    /// The person is in a call of the line already.
    InACall,
    /// The provider did not make the call, with this error.
    NotMade {
        code: Option<u32>,
    },
    /// The person's phone was not answered, or pressed nothing that connects.
    NotTaken,
    /// The person hung up before the customer answered.
    HungUp,
    NoAnswer,
    Busy,
    /// The customer's number could not be called.
    Failed,
    /// Nothing was heard of how it ended.
    Unknown,
}

impl NotReached {
    /// Whether the customer's phone rang, or may have.
    pub fn customer_was_called(self) -> bool {
        match self {
            NotReached::TooMany
            | NotReached::InACall
            | NotReached::NotMade { .. }
            | NotReached::NotTaken => false,
            NotReached::HungUp
            | NotReached::NoAnswer
            | NotReached::Busy
            | NotReached::Failed
            | NotReached::Unknown => true,
        }
    }
}

/// How long the person's phone rings.
pub const PERSON_RINGS: Duration = Duration::from_secs(20);

/// How long the customer's does.
pub(super) const CUSTOMER_RINGS: Duration = Duration::from_secs(35);

/// So many calls may one person ask for within an hour.
pub(super) const MOST_OF_A_PERSON: usize = 10;

/// When somebody looks whether the call was made, if whoever was to make it said nothing of it.
pub(super) const LOOKS_AFTER: SignedDuration = SignedDuration::from_secs(60);

impl CallSid {
    /// The name of the call that a text asks for.
    pub fn of_text(text: &MessageSid) -> Option<Self> {
        let digits = text.as_str().get(2..)?;
        Self::parse(&format!("CA{}", digits.to_lowercase())).ok()
    }
}

/// A person wants to be connected with a customer.
#[derive(Debug, Clone, Copy)]
pub struct CallOut<'a> {
    pub sid: &'a CallSid,
    pub text: &'a MessageSid,
    pub person: &'a Person,
    pub customer: &'a PhoneNumber,
}

/// Begins a call that a person asked for, unless they ask for too many. `known` is what is known of the customer.
pub fn call_out(
    line: &Line,
    known: &Known,
    live: &LineCalls,
    new: CallOut,
    now: Timestamp,
) -> Step {
    let mut live = live.clone();
    let from = Sender::Phone(new.customer.clone());
    let decision = decide(line, known, &from, Nature::Ordinary, now).talked(&new.person.name);
    let person = &new.person.number;
    let refused = if live.is_in_another_call(person, new.sid, now) {
        Some(NotReached::InACall)
    } else if !live.asks(person, MOST_OF_A_PERSON, now) {
        Some(NotReached::TooMany)
    } else {
        None
    };
    let caller = Caller::Phone(new.customer.clone());
    let call = Call {
        has_conversation: true,
        legs: vec![Leg::of(new.person, PERSON_RINGS, now)],
        stage: match refused {
            None => Stage::Ringing { leg: 1 },
            Some(because) => Stage::Over {
                outcome: Outcome::NotReached { because },
            },
        },
        ended: refused.map(|_| now),
        told: refused.map(|_| now),
        due: refused.is_none().then(|| now + LOOKS_AFTER),
        out: Some(Out {
            text: Some(new.text.clone()),
            by_phone: None,
            customer: None,
            answered: None,
            ended: None,
        }),
        ..Call::new(new.sid.clone(), line, caller, decision, now)
    };
    live.set(new.sid, live_call(&call));
    Step {
        call,
        live,
        answer: Answer::Nothing,
        effects: vec![match refused {
            None => Effect::MakeCall,
            Some(because) => Effect::TellNotReached(because),
        }],
    }
}
