//! `<Dial>`: legs ring, one picks up and hears its document, and both sides are connected.

use std::time::Duration;

use super::requests::Fields;
use crate::domain::names::name_of;
use crate::domain::phone::PhoneNumber;
use crate::sandbox::Power;
use crate::sandbox::call::doing::{CallStep, Doing, PhoneDoes};
use crate::sandbox::call::twiml::{Dial, Number};
use crate::sandbox::call::{Call, CallSid, CallStatus, Kind, Script, TakesCalls};
use crate::sandbox::state::State;

/// "Dial: Invalid callerId value" and "Dial: Invalid phone number format".
const BAD_CALLER_ID: u32 = 13214;
const BAD_NUMBER: u32 = 13223;
/// How long a mailbox records.
const MAILBOX_RECORDS: Duration = Duration::from_secs(120);
/// Calls that forwarding may cause one after another.
const MOST_FORWARDS: usize = 5;

impl State {
    pub(super) fn dial(&mut self, sid: &str, dial: Dial) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.dials += 1;
        let answers_anyway = self.unchecked.second_dial_answers && call.dials > 1;
        if !dial.answer_on_bridge || answers_anyway {
            self.answer(sid);
        }
        let caller_id = self.caller_id(sid, &dial);
        let wait = dial.timeout + Duration::from_millis(self.unchecked.extra_ring_ms);
        let mut legs = Vec::new();
        for number in &dial.numbers {
            legs.push(self.new_leg(sid, number, caller_id.as_deref()));
        }
        if let Some(call) = self.calls.get_mut(sid) {
            let last = call.heard.iter().rfind(|heard| heard.kind != Kind::State);
            if last.is_none_or(|last| last.kind != Kind::Tone) {
                call.hears(now, Kind::Tone, "ringing");
            }
            call.begin(Doing::Dials, now);
            call.dial = Some((dial, legs.clone()));
        }
        self.plan(wait, sid, CallStep::DialTimeout);
        for leg in legs {
            self.call_back_of_call(&leg, "initiated");
            self.start_leg(&leg);
        }
    }

    /// What the callees' displays show; `None` if the caller id is not allowed.
    fn caller_id(&self, sid: &str, dial: &Dial) -> Option<String> {
        let call = self.calls.get(sid)?;
        let Some(id) = &dial.caller_id else {
            return Some(call.from.clone());
        };
        let is_ours = self.our_number(id).is_some();
        (is_ours || *id == call.from || *id == call.to).then(|| id.clone())
    }

    fn new_leg(&mut self, parent: &str, number: &Number, caller_id: Option<&str>) -> CallSid {
        let sid = self.new_call_sid();
        let from = caller_id.unwrap_or_default();
        let mut leg = Call::new(sid.clone(), from, &number.number, self.now);
        leg.status = CallStatus::Queued;
        leg.parent = Some(parent.to_owned());
        leg.doing = Doing::Rings;
        leg.status_callback.clone_from(&number.status_callback);
        leg.events.clone_from(&number.events);
        leg.url.clone_from(&number.url);
        let document = self.calls.get(parent).map(|call| call.document.url.clone());
        leg.document = Script {
            url: document.unwrap_or_default(),
            ..Script::default()
        };
        if caller_id.is_none() {
            leg.error_code = Some(BAD_CALLER_ID);
        } else if PhoneNumber::parse(&number.number).is_err() {
            leg.error_code = Some(BAD_NUMBER);
        }
        self.calls.all.push(leg);
        sid
    }

    pub(super) fn start_leg(&mut self, sid: &str) {
        let Some(leg) = self.calls.get(sid) else {
            return;
        };
        let to = leg.to.clone();
        let code = leg.error_code.or_else(|| self.faults.of_leg(&to));
        let takes = self.takes_calls(&to);
        let (rings, does) = match code {
            Some(code) => {
                let wait = Duration::from_millis(500);
                (false, Some((wait, PhoneDoes::Fails(code))))
            }
            None => (takes.rings(), takes.does()),
        };
        if rings {
            self.leg_rings(sid);
        }
        if let Some((wait, does)) = does {
            self.plan(wait, sid, CallStep::Phone(does));
        }
    }

    fn takes_calls(&self, number: &str) -> TakesCalls {
        let phone = self.phones.0.get(number);
        match phone.map(|phone| (phone.power, phone.calls.clone())) {
            Some((Power::Off, TakesCalls::On)) => TakesCalls::Off,
            Some((_, calls)) => calls,
            None if self.our_number(number).is_some() => own_number(number),
            None => TakesCalls::On,
        }
    }

    fn leg_rings(&mut self, sid: &str) {
        if let Some(leg) = self.calls.get_mut(sid) {
            leg.status = CallStatus::Ringing;
            let shown = format!("ringing, the display shows {}", leg.from);
            leg.hears(self.now, Kind::Tone, shown);
        }
        self.call_back_of_call(sid, "ringing");
    }

    pub(super) fn phone_does(&mut self, sid: &str, does: PhoneDoes) {
        let is_answered = |state: &Self| {
            let leg = state.calls.get(sid);
            leg.is_none_or(|leg| leg.status == CallStatus::InProgress)
        };
        match does {
            PhoneDoes::MachineHangsUp => {
                let leg = self.calls.get(sid);
                if leg.is_some_and(|leg| leg.machine.is_some()) {
                    self.hang_up(sid);
                }
            }
            _ if is_answered(self) => {}
            PhoneDoes::MachineAnswers(words) => self.pick_up(sid, Some(words)),
            PhoneDoes::Busy | PhoneDoes::Declines => self.leg_ends(sid, CallStatus::Busy, None),
            PhoneDoes::Unavailable => self.leg_ends(sid, CallStatus::NoAnswer, None),
            PhoneDoes::Fails(code) => {
                let call = self.calls.get(sid);
                let url = call
                    .map(|call| call.document.url.clone())
                    .unwrap_or_default();
                let why = format!("a leg cannot be dialled (error {code})");
                self.outbox.alert(code, &url, Some(sid), why, self.now);
                self.leg_ends(sid, CallStatus::Failed, Some(code));
            }
            PhoneDoes::Forwards(to) => self.forward(sid, &to),
        }
    }

    /// A phone forwards: to a number of the account as a new call there, otherwise to another phone.
    fn forward(&mut self, sid: &str, to: &str) {
        let Some(leg) = self.calls.get(sid) else {
            return;
        };
        let (from, via) = (leg.from.clone(), leg.to.clone());
        let Some(number) = self.our_number(to) else {
            let takes = self.takes_calls(to);
            if let Some((wait, does)) = takes.does()
                && !matches!(does, PhoneDoes::Forwards(_))
            {
                self.plan(wait, sid, CallStep::Phone(does));
            }
            return;
        };
        if self.forwards_before(sid) >= MOST_FORWARDS {
            return self.leg_ends(sid, CallStatus::Busy, None);
        }
        let new = self.new_call_sid();
        let mut call = Call::new(new.clone(), &from, to, self.now);
        call.forwarded_from = (via != to).then_some(via);
        call.forwards = Some(sid.to_owned());
        if let Some(leg) = self.calls.get_mut(sid) {
            leg.forwarded_to = Some(new);
        }
        self.come_in_by_phone(call, &number);
    }

    fn forwards_before(&self, leg: &str) -> usize {
        let mut count = 0;
        let mut leg = self.calls.get(leg);
        while let Some(forwarded) = leg
            .and_then(|leg| self.calls.get(leg.parent.as_deref()?))
            .and_then(|call| self.calls.get(call.forwards.as_deref()?))
        {
            count += 1;
            leg = Some(forwarded);
        }
        count
    }

    /// A leg is answered, by a person or by a machine that says something. The others stop ringing.
    pub(super) fn pick_up(&mut self, sid: &str, machine: Option<&'static str>) {
        let now = self.now;
        let Some(leg) = self.calls.get_mut(sid).filter(|leg| leg.status.is_live()) else {
            return;
        };
        leg.status = CallStatus::InProgress;
        leg.answered = Some(now);
        leg.machine = machine;
        leg.begin(Doing::Hears, now);
        let url = leg.url.clone();
        let parent = leg.parent.clone().unwrap_or_default();
        match machine {
            Some(words) => leg.hears(now, Kind::Did, format!("a machine answers: {words}")),
            None => leg.hears(now, Kind::Did, "answers"),
        }
        if machine.is_some() {
            let does = PhoneDoes::MachineHangsUp;
            self.plan_anyway(MAILBOX_RECORDS, sid, CallStep::Phone(does));
        }
        self.call_back_of_call(sid, "answered");
        let legs = self.calls.get(&parent).and_then(|call| call.dial.clone());
        for other in legs.map(|(_, legs)| legs).unwrap_or_default() {
            if other != sid {
                self.finish_leg(&other, CallStatus::Canceled, None);
            }
        }
        match url {
            Some(url) => self.ask(sid, &url, Vec::new()),
            None => self.connect(sid),
        }
    }

    /// A leg's document has ended without hanging up: both sides talk.
    pub(super) fn connect(&mut self, leg: &str) {
        let now = self.now;
        let Some(parent) = self.calls.get(leg).and_then(|leg| leg.parent.clone()) else {
            return;
        };
        self.answer(&parent);
        let mut words = None;
        if let Some(leg) = self.calls.get_mut(leg) {
            leg.begin(Doing::Talks(parent.clone()), now);
            leg.bridged = true;
            leg.hears(now, Kind::State, "connected");
            words = leg.machine;
        }
        let mut limit = None;
        if let Some(call) = self.calls.get_mut(&parent) {
            call.begin(Doing::Talks(leg.to_owned()), now);
            call.bridged = true;
            call.hears(now, Kind::State, "connected");
            if let Some(words) = words {
                call.hears(now, Kind::Voice, format!("a machine: {words}"));
            }
            limit = call.dial.as_ref().map(|(dial, _)| dial.time_limit);
        }
        if let Some(limit) = limit {
            self.plan(limit, &parent, CallStep::TimeLimit);
        }
    }

    /// The talk is as long as it may be: the leg is hung up.
    pub(super) fn end_talk(&mut self, sid: &str) {
        if let Some(Doing::Talks(leg)) = self.calls.get(sid).map(|call| &call.doing) {
            let leg = leg.clone();
            self.hang_up(&leg);
        }
    }

    /// The time of a `<Dial>` is over. Who picked up already may go on.
    pub(super) fn nobody_answered(&mut self, sid: &str) {
        let legs: Vec<_> = self
            .calls
            .legs(sid)
            .map(|leg| (leg.sid.clone(), leg.status))
            .collect();
        let is_answered = |(_, status): &(CallSid, CallStatus)| *status == CallStatus::InProgress;
        if legs.iter().any(is_answered) {
            return;
        }
        for (leg, _) in &legs {
            self.finish_leg(leg, CallStatus::NoAnswer, None);
        }
        self.dial_is_over(sid);
    }

    /// A leg ends by itself, and perhaps the whole `<Dial>` with it.
    pub(super) fn leg_ends(&mut self, sid: &str, status: CallStatus, code: Option<u32>) {
        if !self.finish_leg(sid, status, code) {
            return;
        }
        let Some(parent) = self.calls.get(sid).and_then(|leg| leg.parent.clone()) else {
            return;
        };
        let dial = self.calls.get(&parent).and_then(|call| call.dial.clone());
        let legs = dial.map(|(_, legs)| legs).unwrap_or_default();
        let is_live = |leg: &CallSid| self.calls.get(leg).is_some_and(|leg| leg.status.is_live());
        if !legs.iter().any(is_live) {
            self.dial_is_over(&parent);
        }
    }

    /// Ends a leg, if it is live; whether it was.
    fn finish_leg(&mut self, sid: &str, status: CallStatus, code: Option<u32>) -> bool {
        let now = self.now;
        let Some(leg) = self.calls.get_mut(sid).filter(|leg| leg.status.is_live()) else {
            return false;
        };
        leg.begin(Doing::Over, now);
        leg.status = status;
        leg.error_code = code.or(leg.error_code);
        leg.ended = Some(now);
        leg.hears(now, Kind::State, format!("over: {}", name_of(&status)));
        let forwarded = leg.forwarded_to.clone();
        self.forget_plans(sid);
        self.call_back_of_call(sid, "completed");
        if let Some(call) = forwarded {
            self.hang_up(&call);
        }
        true
    }

    /// All legs are over: the action is asked, or the document goes on.
    pub(super) fn dial_is_over(&mut self, sid: &str) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Some((dial, legs)) = call.dial.take() else {
            return;
        };
        let is_live = call.status.is_live();
        if is_live {
            call.begin(Doing::Hears, self.now);
        }
        match dial.action {
            Some(_) if !is_live && self.unchecked.no_action_after_hang_up => {}
            Some(action) => {
                let fields = self.dialled(&legs);
                self.ask(sid, &action, fields);
            }
            None if is_live => self.carry_on(sid),
            None => {}
        }
    }

    /// What the action is told of the legs: of the one that was answered, or of the last.
    fn dialled(&self, legs: &[CallSid]) -> Fields {
        let legs: Vec<_> = legs.iter().filter_map(|leg| self.calls.get(leg)).collect();
        let answered = legs.iter().find(|leg| leg.answered.is_some());
        let Some(leg) = answered.or(legs.last()) else {
            return Vec::new();
        };
        let mut fields: Fields = vec![
            ("DialCallSid", leg.sid.clone()),
            ("DialCallStatus", name_of(&leg.status)),
        ];
        if !self.unchecked.dial_bridged_absent {
            fields.push(("DialBridged", leg.bridged.to_string()));
        }
        if let Some(seconds) = leg.seconds(self.now) {
            fields.push(("DialCallDuration", seconds.to_string()));
        }
        fields
    }

    /// Somebody hangs up: the caller, or who is at a leg.
    pub(super) fn hang_up(&mut self, sid: &str) {
        let Some(call) = self.calls.get(sid).filter(|call| call.status.is_live()) else {
            return;
        };
        if call.is_leg() || call.is_by_api && call.answered.is_none() {
            let is_answered = call.status == CallStatus::InProgress;
            let status = if is_answered {
                CallStatus::Completed
            } else {
                CallStatus::Busy
            };
            return self.leg_ends(sid, status, None);
        }
        let recording = matches!(call.doing, Doing::Records(_));
        let legs = call
            .dial
            .as_ref()
            .map(|(_, legs)| legs.clone())
            .unwrap_or_default();
        for leg in legs {
            let answered = self
                .calls
                .get(&leg)
                .is_some_and(|leg| leg.answered.is_some());
            let status = if answered {
                CallStatus::Completed
            } else {
                CallStatus::Canceled
            };
            self.finish_leg(&leg, status, None);
        }
        if recording {
            return self.recorded(sid, Some("hangup"));
        }
        self.end(sid, CallStatus::Completed);
        self.dial_is_over(sid);
    }
}

/// A number of the account that is dialled is a call there.
fn own_number(number: &str) -> TakesCalls {
    match PhoneNumber::parse(number) {
        Ok(number) => TakesCalls::ForwardsTo(number),
        Err(_) => TakesCalls::On,
    }
}
