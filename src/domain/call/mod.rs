//! A call to the line: the people are rung one after the other, the first who presses 1 is connected, and
//! if nobody does, the caller leaves a message. Nothing here does I/O: [`begin`] decides whom to ring, and
//! [`step`] turns what Twilio tells into the call's next stage and the answer to Twilio.
//!
//! The answer to any request about a call is what the call's present stage asks for, so that a repeated or
//! late request never goes back and never rings somebody twice.

mod answer;
mod begin;
mod by_phone;
mod document;
mod effect;
mod entry;
mod event;
mod line_calls;
mod missed_calls;
mod out;
mod ring;
mod step;
mod story;
mod words;

pub use answer::{Answer, Greeting, Rejected, Spoken};
pub use begin::{Found, Left, NewCall, begin, found, taken_by_fallback};
pub use by_phone::{ByPhone, CallBack, call_back};
pub use effect::{Alert, Effect};
pub use entry::{entry, says_voicemail};
pub use event::{Dialed, Event, Given, LegStatus};
pub use line_calls::{LineCalls, LiveCall, Unpressed};
pub use missed_calls::ToldMissed;
pub use out::{CallOut, NotReached, Out, PERSON_RINGS, call_out};
pub use step::{NotOfTheCall, Step, step};
pub use story::story;
pub use words::{neutral, not_reached as tells_not_reached, save_the_number};

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{CallSid, RecordingSid};
use crate::domain::line::policy::in_seconds;
use crate::domain::line::{Line, Person};
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Decision;

/// Everything that is kept of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub sid: CallSid,
    /// Counts the saves; a save with an outdated version is refused.
    pub version: u64,
    /// The line's number.
    pub line: PhoneNumber,
    /// Who calls; or whom a person calls as the line.
    pub caller: Caller,
    #[serde(default, skip_serializing_if = "Attestation::is_absent")]
    pub attestation: Attestation,
    /// City and state as Twilio guesses them from the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub opened: Timestamp,
    /// Whom a text of this caller would have gone to at that moment, and why.
    pub decision: Decision,
    /// Whether the caller had a conversation with the line then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_conversation: bool,
    /// Why nobody was rung, if nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrung: Option<Unrung>,
    /// Who of them is not rung, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Who is to be rung after the legs that there are, in this order, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<String>,
    /// Who was rung, in this order. A leg's number counts from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
    pub stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// When the caller was gone, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// For how long it was connected to anything, the voicemail too, if Twilio said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// When people were told of it, or nothing was to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
    /// Until then people are not told of it, but of it and what their caller misses until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells_at: Option<Timestamp>,
    /// Of how many further missed calls of its caller people are told with it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: u32,
    /// The call with which people are told of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_with: Option<CallSid>,
    /// After a talk the caller may have been sent to the fallback and have left a message: when Twilio is asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_for_message: Option<Timestamp>,
    /// When somebody must look at it again, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Whether the fallback took it, because the main path did not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_fallback: bool,
    /// If a person asked for it by text: what became of the customer's phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<Out>,
}

impl Call {
    /// A call at its beginning: nobody was rung, nothing is told or due.
    fn new(sid: CallSid, line: &Line, caller: Caller, decision: Decision, now: Timestamp) -> Self {
        Self {
            sid,
            version: 0,
            line: line.number.clone(),
            caller,
            attestation: Attestation::Absent,
            place: None,
            opened: now,
            decision,
            has_conversation: false,
            unrung: None,
            skipped: Vec::new(),
            then: Vec::new(),
            legs: Vec::new(),
            stage: Stage::TakingMessage,
            message: None,
            ended: None,
            seconds: None,
            told: None,
            tells_at: None,
            others: 0,
            told_with: None,
            asks_for_message: None,
            due: None,
            by_fallback: false,
            out: None,
        }
    }

    /// The provider's name for it. The relay names a call itself that a person asked for.
    pub fn at_twilio(&self) -> &CallSid {
        let made = self.legs.first().filter(|_| self.out.is_some());
        made.and_then(|leg| leg.sid.as_ref()).unwrap_or(&self.sid)
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    Phone(PhoneNumber),
    /// The number is withheld: nobody can call back, and no text can go to them.
    Withheld,
    /// Something else than a telephone, such as a SIP address.
    Odd(String),
}

impl Caller {
    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Caller::Phone(number) => Some(number),
            Caller::Withheld | Caller::Odd(_) => None,
        }
    }
}

/// How far the caller's network vouches for the number (STIR/SHAKEN).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attestation {
    /// The network says nothing, as with most calls from abroad.
    #[default]
    Absent,
    A,
    B,
    C,
    /// The number is probably not the caller's.
    Failed,
}

impl Attestation {
    fn is_absent(&self) -> bool {
        *self == Attestation::Absent
    }
}

/// Somebody of the decision who is not rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub person: String,
    pub because: Skip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    IsTheCaller,
    /// They take texts at this hour, and no calls.
    NoCallsNow,
    /// Away or out of hours since the call began.
    NotAvailable,
    OutsideAllowedPrefixes,
    /// In a call of this line.
    InACall,
    /// Enough people are rung before them.
    MostRings,
}

/// Why a caller is sent to the voicemail at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unrung {
    /// Nobody takes calls now.
    Nobody,
    /// The number is withheld, and the line rings for nobody without one.
    Withheld,
    /// The number is probably not the caller's.
    FailedAttestation,
    /// Of this caller or of this line there are too many.
    TooMany,
    /// The fallback took the call.
    Fallback,
}

/// One person being rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    pub person: String,
    pub number: PhoneNumber,
    /// Twilio's name for the leg, once it was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<CallSid>,
    pub rung: Timestamp,
    /// For how long.
    #[serde(with = "in_seconds")]
    pub ring: Duration,
    /// Whether any pick-up is an answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unscreened: bool,
    /// When somebody or something picked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked_up: Option<Timestamp>,
    /// What was answered to what they pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Given>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<Timestamp>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<LegEnd>,
    /// The carrier's answer, such as 486 for busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<u16>,
    /// The provider's error, such as 13227 where calls to the country are not allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
}

impl Leg {
    /// One that rings the person from now on.
    fn of(person: &Person, ring: Duration, now: Timestamp) -> Self {
        Self {
            person: person.name.clone(),
            number: person.number.clone(),
            sid: None,
            rung: now,
            ring,
            unscreened: false,
            picked_up: None,
            given: None,
            pressed: None,
            ended: None,
            sip: None,
            code: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegEnd {
    pub at: Timestamp,
    pub status: LegStatus,
    /// Whether caller and person were connected, if Twilio says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridged: Option<bool>,
    /// The seconds of the leg, or of the talk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Whether Twilio said so as it asked what comes next, and not in mere news of the leg.
    #[serde(default, skip_serializing_if = "is_false")]
    pub asked_what_next: bool,
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// This leg rings, counting from 1.
    Ringing {
        leg: usize,
    },
    /// The person of this leg pressed 1.
    Talking {
        leg: usize,
    },
    /// The caller hears the greeting or speaks after the tone.
    TakingMessage,
    Over {
        outcome: Outcome,
    },
}

/// How a call ended. Each has exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Spoke {
        person: String,
        /// For so long, if Twilio said so.
        seconds: Option<u32>,
    },
    Voicemail {
        seconds: u32,
    },
    Missed {
        /// How far it got.
        at: MissedAt,
    },
    Refused {
        because: Refused,
    },
    /// A person asked for it, and did not talk with the customer.
    NotReached {
        because: NotReached,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedAt {
    Ringing,
    /// The caller hung up at the greeting or the tone, or said nothing.
    Voicemail,
    /// Two were connected for some seconds only, and no message was left.
    CutOff,
    /// Nobody could be rung, and no message was left.
    Nobody,
    /// The line takes texts only.
    TextsOnly,
    /// The caller may have heard an error.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The line called itself, or another line of this relay did: somebody's phone forwards back.
    Loop,
    Blocked,
    /// The line does not take calls without a number.
    Withheld,
    /// The number is probably not the caller's, and the line does not take such calls.
    FailedAttestation,
    TooMany,
}

/// A shorter recording, in seconds, is somebody who hung up at the tone.
pub const SHORTEST_MESSAGE: u32 = 2;

/// What the caller said after the tone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// When the greeting began.
    pub began: Timestamp,
    /// When the caller was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingSid>,
    /// `None` until Twilio has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// When Twilio told of the recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Timestamp>,
    /// Twilio said that there is no recording.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_absent: bool,
    /// What its link ends with; made by the app, as chance is not the domain's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the relay had it for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Timestamp>,
    /// When it was deleted at Twilio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at_twilio: Option<Timestamp>,
    /// How often it could not be had.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u32,
    /// It could not be had for so long that nobody tries any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_lost: bool,
    /// When it is fetched or deleted at Twilio once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Timestamp>,
    /// Other recordings of the call, which are to be deleted at Twilio.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<RecordingSid>,
    /// Twilio is done with writing it down, whether it could or not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_transcribed: bool,
    /// A machine's words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests;
