use std::time::Duration;

use jiff::Timestamp;

use super::backoff::Backoff;
use super::event::{Answer, Effect, Event};
use super::{Attempt, Delivery, GaveUp, Outcome, Recipient, State};
use crate::inbound::MessageSid;
use crate::text;
use crate::twilio::errors::{Class, classify, pause_after};
use crate::twilio::status::Status;

/// For how long one worker may be busy with an attempt. Longer than the client's time-out and a
/// function's time limit together can be, so that nobody is still sending when it is over.
const LEASE: Duration = Duration::from_secs(60);

/// How soon after its beginning an attempt's request has to leave. A machine that was suspended, or
/// whose disk hung, goes on in the middle of its work when others may have taken the lease for over;
/// what is left of the lease is for the request's way.
const SEND_WITHIN: Duration = Duration::from_secs(20);

/// How long to wait before Twilio is asked whether it has a message.
const ASK_AFTER: Duration = Duration::from_secs(30);

/// How long to wait before that when Twilio answered, if only that it failed.
const ASK_SOON: Duration = Duration::from_secs(10);

/// How long to wait for a callback before Twilio is asked the first time what became of a message.
const CALLBACK_WITHIN: Duration = Duration::from_secs(2 * 60);

/// The pause between attempts while account or campaign wait for the owner.
const REPAIR_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The next state of `delivery` after `event`, and what is to be done because of it. A delivery
/// that comes back with the same state needs no saving.
///
/// An event that comes late, twice or out of order changes nothing that is already known better:
/// outcomes and states only move forward. `jitter` is a number from 0 up to 1.
pub fn step(
    delivery: Delivery,
    event: Event,
    now: Timestamp,
    jitter: f64,
) -> (Delivery, Vec<Effect>) {
    let mut step = Step {
        delivery,
        effects: Vec::new(),
        now,
        jitter,
    };
    match event {
        Event::Woken => step.woken(),
        Event::Answered { attempt, answer } => step.answered(attempt, answer),
        Event::Status {
            attempt,
            sid,
            status,
            code,
        } => step.status(attempt, sid, status, code),
        Event::Absent { attempt } => step.absent(attempt),
        Event::NoAnswer => step.no_answer(),
        Event::Replayed {
            cascade,
            public_url,
        } => step.replayed(cascade, public_url),
    }
    (step.delivery, step.effects)
}

struct Step {
    delivery: Delivery,
    effects: Vec<Effect>,
    now: Timestamp,
    jitter: f64,
}

impl Step {
    fn woken(&mut self) {
        match self.delivery.state {
            _ if self.delivery.due().is_some_and(|due| self.now < due) => {
                let due = self.delivery.due().expect("checked above");
                if !matches!(self.delivery.state, State::Accepted { .. }) {
                    self.effects.push(Effect::Wake { due });
                }
            }
            // Even if the relay was down for hours: nobody is passed over without an attempt.
            State::Waiting { .. } if self.is_late() && self.mine().next().is_some() => {
                self.hand_over(Class::Retry, 0)
            }
            State::Waiting { .. } => self.begin_attempt(),
            State::Sending { .. } => {
                // Whoever held the lease is gone, and nobody knows how far it came.
                let attempt = self.current().number;
                let now = self.now;
                self.current().become_known(Outcome::Unknown, now);
                self.effects.push(Effect::Report { attempt });
                self.delivery.state = State::Unknown {
                    ask: self.now,
                    asked: 0,
                };
                self.effects.push(Effect::Ask { attempt });
            }
            State::Unknown { .. } => {
                let attempt = self.current().number;
                self.effects.push(Effect::Ask { attempt });
            }
            State::Accepted { asked, .. } => self.miss_callback(asked),
            State::Delivered | State::GaveUp { .. } => {}
        }
    }

    /// No callback told the end of it yet.
    fn miss_callback(&mut self, asked: u32) {
        let open = self.mine().filter(|a| rank(&a.outcome) < 4);
        let ask: Vec<_> = open
            .map(|a| Effect::AskAfter { attempt: a.number })
            .collect();
        self.effects.extend(ask);
        self.delivery.state = self.accepted(asked + 1);
    }

    /// Accepted, to be asked about with growing pauses. There is no wake-up for that: callbacks get
    /// lost so rarely that the sweep is soon enough.
    fn accepted(&self, asked: u32) -> State {
        let ask = self.later(CALLBACK_WITHIN * 2_u32.saturating_pow(asked.min(5)));
        State::Accepted {
            ask: Some(ask).filter(|_| !self.is_late()),
            asked,
        }
    }

    fn is_late(&self) -> bool {
        self.delivery.deadline <= self.now
    }

    fn later(&self, wait: Duration) -> Timestamp {
        self.now.checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    fn begin_attempt(&mut self) {
        let number = self.delivery.attempts.len() as u32 + 1;
        let part = self.next_part();
        let attempt = Attempt {
            number,
            to: self.delivery.to.clone(),
            part,
            began: self.now,
            outcome: Outcome::Pending,
            since: self.now,
            sid: None,
        };
        self.delivery.attempts.push(attempt);
        self.delivery.state = State::Sending {
            lease: self.now + LEASE,
        };
        self.effects.push(Effect::Send { attempt: number });
    }

    /// The first part of which the present recipient has no message yet.
    fn next_part(&self) -> usize {
        (0..self.delivery.parts.len())
            .find(|part| !self.standing_of(*part).is_some_and(is_with_twilio))
            .unwrap_or_default()
    }

    fn answered(&mut self, number: u32, answer: Answer) {
        let now = self.now;
        let Some(attempt) = self.open(number) else {
            return;
        };
        match answer {
            Answer::Accepted { sid } => {
                attempt.sid = Some(sid);
                attempt.become_known(Outcome::Accepted, now);
                self.effects.push(Effect::Report { attempt: number });
                self.go_on();
            }
            Answer::Refused {
                code,
                http_status,
                retry_after,
            } => {
                let class = classify(code, Some(http_status));
                if class == Class::Ambiguous {
                    // It was answered, so it is under way no longer.
                    let pause = retry_after.unwrap_or_default().max(ASK_SOON);
                    return self.ask_about(number, self.later(pause));
                }
                let refused = Outcome::Refused {
                    code,
                    http_status,
                    class,
                };
                attempt.become_known(refused, now);
                self.effects.push(Effect::Report { attempt: number });
                let retry_after = retry_after.max(code.and_then(pause_after));
                self.go_on_after_failure(class, retry_after);
            }
            Answer::NotSent => self.go_on_after_absence(number),
            Answer::Unknown => {
                // The request may still be on its way: only after the lease can an absence be
                // taken for proven.
                let ask = (attempt.began + LEASE).max(self.now + ASK_AFTER);
                self.ask_about(number, ask);
            }
        }
    }

    fn ask_about(&mut self, number: u32, ask: Timestamp) {
        let now = self.now;
        if let Some(attempt) = self.open(number) {
            attempt.become_known(Outcome::Unknown, now);
            self.effects.push(Effect::Report { attempt: number });
            self.delivery.state = State::Unknown { ask, asked: 0 };
            self.effects.push(Effect::Wake { due: ask });
        }
    }

    fn status(&mut self, number: u32, sid: MessageSid, status: Status, code: Option<u32>) {
        let begun_anew_after = self.begun_anew_after();
        let Some(attempt) = self
            .delivery
            .attempts
            .iter_mut()
            .find(|a| a.number == number)
        else {
            return;
        };
        if attempt.sid.as_ref().is_some_and(|known| *known != sid) {
            return;
        }
        let outcome = match status {
            Status::Delivered | Status::Read => Outcome::Delivered,
            Status::Undelivered | Status::Failed | Status::Canceled => Outcome::Undelivered {
                code,
                class: classify(code, None),
            },
            Status::Sent => Outcome::Sent,
            _ => Outcome::Accepted,
        };
        let was = rank(&attempt.outcome);
        if rank(&outcome) <= was {
            return;
        }
        attempt.sid = Some(sid);
        attempt.become_known(outcome, self.now);
        let is_mine = attempt.to == self.delivery.to && begun_anew_after < number;
        self.effects.push(Effect::Report { attempt: number });
        let is_over = matches!(self.delivery.state, State::Delivered | State::GaveUp { .. });
        if !is_mine || is_over {
            return;
        }
        let is_failure = is_failure(&attempt.outcome);
        let waits = match self.delivery.state {
            // Another part is under way; this news counts once it is known what became of that.
            State::Sending { .. } | State::Unknown { .. } => self.current().number != number,
            // Good news of one part must not cut short the pause before the next.
            State::Waiting { .. } => !is_failure,
            _ => false,
        };
        if waits {
            return;
        }
        self.go_on();
    }

    fn absent(&mut self, number: u32) {
        if matches!(self.delivery.state, State::Unknown { .. }) && self.open(number).is_some() {
            self.go_on_after_absence(number);
        }
    }

    fn no_answer(&mut self) {
        if let State::Unknown { asked, .. } = self.delivery.state {
            if self.is_late() {
                return self.give_up(GaveUp::Unresolved);
            }
            let asked = asked + 1;
            let wait = Backoff::URGENT.wait(asked + 2, Some(ASK_AFTER), self.jitter);
            let ask = self.later(wait);
            self.delivery.state = State::Unknown { ask, asked };
            self.effects.push(Effect::Wake { due: ask });
        }
    }

    fn go_on_after_absence(&mut self, number: u32) {
        let now = self.now;
        if let Some(attempt) = self.open(number) {
            attempt.become_known(Outcome::Absent, now);
            self.effects.push(Effect::Report { attempt: number });
            self.go_on_after_failure(Class::Retry, None);
        }
    }

    /// Decides what comes next, now that no attempt's answer is awaited.
    fn go_on(&mut self) {
        let mut parts = (0..self.delivery.parts.len()).map(|part| self.standing_of(part));
        let undelivered = parts.clone().find_map(|outcome| match outcome {
            Some(Outcome::Undelivered { class, .. }) => Some(*class),
            _ => None,
        });
        if let Some(class) = undelivered {
            self.go_on_after_failure(class, None);
        } else if parts
            .clone()
            .all(|outcome| outcome == Some(&Outcome::Delivered))
        {
            self.delivery.state = State::Delivered;
        } else if parts.all(|outcome| outcome.is_some_and(is_with_twilio)) {
            self.delivery.state = match self.delivery.state {
                // It was accepted before; this is no reason to ask later.
                State::Accepted { .. } => return,
                _ => self.accepted(0),
            };
        } else if self.asks_about_before() {
            self.begin_round();
        } else {
            self.wait_until(self.now);
        }
    }

    /// How the last attempt for the present recipient with this part stands.
    fn standing_of(&self, part: usize) -> Option<&Outcome> {
        let replayed_after = self.replayed_after();
        self.mine()
            .filter(|a| a.part == part)
            .last()
            .filter(|a| replayed_after < a.number || !is_failure(&a.outcome))
            .map(|a| &a.outcome)
    }

    fn go_on_after_failure(&mut self, class: Class, retry_after: Option<Duration>) {
        if self.asks_about_before() {
            return self.begin_round();
        }
        let failures = self.failures_in_a_row();
        let backoff = Backoff::URGENT.wait(failures, retry_after, self.jitter);
        match class {
            Class::Retry => self.try_again_after(backoff, class),
            Class::RetryOnce | Class::Ambiguous if failures <= 1 => {
                self.try_again_after(backoff, class)
            }
            Class::RetryOnce | Class::Ambiguous | Class::HandOver | Class::Stop => {
                self.hand_over(class, failures)
            }
            Class::Configuration => {
                let pause = retry_after.unwrap_or_default().max(REPAIR_PAUSE);
                self.try_again_after(pause, class)
            }
            Class::OurBug => self.give_up(GaveUp::Refused),
        }
    }

    /// The same person again, unless that would take more than half of the time that is left while
    /// others could be reached meanwhile.
    fn try_again_after(&mut self, wait: Duration, class: Class) {
        let due = self.later(wait);
        let deadline = self.delivery.deadline;
        if self.delivery.remaining.is_empty() {
            return match due < deadline {
                true => self.wait_until(due),
                false => self.give_up(GaveUp::Late),
            };
        }
        let since = self.mine().next().map_or(self.now, |a| a.began);
        let since = since.max(self.delivery.began());
        let patience = deadline.duration_since(since) / 2;
        match due.duration_since(since) < patience {
            true => self.wait_until(due),
            false => self.hand_over(class, 0),
        }
    }

    fn hand_over(&mut self, because: Class, failures: u32) {
        if self.delivery.remaining.is_empty() {
            // The last of the cascade: keep trying while there is time, unless it cannot work.
            return match because {
                Class::RetryOnce => {
                    let wait = Backoff::URGENT.wait(failures, None, self.jitter);
                    self.try_again_after(wait, because)
                }
                _ if self.is_late() => self.give_up(GaveUp::Late),
                _ => self.give_up(GaveUp::NobodyLeft),
            };
        }
        let next = self.delivery.remaining.remove(0);
        let from = std::mem::replace(&mut self.delivery.to, next);
        let body = text::handed_over(&from.person, &self.delivery.body);
        self.delivery.parts = text::parts(&body, &self.delivery.media);
        self.effects.push(Effect::ReportHandOver { from, because });
        self.wait_until(self.now);
    }

    fn wait_until(&mut self, due: Timestamp) {
        self.delivery.state = State::Waiting { due };
        self.effects.push(Effect::Wake { due });
    }

    fn give_up(&mut self, because: GaveUp) {
        self.delivery.state = State::GaveUp { because };
        self.delivery.gave_up = Some(self.now);
        self.effects.push(Effect::ReportGivenUp { because });
    }

    /// Failed attempts for the present recipient since the last one that went well, or the replay.
    fn failures_in_a_row(&self) -> u32 {
        let replayed_after = self.replayed_after();
        self.mine()
            .filter(|a| replayed_after < a.number)
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .take_while(|a| is_failure(&a.outcome))
            .count() as u32
    }

    /// The attempts that were made for the present recipient.
    fn mine(&self) -> impl Iterator<Item = &Attempt> {
        let begun_anew_after = self.begun_anew_after();
        self.delivery
            .attempts
            .iter()
            .filter(move |a| a.to == self.delivery.to && begun_anew_after < a.number)
    }

    fn current(&mut self) -> &mut Attempt {
        self.delivery
            .attempts
            .last_mut()
            .expect("a delivery being sent has an attempt")
    }

    /// The attempt of that number, if it is the one whose answer is still awaited.
    fn open(&mut self, number: u32) -> Option<&mut Attempt> {
        let awaited = matches!(
            self.delivery.state,
            State::Sending { .. } | State::Unknown { .. }
        );
        self.delivery.attempts.last_mut().filter(|a| {
            awaited && a.number == number && rank(&a.outcome) <= rank(&Outcome::Unknown)
        })
    }
}

impl Attempt {
    /// Whether it is not too late for its request to leave.
    pub fn may_be_sent(&self, now: Timestamp) -> bool {
        now < self.began + SEND_WITHIN
    }

    fn become_known(&mut self, outcome: Outcome, at: Timestamp) {
        self.outcome = outcome;
        self.since = at;
    }
}

fn is_failure(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Absent | Outcome::Refused { .. } | Outcome::Undelivered { .. }
    )
}

fn is_with_twilio(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Accepted | Outcome::Sent | Outcome::Delivered
    )
}

/// Outcomes only move to a higher rank.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Pending => 0,
        Outcome::Unknown => 1,
        Outcome::Accepted => 2,
        Outcome::Sent => 3,
        Outcome::Absent
        | Outcome::Refused { .. }
        | Outcome::Delivered
        | Outcome::Undelivered { .. } => 4,
    }
}

#[path = "replay.rs"]
mod replay;

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "step_properties.rs"]
mod properties;
