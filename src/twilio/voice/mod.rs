//! What Twilio is to do with a call, in its XML.
//!
//! Every URL is absolute and carries Twilio's connection overrides: a request that a caller waits for is
//! repeated once, and has less than Twilio's fifteen seconds altogether; one that only tells something is
//! repeated three times.
//!
//! Sources: Twilio, "TwiML Voice" (Dial, Number, Gather, Record, Reject, Redirect) and "Connection
//! overrides".

mod caller;
mod errors;
mod path;

pub use caller::{attestation, caller};
pub use errors::what_to_do;
pub use path::{VOICE_PATH, VoicePath};

use std::fmt::Write;
use std::time::Duration;

use super::twiml::{EMPTY, escape};
use crate::domain::call::{Answer, Greeting, Rejected, Spoken};
use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;

/// The overrides of a request whose answer somebody waits for.
pub const AWAITED: &str = "#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx";

/// The overrides of a request that only tells something.
pub const TOLD: &str = "#rc=3&rp=ct,rt,5xx";

/// Twilio lets it ring so much longer than it is told to.
const RINGS_LONGER: Duration = Duration::from_secs(5);

/// What Twilio takes as the time that it rings, and as the time that two talk.
const RING_SECONDS: (u64, u64) = (5, 600);
const TALK_SECONDS: (u64, u64) = (1, 14_400);

/// How long a person has for a key after the words.
const KEY_SECONDS: u64 = 5;

/// And for the next key of a PIN.
const PIN_SECONDS: u64 = 8;

/// After so much silence a message is over.
const SILENCE_SECONDS: u64 = 5;

/// The longest message that the fallback takes.
const FALLBACK_SECONDS: u64 = 120;

pub const FALLBACK_GREETING: &str = "Nobody can take your call at the moment. Please leave a message after \
                                 the tone, or send a text to this number.";
pub const FALLBACK_BYE: &str = "Thank you. Goodbye.";

/// The document of an answer to a call, or to one of its legs.
pub fn document(answer: &Answer, call: &CallSid, public_url: &str) -> String {
    let urls = Urls(public_url.trim_end_matches('/'));
    match answer {
        Answer::Ring {
            leg,
            number,
            shows,
            ring,
            talk,
            unscreened,
        } => {
            let ring = seconds(ring.saturating_sub(RINGS_LONGER), RING_SECONDS);
            let ended = urls.awaited(VoicePath::Ended(call.clone(), *leg));
            let screen = urls.awaited(VoicePath::Screen(call.clone(), *leg));
            let progress = urls.told(VoicePath::Progress(call.clone(), *leg));
            let mut number_of = Element::new("Number");
            if !unscreened {
                number_of.set("url", screen);
            }
            number_of
                .set("statusCallback", progress)
                .set("statusCallbackEvent", "ringing answered completed");
            let dial = dial(shows, ring, *talk, ended);
            response(&dial.around(&number_of.around(&escape(number.expose()))))
        }
        Answer::Ask { leg, says } => {
            let chosen = urls.awaited(VoicePath::Chosen(call.clone(), *leg));
            response(&(asks(chosen, says) + HANG_UP))
        }
        Answer::AskToCall { says } => {
            let chosen = urls.awaited(VoicePath::OutChosen(call.clone()));
            response(&(asks(chosen, says) + HANG_UP))
        }
        Answer::CallCustomer {
            number,
            shows,
            ring,
            talk,
            by_phone,
        } => {
            let ring = seconds(ring.saturating_sub(RINGS_LONGER), RING_SECONDS);
            let customer = urls.told(VoicePath::OutCustomer(call.clone()));
            let mut number_of = Element::new("Number");
            number_of
                .set("statusCallback", customer)
                .set("statusCallbackEvent", "answered completed");
            let ended = urls.awaited(if *by_phone {
                VoicePath::Called(call.clone())
            } else {
                VoicePath::OutEnded(call.clone())
            });
            let dial = dial(shows, ring, *talk, ended);
            response(&dial.around(&number_of.around(&escape(number.expose()))))
        }
        Answer::AskPin { says } => {
            let mut gather = Element::new("Gather");
            gather
                .set("action", urls.awaited(VoicePath::Menu(call.clone())))
                .set("timeout", PIN_SECONDS)
                .set("finishOnKey", "#")
                .set("actionOnEmptyResult", "true");
            response(&(gather.around(&say(says)) + HANG_UP))
        }
        Answer::Menu { plays, says } => {
            let message = plays.as_ref().map(|token| {
                let url = format!("{}/v/{token}", urls.0);
                Element::new("Play").around(&escape(&url))
            });
            let words = message.unwrap_or_default() + &say(says);
            let menu = urls.awaited(VoicePath::Menu(call.clone()));
            response(&(asks_around(menu, &words) + HANG_UP))
        }
        Answer::Connect | Answer::Nothing => EMPTY.to_owned(),
        Answer::HangUp => response(HANG_UP),
        Answer::Say { says } => response(&(say(says) + HANG_UP)),
        Answer::TakeMessage {
            greeting,
            longest,
            transcribe,
        } => {
            let greeting = match greeting {
                Greeting::Spoken(says) => say(says),
                Greeting::File { hash } => {
                    let url = format!("{}{VOICE_PATH}/greeting/{hash}.mp3", urls.0);
                    Element::new("Play").around(&escape(&url))
                }
            };
            let transcribed = transcribe.then(|| VoicePath::Transcribed(call.clone()));
            response(
                &(greeting
                    + &urls.record(
                        VoicePath::Recorded(call.clone()),
                        VoicePath::Recording(call.clone()),
                        longest.as_secs().max(2),
                        transcribed,
                    )),
            )
        }
        Answer::Reject(reason) => {
            let mut reject = Element::new("Reject");
            reject.set(
                "reason",
                match reason {
                    Rejected::Busy => "busy",
                    Rejected::Rejected => "rejected",
                },
            );
            response(&reject.alone())
        }
    }
}

/// The fallback's document. It knows nothing of the call but what failed: it never rings anybody, ends a
/// leg, and has a caller leave a message. `public_url` is where the fallback was called.
pub fn fallback_document(failed: Option<&VoicePath>, public_url: &str) -> String {
    let words = |text: &str| Element::new("Say").around(&escape(text));
    match failed {
        Some(failed) if failed.is_of_person() => response(HANG_UP),
        Some(VoicePath::Recorded(_) | VoicePath::FallbackRecorded) => fallback_bye(),
        _ => {
            let urls = Urls(public_url.trim_end_matches('/'));
            response(
                &(words(FALLBACK_GREETING)
                    + &urls.record(
                        VoicePath::FallbackRecorded,
                        VoicePath::FallbackRecording,
                        FALLBACK_SECONDS,
                        None,
                    )),
            )
        }
    }
}

/// What a caller hears once the fallback's message is recorded.
pub fn fallback_bye() -> String {
    response(&(Element::new("Say").around(FALLBACK_BYE) + HANG_UP))
}

const HANG_UP: &str = "<Hangup/>";

fn response(verbs: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>"#)
}

/// Rings somebody, who sees `shows`.
fn dial(shows: &PhoneNumber, ring: u64, talk: Duration, ended: String) -> Element {
    let mut dial = Element::new("Dial");
    dial.set("answerOnBridge", "true")
        .set("callerId", shows.expose())
        .set("timeout", ring)
        .set("timeLimit", seconds(talk, TALK_SECONDS))
        .set("action", ended);
    dial
}

/// Says something and asks for one key.
fn asks(chosen: String, says: &Spoken) -> String {
    asks_around(chosen, &say(says))
}

fn asks_around(chosen: String, words: &str) -> String {
    let mut gather = Element::new("Gather");
    gather
        .set("action", chosen)
        .set("numDigits", "1")
        .set("timeout", KEY_SECONDS)
        .set("finishOnKey", "")
        .set("actionOnEmptyResult", "true");
    gather.around(words)
}

fn say(says: &Spoken) -> String {
    let mut say = Element::new("Say");
    say.set("language", &says.language);
    if let Some(voice) = &says.voice {
        say.set("voice", voice);
    }
    say.around(&escape(&says.text))
}

fn seconds(time: Duration, (least, most): (u64, u64)) -> u64 {
    time.as_secs().clamp(least, most)
}

/// A line's public URL, without a slash at its end.
struct Urls<'a>(&'a str);

impl Urls<'_> {
    fn awaited(&self, path: VoicePath) -> String {
        format!("{}{path}{AWAITED}", self.0)
    }

    fn told(&self, path: VoicePath) -> String {
        format!("{}{path}{TOLD}", self.0)
    }

    /// Records, and goes on at `recorded` in any case: what follows a recording of silence is described
    /// in two ways.
    fn record(
        &self,
        recorded: VoicePath,
        recording: VoicePath,
        longest: u64,
        transcribed: Option<VoicePath>,
    ) -> String {
        let recorded = self.awaited(recorded);
        let mut record = Element::new("Record");
        record
            .set("action", &recorded)
            .set("recordingStatusCallback", self.told(recording))
            .set("recordingStatusCallbackEvent", "completed absent")
            .set("maxLength", longest)
            .set("timeout", SILENCE_SECONDS)
            .set("finishOnKey", "#")
            .set("playBeep", "true");
        if let Some(transcribed) = transcribed {
            record
                .set("transcribe", "true")
                .set("transcribeCallback", self.told(transcribed));
        }
        record.alone() + &Element::new("Redirect").around(&escape(&recorded))
    }
}

/// An element being written. Its attributes are escaped; what stands in it is XML already.
struct Element {
    name: &'static str,
    attributes: String,
}

impl Element {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
        }
    }

    fn set(&mut self, name: &str, value: impl ToString) -> &mut Self {
        let value = escape(&value.to_string());
        write!(self.attributes, r#" {name}="{value}""#).expect("a string takes it");
        self
    }

    fn around(&self, content: &str) -> String {
        let Self { name, attributes } = self;
        format!("<{name}{attributes}>{content}</{name}>")
    }

    fn alone(&self) -> String {
        let Self { name, attributes } = self;
        format!("<{name}{attributes}/>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: &str = "https://relay.example.com/twilio/voice";
    const F: &str = "#ct=1500&amp;rt=4000&amp;rc=1&amp;rp=ct,rt,5xx";
    const P: &str = "#rc=3&amp;rp=ct,rt,5xx";

    fn call() -> CallSid {
        CallSid::parse(&format!("CA{}", "0a".repeat(16))).unwrap()
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    fn says(text: &str) -> Spoken {
        Spoken {
            text: text.to_owned(),
            language: "en-US".to_owned(),
            voice: None,
        }
    }

    fn verbs(answer: &Answer) -> String {
        verbs_of(document(answer, &call(), "https://relay.example.com/"))
    }

    fn verbs_of(document: String) -> String {
        let before = r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#;
        let verbs = document.strip_prefix(before).unwrap();
        verbs.strip_suffix("</Response>").unwrap().to_owned()
    }

    fn ring(ring: u64, unscreened: bool) -> String {
        verbs(&Answer::Ring {
            leg: 2,
            number: number("+16195550110"),
            shows: number("+16195550100"),
            ring: Duration::from_secs(ring),
            talk: Duration::from_secs(7200),
            unscreened,
        })
    }

    #[test]
    fn a_person_is_rung_as_the_line_and_the_caller_hears_it_ring() {
        let call = call();
        let dial = |url: &str| {
            format!(
                "<Dial answerOnBridge=\"true\" callerId=\"+16195550100\" timeout=\"15\" timeLimit=\"7200\" \
                 action=\"{U}/{call}/2/ended{F}\"><Number {url}statusCallback=\"{U}/{call}/2/progress{P}\" \
                 statusCallbackEvent=\"ringing answered completed\">+16195550110</Number></Dial>"
            )
        };
        let screened = dial(&format!("url=\"{U}/{call}/2/screen{F}\" "));
        assert_eq!(ring(20, false), screened);
        assert_eq!(ring(20, true), dial(""));
        assert!(ring(3, false).contains(r#"timeout="5""#));
        assert!(ring(9999, false).contains(r#"timeout="600""#));
    }

    #[test]
    fn the_leg_is_asked_for_one_key_and_ends_without_it() {
        let ask = Answer::Ask {
            leg: 1,
            says: says("A & B, a call from 0 1 4 2. Press 1."),
        };
        let chosen = format!("{U}/{}/1/chosen{F}", call());
        assert_eq!(
            verbs(&ask),
            format!(
                "<Gather action=\"{chosen}\" numDigits=\"1\" timeout=\"5\" finishOnKey=\"\" \
                 actionOnEmptyResult=\"true\"><Say language=\"en-US\">A &amp; B, a call from 0 1 4 2. \
                 Press 1.</Say></Gather><Hangup/>"
            )
        );
    }

    #[test]
    fn a_person_who_presses_1_has_the_customer_called_as_the_line() {
        let call = call();
        let ask = verbs(&Answer::AskToCall {
            says: says("Q D N, your call to 0 1 0 7. Press 1."),
        });
        assert_eq!(
            ask,
            format!(
                "<Gather action=\"{U}/out/{call}/chosen{F}\" numDigits=\"1\" timeout=\"5\" finishOnKey=\"\" \
                 actionOnEmptyResult=\"true\"><Say language=\"en-US\">Q D N, your call to 0 1 0 7. Press \
                 1.</Say></Gather><Hangup/>"
            )
        );
        let dial = verbs(&Answer::CallCustomer {
            number: number("+16195550107"),
            shows: number("+16195550100"),
            ring: Duration::from_secs(35),
            talk: Duration::from_secs(7200),
            by_phone: false,
        });
        assert_eq!(
            dial,
            format!(
                "<Dial answerOnBridge=\"true\" callerId=\"+16195550100\" timeout=\"30\" timeLimit=\"7200\" \
                 action=\"{U}/out/{call}/ended{F}\"><Number statusCallback=\"{U}/out/{call}/customer{P}\" \
                 statusCallbackEvent=\"answered completed\">+16195550107</Number></Dial>"
            )
        );
    }

    #[test]
    fn a_message_is_recorded_once_and_goes_on_in_any_case() {
        let call = call();
        let take = |greeting, transcribe| {
            verbs(&Answer::TakeMessage {
                greeting,
                longest: Duration::from_secs(120),
                transcribe,
            })
        };
        let record = |transcribed: &str| {
            format!(
                "<Record action=\"{U}/{call}/recorded{F}\" recordingStatusCallback=\"{U}/{call}/recording{P}\" \
                 recordingStatusCallbackEvent=\"completed absent\" maxLength=\"120\" timeout=\"5\" \
                 finishOnKey=\"#\" playBeep=\"true\"{transcribed}/><Redirect>{U}/{call}/recorded{F}</Redirect>"
            )
        };
        let spoken = Greeting::Spoken(Spoken {
            voice: Some("Polly.Joanna".to_owned()),
            ..says("After the <tone>.")
        });
        let say = r#"<Say language="en-US" voice="Polly.Joanna">After the &lt;tone&gt;.</Say>"#;
        assert_eq!(take(spoken, false), say.to_owned() + &record(""));
        let file = Greeting::File {
            hash: "0af1".to_owned(),
        };
        let transcribed =
            format!(" transcribe=\"true\" transcribeCallback=\"{U}/{call}/transcribed{P}\"");
        let play = format!("<Play>{U}/greeting/0af1.mp3</Play>");
        assert_eq!(take(file, true), play + &record(&transcribed));
    }

    #[test]
    fn the_short_answers_are_short() {
        assert_eq!(verbs(&Answer::Connect), "");
        assert_eq!(verbs(&Answer::Nothing), "");
        assert_eq!(verbs(&Answer::HangUp), "<Hangup/>");
        let busy = verbs(&Answer::Reject(Rejected::Busy));
        assert_eq!(busy, r#"<Reject reason="busy"/>"#);
        let rejected = verbs(&Answer::Reject(Rejected::Rejected));
        assert_eq!(rejected, r#"<Reject reason="rejected"/>"#);
        let bye = Answer::Say {
            says: says("Thanks."),
        };
        assert_eq!(
            verbs(&bye),
            r#"<Say language="en-US">Thanks.</Say><Hangup/>"#
        );
    }

    #[test]
    fn the_fallback_takes_messages_of_callers_and_never_of_a_leg() {
        let of = |failed: Option<VoicePath>| {
            verbs_of(fallback_document(
                failed.as_ref(),
                "https://relay.example.com",
            ))
        };
        let bye = format!("<Say>{FALLBACK_BYE}</Say><Hangup/>");
        assert_eq!(of(Some(VoicePath::Screen(call(), 1))), "<Hangup/>");
        assert_eq!(of(Some(VoicePath::Chosen(call(), 1))), "<Hangup/>");
        assert_eq!(of(Some(VoicePath::OutAsk(call()))), "<Hangup/>");
        assert_eq!(of(Some(VoicePath::OutEnded(call()))), "<Hangup/>");
        assert_eq!(of(Some(VoicePath::Recorded(call()))), bye);
        assert_eq!(of(Some(VoicePath::FallbackRecorded)), bye);
        for failed in [
            None,
            Some(VoicePath::Call),
            Some(VoicePath::Ended(call(), 1)),
        ] {
            let message = of(failed);
            assert!(message.starts_with("<Say>"), "{message}");
            let record = format!(
                "<Record action=\"{U}/fallback/recorded{F}\" \
                 recordingStatusCallback=\"{U}/fallback/recording{P}\""
            );
            assert!(message.contains(&record), "{message}");
            let redirect = format!("<Redirect>{U}/fallback/recorded{F}</Redirect>");
            assert!(message.ends_with(&redirect), "{message}");
            assert!(!message.contains("<Dial"), "{message}");
        }
    }
}
