//! Which attributes each TwiML element may have, and which values.
//!
//! Sources: the attribute lists of twilio-node's `VoiceResponse.d.ts` (a test compares them), Twilio's pages of
//! the verbs, and its "Error and warning dictionary" for the codes.

/// The document does not fit Twilio's schema.
pub const OFF_SCHEMA: u32 = 12200;
const BAD_URL: u32 = 11100;

/// An attribute's name, the values that it may have, and the error of another.
pub struct Attribute {
    pub name: &'static str,
    values: Values,
    code: u32,
}

enum Values {
    Any,
    Bool,
    Url,
    /// The sandbox makes no other requests than POST.
    Post,
    /// Seconds or a count, from and to.
    Number(u32, u32),
    /// Keys of a telephone, or none.
    Keys,
    One(&'static [&'static str]),
    /// Several of them, with blanks between.
    Some(&'static [&'static str]),
    /// Twilio knows it, and the sandbox does not.
    Unsupported,
}

use Values::{Any, Bool, Keys, Number, One, Post, Some as Several, Unsupported, Url};

const fn a(name: &'static str, values: Values, code: u32) -> Attribute {
    Attribute { name, values, code }
}

const LEG_EVENTS: &[&str] = &["initiated", "ringing", "answered", "completed"];
const RECORDING_EVENTS: &[&str] = &["in-progress", "completed", "absent"];
const TRIM: &[&str] = &["trim-silence", "do-not-trim"];
/// How often something is said or played; 0 is until somebody hangs up.
const LOOP: Values = Number(0, 1000);

pub const ELEMENTS: &[(&str, &[Attribute])] = &[
    (
        "Dial",
        &[
            a("action", Url, BAD_URL),
            a("answerOnBridge", Bool, 13219),
            a("callerId", Any, 13214),
            a("events", Unsupported, OFF_SCHEMA),
            a("hangupOnStar", Bool, 13213),
            a("method", Post, 13210),
            a("passports", Unsupported, OFF_SCHEMA),
            a("record", One(&["do-not-record"]), 13217),
            a("recordingConfigurationId", Unsupported, OFF_SCHEMA),
            a("recordingStatusCallback", Unsupported, 13256),
            a("recordingStatusCallbackEvent", Unsupported, 13621),
            a("recordingStatusCallbackMethod", Unsupported, 13210),
            a("recordingTrack", Unsupported, 13622),
            a("referMethod", Unsupported, OFF_SCHEMA),
            a("referUrl", Unsupported, 13802),
            a("ringTone", Any, 13220),
            a("sequential", One(&["false"]), 13218),
            a("timeLimit", Number(1, 86_400), 13216),
            a("timeout", Number(5, 600), 13212),
            a("trim", One(TRIM), 13699),
        ],
    ),
    (
        "Number",
        &[
            a("amdStatusCallback", Unsupported, OFF_SCHEMA),
            a("amdStatusCallbackMethod", Unsupported, OFF_SCHEMA),
            a("byoc", Unsupported, OFF_SCHEMA),
            a("machineDetection", Unsupported, OFF_SCHEMA),
            a("machineDetectionSilenceTimeout", Unsupported, OFF_SCHEMA),
            a(
                "machineDetectionSpeechEndThreshold",
                Unsupported,
                OFF_SCHEMA,
            ),
            a("machineDetectionSpeechThreshold", Unsupported, OFF_SCHEMA),
            a("machineDetectionTimeout", Unsupported, OFF_SCHEMA),
            a("method", Post, 13221),
            a("sendDigits", Unsupported, 13222),
            a("statusCallback", Url, BAD_URL),
            a("statusCallbackEvent", Several(LEG_EVENTS), OFF_SCHEMA),
            a("statusCallbackMethod", Post, 13221),
            a("url", Url, BAD_URL),
        ],
    ),
    (
        "Gather",
        &[
            a("action", Url, BAD_URL),
            a("actionOnEmptyResult", Bool, 13338),
            a("bargeIn", Bool, 13332),
            a("debug", Bool, OFF_SCHEMA),
            a("enhanced", Bool, OFF_SCHEMA),
            a("finishOnKey", Keys, 13310),
            a("hints", Any, 13330),
            a("input", One(&["dtmf"]), 13326),
            a("language", Any, 13331),
            a("maxSpeechTime", Unsupported, 13328),
            a("method", Post, 13312),
            a("numDigits", Number(1, 1000), 13314),
            a("partialResultCallback", Unsupported, BAD_URL),
            a("partialResultCallbackMethod", Unsupported, 13329),
            a("profanityFilter", Bool, 13333),
            a("speechModel", Unsupported, 13334),
            a("speechTimeout", Unsupported, 13327),
            a("timeout", Number(1, 600), 13313),
        ],
    ),
    ("Pause", &[a("length", Number(1, 3600), 13910)]),
    (
        "Play",
        &[a("digits", Unsupported, 13430), a("loop", LOOP, 13410)],
    ),
    (
        "Record",
        &[
            a("action", Url, BAD_URL),
            a("finishOnKey", Keys, 13613),
            a("maxLength", Number(1, 14_400), 13612),
            a("method", Post, 13610),
            a("playBeep", Bool, 13616),
            a("recordingConfigurationId", Unsupported, OFF_SCHEMA),
            a("recordingStatusCallback", Url, 13256),
            a(
                "recordingStatusCallbackEvent",
                Several(RECORDING_EVENTS),
                13621,
            ),
            a("recordingStatusCallbackMethod", Post, 13610),
            a("timeout", Number(1, 600), 13611),
            a("transcribe", Bool, 13614),
            a("transcribeCallback", Url, 13257),
            a("trim", One(TRIM), 13699),
        ],
    ),
    ("Redirect", &[a("method", Post, 13710)]),
    ("Reject", &[a("reason", One(&["rejected", "busy"]), 13810)]),
    (
        "Say",
        &[
            a("language", Any, 13512),
            a("loop", LOOP, 13510),
            a("voice", Any, 13511),
        ],
    ),
    ("Hangup", &[]),
];

/// The attributes of an element; `None` if the sandbox does not know it.
pub fn of(element: &str) -> Option<&'static [Attribute]> {
    let found = ELEMENTS.iter().find(|(name, _)| *name == element);
    found.map(|(_, attributes)| *attributes)
}

/// Whether the element may have the attribute with that value; otherwise Twilio's code and what is wrong.
pub fn check(element: &str, name: &str, value: &str) -> Result<(), (u32, String)> {
    let attributes = of(element).unwrap_or_default();
    let Some(attribute) = attributes.iter().find(|a| a.name == name) else {
        let why = format!("<{element}> has no attribute {name}");
        return Err((OFF_SCHEMA, why));
    };
    let expected = match attribute.values {
        Any => return Ok(()),
        Bool => "`true` or `false`".to_owned(),
        Url => "a URL without blanks".to_owned(),
        Post => "POST; the sandbox makes no other requests".to_owned(),
        Number(from, to) => format!("a whole number from {from} to {to}"),
        Keys => "keys of a telephone (0-9, *, #), or empty".to_owned(),
        One(values) => format!("one of {}", values.join(", ")),
        Several(values) => format!("of {}", values.join(" ")),
        Unsupported => "left out; the sandbox does not do what it asks for".to_owned(),
    };
    if attribute.values.hold(value) {
        return Ok(());
    }
    let why = format!("the attribute {name} of <{element}> has to be {expected}");
    Err((attribute.code, why))
}

impl Values {
    fn hold(&self, value: &str) -> bool {
        match self {
            Any => true,
            Bool => matches!(value, "true" | "false"),
            Url => !value.is_empty() && !value.contains(char::is_whitespace),
            Post => value == "POST",
            Number(from, to) => value.parse().is_ok_and(|n: u32| (*from..=*to).contains(&n)),
            Keys => value.chars().all(is_key),
            One(values) => values.contains(&value),
            Several(values) => {
                let mut named = value.split_whitespace().peekable();
                named.peek().is_some() && named.all(|name| values.contains(&name))
            }
            Unsupported => false,
        }
    }
}

/// Whether a telephone has such a key.
pub fn is_key(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '*' | '#')
}
