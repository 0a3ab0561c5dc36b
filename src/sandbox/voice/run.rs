//! Carries out a call's document, verb by verb.

use std::time::Duration;

use crate::sandbox::call::attributes::is_key;
use crate::sandbox::call::doing::{CallStep, Doing, Gathering, SOUND, spoken};
use crate::sandbox::call::twiml::{Gather, Prompt, Verb};
use crate::sandbox::call::{Call, CallSid, CallStatus, CannotAct, Kind};
use crate::sandbox::state::{Happening, State};

/// Redirects without anything between them; Twilio's limit.
const MOST_REDIRECTS: u32 = 10;
const TOO_MANY_REDIRECTS: u32 = 11215;
/// How often a prompt with `loop="0"` is heard; somebody hangs up long before.
const ENDLESS: u32 = 1000;

impl State {
    /// Plans something for a call, unless something else happens to it before.
    pub(super) fn plan(&mut self, wait: Duration, sid: &str, step: CallStep) {
        let epoch = self.calls.get(sid).map(|call| call.epoch);
        self.steps.put(
            self.now + wait,
            Happening::Call(sid.to_owned(), epoch, step),
        );
    }

    /// Plans something that happens whatever else does.
    pub(super) fn plan_anyway(&mut self, wait: Duration, sid: &str, step: CallStep) {
        self.steps
            .put(self.now + wait, Happening::Call(sid.to_owned(), None, step));
    }

    /// Nothing planned for a call is left: it is over.
    pub(super) fn forget_plans(&mut self, sid: &str) {
        let is_of_it = |next: &Happening| matches!(next, Happening::Call(of, ..) if of == sid);
        self.steps.retain(|next| !is_of_it(next));
    }

    /// Something planned is due.
    pub(in crate::sandbox) fn take_call_step(
        &mut self,
        sid: &CallSid,
        epoch: Option<u64>,
        step: CallStep,
    ) {
        let Some(call) = self.calls.get(sid) else {
            return;
        };
        if !call.status.is_live() || epoch.is_some_and(|epoch| epoch != call.epoch) {
            return;
        }
        match step {
            CallStep::Heard => self.carry_on(sid),
            CallStep::NoDigits => self.gathered(sid, None),
            CallStep::RecordingEnds => self.recorded(sid, None),
            CallStep::DialTimeout => self.nobody_answered(sid),
            CallStep::RingTimeout => self.leg_ends(sid, CallStatus::NoAnswer, None),
            CallStep::TimeLimit => self.end_talk(sid),
            CallStep::Phone(does) => self.phone_does(sid, does),
            CallStep::CallerHangsUp => self.hang_up(sid),
        }
    }

    /// Goes on with the call's document.
    pub(super) fn carry_on(&mut self, sid: &str) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Some(verb) = call.document.left.pop_front() else {
            return if call.is_leg() {
                self.connect(sid);
            } else {
                self.answer(sid);
                self.end(sid, CallStatus::Completed);
            };
        };
        let is_redirect = matches!(verb, Verb::Redirect(_));
        call.redirects = if is_redirect { call.redirects + 1 } else { 0 };
        match verb {
            Verb::Dial(dial) => self.dial(sid, dial),
            Verb::Gather(gather) => {
                self.answer(sid);
                self.gather(sid, gather);
            }
            Verb::Prompt(prompt) => {
                self.answer(sid);
                let length = self.hear(sid, &[prompt]);
                self.listen(sid, length);
            }
            Verb::Pause(length) => self.listen(sid, length),
            Verb::Record(record) => {
                self.answer(sid);
                self.record(sid, record);
            }
            Verb::Hangup => {
                self.answer(sid);
                self.hang_up_by_document(sid);
            }
            Verb::Redirect(_) if call.redirects > MOST_REDIRECTS => {
                let url = call.document.url.clone();
                let why = format!("more than {MOST_REDIRECTS} redirects one after another");
                self.outbox
                    .alert(TOO_MANY_REDIRECTS, &url, Some(sid), why, self.now);
                self.application_error(sid);
            }
            Verb::Redirect(url) => self.ask(sid, &url, vec![]),
            Verb::Reject { busy } if call.answered.is_none() => {
                let status = if busy {
                    CallStatus::Busy
                } else {
                    CallStatus::NoAnswer
                };
                let tone = if busy {
                    "busy"
                } else {
                    "the number is not in service"
                };
                call.hears(self.now, Kind::Tone, tone);
                self.end(sid, status);
            }
            Verb::Reject { .. } => self.hang_up_by_document(sid),
        }
    }

    /// A leg's document hangs up the leg, the caller's the call.
    fn hang_up_by_document(&mut self, sid: &str) {
        if self.calls.get(sid).is_some_and(Call::is_leg) {
            self.hang_up(sid);
        } else {
            self.end(sid, CallStatus::Completed);
        }
    }

    fn listen(&mut self, sid: &str, length: Duration) {
        if let Some(call) = self.calls.get_mut(sid) {
            call.doing = Doing::Hears;
            call.epoch += 1;
        }
        self.plan(length, sid, CallStep::Heard);
    }

    /// Has somebody hear prompts one after another, from now on; returns how long that takes.
    fn hear(&mut self, sid: &str, prompts: &[Prompt]) -> Duration {
        let mut length = Duration::ZERO;
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return length;
        };
        for prompt in prompts {
            let (kind, text, once, times) = match prompt {
                Prompt::Say { text, times } => (Kind::Says, text.clone(), spoken(text), *times),
                Prompt::Play { url, times } => (Kind::Plays, url.clone(), SOUND, *times),
                Prompt::Pause(pause) => {
                    length += *pause;
                    continue;
                }
            };
            call.hears(now + length, kind, text);
            length += once * if times == 0 { ENDLESS } else { times };
        }
        length
    }

    /// The caller's call is answered: from now on it is billed.
    pub(super) fn answer(&mut self, sid: &str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        if call.is_leg() || call.status != CallStatus::Ringing {
            return;
        }
        call.status = CallStatus::InProgress;
        call.answered = Some(now);
        call.hears(now, Kind::State, "answered");
        if let Some(leg) = call.forwards.clone() {
            self.pick_up(&leg, None);
        }
    }

    fn gather(&mut self, sid: &str, gather: Gather) {
        let length = self.hear(sid, &gather.prompts);
        let wait = length + gather.timeout;
        if let Some(call) = self.calls.get_mut(sid) {
            let digits = String::new();
            call.doing = Doing::Gathers(Gathering { gather, digits });
            call.epoch += 1;
        }
        self.plan(wait, sid, CallStep::NoDigits);
    }

    /// A key is pressed while digits are asked for.
    pub(super) fn key_for_gather(&mut self, sid: &str, key: char) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        // A key ends what is said.
        call.heard.retain(|heard| heard.at <= now);
        call.epoch += 1;
        let Doing::Gathers(gathering) = &mut call.doing else {
            return;
        };
        if gathering.gather.finish_on_key.contains(key) {
            return self.gathered(sid, Some(key));
        }
        gathering.digits.push(key);
        let timeout = gathering.gather.timeout;
        if gathering.gather.num_digits == Some(gathering.digits.chars().count()) {
            return self.gathered(sid, None);
        }
        self.plan(timeout, sid, CallStep::NoDigits);
    }

    fn gathered(&mut self, sid: &str, finished_on: Option<char>) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let Doing::Gathers(Gathering { gather, digits }) =
            std::mem::replace(&mut call.doing, Doing::Hears)
        else {
            return;
        };
        if digits.is_empty() && !gather.action_on_empty_result {
            return self.carry_on(sid);
        }
        let url = gather.action.unwrap_or_else(|| call.document.url.clone());
        let mut fields = vec![("Digits", digits)];
        fields.extend(finished_on.map(|key| ("FinishedOnKey", key.to_string())));
        self.ask(sid, &url, fields);
    }

    /// Somebody presses keys.
    pub(super) fn press(&mut self, sid: &str, keys: &str) -> Result<(), CannotAct> {
        if keys.is_empty() || !keys.chars().all(is_key) {
            return Err(CannotAct::NoSuchKey);
        }
        let now = self.now;
        for key in keys.chars() {
            let Some(call) = self.calls.get_mut(sid) else {
                break;
            };
            call.hears(now, Kind::Did, format!("presses {key}"));
            match &call.doing {
                Doing::Gathers(_) => self.key_for_gather(sid, key),
                Doing::Records(recording) if recording.record.finish_on_key.contains(key) => {
                    self.recorded(sid, Some(&key.to_string()));
                }
                Doing::Talks(other) => {
                    let other = other.clone();
                    let on_star = call
                        .dial
                        .as_ref()
                        .is_some_and(|(dial, _)| dial.hangup_on_star);
                    if key == '*' && on_star {
                        self.hang_up(&other);
                    } else if let Some(other) = self.calls.get_mut(&other) {
                        other.hears(now, Kind::Tone, format!("key {key}"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The caller's call is over.
    pub(super) fn end(&mut self, sid: &str, status: CallStatus) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        call.begin(Doing::Over, now);
        call.status = status;
        call.ended = Some(now);
        call.hears(now, Kind::State, "the call is over");
        let leg = call.forwards.clone();
        let was_answered = call.answered.is_some();
        self.forget_plans(sid);
        self.call_back_of_call(sid, "completed");
        if let Some(leg) = leg {
            let status = match status {
                CallStatus::Busy => CallStatus::Busy,
                _ if was_answered => CallStatus::Completed,
                _ => CallStatus::NoAnswer,
            };
            self.leg_ends(&leg, status, None);
        }
    }
}
