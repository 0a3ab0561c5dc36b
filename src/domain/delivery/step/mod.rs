//! A delivery's state machine, one file to each thing that can happen.

mod accepted;
mod directed;
mod failure;
mod held;
mod invited;
mod news;
mod replay;
mod restored;
mod unknown;

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Answer, Attempt, Class, Delivery, Effect, Event, Failure, GaveUp, MovedOn, Outcome, Purpose,
    Recipient, State, Status,
};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// For how long one worker may be busy with an attempt. Longer than the client's time-out and a
/// function's time limit together can be, so that nobody is still sending when it is over.
const LEASE: Duration = Duration::from_secs(60);

/// How long to wait before Twilio is asked whether it has a message, when it answered, if only that
/// it failed.
const ASK_SOON: Duration = Duration::from_secs(10);

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
        via: None,
    };
    let had_left = step.delivery.has_left();
    match event {
        Event::Woken => step.woken(),
        Event::WokenVia(number) => {
            step.via = Some(number);
            step.woken();
        }
        Event::Held(hold) => step.held(hold),
        Event::Withdrawn(because) => step.withdrawn(because),
        Event::Joined => step.joined(),
        Event::FollowedBy(next) => step.followed_by(next),
        Event::TurnCame => step.turn_came(),
        Event::Directed(directed) => step.directed(*directed),
        Event::Answered { attempt, answer } => step.answered(attempt, answer),
        Event::Status {
            attempt,
            sid,
            status,
            failure,
        } => step.status(attempt, sid, status, failure),
        Event::Absent { attempt } => step.absent(attempt),
        Event::NoAnswer => step.no_answer(),
        Event::Told => step.told(),
        Event::Replayed {
            cascade,
            public_url,
        } => step.replayed(cascade, public_url),
        Event::Dropped => step.delivery.gave_up = None,
        Event::Restored { since } => step.restored(since),
    }
    if !had_left && step.delivery.has_left() {
        step.wake_next();
    }
    (step.delivery, step.effects)
}

struct Step {
    delivery: Delivery,
    effects: Vec<Effect>,
    now: Timestamp,
    jitter: f64,
    /// The reply number that the next attempt comes from.
    via: Option<PhoneNumber>,
}

impl Step {
    fn woken(&mut self) {
        if let Some(due) = self.delivery.due().filter(|due| self.now < *due) {
            self.effects.push(Effect::Wake { due });
            return;
        }
        match self.delivery.state {
            // Even if the relay was down for hours: nobody is passed over without an attempt.
            State::Waiting { .. }
                if self.is_over()
                    && self.delivery.was_attempted()
                    && self.delivery.is_to_be_looked_for().is_none() =>
            {
                self.stop_waiting()
            }
            State::Waiting { .. } => self.begin_attempt(),
            State::Sending { lease } => self.outlive_lease(lease),
            State::Unknown { asked, .. }
                if self.is_over() && self.has_next() && self.was_asked(asked) =>
            {
                self.move_on(MovedOn::NoAnswer)
            }
            State::Unknown { asked, .. } => self.ask_now(asked),
            State::Accepted { asked, .. } if self.is_over() && self.was_asked(asked) => {
                self.miss_report()
            }
            State::Accepted { asked, .. } => self.miss_callback(asked),
            State::GaveUp { .. } | State::Withheld { .. } => self.tell_inviter(),
            State::Delivered => {}
        }
    }

    fn begin_attempt(&mut self) {
        if self.looks_first() {
            return;
        }
        self.tell_those_before();
        let number = self.delivery.attempts.len() as u32 + 1;
        let attempt = self.new_attempt(number);
        self.delivery.attempts.push(attempt);
        self.delivery.state = State::Sending {
            lease: self.now + LEASE,
        };
        self.effects.push(Effect::Send { attempt: number });
    }

    fn new_attempt(&mut self, number: u32) -> Attempt {
        Attempt {
            number,
            to: self.delivery.to.clone(),
            part: self.delivery.next_part(),
            of: self.delivery.parts.len(),
            began: self.now,
            outcome: Outcome::Pending,
            since: self.now,
            sid: None,
            via: self.via.take(),
            disproved: None,
            since_backup: None,
        }
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
                http_status,
                failure,
            } => {
                let Failure { class, code, .. } = failure;
                if matches!(class, Class::Ambiguous | Class::Uncertain) {
                    // It was answered, so it is under way no longer.
                    let pause = failure.retry_after.unwrap_or_default().max(ASK_SOON);
                    return self.ask_about(number, self.later(pause));
                }
                let refused = Outcome::Refused {
                    code,
                    http_status,
                    class,
                };
                attempt.become_known(refused, now);
                self.effects.push(Effect::Report { attempt: number });
                self.go_on_after_failure(failure);
            }
            Answer::NotSent => self.go_on_after_absence(number),
            Answer::Unknown => {
                // The request may still be on its way: only after the lease can an absence be
                // taken for proven.
                let ask = (attempt.began + LEASE).max(self.later(unknown::ASK_AFTER));
                self.ask_about(number, ask);
            }
        }
    }

    /// Decides what comes next, now that no attempt's answer is awaited.
    fn go_on(&mut self) {
        let undelivered = self.delivery.undelivered_part();
        if let Some(failure) = undelivered.and_then(Failure::of) {
            self.go_on_after_failure(failure);
        } else if self.delivery.has_all_parts_delivered() {
            self.delivery.state = State::Delivered;
        } else if self.delivery.has_all_parts_with_twilio() {
            // If it was accepted before, this is no reason to ask later.
            if !matches!(self.delivery.state, State::Accepted { .. }) {
                self.await_report(0);
            }
        } else if self.delivery.asks_about_before() {
            self.begin_round();
        } else {
            self.wait_until(self.now);
        }
    }

    fn wait_until(&mut self, due: Timestamp) {
        self.delivery.state = State::Waiting { due };
        self.effects.push(Effect::Wake { due });
    }

    /// Whether the present recipient's time is over.
    fn is_over(&self) -> bool {
        self.delivery.stage_end() <= self.now
    }

    fn is_late(&self) -> bool {
        self.delivery.deadline <= self.now
    }

    fn has_next(&self) -> bool {
        !self.delivery.next_people().is_empty()
    }

    fn later(&self, wait: Duration) -> Timestamp {
        self.now.checked_add(wait).unwrap_or(Timestamp::MAX)
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
        let last = self.delivery.attempts.last_mut();
        last.filter(|a| awaited && a.number == number && a.outcome.is_unresolved())
    }
}

#[cfg(test)]
mod hand_over_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(super) mod tests;
