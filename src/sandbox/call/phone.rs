//! What a person's phone does when it is called.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::doing::PhoneDoes;
use crate::domain::phone::PhoneNumber;

/// How a phone takes calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakesCalls {
    /// It rings until somebody answers it.
    #[default]
    On,
    /// Switched off: its mailbox answers after a second.
    Off,
    /// It rings, nobody answers, and after 25 seconds its mailbox does.
    Silent,
    Busy,
    /// Busy, so its mailbox answers at once.
    BusyMailbox,
    /// Somebody declines after three seconds.
    Declines,
    /// Switched off, and without a mailbox.
    NoMailbox,
    /// An assistant answers and asks what the call is about; a person may take over.
    Assistant,
    /// A number that does not exist: error 13224.
    Dead,
    /// It forwards every call.
    ForwardsTo(PhoneNumber),
}

const MAILBOX: &str = "You have reached a mailbox. Please leave a message after the tone.";
const ASSISTANT: &str =
    "Hi, the person that you are calling uses a screening service. Please say why you call.";
/// "Dial: Twilio does not support calling this number or the number is invalid".
const INVALID_NUMBER: u32 = 13224;

impl TakesCalls {
    /// What happens by itself after it is called, and when; nothing if only a person answers it.
    pub(in crate::sandbox) fn does(&self) -> Option<(Duration, PhoneDoes)> {
        let after = |ms, does| Some((Duration::from_millis(ms), does));
        match self {
            Self::On => None,
            Self::Off => after(1000, PhoneDoes::MachineAnswers(MAILBOX)),
            Self::Silent => after(25_000, PhoneDoes::MachineAnswers(MAILBOX)),
            Self::Busy => after(1000, PhoneDoes::Busy),
            Self::BusyMailbox => after(1500, PhoneDoes::MachineAnswers(MAILBOX)),
            Self::Declines => after(3000, PhoneDoes::Declines),
            Self::NoMailbox => after(2000, PhoneDoes::Unavailable),
            Self::Assistant => after(2000, PhoneDoes::MachineAnswers(ASSISTANT)),
            Self::Dead => after(500, PhoneDoes::Fails(INVALID_NUMBER)),
            Self::ForwardsTo(number) => {
                after(1000, PhoneDoes::Forwards(number.expose().to_owned()))
            }
        }
    }

    /// Whether it rings at all.
    pub(in crate::sandbox) fn rings(&self) -> bool {
        !matches!(self, Self::Busy | Self::NoMailbox | Self::Dead)
    }
}

/// What somebody on a call does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Picks up the phone that rings.
    Answer,
    Decline,
    HangUp,
    /// Presses keys.
    Press(String),
    /// Speaks for so many seconds.
    Say(f64),
}

/// Why somebody cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotAct {
    #[error(
        "no call rings at this phone or goes on there; `relay call --from 619-555-0142` makes one"
    )]
    NoCallHere,
    #[error("no such call goes on; place one with `relay call --from 619-555-0142`")]
    NoSuchCall,
    #[error("the phone does not ring: the call was answered already; press a key or hang up")]
    AnsweredAlready,
    #[error("the phone still rings: answer it first")]
    NotAnswered,
    #[error("only the phone that is called can answer or decline; a caller can hang up")]
    NotCalled,
    #[error("a phone has the keys 0 to 9, * and #")]
    NoSuchKey,
    #[error("say from 0.1 to 3,600 seconds")]
    BadLength,
}
