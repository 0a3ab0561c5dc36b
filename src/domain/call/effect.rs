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
