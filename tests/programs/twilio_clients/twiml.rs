//! The answers to a call against those that Twilio's own libraries write: random ones of every kind, of
//! which the same XML comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use relay::domain::call::{Answer, Greeting, Rejected, Spoken};
use relay::domain::ids::CallSid;
use relay::domain::phone::PhoneNumber;
use relay::twilio::voice::{
    FALLBACK_BYE, FALLBACK_GREETING, VoicePath, document, fallback_document,
};
use roxmltree::{Document, Node};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Language, ask};
use crate::support::tools;

/// For each language.
const CASES: u64 = 10_000;

#[test]
fn twilios_python_library_writes_the_same_answers_to_a_call() {
    compare(Language::Python, "twiml.py");
}

#[test]
fn twilios_node_library_writes_the_same_answers_to_a_call() {
    compare(Language::Node, "twiml.js");
}

#[derive(Serialize)]
#[serde(transparent)]
struct Case {
    question: Value,
    #[serde(skip)]
    ours: String,
}

fn compare(language: Language, program: &str) {
    let mut rng = Rng::with_seed(1);
    let cases: Vec<Case> = (0..CASES).map(|_| draw(&mut rng)).collect();
    let mut kinds = BTreeMap::<String, u64>::new();
    ask(
        language,
        program,
        cases.into_iter(),
        |case, theirs: String| {
            let (ours, theirs) = (canonical(&case.ours), canonical(&theirs));
            assert_eq!(ours, theirs, "{}", case.question);
            let kind = case.question["kind"].as_str().unwrap();
            *kinds.entry(kind.to_owned()).or_default() += 1;
        },
    );
    println!("{language:?}: {kinds:?}");
    assert_eq!(kinds.len(), 12, "{kinds:?}");
}

/// Names, sorted attributes and texts of a document, and nothing of how it is written.
fn canonical(xml: &str) -> String {
    let parsed = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let mut written = String::new();
    write(parsed.root_element(), &mut written);
    written
}

fn write(node: Node, written: &mut String) {
    if node.is_text() {
        *written += &format!("{:?}", node.text().unwrap_or_default());
        return;
    }
    let attributes: BTreeMap<_, _> = (node.attributes())
        .map(|attribute| (attribute.name(), attribute.value()))
        .collect();
    *written += &format!("<{} {attributes:?}>", node.tag_name().name());
    for child in node.children() {
        write(child, written);
    }
    *written += "</>";
}

fn draw(rng: &mut Rng) -> Case {
    let call = CallSid::parse(&format!("CA{:032x}", rng.u128(..))).unwrap();
    let leg = rng.usize(1..=9);
    let public_url = one_of(rng, URLS);
    let mut question = json!({ "call": call, "leg": leg, "public_url": public_url });
    let mut add = |fields: Value| {
        let all = question.as_object_mut().unwrap();
        all.extend(fields.as_object().unwrap().clone());
    };
    let answer = match rng.u8(..14) {
        0 => {
            let (failed, fields) = fallback(rng, &call, leg);
            add(fields);
            let ours = fallback_document(failed.as_ref(), public_url);
            return Case { question, ours };
        }
        1 => {
            add(json!({ "kind": "empty" }));
            if rng.bool() {
                Answer::Connect
            } else {
                Answer::Nothing
            }
        }
        2 => {
            add(json!({ "kind": "hang_up" }));
            Answer::HangUp
        }
        3 => {
            let reason = if rng.bool() { "busy" } else { "rejected" };
            add(json!({ "kind": "reject", "reason": reason }));
            Answer::Reject(match reason {
                "busy" => Rejected::Busy,
                _ => Rejected::Rejected,
            })
        }
        4 => {
            let says = spoken(rng);
            add(json!({ "kind": "say", "says": shown(&says) }));
            Answer::Say { says }
        }
        5 | 6 => {
            let says = spoken(rng);
            add(json!({ "kind": "ask", "says": shown(&says) }));
            Answer::Ask { leg, says }
        }
        7 => {
            let (longest, transcribe) = (rng.u64(..4000), rng.bool());
            let greeting = if rng.bool() {
                Greeting::Spoken(spoken(rng))
            } else {
                let hash = format!("{:064x}", rng.u128(..));
                Greeting::File { hash }
            };
            add(json!({ "kind": "take_message", "longest": longest, "transcribe": transcribe }));
            match &greeting {
                Greeting::Spoken(says) => add(json!({ "says": shown(says) })),
                Greeting::File { hash } => add(json!({ "hash": hash })),
            }
            Answer::TakeMessage {
                greeting,
                longest: Duration::from_secs(longest),
                transcribe,
            }
        }
        8 => {
            let says = spoken(rng);
            add(json!({ "kind": "ask_to_call", "says": shown(&says) }));
            Answer::AskToCall { says }
        }
        9 => {
            let (number, shows) = (number(rng), number(rng));
            let (ring, talk, by_phone) = (rng.u64(..700), rng.u64(..20_000), rng.bool());
            add(json!({
                "kind": "call_customer", "number": number, "shows": shows, "ring": ring, "talk": talk,
                "by_phone": by_phone,
            }));
            Answer::CallCustomer {
                number,
                shows,
                ring: Duration::from_secs(ring),
                talk: Duration::from_secs(talk),
                by_phone,
            }
        }
        10 => {
            let says = spoken(rng);
            add(json!({ "kind": "ask_pin", "says": shown(&says) }));
            Answer::AskPin { says }
        }
        11 => {
            let says = spoken(rng);
            let plays = rng.bool().then(|| format!("{:032x}", rng.u128(..)));
            add(json!({ "kind": "menu", "says": shown(&says), "plays": plays }));
            Answer::Menu { plays, says }
        }
        _ => {
            let (number, shows) = (number(rng), number(rng));
            let (ring, talk, unscreened) = (rng.u64(..700), rng.u64(..20_000), rng.bool());
            add(json!({
                "kind": "ring", "number": number, "shows": shows, "ring": ring, "talk": talk,
                "unscreened": unscreened,
            }));
            Answer::Ring {
                leg,
                number,
                shows,
                ring: Duration::from_secs(ring),
                talk: Duration::from_secs(talk),
                unscreened,
            }
        }
    };
    let ours = document(&answer, &call, public_url);
    Case { question, ours }
}

fn fallback(rng: &mut Rng, call: &CallSid, leg: usize) -> (Option<VoicePath>, Value) {
    let bye = json!({ "kind": "say", "says": { "text": FALLBACK_BYE } });
    let message = json!({ "kind": "fallback", "says": { "text": FALLBACK_GREETING } });
    let hang_up = json!({ "kind": "hang_up" });
    match rng.u8(..8) {
        0 => (Some(VoicePath::Screen(call.clone(), leg)), hang_up),
        1 => (Some(VoicePath::Chosen(call.clone(), leg)), hang_up),
        2 => (Some(VoicePath::Recorded(call.clone())), bye),
        3 => (Some(VoicePath::FallbackRecorded), bye),
        4 => (Some(VoicePath::Ended(call.clone(), leg)), message),
        5 => (Some(VoicePath::Call), message),
        6 => (Some(VoicePath::OutEnded(call.clone())), hang_up),
        _ => (None, message),
    }
}

fn shown(says: &Spoken) -> Value {
    let mut shown = json!({ "text": says.text, "language": says.language });
    if let Some(voice) = &says.voice {
        shown["voice"] = json!(voice);
    }
    shown
}

fn spoken(rng: &mut Rng) -> Spoken {
    // Python's library does not write a carriage return so that it could be read again.
    const WORDS: &[&str] = &[
        "Q D N",
        ", a call from ",
        "0 1 4 2",
        ". Press 1.",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "]]>",
        "&amp;",
        "<Hangup/>",
        "é",
        "名前",
        "🚐",
        "\n",
        "\t",
        " ",
        "–",
    ];
    let text = (0..rng.usize(1..12)).map(|_| one_of(rng, WORDS)).collect();
    let voices = [
        None,
        Some("alice"),
        Some("Polly.Joanna-Neural"),
        Some("a \"b\" & c"),
    ];
    Spoken {
        text,
        language: one_of(rng, &["en-US", "de-DE", "es-MX"]).to_owned(),
        voice: voices[rng.usize(..voices.len())].map(str::to_owned),
    }
}

const URLS: &[&str] = &[
    "https://relay.example.com",
    "https://relay.example.com/",
    "https://relay.example.com/one/two",
    "http://127.0.0.1:8080",
    "https://relay.example.com/a&b'c",
];

fn number(rng: &mut Rng) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{:04}", rng.u16(100..200))).unwrap()
}

fn one_of<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

/// The library takes any attribute that it is given; its types name those that there are.
#[test]
fn no_document_has_an_attribute_that_twilio_does_not_know() {
    let types = std::fs::read_to_string(tools::node_module("twilio/lib/twiml/VoiceResponse.d.ts"));
    let known = attributes(&types.unwrap());
    let mut seen = BTreeSet::new();
    let mut rng = Rng::with_seed(2);
    for _ in 0..1000 {
        let xml = draw(&mut rng).ours;
        let parsed = Document::parse(&xml).unwrap();
        for element in parsed.descendants().filter(Node::is_element) {
            let name = element.tag_name().name();
            let has: Vec<_> = element.attributes().map(|a| a.name()).collect();
            let none = BTreeSet::new();
            let known = known.get(name).unwrap_or(&none);
            assert!(
                has.iter().all(|name| known.contains(*name)),
                "{name} {has:?}"
            );
            seen.insert(name.to_owned());
        }
    }
    let all = "Dial Gather Hangup Number Play Record Redirect Reject Response Say";
    let seen: Vec<_> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen.join(" "), all);
}

/// `export interface DialAttributes { … action?: string; … }` of each element.
fn attributes(types: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    let mut within = None;
    for line in types.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("export interface ") {
            let name = rest.split([' ', '{']).next().unwrap();
            within = name.strip_suffix("Attributes").map(str::to_owned);
        } else if line.starts_with('}') {
            within = None;
        } else if let (Some(element), Some((name, _))) = (&within, line.split_once("?:")) {
            all.entry(element.clone())
                .or_default()
                .insert(name.to_owned());
        }
    }
    assert!(all["Dial"].contains("answerOnBridge"), "{all:?}");
    assert!(!all["Dial"].contains("url"), "{all:?}");
    all
}
