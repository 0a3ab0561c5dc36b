//! What is to be done because of a step, beside saving it and answering Twilio.

use crate::domain::ids::RecordingSid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// People are told of the call: its entry is taken in like a text.
    Tell,
    /// Twilio is asked whether the call still goes on, and the answer is the next event.
    AskTwilio,
    FetchRecording(RecordingSid),
    DeleteAtTwilio(RecordingSid),
    /// The owner is told.
    Alert(Alert),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alert {
    /// Nobody takes calls now, so that a caller was sent to the voicemail at once.
    NobodyToRing,
    /// This person's number could not be rung twice within an hour.
    CannotBeRung { person: String },
    /// Somebody's phone forwards calls back to the line; this person's, as far as is known.
    Loop { person: Option<String> },
    /// A person was connected who did not press 1, which Twilio should not do.
    ConnectedUnasked { person: String },
    /// A message was heard of only after people had been told that there is none.
    LateVoicemail,
    /// The recording could not be had for an hour.
    RecordingLost,
    /// Twilio did not delete the recording for days.
    NotDeletedAtTwilio,
}

impl Alert {
    /// One word for the cause.
    pub fn cause(&self) -> &'static str {
        match self {
            Alert::NobodyToRing => "nobody_to_ring",
            Alert::CannotBeRung { .. } => "cannot_be_rung",
            Alert::Loop { .. } => "call_loop",
            Alert::ConnectedUnasked { .. } => "connected_unasked",
            Alert::LateVoicemail => "late_voicemail",
            Alert::RecordingLost => "recording_lost",
            Alert::NotDeletedAtTwilio => "recording_not_deleted",
        }
    }

    /// The person whom it is about, if it is about one: of each there is an alert of their own.
    pub fn person(&self) -> Option<&str> {
        match self {
            Alert::CannotBeRung { person }
            | Alert::ConnectedUnasked { person }
            | Alert::Loop {
                person: Some(person),
            } => Some(person),
            _ => None,
        }
    }

    /// What the owner reads, or the person whose phone it is about.
    pub fn in_words(&self, line: &str) -> String {
        match self {
            Alert::NobodyToRing => format!(
                "A call to {line} went to the voicemail at once, because nobody takes calls now. Check \
                 with STATUS who is there."
            ),
            Alert::CannotBeRung { person } => format!(
                "{person}'s phone cannot be rung for {line}: the last two calls failed. Check the number, \
                 and that calls to its country are allowed at Twilio."
            ),
            Alert::Loop { person: Some(_) } => format!(
                "Your phone forwards calls back to {line}, so callers hear busy. Please turn forwarding \
                 to that number off."
            ),
            Alert::Loop { person: None } => format!(
                "A phone forwards calls back to {line}, so callers hear busy. Turn forwarding to that \
                 number off."
            ),
            Alert::ConnectedUnasked { person } => format!(
                "A caller of {line} was connected with {person}'s phone though nobody pressed 1. It may \
                 have been a mailbox."
            ),
            Alert::LateVoicemail => format!(
                "A message to {line} was heard of late, after you were told of a missed call. \
                 `relay voicemail` lists it."
            ),
            Alert::RecordingLost => format!(
                "A message to {line} could not be fetched from Twilio for an hour. It is still there; \
                 `relay voicemail` names it."
            ),
            Alert::NotDeletedAtTwilio => format!(
                "A message to {line} could not be deleted at Twilio for a week. `relay voicemail` names \
                 it; delete it in Twilio's console."
            ),
        }
    }
}
