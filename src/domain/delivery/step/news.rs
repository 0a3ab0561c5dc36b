//! News of a message: a status callback, or what Twilio said when it was asked.

use super::*;

impl Step {
    pub(super) fn status(
        &mut self,
        number: u32,
        sid: MessageSid,
        status: Status,
        failure: Failure,
    ) {
        let begun_anew_after = self.delivery.begun_anew_after();
        let mut attempts = self.delivery.attempts.iter_mut();
        let Some(attempt) = attempts.find(|a| a.number == number) else {
            return;
        };
        if attempt.sid.as_ref().is_some_and(|known| *known != sid) {
            return;
        }
        let outcome = match status {
            Status::Delivered | Status::Read => Outcome::Delivered,
            Status::Undelivered | Status::Failed | Status::Canceled => Outcome::Undelivered {
                code: failure.code,
                class: failure.class,
            },
            Status::Sent => Outcome::Sent,
            _ => Outcome::Accepted,
        };
        if outcome.rank() <= attempt.outcome.rank() {
            return;
        }
        attempt.sid = Some(sid);
        attempt.become_known(outcome, self.now);
        let to = attempt.to.clone();
        let is_failure = attempt.outcome.is_failure();
        self.effects.push(Effect::Report { attempt: number });
        let is_mine = to == self.delivery.to && begun_anew_after < number;
        let is_over = match self.delivery.state {
            State::Delivered | State::GaveUp { .. } => true,
            // It shall not go out once more.
            State::Withheld { .. } => is_failure,
            _ => false,
        };
        if is_over {
            return;
        }
        if !is_mine {
            return self.take_back(&to);
        }
        let waits = match self.delivery.state {
            // Another part is under way; this news counts once it is known what became of that.
            State::Sending { .. } | State::Unknown { .. } => self.current().number != number,
            // Good news of one part must not cut short the pause before the next.
            State::Waiting { .. } => !is_failure,
            _ => false,
        };
        if !waits {
            self.go_on();
        }
    }

    /// If it had just moved on from this person, nothing has been sent to the next yet, and now it
    /// turns out that the person has all of it, then it is theirs after all: one person has it, and
    /// nobody was told otherwise.
    fn take_back(&mut self, person: &Recipient) {
        let Some(last) = self.delivery.handed_over.last() else {
            return;
        };
        let is_theirs = last.from == *person
            && last.replays as usize == self.delivery.replays.len()
            && last.attempts as usize == self.delivery.attempts.len()
            && matches!(self.delivery.state, State::Waiting { .. });
        if !is_theirs {
            return;
        }
        let mut before = self.delivery.clone();
        before.handed_over.pop();
        let next = std::mem::replace(&mut before.to, person.clone());
        before.remaining.insert(0, next.clone());
        before.cut();
        if before.has_all_parts_delivered() {
            before.state = State::Delivered;
            self.delivery = before;
            self.effects.push(Effect::ReportHandBack { from: next });
        }
    }
}
