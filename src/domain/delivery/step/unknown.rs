//! Twilio may or may not have a message: it is asked, and until then nothing is sent again to the
//! same person.

use super::*;
use crate::domain::delivery::backoff::Backoff;

/// How long to wait before Twilio is asked whether it has a message.
pub(super) const ASK_AFTER: Duration = Duration::from_secs(30);

/// How late a wake-up is that comes when it is wanted.
const PUNCTUAL: Duration = Duration::from_secs(5);

impl Step {
    pub(super) fn ask_about(&mut self, number: u32, ask: Timestamp) {
        let now = self.now;
        if let Some(attempt) = self.open(number) {
            attempt.become_known(Outcome::Unknown, now);
            self.effects.push(Effect::Report { attempt: number });
            self.ask_at(ask, 0);
        }
    }

    /// Whoever held the lease is gone, and nobody knows how far it came. If nobody looked for long,
    /// this machine may have been suspended, and goes on where it was: with a request that leaves
    /// only now.
    pub(super) fn outlive_lease(&mut self, lease: Timestamp) {
        let now = self.now;
        let attempt = self.current();
        attempt.become_known(Outcome::Unknown, now);
        let attempt = attempt.number;
        self.effects.push(Effect::Report { attempt });
        if now < lease + PUNCTUAL {
            self.ask_now(0)
        } else {
            self.ask_at(self.later(ASK_AFTER), 0)
        }
    }

    /// One worker at a time asks. Of two, the slower one could take a message for this delivery's
    /// that another delivery's attempt has just made, when the faster one has gone on already.
    pub(super) fn ask_now(&mut self, asked: u32) {
        let attempt = self.current().number;
        self.delivery.state = self.unknown(self.now + LEASE, asked);
        self.effects.push(Effect::Ask { attempt });
    }

    pub(super) fn absent(&mut self, number: u32) {
        if matches!(self.delivery.state, State::Unknown { .. }) && self.open(number).is_some() {
            self.go_on_after_absence(number);
        }
    }

    pub(super) fn no_answer(&mut self) {
        if let State::Unknown { asked, .. } = self.delivery.state {
            if self.is_over() && self.has_next() {
                return self.move_on(MovedOn::NoAnswer);
            }
            if self.is_late() {
                return self.give_up(GaveUp::Unresolved);
            }
            let asked = asked + 1;
            let wait = Backoff::ASKING.wait(asked + 2, Some(ASK_AFTER), self.jitter);
            self.ask_at(self.later(wait), asked);
        }
    }

    pub(super) fn go_on_after_absence(&mut self, number: u32) {
        let now = self.now;
        if let Some(attempt) = self.open(number) {
            attempt.become_known(Outcome::Absent, now);
            let is_look = attempt.is_look();
            self.effects.push(Effect::Report { attempt: number });
            if is_look {
                return self.wait_until(now);
            }
            self.go_on_after_failure(Failure {
                class: Class::Retry,
                code: None,
                retry_after: None,
            });
        }
    }

    fn ask_at(&mut self, ask: Timestamp, asked: u32) {
        let state = self.unknown(ask, asked);
        self.delivery.state = state;
        let due = self.delivery.due().unwrap_or(ask);
        self.effects.push(Effect::Wake { due });
    }

    /// To be asked about then, or sooner if the person's time is over sooner.
    fn unknown(&mut self, ask: Timestamp, asked: u32) -> State {
        self.delivery.state = State::Unknown { ask, asked };
        let end = self.delivery.stage_end().max(self.now);
        let ask = if self.has_next() { ask.min(end) } else { ask };
        State::Unknown { ask, asked }
    }
}
