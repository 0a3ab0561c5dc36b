//! Calls: a customer calls a number of the account, and TwiML says what they hear and who is dialled.
//!
//! Time, length of words and what phones do are fixed, so that a call runs in the same way every time. What
//! nobody could check about Twilio can be switched ([`super::Unchecked`]).

mod dial;
mod record;
mod requests;
mod run;

use std::time::Duration;

use super::NotOurNumber;
use super::call::doing::{CallStep, Doing};
use super::call::{Act, Call, CallSid, CallStatus, CannotAct, Kind, Script, attributes};
use super::message::digest;
use super::state::State;
use crate::domain::phone::PhoneNumber;
use crate::twilio::effective::Source;

/// What a caller who withholds their number is, in `From`.
pub const WITHHELD: &str = "+266696687";

/// The TwiML elements that the sandbox knows, each with all its attributes.
pub fn twiml_attributes() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let elements = attributes::ELEMENTS.iter();
    elements.map(|(name, all)| (*name, all.iter().map(|a| a.name).collect()))
}

/// How a customer calls.
#[derive(Debug, Clone, Default)]
pub struct NewCall {
    /// `StirVerstat`, such as `TN-Validation-Passed-A`.
    pub stir_verstat: Option<String>,
    /// The caller's patience.
    pub hang_up_after: Option<Duration>,
    /// Fields of its webhooks that are to be added or replaced.
    pub extra_fields: Vec<(String, String)>,
}

/// A call that the API makes.
pub(super) struct ByApi {
    /// What is asked once somebody or something picks up.
    pub url: String,
    pub timeout: Duration,
    pub status_callback: Option<String>,
    /// The events that it is called for.
    pub events: Vec<String>,
}

impl State {
    fn new_call_sid(&mut self) -> CallSid {
        self.calls_begun += 1;
        let of = format!("call {} {}", self.opened.as_nanosecond(), self.calls_begun);
        format!("CA{}", digest(&of))
    }

    /// A customer calls one of the account's numbers.
    pub(super) fn place_call(
        &mut self,
        from: &str,
        to: &PhoneNumber,
        new: NewCall,
    ) -> Result<CallSid, NotOurNumber> {
        if !self.account.numbers.contains_key(to) {
            return Err(NotOurNumber(to.masked()));
        }
        let sid = self.new_call_sid();
        let mut call = Call::new(sid.clone(), from, to.expose(), self.now);
        call.stir_verstat = new.stir_verstat;
        call.extra_fields = new.extra_fields;
        self.come_in_by_phone(call, to);
        if let Some(patience) = new.hang_up_after {
            self.plan_anyway(patience, &sid, CallStep::CallerHangsUp);
        }
        Ok(sid)
    }

    /// The API calls a phone; whoever picks up hears what `url` answers.
    pub(super) fn call_by_api(&mut self, from: &str, to: &str, new: ByApi) -> CallSid {
        let sid = self.new_call_sid();
        let mut call = Call::new(sid.clone(), from, to, self.now);
        call.is_by_api = true;
        call.status = CallStatus::Queued;
        call.doing = Doing::Rings;
        call.document.url.clone_from(&new.url);
        call.url = Some(new.url);
        call.status_callback = new.status_callback;
        call.events = new.events;
        self.calls.all.push(call);
        let wait = new.timeout + Duration::from_millis(self.unchecked.extra_ring_ms);
        self.plan(wait, &sid, CallStep::RingTimeout);
        self.call_back_of_call(&sid, "initiated");
        self.start_leg(&sid);
        sid
    }

    /// A call comes to a number: its `voice_url` is asked what to do.
    fn come_in_by_phone(&mut self, mut call: Call, number: &PhoneNumber) {
        let hooks = self.account.voice_hooks(number);
        let sid = call.sid.clone();
        call.status_callback = self.account.call_status_callback(number);
        call.events = vec!["completed".to_owned()];
        call.hears(self.now, Kind::Tone, "ringing");
        if let Source::Trunk(_) = hooks.from {
            call.hears(self.now, Kind::Tone, "a SIP trunk takes the call elsewhere");
            self.calls.all.push(call);
            return self.end(&sid, CallStatus::NoAnswer);
        }
        let url = hooks.main.as_ref().map(|main| main.url.clone());
        call.document = Script {
            url: url.unwrap_or_default(),
            ..Script::default()
        };
        self.calls.all.push(call);
        let Some(main) = hooks.main else {
            let why = format!("{} has no voice_url; set one up", number.masked());
            self.outbox.alert(11200, "", Some(&sid), why, self.now);
            return self.application_error(&sid);
        };
        self.ask_hook(&sid, main, vec![]);
    }

    /// The customer on a call does something.
    pub(super) fn caller_acts(&mut self, sid: &str, act: &Act) -> Result<(), CannotAct> {
        let live = self.calls.get(sid).filter(|call| call.status.is_live());
        // Of a call that the account makes, who was called acts at their phone; it can be ended from here, too.
        let is_ended = |call: &Call| call.is_by_api && *act == Act::HangUp;
        if live.is_none_or(|call| call.is_outgoing() && !is_ended(call)) {
            return Err(CannotAct::NoSuchCall);
        }
        match act {
            Act::Answer | Act::Decline => Err(CannotAct::NotCalled),
            act => self.acts(sid, act),
        }
    }

    /// The person at a phone that rings or talks does something; returns which call that is.
    pub(super) fn callee_acts(&mut self, number: &str, act: &Act) -> Result<CallSid, CannotAct> {
        let call = self.calls.live_at_phone(number);
        let call = call.ok_or(CannotAct::NoCallHere)?;
        let sid = call.sid.clone();
        let is_answered = call.status == CallStatus::InProgress;
        let by_machine = call.machine.is_some();
        match act {
            Act::Answer if is_answered && by_machine => {
                if let Some(call) = self.calls.get_mut(&sid) {
                    call.machine = None;
                    call.hears(self.now, Kind::Did, "takes over from the machine");
                }
            }
            Act::Answer if is_answered => return Err(CannotAct::AnsweredAlready),
            Act::Answer => self.pick_up(&sid, None),
            Act::Decline if is_answered => return Err(CannotAct::AnsweredAlready),
            Act::Decline => self.hang_up(&sid),
            _ if !is_answered => return Err(CannotAct::NotAnswered),
            act => self.acts(&sid, act)?,
        }
        Ok(sid)
    }

    fn acts(&mut self, sid: &str, act: &Act) -> Result<(), CannotAct> {
        match act {
            Act::HangUp => {
                if let Some(call) = self.calls.get_mut(sid) {
                    call.hears(self.now, Kind::Did, "hangs up");
                }
                self.hang_up(sid);
            }
            Act::Press(keys) => self.press(sid, keys)?,
            Act::Say(seconds) if (0.1..=3600.0).contains(seconds) => {
                self.say(sid, Duration::from_secs_f64(*seconds));
            }
            Act::Say(_) => return Err(CannotAct::BadLength),
            Act::Answer | Act::Decline => {}
        }
        Ok(())
    }

    /// The API ends a call.
    pub(super) fn end_by_api(&mut self, sid: &str) {
        if let Some(call) = self.calls.get_mut(sid)
            && !matches!(call.doing, Doing::Over)
        {
            call.hears(self.now, Kind::State, "ended by the API");
        }
        let call = self.calls.get(sid);
        if call.is_some_and(|call| call.is_outgoing() && call.answered.is_none()) {
            return self.leg_ends(sid, CallStatus::Canceled, None);
        }
        self.hang_up(sid);
    }
}
