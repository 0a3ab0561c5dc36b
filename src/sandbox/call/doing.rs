//! What a call does at a moment, and what is on the agenda for it.

use std::time::Duration;

use jiff::Timestamp;

use super::twiml::{Gather, Record};

/// What a call does until something happens.
pub(in crate::sandbox) enum Doing {
    /// A webhook is asked what to do next.
    Asks,
    /// A leg rings at its phone.
    Rings,
    /// Something is said or played; then the document goes on.
    Hears,
    Gathers(Gathering),
    Records(Recording),
    /// Legs ring, or one of them hears its document.
    Dials,
    /// Connected with the other side.
    Talks(String),
    Over,
}

pub(in crate::sandbox) struct Gathering {
    pub gather: Gather,
    pub digits: String,
}

pub(in crate::sandbox) struct Recording {
    pub record: Record,
    pub sid: String,
    pub begun: Timestamp,
    /// The first and the last moment at which somebody spoke.
    pub spoke: Option<(Timestamp, Timestamp)>,
}

impl Doing {
    pub fn words(&self) -> &'static str {
        match self {
            Doing::Asks => "waits for an answer of the webhook",
            Doing::Rings => "rings",
            Doing::Hears => "listens",
            Doing::Gathers(_) => "is asked for digits",
            Doing::Records(_) => "is recorded",
            Doing::Dials => "waits for somebody to answer",
            Doing::Talks(_) => "talks",
            Doing::Over => "over",
        }
    }
}

/// Something planned for a call.
pub(in crate::sandbox) enum CallStep {
    /// What is heard has ended.
    Heard,
    /// Nobody pressed a key for too long.
    NoDigits,
    /// Nobody spoke for too long, or the recording is as long as it may be.
    RecordingEnds,
    /// The time for the legs to answer is over.
    DialTimeout,
    /// A phone that the API calls has rung for long enough.
    RingTimeout,
    /// A talk is as long as it may be.
    TimeLimit,
    /// What a phone does by itself.
    Phone(PhoneDoes),
    /// The caller loses patience.
    CallerHangsUp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum PhoneDoes {
    /// Something at the phone picks up and says that.
    MachineAnswers(&'static str),
    Busy,
    Declines,
    Unavailable,
    /// It has another number called.
    Forwards(String),
    /// Twilio cannot or may not call it.
    Fails(u32),
    /// A mailbox has recorded for as long as it does.
    MachineHangsUp,
}

/// How long words take: 0.4 s for a digit, and a second for 14 other characters.
pub(in crate::sandbox) fn spoken(text: &str) -> Duration {
    let digits = text.chars().filter(char::is_ascii_digit).count() as u64;
    let others = text.chars().count() as u64 - digits;
    Duration::from_millis(digits * 400 + others * 1000 / 14)
}

/// How long a sound file takes; nobody fetches it.
pub(in crate::sandbox) const SOUND: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_take_the_time_of_their_digits_and_letters() {
        assert_eq!(spoken("0142"), Duration::from_millis(1600));
        assert_eq!(spoken("Fourteen chars"), Duration::from_secs(1));
        let whisper = "Q D N, a call from 0 1 4 2. Press 1.";
        assert!(spoken(whisper) < Duration::from_secs(5));
    }
}
