//! A call as Twilio keeps it, what each side of it hears, and what is on the agenda for it. How it goes on is
//! in `voice`.

pub(super) mod attributes;
pub(super) mod doing;
pub(super) mod phone;
mod stored;
pub(super) mod twiml;
mod unchecked;

use std::collections::VecDeque;
use std::time::Duration;

use doing::Doing;
use jiff::Timestamp;
pub use phone::{Act, CannotAct, TakesCalls};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
pub(super) use stored::Stored;
use twiml::{Dial, For, Verb};
pub use unchecked::Unchecked;

use super::message::{API_PATH, API_VERSION, digest, rfc2822};
use crate::domain::names::name_of;

/// `CA` and 32 hexadecimal digits.
pub(super) type CallSid = String;

/// How a call stands, in Twilio's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// A leg before its phone rings.
    Queued,
    Ringing,
    InProgress,
    Completed,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
}

impl CallStatus {
    pub fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}

/// One thing that somebody on a call heard or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub at: Timestamp,
    pub kind: Kind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A tone: ringing, busy, the beep.
    Tone,
    /// Words that are read aloud.
    Says,
    /// A sound file.
    Plays,
    /// The person, or the machine, at the other end.
    Voice,
    /// What this side itself did.
    Did,
    /// How the call stands now.
    State,
}

/// What is told of a call to whoever watches: `GET /sandbox/calls/{sid}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallView {
    pub sid: String,
    pub parent: Option<String>,
    pub from: String,
    pub to: String,
    pub status: CallStatus,
    /// Twilio's error, if the call failed by one.
    pub error_code: Option<u32>,
    pub started: Timestamp,
    /// From then on it is billed.
    pub answered: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    /// What goes on now.
    pub now: String,
    /// Whether this side talks with another.
    pub connected: bool,
    /// What this side heard and did.
    pub heard: Vec<Heard>,
    pub legs: Vec<CallView>,
}

pub(super) struct Call {
    pub sid: CallSid,
    /// Of a leg: the call that it was dialled for.
    pub parent: Option<CallSid>,
    /// The API made it: it rings a phone, and no document of another call dialled that.
    pub is_by_api: bool,
    pub from: String,
    pub to: String,
    pub status: CallStatus,
    pub error_code: Option<u32>,
    pub created: Timestamp,
    pub answered: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub heard: Vec<Heard>,
    pub stir_verstat: Option<String>,
    pub forwarded_from: Option<String>,
    pub caller_name: Option<String>,
    /// Fields of its webhooks that are to be added or replaced.
    pub extra_fields: Vec<(String, String)>,
    /// What the call does until something happens.
    pub doing: Doing,
    /// Changes with every step: what was planned for an earlier one comes to nothing.
    pub epoch: u64,
    /// The document that is carried out: where it is from, and what is left of it.
    pub document: Script,
    /// Redirects one after another without anything between them.
    pub redirects: u32,
    /// How often it has dialled.
    pub dials: u32,
    /// Where status callbacks go, for which events, and how many went.
    pub status_callback: Option<String>,
    pub events: Vec<String>,
    pub sequence: u32,
    /// Whether it was ever connected with the other side.
    pub bridged: bool,
    /// The `<Dial>` that is carried out, and its legs.
    pub dial: Option<(Dial, Vec<CallSid>)>,
    /// Of a leg: the `url` of its `<Number>`.
    pub url: Option<String>,
    /// What picked up instead of a person.
    pub machine: Option<&'static str>,
    /// Of a leg of which a phone forwards to a number of the account: the call that this caused.
    pub forwarded_to: Option<CallSid>,
    /// Of a call that came by such forwarding: the leg that it is for.
    pub forwards: Option<CallSid>,
}

/// Whose document an answer is, if the call still waits for it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub call: CallSid,
    pub epoch: u64,
    pub to: For,
}

#[derive(Default)]
pub(super) struct Script {
    pub url: String,
    pub left: VecDeque<Verb>,
}

impl Call {
    pub fn is_leg(&self) -> bool {
        self.parent.is_some()
    }

    /// Whether a phone is called by it; otherwise somebody calls a number of the account.
    pub fn is_outgoing(&self) -> bool {
        self.is_leg() || self.is_by_api
    }

    /// Seconds since it was answered, as Twilio counts them.
    pub fn seconds(&self, now: Timestamp) -> Option<u64> {
        let since = self.answered?;
        let until = self.ended.unwrap_or(now);
        Duration::try_from(until.duration_since(since))
            .ok()
            .map(|d| d.as_secs())
    }

    pub fn hears(&mut self, at: Timestamp, kind: Kind, text: impl Into<String>) {
        let text = text.into();
        self.heard.push(Heard { at, kind, text });
    }

    pub fn direction(&self) -> &'static str {
        if self.is_leg() {
            "outbound-dial"
        } else if self.is_by_api {
            "outbound-api"
        } else {
            "inbound"
        }
    }

    /// The Call resource of Twilio's API.
    pub fn json(&self, account_sid: &str, now: Timestamp) -> Value {
        let uri = format!("{API_PATH}/{account_sid}/Calls/{}", self.sid);
        let duration = self
            .ended
            .map(|_| self.seconds(now).unwrap_or(0).to_string());
        json!({
            "account_sid": account_sid,
            "answered_by": null,
            "api_version": API_VERSION,
            "caller_name": self.caller_name,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.ended.or(self.answered).unwrap_or(self.created)),
            "direction": self.direction(),
            "duration": duration,
            "end_time": self.ended.map(rfc2822),
            "forwarded_from": self.forwarded_from,
            "from": self.from,
            "from_formatted": self.from,
            "group_sid": null,
            "parent_call_sid": self.parent,
            "phone_number_sid": format!("PN{}", digest(if self.is_outgoing() { &self.from } else { &self.to })),
            "price": null,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": rfc2822(self.created),
            "status": name_of(&self.status),
            "subresource_uris": { "recordings": format!("{uri}/Recordings.json") },
            "to": self.to,
            "to_formatted": self.to,
            "trunk_sid": null,
            "uri": format!("{uri}.json"),
        })
    }
}

impl Call {
    pub fn new(sid: CallSid, from: &str, to: &str, now: Timestamp) -> Self {
        Self {
            sid,
            parent: None,
            is_by_api: false,
            from: from.to_owned(),
            to: to.to_owned(),
            status: CallStatus::Ringing,
            error_code: None,
            created: now,
            answered: None,
            ended: None,
            heard: Vec::new(),
            stir_verstat: None,
            forwarded_from: None,
            caller_name: None,
            extra_fields: Vec::new(),
            doing: Doing::Asks,
            epoch: 0,
            document: Script::default(),
            redirects: 0,
            dials: 0,
            status_callback: None,
            events: Vec::new(),
            sequence: 0,
            bridged: false,
            dial: None,
            url: None,
            machine: None,
            forwarded_to: None,
            forwards: None,
        }
    }

    /// Does something else from now on: what was planned before comes to nothing.
    pub fn begin(&mut self, doing: Doing, now: Timestamp) {
        self.doing = doing;
        self.epoch += 1;
        // What was still to be heard is cut off.
        self.heard.retain(|heard| heard.at <= now);
    }
}

/// Every call there is, in the order in which they began.
#[derive(Default)]
pub(super) struct Calls {
    pub all: Vec<Call>,
}

impl Calls {
    pub fn get(&self, sid: &str) -> Option<&Call> {
        self.all.iter().rev().find(|call| call.sid == sid)
    }

    pub fn get_mut(&mut self, sid: &str) -> Option<&mut Call> {
        self.all.iter_mut().rev().find(|call| call.sid == sid)
    }

    /// The legs of a call, oldest first.
    pub fn legs<'a>(&'a self, parent: &'a str) -> impl DoubleEndedIterator<Item = &'a Call> {
        let legs = self.all.iter();
        legs.filter(move |call| call.parent.as_deref() == Some(parent))
    }

    /// The call that a phone rings for or talks in: what came last.
    pub fn live_at_phone(&self, number: &str) -> Option<&Call> {
        let mut legs = self.all.iter().rev();
        legs.find(|call| call.is_outgoing() && call.to == number && call.status.is_live())
    }

    /// The customer's call that came last and goes on.
    pub fn latest_live(&self) -> Option<&Call> {
        let live = self.all.iter().rev().filter(|call| call.status.is_live());
        let mut to_us = live.clone().filter(|call| !call.is_outgoing());
        to_us
            .next()
            .or_else(|| { live }.find(|call| call.is_by_api))
    }

    pub fn view(&self, sid: &str, now: Timestamp) -> Option<CallView> {
        let call = self.get(sid)?;
        // Prompts are put down with the times at which they begin.
        let heard = call.heard.iter().filter(|heard| heard.at <= now);
        let mut heard: Vec<_> = heard.cloned().collect();
        heard.sort_by_key(|heard| heard.at);
        let legs = self.legs(sid).filter_map(|leg| self.view(&leg.sid, now));
        Some(CallView {
            sid: call.sid.clone(),
            parent: call.parent.clone(),
            from: call.from.clone(),
            to: call.to.clone(),
            status: call.status,
            error_code: call.error_code,
            started: call.created,
            answered: call.answered,
            ended: call.ended,
            now: call.doing.words().to_owned(),
            connected: matches!(call.doing, Doing::Talks(_)),
            heard,
            legs: legs.collect(),
        })
    }
}
