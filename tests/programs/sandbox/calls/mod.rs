//! Calls on a clock that the tests move, with a program that answers as a relay would.

mod documents;
mod hanging_up;
mod phones;
mod rest;
mod troubles;

use std::sync::Mutex;

use jiff::Timestamp;
use relay::clock::Clock;
use relay::sandbox::{Act, CallStatus, CallView, Kind, NewCall, NoReply, TakesCalls};

use super::*;

const CALLER: &str = "+16195550142";
const BACKUP: &str = "+16195550111";
const VOICE: &str = "https://relay.example.com/twilio/voice";

/// A webhook as the program got it.
#[derive(Clone)]
struct Got {
    /// After `/twilio/voice`.
    path: String,
    fields: Form,
    at: Timestamp,
}

impl Got {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or("-")
    }
}

/// What the program answers.
enum Reply {
    Xml(String),
    Other(u16, Option<&'static str>, String),
    Nothing,
}

fn xml(inner: &str) -> Reply {
    Reply::Xml(format!("<Response>{inner}</Response>"))
}

type Program = Box<dyn Fn(&str, &Form) -> Reply>;

/// A sandbox, and a program behind its number.
struct Line {
    world: World,
    program: Program,
    got: Mutex<Vec<Got>>,
    begun: Timestamp,
}

impl Line {
    fn answered_by(program: impl Fn(&str, &Form) -> Reply + 'static) -> Self {
        let world = world();
        let setup = Number {
            voice_url: Some(format!("{VOICE}#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx")),
            voice_fallback_url: Some(format!("{VOICE}/fallback")),
            status_callback: Some(format!("{VOICE}/end#rc=3&rp=ct,rt,5xx")),
            ..Number::default()
        };
        world.sandbox.set_number(number(LINE), setup);
        let begun = world.clock.now();
        Self {
            world,
            program: Box::new(program),
            got: Mutex::default(),
            begun,
        }
    }

    /// Answered by what a relay would say: Sergio is dialled and asked, then there is voicemail.
    fn with_relay() -> Self {
        Self::answered_by(relay)
    }

    fn call(&self) -> String {
        self.call_with(NewCall::default())
    }

    fn call_with(&self, new: NewCall) -> String {
        let sid = self.world.sandbox.call(CALLER, &number(LINE), new);
        sid.expect("the line is there")
    }

    /// Lets time pass, and everything happen that is due.
    fn wait(&self, seconds: f64) {
        let end = self.world.clock.now() + Duration::from_secs_f64(seconds);
        self.settle();
        while let Some(at) = self.world.sandbox.next_due().filter(|at| *at <= end) {
            if at > self.world.clock.now() {
                self.world.clock.set(at);
            }
            self.settle();
        }
        self.world.clock.set(end);
    }

    fn settle(&self) {
        let sandbox = &self.world.sandbox;
        loop {
            let due = sandbox.due(self.world.clock.now());
            if due.is_empty() {
                return;
            }
            for webhook in due {
                assert!(self.world.is_signed(&webhook), "{}", webhook.url);
                assert!(!webhook.url.contains('#'), "overrides are not called");
                let fields = Form::parse(webhook.body.as_bytes()).expect("each field once");
                let path = webhook.url.strip_prefix(VOICE).expect(&webhook.url);
                let reply = (self.program)(path, &fields);
                let (path, at) = (path.to_owned(), self.world.clock.now());
                self.got.lock().unwrap().push(Got { path, fields, at });
                match reply {
                    Reply::Xml(body) => {
                        sandbox.answered_with(webhook.id, 200, Some("text/xml"), &body);
                    }
                    Reply::Other(status, kind, body) => {
                        sandbox.answered_with(webhook.id, status, kind, &body);
                    }
                    Reply::Nothing => sandbox.unanswered(webhook.id, NoReply::TimedOut),
                }
            }
        }
    }

    /// The requests to that path, in order.
    fn got(&self, path: &str) -> Vec<Got> {
        let got = self.got.lock().unwrap();
        got.iter().filter(|got| got.path == path).cloned().collect()
    }

    /// The only request to that path.
    fn only(&self, path: &str) -> Got {
        let mut got = self.got(path);
        assert_eq!(got.len(), 1, "{path} of {:?}", self.paths());
        got.remove(0)
    }

    fn paths(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().map(|got| got.path.clone()).collect()
    }

    fn seconds(&self, at: Timestamp) -> f64 {
        at.duration_since(self.begun).as_secs_f64()
    }

    fn view(&self, sid: &str) -> CallView {
        self.world.sandbox.call_view(sid).expect("the call")
    }

    fn status(&self, sid: &str) -> CallStatus {
        self.view(sid).status
    }

    fn takes(&self, phone: &str, how: TakesCalls) {
        self.world.sandbox.takes_calls(&number(phone), how);
    }

    fn sergio(&self, act: Act) {
        let acted = self.world.sandbox.callee_acts(&number(SERGIO), &act);
        acted.expect("Sergio's phone has a call");
        self.settle();
    }

    fn caller(&self, sid: &str, act: Act) {
        let acted = self.world.sandbox.caller_acts(sid, &act);
        acted.expect("the call goes on");
        self.settle();
    }

    fn alerts(&self) -> Vec<u32> {
        let alerts = self.world.sandbox.alerts();
        alerts.iter().map(|alert| alert.error_code).collect()
    }

    /// What the caller heard and did, each as one word or a sentence.
    fn heard(&self, sid: &str) -> Vec<String> {
        texts(&self.view(sid))
    }
}

fn texts(call: &CallView) -> Vec<String> {
    let heard = call.heard.iter();
    heard.map(|heard| heard.text.clone()).collect()
}

fn press(keys: &str) -> Act {
    Act::Press(keys.to_owned())
}

/// The documents of a relay with Sergio alone; `leg` is which.
fn ring(leg: u32, phone: &str) -> String {
    format!(
        "<Dial answerOnBridge=\"true\" callerId=\"{LINE}\" timeout=\"15\" timeLimit=\"7200\" \
         action=\"{VOICE}/{leg}/ended#ct=1500&amp;rt=4000&amp;rc=1&amp;rp=ct,rt,5xx\">\
         <Number url=\"{VOICE}/{leg}/screen\" statusCallback=\"{VOICE}/{leg}/progress\" \
         statusCallbackEvent=\"ringing answered completed\">{phone}</Number></Dial>"
    )
}

fn voicemail() -> String {
    format!(
        "<Say>Please leave a message.</Say><Record action=\"{VOICE}/recorded\" \
         recordingStatusCallback=\"{VOICE}/recording\" recordingStatusCallbackEvent=\"completed absent\" \
         maxLength=\"120\" timeout=\"5\" finishOnKey=\"#\" playBeep=\"true\"/>\
         <Redirect>{VOICE}/recorded</Redirect>"
    )
}

fn relay(path: &str, fields: &Form) -> Reply {
    match path {
        "" => xml(&ring(1, SERGIO)),
        "/1/screen" => xml(&format!(
            "<Gather action=\"{VOICE}/1/chosen\" numDigits=\"1\" timeout=\"5\" finishOnKey=\"\" \
             actionOnEmptyResult=\"true\"><Say>Q D N, a call from 0 1 4 2. Press 1.</Say></Gather><Hangup/>"
        )),
        "/1/chosen" if fields.get("Digits") == Some("1") => xml(""),
        "/1/chosen" => xml("<Hangup/>"),
        "/1/ended" if fields.get("CallStatus") == Some("completed") => xml(""),
        "/1/ended" if fields.get("DialBridged") == Some("true") => xml("<Hangup/>"),
        "/1/ended" => xml(&voicemail()),
        "/recorded" if fields.get("Digits") == Some("hangup") => xml(""),
        "/recorded" => xml("<Say>Thank you. Goodbye.</Say><Hangup/>"),
        "/1/progress" | "/recording" | "/end" => Reply::Other(204, None, String::new()),
        _ => Reply::Other(404, None, String::new()),
    }
}
