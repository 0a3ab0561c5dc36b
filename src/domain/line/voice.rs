//! How a line takes calls, and when somebody of it does.

use std::time::Duration;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::Line;
use super::auto_reply::AutoReply;
use super::hours::Window;
use super::policy::in_seconds;
use crate::domain::language::Language;

/// What a line does with calls. A line without it takes texts only, and says so to whoever calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voice {
    /// How long one person's phone rings.
    #[serde(with = "in_seconds")]
    pub ring: Duration,
    /// How long the caller hears it ring before the voicemail begins, whoever is rung meanwhile.
    #[serde(with = "in_seconds")]
    pub ring_for: Duration,
    /// How many people are rung for one call.
    pub most_rings: u32,
    /// Whether somebody has to press 1 before they are connected. Without it a mailbox counts as an answer.
    pub screening: bool,
    /// How long a talk may last.
    #[serde(with = "in_seconds")]
    pub talk_limit: Duration,
    /// What is done with callers who withhold their number.
    pub unknown_callers: Treatment,
    /// What is done with callers whose number is probably forged, unless they have a conversation.
    pub failed_attestation: Treatment,
    /// How many calls one number may make within an hour before it is sent to the voicemail.
    pub caller_limit: u32,
    /// How many calls of the line may go on at once before the next ones are sent to the voicemail.
    pub live_limit: u32,
    /// What whoever picks up hears, in place of the usual words: a text in which `{{ line }}` and
    /// `{{ caller }}` stand for what they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whisper: Option<String>,
    /// The language in which the line speaks, such as `en-US`.
    pub language: String,
    /// The provider's name for the voice, if not its usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Whether a person is texted after they spoke with a caller.
    pub after_call: bool,
    /// Nobody is told of a caller who hung up sooner than this, unless they try again.
    #[serde(with = "in_seconds")]
    pub ignore_under: Duration,
    pub voicemail: Voicemail,
    /// What callers read whom nobody talked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_text: Option<MissedText>,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            ring: Duration::from_secs(20),
            ring_for: Duration::from_secs(65),
            most_rings: 4,
            screening: true,
            talk_limit: Duration::from_secs(2 * 60 * 60),
            unknown_callers: Treatment::Ring,
            failed_attestation: Treatment::Voicemail,
            caller_limit: 6,
            live_limit: 10,
            whisper: None,
            language: "en-US".to_owned(),
            voice: None,
            after_call: true,
            ignore_under: Duration::from_secs(3),
            voicemail: Voicemail::default(),
            missed_text: None,
        }
    }
}

/// A text to a caller whom nobody talked with, once in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedText {
    #[serde(flatten)]
    pub reply: AutoReply,
    pub at_night: AtNight,
}

/// What becomes of it in the line's quiet hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtNight {
    /// It goes out when they are over.
    #[default]
    Wait,
    /// There is none.
    Never,
}

impl Voice {
    /// As a line of this language and country has it that says nothing else.
    pub fn speaking(language: Language, country: &str) -> Self {
        let language = match (language, country) {
            (Language::English, _) => "en-US",
            (Language::Spanish, "US" | "PR") => "es-US",
            (Language::Spanish, "ES") => "es-ES",
            (Language::Spanish, _) => "es-MX",
        };
        Self {
            language: language.to_owned(),
            ..Self::default()
        }
    }

    pub fn speaks_spanish(&self) -> bool {
        let language = self.language.split('-').next().unwrap_or_default();
        language.eq_ignore_ascii_case("es")
    }
}

/// A whisper's template with what it names.
pub(in crate::domain) fn whispered(template: &str, line: &str, caller: &str) -> String {
    template
        .replace("{{ line }}", line)
        .replace("{{ caller }}", caller)
}

/// How many seconds a voice needs for it, about: 0.4 for a digit, and 14 other characters in one.
pub(in crate::domain) fn seconds_to_say(text: &str) -> f64 {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let spaces_between = text
        .as_bytes()
        .windows(3)
        .filter(|at| at[0].is_ascii_digit() && at[1] == b' ' && at[2].is_ascii_digit())
        .count();
    let others = text.chars().count() - digits - spaces_between;
    digits as f64 * 0.4 + others as f64 / 14.0
}

/// What is done with a kind of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    Ring,
    Voicemail,
    Refuse,
}

/// What callers hear and leave if nobody takes their call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voicemail {
    /// With `None`, the usual words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greeting>,
    /// How long a message may be.
    #[serde(with = "in_seconds")]
    pub longest: Duration,
    /// Whether a machine writes down what was said.
    pub transcribe: bool,
    /// How long a message is kept.
    #[serde(with = "in_seconds")]
    pub keep: Duration,
    /// Whether the provider keeps its copy, too.
    pub keep_at_twilio: bool,
}

impl Default for Voicemail {
    fn default() -> Self {
        Self {
            greeting: None,
            longest: Duration::from_secs(2 * 60),
            transcribe: false,
            keep: Duration::from_secs(30 * 24 * 60 * 60),
            keep_at_twilio: false,
        }
    }
}

/// What callers hear before the tone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    Text(String),
    /// A sound file beside the configuration.
    File {
        name: String,
        /// The SHA-256 of its bytes, once they were read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
    },
}

/// When somebody takes calls, while they are on duty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakesCalls {
    #[default]
    OnDuty,
    Never,
    Weekly(Vec<Window>),
}

impl TakesCalls {
    /// Whether they do at a moment of the line's wall clock, if they are on duty.
    pub fn at(&self, local: DateTime) -> bool {
        match self {
            TakesCalls::OnDuty => true,
            TakesCalls::Never => false,
            TakesCalls::Weekly(windows) => windows.iter().any(|window| window.contains(local)),
        }
    }

    pub(super) fn is_usual(&self) -> bool {
        *self == TakesCalls::OnDuty
    }
}

/// Many mailboxes pick up after it.
const MAILBOXES_PICK_UP: Duration = Duration::from_secs(22);

/// What the owner of a line should know of how it takes calls; nothing of it is a mistake.
pub fn warnings(line: &Line) -> Vec<String> {
    let Some(voice) = &line.voice else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    if MAILBOXES_PICK_UP < voice.ring {
        warnings.push(format!(
            "{}: ring is {} s; many mailboxes pick up after 22 s, and a caller waits longer for the next person",
            line.name,
            voice.ring.as_secs()
        ));
    }
    let people = line.people.iter();
    for person in people.filter(|person| person.unscreened || !voice.screening) {
        warnings.push(format!(
            "{}: whatever picks up {}'s phone is an answer, a mailbox too, as screening = false",
            line.name, person.name
        ));
    }
    warnings
}
