//! Random requests: the shapes that Twilio sends, and odder ones.

use fastrand::Rng;
use relay::domain::ids::CallSid;
use relay::twilio::voice::VoicePath;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Request {
    pub token: String,
    pub url: String,
    /// Or JSON.
    pub form: bool,
    pub body: String,
}

pub fn account() -> String {
    "AC".to_owned() + &"0".repeat(32)
}

pub fn one_of<'a>(of: &[&'a str], rng: &mut Rng) -> &'a str {
    of[rng.usize(..of.len())]
}

/// In so many of a hundred cases.
pub fn sometimes(percent: u8, rng: &mut Rng) -> bool {
    rng.u8(..100) < percent
}

fn some_of(alphabet: &[&str], most: usize, rng: &mut Rng) -> String {
    (0..rng.usize(..=most))
        .map(|_| one_of(alphabet, rng))
        .collect()
}

impl Request {
    pub fn draw(rng: &mut Rng) -> Self {
        if sometimes(10, rng) {
            return about_a_call(rng);
        }
        let form = sometimes(80, rng);
        let body = if form { form_body(rng) } else { json(rng) };
        let digest = (!form).then(|| sha256(&body));
        Self {
            token: token(rng),
            url: url(digest.as_deref(), rng),
            form,
            body,
        }
    }
}

/// A request of each kind about a call, with the fields that Twilio says it has.
fn about_a_call(rng: &mut Rng) -> Request {
    let call = CallSid::parse(&format!("CA{:032x}", rng.u128(..))).expect("it has 32 digits");
    let (sid, leg) = (call.to_string(), rng.usize(1..=9));
    let paths = [
        VoicePath::Call,
        VoicePath::Screen(call.clone(), leg),
        VoicePath::Chosen(call.clone(), leg),
        VoicePath::Progress(call.clone(), leg),
        VoicePath::Ended(call.clone(), leg),
        VoicePath::Recorded(call.clone()),
        VoicePath::Recording(call.clone()),
        VoicePath::Transcribed(call.clone()),
        VoicePath::OutAsk(call.clone()),
        VoicePath::OutChosen(call.clone()),
        VoicePath::OutProgress(call.clone()),
        VoicePath::OutCustomer(call.clone()),
        VoicePath::OutEnded(call),
        VoicePath::End,
        VoicePath::Fallback,
        VoicePath::FallbackRecorded,
        VoicePath::FallbackRecording,
    ];
    let path = &paths[rng.usize(..paths.len())];
    let (mut of_call, mut of_leg) = (VOICE_FIELDS.to_vec(), VOICE_FIELDS.to_vec());
    of_call.push(("CallSid", &sid));
    of_leg.push(("ParentCallSid", &sid));
    of_leg.push(("CallSid", "CA00000000000000000000000000000001"));
    let fields = if path.is_of_leg() { of_leg } else { of_call };
    let mut fields: Vec<(String, String)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    fields.push(("AccountSid".to_owned(), account()));
    rng.shuffle(&mut fields);
    Request {
        token: token(rng),
        url: format!("https://relay.example.com{path}"),
        form: true,
        body: encode(&fields, rng),
    }
}

const VOICE_FIELDS: &[(&str, &str)] = &[
    ("From", "+16195550142"),
    ("To", "+16195550100"),
    ("CallStatus", "in-progress"),
    ("ApiVersion", "2010-04-01"),
    ("Direction", "inbound"),
    ("CallerName", "ÅSA & SØN 🚐"),
    ("CallerCity", "SAN DIEGO"),
    ("CallToken", "{\"parentCallInfoToken\":\"a.b+c/d==\"}"),
    ("StirVerstat", "TN-Validation-Passed-A"),
    ("Digits", "#"),
    ("DialCallStatus", "completed"),
    ("DialBridged", "true"),
    ("Timestamp", "Fri, 20 Nov 2026 22:13:02 +0000"),
    ("CallbackSource", "call-progress-events"),
    ("SequenceNumber", "0"),
    (
        "RecordingUrl",
        "https://api.twilio.com/2010-04-01/Accounts/a/Recordings/b",
    ),
    ("RecordingStatus", "completed"),
    ("RecordingDuration", "23"),
    ("TranscriptionText", "Is it free?\nCall me."),
    ("ErrorCode", "11200"),
    (
        "ErrorUrl",
        "https://relay.example.com/twilio/voice#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx",
    ),
];

fn token(rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0 => "t".repeat(rng.usize(1..200)),
        1 => one_of(&["12345", "é", "🚐 token", "a b"], rng).to_owned(),
        _ => format!("{:032x}", rng.u128(..)),
    }
}

/// With the digest of the body in its query, if there is one.
fn url(digest: Option<&str>, rng: &mut Rng) -> String {
    let mut url = match rng.u8(..20) {
        0 => "HTTPS",
        1..4 => "http",
        _ => "https",
    }
    .to_owned();
    url += "://";
    if sometimes(10, rng) {
        url += one_of(&["me@", "me:pw@", "m%40e:p%3Aw@", ":@"], rng);
    }
    const HOSTS: &[&str] = &[
        "relay.example.com",
        "relay.example.com",
        "Relay.Example.com",
        "a.b",
        "xn--nxasmq6b.example",
        "127.0.0.1",
        "[2001:db8::1]",
        "localhost",
        "a_b.example",
    ];
    url += one_of(HOSTS, rng);
    url += &match rng.u8(..10) {
        0 => ":443".to_owned(),
        1 => ":80".to_owned(),
        2 | 3 => format!(":{}", rng.u16(1..)),
        _ => String::new(),
    };
    if !sometimes(4, rng) {
        url.push('/');
        url += &some_of(PATH, 8, rng);
    }
    let mut pairs: Vec<String> = Vec::new();
    if sometimes(50, rng) {
        pairs.extend((0..rng.usize(..4)).map(|_| some_of(QUERY, 8, rng)));
    }
    if let Some(digest) = digest {
        let at = rng.usize(..=pairs.len());
        pairs.insert(at, format!("bodySHA256={digest}"));
    }
    if !pairs.is_empty() || sometimes(2, rng) {
        url.push('?');
        url += &pairs.join("&");
    }
    if sometimes(5, rng) {
        url += one_of(&["#rc=3&rp=ct,rt,5xx", "#a/b?c", "#"], rng);
    }
    url
}

const PATH: &[&str] = &[
    "twilio", "sms", "/", "/", "status", "in-1", "a", "Z", "0", "%20", "%2F", "%7e", "%C3%B1", ".",
    "..", "-", "_", "~", "!", "$", "&", "'", "(", ")", "*", "+", ",", ";", "=", ":", "@",
];

const QUERY: &[&str] = &[
    "a",
    "b=",
    "=",
    "c=1",
    "Body",
    "foo=1&bar=2",
    "%20",
    "+",
    "%2B",
    "%27",
    "'",
    "%C3%A9",
    "%ff",
    "%",
    "!",
    "*",
    "(",
    ")",
    "?",
    "/",
    ":",
    "@",
    ",",
    ";",
    "&&",
    "~",
    "[",
    "]",
];

const NAMES: &[&str] = &[
    "Body",
    "From",
    "To",
    "MessageSid",
    "SmsSid",
    "NumMedia",
    "MediaUrl0",
    "MediaUrl1",
    "MediaUrl10",
    "Reason",
    "ReasonConferenceEnded",
    "ReasonParticipantLeft",
    "body",
    "FROM",
    "From_",
    "From-",
    "From.City",
    "FromCity",
    "FromZip",
    "ApiVersion",
    "ErrorCode",
    "",
    " ",
    "é",
    "名",
    "a b",
    "a&b=c",
    "+",
    "__proto__",
    "0",
    "10",
    "9",
];

const VALUES: &[&str] = &[
    "+16195550107",
    "a",
    "b",
    "Is the boat ready?",
    " ",
    "  ",
    "\r\n",
    "\n",
    "\t",
    "é",
    "é",
    "🚐",
    "名前",
    "&",
    "=",
    "+",
    "%",
    "%20",
    "\"",
    "'",
    "<b>",
    "\\",
    "\0",
    "\u{feff}",
    "\u{200d}",
    "\u{fffd}",
    "SAN DIEGO",
    "0",
    "https://api.twilio.com/a?b=c&d",
];

fn form_body(rng: &mut Rng) -> String {
    let mut fields = vec![("AccountSid".to_owned(), account())];
    for _ in 0..rng.usize(..16) {
        let name = if sometimes(80, rng) {
            one_of(NAMES, rng).to_owned()
        } else {
            (0..rng.usize(1..12)).map(|_| rng.alphanumeric()).collect()
        };
        // Twilio sends no field twice.
        if fields.iter().any(|(earlier, _)| *earlier == name) {
            continue;
        }
        let value = match rng.u8(..20) {
            0 => (0..rng.usize(..300)).map(|_| rng.alphanumeric()).collect(),
            1..4 => String::new(),
            _ => some_of(VALUES, 6, rng),
        };
        let at = rng.usize(..=fields.len());
        fields.insert(at, (name, value));
    }
    encode(&fields, rng)
}

/// The same fields in one of the many ways to write them.
pub fn encode(fields: &[(String, String)], rng: &mut Rng) -> String {
    let mut body = String::new();
    for (number, (name, value)) in fields.iter().enumerate() {
        if number > 0 || sometimes(2, rng) {
            body += if sometimes(2, rng) { "&&" } else { "&" };
        }
        written(name, &mut body, rng);
        // A field without a value may do without the sign, unless nothing of it were left.
        if !value.is_empty() || name.is_empty() || !sometimes(20, rng) {
            body.push('=');
        }
        written(value, &mut body, rng);
    }
    body
}

fn written(text: &str, body: &mut String, rng: &mut Rng) {
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
        let may_be_plain = byte.is_ascii_graphic() && !b"&=+%".contains(&byte);
        match byte {
            b' ' if sometimes(60, rng) => body.push('+'),
            _ if plain && !sometimes(2, rng) => body.push(byte.into()),
            _ if may_be_plain && sometimes(20, rng) => body.push(byte.into()),
            // An equals sign of a value means nothing any more.
            _ if sometimes(80, rng) => *body += &format!("%{byte:02X}"),
            _ => *body += &format!("%{byte:02x}"),
        }
    }
}

fn json(rng: &mut Rng) -> String {
    if sometimes(5, rng) {
        return String::new();
    }
    let mut object = serde_json::Map::new();
    for _ in 0..rng.usize(..6) {
        object.insert(some_of(VALUES, 2, rng), some_of(VALUES, 5, rng).into());
    }
    serde_json::Value::Object(object).to_string()
}

pub fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
