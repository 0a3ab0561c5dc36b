//! After a failure: the same person again, the next one, or the end.

use super::*;
use crate::domain::delivery::HandOver;
use crate::domain::delivery::backoff::Backoff;

/// The pause between attempts while account or campaign wait for the owner.
const REPAIR_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The pause before a text that Twilio blocks is tried again: such a block lasts 15 minutes or more.
///
/// Source: Twilio, error 30450.
const BLOCKED_PAUSE: Duration = Duration::from_secs(15 * 60);

/// With less of their time left, a person gets no further attempt: even a healthy phone's report
/// would hardly come before the next person is tried.
const WORTHWHILE: Duration = Duration::from_secs(20);

impl Step {
    pub(super) fn go_on_after_failure(&mut self, failure: Failure) {
        // Of an attempt that was taken for lost it may be known by now that it arrived.
        if self.delivery.has_all_parts_delivered() {
            self.delivery.state = State::Delivered;
            return;
        }
        if self.delivery.asks_about_before() {
            return self.begin_round();
        }
        let backoff = Backoff::of(self.delivery.policy.retry);
        let backoff = backoff.wait(self.failures(|_| true), failure.retry_after, self.jitter);
        match failure.class {
            Class::Retry => self.try_again_after(backoff, failure),
            Class::Attachment if self.delivery.leave_out_attachments() => self.wait_until(self.now),
            Class::Attachment if self.failures(|class| class == Class::Attachment) == 1 => {
                self.wait_until(self.now)
            }
            Class::RetryOnce | Class::Ambiguous | Class::Attachment | Class::Unknown => {
                let once = |class| {
                    use Class::{Ambiguous, Attachment, RetryOnce, Unknown};
                    matches!(class, RetryOnce | Ambiguous | Attachment | Unknown)
                };
                if self.failures(once) > 1 && self.has_next() {
                    self.move_on(failure.moved_on())
                } else {
                    self.try_again_after(backoff, failure)
                }
            }
            Class::Blocked if !self.has_next() => {
                self.try_again_after(backoff.max(BLOCKED_PAUSE), failure)
            }
            Class::HandOver | Class::Stop | Class::Blocked | Class::UnknownRefusal => {
                if self.has_next() {
                    self.move_on(failure.moved_on())
                } else if self.is_late() {
                    self.give_up(GaveUp::Late)
                } else {
                    self.give_up(GaveUp::NobodyLeft)
                }
            }
            Class::Configuration => self.await_repair(failure),
            Class::Uncertain => self.await_report(0),
            Class::OurBug => self.give_up(GaveUp::Refused),
        }
    }

    /// The same person again, unless that would take the rest of the time.
    fn try_again_after(&mut self, wait: Duration, failure: Failure) {
        let due = self.later(wait);
        let deadline = self.delivery.deadline;
        if !self.has_next() {
            return if due < deadline {
                self.wait_until(due)
            } else {
                self.give_up(GaveUp::Late)
            };
        }
        let end = self.delivery.stage_end().min(deadline);
        if due.checked_add(WORTHWHILE).is_ok_and(|done| done <= end) {
            self.wait_until(due)
        } else {
            self.move_on(failure.moved_on())
        }
    }

    /// The fault is hardly the person's, and the next would meet it too. But it may be: the next
    /// gets it when the time is over, not at once. If it may be a reply number's, the next attempt comes from
    /// the line's own number, and at once.
    fn await_repair(&mut self, failure: Failure) {
        let last = self.delivery.last_to_recipient();
        if last.is_some_and(|attempt| attempt.via.is_some()) {
            return self.wait_until(self.now);
        }
        let pause = failure.retry_after.unwrap_or_default().max(REPAIR_PAUSE);
        let end = self.delivery.stage_end();
        if !self.has_next() {
            self.try_again_after(pause, failure);
        } else if self.now < end && !self.is_late() {
            self.wait_until(self.later(pause).min(end));
        } else {
            self.move_on(failure.moved_on());
        }
    }

    /// The person's time is over while it waits for the next attempt.
    pub(super) fn stop_waiting(&mut self) {
        if !self.has_next() {
            return self.give_up(GaveUp::Late);
        }
        let last = self.delivery.mine().next_back();
        let failure = last.and_then(|attempt| Failure::of(&attempt.outcome));
        self.move_on(failure.map_or(MovedOn::NoReport, |failure| failure.moved_on()));
    }

    /// To the next of the cascade; there must be one.
    pub(super) fn move_on(&mut self, because: MovedOn) {
        if self.delivery.asks_about_before() {
            return self.begin_round();
        }
        self.hand_over(because);
        self.wait_until(self.now);
    }

    pub(super) fn hand_over(&mut self, because: MovedOn) {
        let delivery = &mut self.delivery;
        let next = delivery.remaining.remove(0);
        let from = std::mem::replace(&mut delivery.to, next);
        delivery.handed_over.push(HandOver {
            at: self.now,
            from: from.clone(),
            because,
            attempts: delivery.attempts.len() as u32,
            replays: delivery.replays.len() as u32,
        });
        delivery.cut();
        self.effects.push(Effect::ReportHandOver { from, because });
    }

    /// Whoever had it before hears that it moved on, now that the next one's first attempt begins:
    /// before that, good news could still take the hand-over back.
    pub(super) fn tell_those_before(&mut self) {
        let (attempts, replays) = (self.delivery.attempts.len(), self.delivery.replays.len());
        let hand_overs = self.delivery.handed_over.iter().enumerate();
        let untold = hand_overs.filter(|(_, hand_over)| {
            let is_new =
                hand_over.attempts as usize == attempts && hand_over.replays as usize == replays;
            is_new && hand_over.because.may_be_told()
        });
        let tell = untold.map(|(hand_over, _)| Effect::Tell { hand_over });
        self.effects.extend(tell.collect::<Vec<_>>());
    }

    pub(super) fn give_up(&mut self, because: GaveUp) {
        self.delivery.state = State::GaveUp { because };
        // Nobody waits for a text that only tells of another one, and a notice's are counted.
        if self.delivery.purpose.is_somebodys() {
            self.delivery.gave_up = Some(self.now);
        }
        self.effects.push(Effect::ReportGivenUp { because });
        self.owe_report();
    }

    /// Failed attempts for the present recipient since the last one that went well, or the replay,
    /// that are of a class to be counted.
    fn failures(&self, counts: impl Fn(Class) -> bool) -> u32 {
        let replayed_after = self.delivery.replayed_after();
        let mine = self.delivery.mine().rev();
        mine.take_while(|a| replayed_after < a.number)
            .map_while(|a| Failure::of(&a.outcome))
            .filter(|failure| counts(failure.class))
            .count() as u32
    }
}
