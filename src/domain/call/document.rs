//! What the caller's side is answered, by the stage of the call alone: the same to every repetition.

use super::{
    Answer, Call, Given, Greeting, Leg, LegStatus, MissedAt, Outcome, Refused, Rejected, Stage,
    words,
};
use crate::domain::line::{Line, Voice, voice};

pub(super) fn document(call: &Call, line: &Line, voice: &Voice) -> Answer {
    match &call.stage {
        Stage::Ringing { leg } | Stage::Talking { leg } => rings(call, *leg, line, voice),
        Stage::TakingMessage if is_done(call) => thanks(voice),
        Stage::TakingMessage => Answer::TakeMessage {
            greeting: greeting(call, line, voice),
            longest: voice.voicemail.longest,
            transcribe: voice.voicemail.transcribe,
        },
        Stage::Over { outcome } => match outcome {
            Outcome::Refused {
                because: Refused::Loop,
            } => Answer::Reject(Rejected::Busy),
            Outcome::Refused { .. } => Answer::Reject(Rejected::Rejected),
            Outcome::Missed {
                at: MissedAt::TextsOnly,
            } => Answer::Say {
                says: words::texts_only(voice),
            },
            Outcome::Voicemail { .. }
            | Outcome::Missed { .. }
            | Outcome::Spoke { .. }
            | Outcome::NotReached { .. } => Answer::HangUp,
        },
    }
}

pub(super) fn thanks(voice: &Voice) -> Answer {
    Answer::Say {
        says: words::thanks(voice),
    }
}

fn rings(call: &Call, leg: usize, line: &Line, voice: &Voice) -> Answer {
    match leg.checked_sub(1).and_then(|at| call.legs.get(at)) {
        Some(rung) => Answer::Ring {
            leg,
            number: rung.number.clone(),
            shows: line.number.clone(),
            ring: rung.ring,
            talk: voice.talk_limit,
            unscreened: rung.unscreened,
        },
        None => Answer::HangUp,
    }
}

/// Whether the caller has left their message, or is gone.
pub(super) fn is_done(call: &Call) -> bool {
    let finished = call.message.as_ref().and_then(|message| message.finished);
    finished.or(call.ended).is_some()
}

fn greeting(call: &Call, line: &Line, voice: &Voice) -> Greeting {
    if call.was_cut_off() {
        return Greeting::Spoken(words::cut_off(voice));
    }
    match &voice.voicemail.greeting {
        Some(voice::Greeting::File {
            hash: Some(hash), ..
        }) => Greeting::File { hash: hash.clone() },
        Some(voice::Greeting::Text(text)) => Greeting::Spoken(words::spoken(voice, text.clone())),
        Some(voice::Greeting::File { hash: None, .. }) | None => {
            Greeting::Spoken(words::greeting(line, voice))
        }
    }
}

impl Call {
    /// Whether the caller talked to somebody already, for some seconds.
    pub(super) fn was_cut_off(&self) -> bool {
        self.legs.iter().any(Leg::talked)
    }
}

impl Leg {
    /// How long the two talked, as far as Twilio has told. It counts from when the person picked up, and until
    /// they pressed the key they heard the words.
    pub(super) fn seconds_told_of_talk(&self) -> Option<u32> {
        let told = self.ended.as_ref()?.seconds?;
        let words = self.pressed.zip(self.picked_up);
        let words = words.map_or(0, |(pressed, up)| pressed.duration_since(up).as_secs());
        Some(told.saturating_sub(u32::try_from(words).unwrap_or(0)))
    }

    /// Whether this leg was connected, as far as Twilio has told.
    pub(super) fn talked(&self) -> bool {
        let Some(end) = &self.ended else { return false };
        if self.given == Some(Given::HangUp) {
            return false;
        }
        let accepted = self.given == Some(Given::Connect) || self.unscreened;
        end.asked_what_next
            && match end.bridged {
                Some(bridged) => bridged,
                None => {
                    let over = matches!(end.status, LegStatus::Completed | LegStatus::Answered);
                    accepted && over && end.seconds != Some(0)
                }
            }
    }
}
