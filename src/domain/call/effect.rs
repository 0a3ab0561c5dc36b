//! What is to be done because of a step, beside saving it and answering Twilio.

use super::NotReached;
use crate::domain::ids::RecordingSid;
use crate::domain::language::{Language, say};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// People are told of the call: its entry is taken in like a text.
    Tell,
    /// Twilio is asked whether the call still goes on, and the answer is the next event.
    AskTwilio,
    FetchRecording(RecordingSid),
    DeleteAtTwilio(RecordingSid),
    /// The person who asked for the call is called, and what came of it is the next event.
    MakeCall,
    /// It is looked for among the calls that were made.
    FindCall,
    /// The person who asked for it reads why they are not connected.
    TellNotReached(NotReached),
    /// This person reads how to keep their mailbox from picking up.
    Advise {
        person: String,
    },
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
    pub fn in_words(&self, language: Language, line: &str) -> String {
        match self {
            Alert::NobodyToRing => say!(
                language,
                "A call to {line} went to the voicemail at once, because nobody takes calls now. Check \
                 with STATUS who is there.",
                "Una llamada a {line} ha ido directo al correo de voz, porque nadie atiende llamadas \
                 ahora. Mira con QUIEN a quién le toca."
            ),
            Alert::CannotBeRung { person } => say!(
                language,
                "{person}'s phone cannot be rung for {line}: the last two calls failed. Check the number, \
                 and that calls to its country are allowed at Twilio.",
                "El teléfono de {person} no suena para {line}: las dos llamadas recientes han fallado. \
                 Revisa que sea correcto y que Twilio permita llamar a su zona."
            ),
            Alert::Loop { person: Some(_) } => say!(
                language,
                "Your phone forwards calls back to {line}, so callers hear busy. Please turn forwarding \
                 to that number off.",
                "Tu teléfono manda las llamadas de vuelta a {line}, que suena ocupado. Desactiva eso, por favor."
            ),
            Alert::Loop { person: None } => say!(
                language,
                "A phone forwards calls back to {line}, so callers hear busy. Turn forwarding to that \
                 number off.",
                "Un teléfono manda las llamadas de vuelta a {line}, que suena ocupado. Desactiva eso."
            ),
            Alert::ConnectedUnasked { person } => say!(
                language,
                "A caller of {line} was connected with {person}'s phone though nobody pressed 1. It may \
                 have been a mailbox.",
                "Una llamada de {line} se ha unido con el teléfono de {person} sin que nadie marcara 1. \
                 Puede ser su correo de voz."
            ),
            Alert::LateVoicemail => say!(
                language,
                "A message to {line} was heard of late, after you were told of a missed call. \
                 \"relay voicemail\" lists it.",
                "Un mensaje de voz a {line} ha aparecido tarde, tras el aviso de llamada perdida. \
                 \"relay voicemail\" lo muestra."
            ),
            Alert::RecordingLost => say!(
                language,
                "A message to {line} could not be fetched from Twilio for an hour. It is still there; \
                 \"relay voicemail\" names it.",
                "Un mensaje de voz a {line} no se ha podido traer de Twilio en una hora. Sigue en Twilio; \
                 \"relay voicemail\" lo muestra."
            ),
            Alert::NotDeletedAtTwilio => say!(
                language,
                "A message to {line} could not be deleted at Twilio for a week. \"relay voicemail\" names \
                 it; delete it in Twilio's console.",
                "Un mensaje de voz a {line} no se ha podido borrar en Twilio en una semana. \
                 \"relay voicemail\" lo muestra; puedes borrarlo en la consola de Twilio."
            ),
        }
    }
}
