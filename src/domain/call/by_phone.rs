//! A person calls the line from their own phone. They hear who called last, and may have them called as the line, or
//! hear their message. On a reply number its customer is called at once. No other number can be called.
//!
//! The number that a call comes from can be forged. So the caller's network has to vouch for it, or the person gives
//! their PIN; a message is for whoever gives the PIN.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::out::{MOST_OF_A_PERSON, Out};
use super::ring::{SILENCE, live_call, signed};
use super::{Answer, Attestation, Call, Caller, Given, Leg, LineCalls, NewCall, Stage, Step};
use crate::domain::line::{Line, Person, Voice};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::routing::{Known, Nature, decide};

/// So often a PIN may be wrong.
pub(super) const WRONG_PINS: u32 = 3;

/// Whom a person who calls may have called.
#[derive(Debug, Clone, PartialEq)]
pub struct CallBack<'a> {
    pub person: &'a Person,
    pub customer: PhoneNumber,
    /// When the customer called; `None` if it is the customer of the reply number that the person calls.
    pub called: Option<Timestamp>,
    /// What the link to the customer's message ends with, if they left one.
    pub message: Option<String>,
}

/// What is kept of a person's own call beside what every call has that a person makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByPhone {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The network vouched for the number, or the person gave their PIN.
    pub is_known: bool,
    /// They gave their PIN.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub gave_pin: bool,
    /// They want to hear the message, and are asked for their PIN.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub wants_message: bool,
    /// How often the PIN was wrong.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub wrong: u32,
}

impl ByPhone {
    pub(super) fn is_asked_for_pin(&self) -> bool {
        !self.is_known || (self.wants_message && !self.gave_pin)
    }
}

/// Begins such a call. `None` if the caller is to be put through like anybody: nothing proves who they are, or they asked
/// for too many calls.
pub fn call_back(
    line: &Line,
    known: &Known,
    live: &LineCalls,
    (new, back): (NewCall, CallBack),
    now: Timestamp,
) -> Option<Step> {
    let voice = line.voice.as_ref()?;
    let is_known = new.attestation == Attestation::A;
    let may_be = new.attestation != Attestation::Failed && back.person.pin.is_some();
    let mut live = live.clone();
    let person = &back.person.number;
    if !(is_known || may_be) || !live.asks(person, MOST_OF_A_PERSON, now) {
        return None;
    }
    live.came(Some(person), now);
    let at_once = is_known && back.called.is_none();
    let from = Sender::Phone(back.customer.clone());
    let leg = Leg {
        sid: Some(new.sid.clone()),
        picked_up: Some(now),
        given: at_once.then_some(Given::Connect),
        pressed: at_once.then_some(now),
        ..Leg::of(back.person, std::time::Duration::ZERO, now)
    };
    let decision = decide(line, known, &from, Nature::Ordinary, now).talked(&back.person.name);
    let base = Call::new(new.sid, line, Caller::Phone(back.customer), decision, now);
    let call = Call {
        attestation: new.attestation,
        has_conversation: true,
        legs: vec![leg],
        stage: if at_once {
            Stage::Talking { leg: 1 }
        } else {
            Stage::Ringing { leg: 1 }
        },
        due: Some(now + signed(voice.talk_limit) + SILENCE),
        out: Some(Out {
            text: None,
            by_phone: Some(ByPhone {
                called: back.called,
                message: back.message,
                is_known,
                gave_pin: false,
                wants_message: false,
                wrong: 0,
            }),
            customer: None,
            answered: None,
            ended: None,
        }),
        ..base
    };
    live.set(&call.sid, live_call(&call));
    Some(Step {
        answer: answer(&call, line, voice),
        call,
        live,
        effects: Vec::new(),
    })
}

/// What the person hears next, by the stage of the call alone.
pub(super) fn answer(call: &Call, line: &Line, voice: &Voice) -> Answer {
    let by_phone = call.out.as_ref().and_then(|out| out.by_phone.as_ref());
    let (Some(by_phone), Some(customer)) = (by_phone, call.caller.phone()) else {
        return Answer::HangUp;
    };
    match &call.stage {
        _ if call.ended.is_some() => Answer::HangUp,
        Stage::Ringing { .. } if by_phone.is_asked_for_pin() => Answer::AskPin {
            says: super::words::asks_for_pin(voice),
        },
        Stage::Ringing { .. } => {
            let person = call
                .legs
                .first()
                .and_then(|leg| line.person_named(&leg.person));
            let has_pin = person.is_some_and(|person| person.pin.is_some());
            let may_hear = has_pin && by_phone.message.is_some();
            let says = super::words::menu(call, by_phone, may_hear, line, voice);
            let plays = by_phone.message.clone().filter(|_| by_phone.wants_message);
            Answer::Menu { plays, says }
        }
        Stage::Talking { .. } => Answer::CallCustomer {
            number: customer.clone(),
            shows: line.number.clone(),
            ring: super::out::CUSTOMER_RINGS,
            talk: voice.talk_limit,
            by_phone: true,
        },
        Stage::TakingMessage | Stage::Over { .. } => Answer::HangUp,
    }
}
