//! News of a message: a status callback, or what Twilio said when it was asked.

use super::*;
use crate::domain::delivery::HandOver;

impl Step {
    pub(super) fn status(
        &mut self,
        number: u32,
        sid: MessageSid,
        status: Status,
        failure: Failure,
    ) {
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
        if !attempt.outcome.gives_way_to(&outcome) {
            return;
        }
        let had_failed = attempt.outcome.is_failure();
        attempt.sid = Some(sid);
        attempt.become_known(outcome, self.now);
        let attempt = attempt.clone();
        self.effects.push(Effect::Report { attempt: number });
        if attempt.outcome == Outcome::Delivered && (had_failed || self.has_ended()) {
            self.effects.push(Effect::ReportArrived { attempt: number });
        }
        if self.has_ended() || self.awaits_first_of_round() {
            self.end_as_delivered();
        }
        if self.has_ended() {
            return;
        }
        if attempt.to != self.delivery.to || number <= self.delivery.begun_anew_after() {
            return self.take_back(&attempt.to);
        }
        let waits = match self.delivery.state {
            // Another part is under way; this news counts once it is known what became of that.
            State::Sending { .. } => self.current().number != number,
            State::Unknown { .. } => {
                self.current().number != number && !self.delivery.has_all_parts_delivered()
            }
            // Good news of one part must not cut short the pause before the next.
            State::Waiting { .. } => {
                !attempt.outcome.is_failure() && !self.delivery.has_all_parts_with_twilio()
            }
            _ => false,
        };
        if !waits {
            self.go_on();
        }
    }

    fn has_ended(&self) -> bool {
        matches!(
            self.delivery.state,
            State::Delivered | State::GaveUp { .. } | State::Withheld { .. }
        )
    }

    /// Whether somebody wanted it tried again, and nothing has been sent since.
    fn awaits_first_of_round(&self) -> bool {
        let made = self.delivery.attempts.len() as u32;
        !self.delivery.replays.is_empty() && self.delivery.replayed_after() == made
    }

    /// If somebody turns out to have all of it, that is how it ended, whatever was thought before.
    fn end_as_delivered(&mut self) {
        let reached = self.delivery.reached().cloned();
        let Some(person) = reached.filter(|_| self.delivery.state != State::Delivered) else {
            return;
        };
        self.delivery.to = person;
        self.delivery.gave_up = None;
        self.delivery.state = State::Delivered;
    }

    /// If it had just moved on from this person, nothing has been sent to the next yet, and now it
    /// turns out that the person has all of it, then it is theirs after all: one person has it, and
    /// nobody was told otherwise.
    fn take_back(&mut self, person: &Recipient) {
        let (attempts, replays) = (self.delivery.attempts.len(), self.delivery.replays.len());
        let is_new =
            |h: &HandOver| h.attempts as usize == attempts && h.replays as usize == replays;
        let hand_overs = &self.delivery.handed_over;
        let theirs = hand_overs
            .iter()
            .position(|h| is_new(h) && h.from == *person);
        let Some(theirs) = theirs else { return };
        if !matches!(self.delivery.state, State::Waiting { .. }) {
            return;
        }
        let mut before = self.delivery.clone();
        let mut effects = Vec::new();
        while theirs < before.handed_over.len()
            && let Some(last) = before.handed_over.pop()
        {
            let from = std::mem::replace(&mut before.to, last.from);
            before.remaining.retain(|other| *other != before.to);
            before.remaining.insert(0, from.clone());
            effects.push(Effect::ReportHandBack { from });
        }
        before.cut();
        if before.has_all_parts_delivered() {
            before.state = State::Delivered;
            self.delivery = before;
            self.effects.extend(effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use Event::Woken;

    use super::*;
    use crate::domain::delivery::step::tests::{
        accepted, after, alone, at, delivery, recipient, refused, status, unanswered,
    };
    use crate::domain::delivery::{Disproved, Hold};

    /// What is told of attempt 1: not delivered, for this reason.
    fn lost(code: u32) -> Event {
        status(1, Status::Undelivered, Some(code))
    }

    fn arrived(attempt: u32) -> Event {
        status(attempt, Status::Delivered, None)
    }

    /// Attempt 1 was reported as not delivered, and the next one is due.
    fn taken_for_lost() -> Delivery {
        after(
            delivery(1),
            [(0, Woken), (1, accepted(1)), (2, lost(30003))],
        )
        .0
    }

    #[test]
    fn a_text_that_arrived_although_it_was_reported_as_lost_is_not_sent_again() {
        let (done, effects) = after(taken_for_lost(), [(3, arrived(1))]);
        assert_eq!(
            (&done.state, &done.to),
            (&State::Delivered, &recipient("Sergio", 10))
        );
        let (report, arrived) = (
            Effect::Report { attempt: 1 },
            Effect::ReportArrived { attempt: 1 },
        );
        assert_eq!(effects, [report, arrived]);
        let disproved = done.attempts[0].disproved.as_deref();
        let Some(Disproved { outcome, at: told }) = disproved else {
            panic!("what was believed before is kept");
        };
        assert_eq!((outcome.code(), *told), (Some(30003), at(2)));
        assert_eq!(after(done, [(60, Woken)]).1, []);
    }

    #[test]
    fn it_counts_while_the_next_attempt_is_made_whatever_becomes_of_that() {
        for answer in [
            accepted(2),
            refused(2, Some(30001), 400),
            refused(2, Some(21614), 400),
        ] {
            let events = [(10, Woken), (11, arrived(1)), (12, answer)];
            let (done, _) = after(taken_for_lost(), events);
            assert_eq!(done.state, State::Delivered);
            assert_eq!(done.to.person, "Sergio");
        }
        let events = [(10, Woken), (20, unanswered(2)), (21, arrived(1))];
        let (done, _) = after(taken_for_lost(), events);
        assert_eq!(done.state, State::Delivered);
    }

    #[test]
    fn one_part_that_arrived_after_all_is_not_sent_again_and_the_others_are() {
        let events = [
            (0, Woken),
            (1, accepted(1)),
            (1, Woken),
            (2, lost(30003)),
            (3, accepted(2)),
        ];
        let (half, _) = after(delivery(2), events);
        let (half, _) = after(half, [(4, arrived(1))]);
        assert!(
            matches!(half.state, State::Accepted { .. }),
            "{:?}",
            half.state
        );
        assert_eq!(after(half, [(5, arrived(2))]).0.state, State::Delivered);
    }

    #[test]
    fn it_ends_a_delivery_that_gave_up() {
        let events = [(0, Woken), (1, accepted(1)), (2, lost(30005))];
        let (dead, _) = after(alone(), events);
        assert!(dead.gave_up.is_some());
        let (done, effects) = after(dead.clone(), [(9000, arrived(1))]);
        assert_eq!((done.state, done.gave_up), (State::Delivered, None));
        assert!(effects.contains(&Effect::ReportArrived { attempt: 1 }));
        // Also while a replay has not sent anything yet.
        let replayed = Event::Replayed {
            cascade: vec![recipient("Backup", 11)],
            public_url: dead.public_url.clone(),
        };
        let (done, _) = after(dead, [(9000, replayed), (9001, arrived(1)), (9002, Woken)]);
        assert_eq!(
            (done.state, done.to.person.as_str()),
            (State::Delivered, "Sergio")
        );
    }

    #[test]
    fn it_ends_words_that_were_not_to_be_sent_again() {
        let own = Delivery {
            purpose: Purpose::Answer,
            ..alone()
        };
        let events = [
            (0, Woken),
            (1, accepted(1)),
            (2, lost(30003)),
            (30, Event::Held(Hold::TooMany)),
        ];
        let (withheld, _) = after(own, events);
        assert!(matches!(withheld.state, State::Withheld { .. }));
        assert_eq!(
            after(withheld, [(40, arrived(1))]).0.state,
            State::Delivered
        );
    }

    #[test]
    fn it_takes_back_hand_overs_of_which_nobody_was_told() {
        let mut three = delivery(1);
        three.remaining.insert(0, recipient("Ana", 12));
        let moved = [
            (0, Woken),
            (1, accepted(1)),
            (2, lost(30005)),
            (3, Event::Held(Hold::OptedOut)),
        ];
        let (moved, _) = after(three, moved);
        assert_eq!(moved.to.person, "Backup");
        let (back, effects) = after(moved, [(4, arrived(1))]);
        assert_eq!(
            (&back.state, back.to.person.as_str()),
            (&State::Delivered, "Sergio")
        );
        assert_eq!(
            back.remaining,
            [recipient("Ana", 12), recipient("Backup", 11)]
        );
        let taken_back = |e: &&Effect| matches!(e, Effect::ReportHandBack { .. });
        assert_eq!(effects.iter().filter(taken_back).count(), 2);
    }

    #[test]
    fn after_a_hand_over_that_was_told_the_next_person_keeps_it() {
        let events = [
            (0, Woken),
            (1, accepted(1)),
            (2, lost(30005)),
            (2, Woken),
            (3, accepted(2)),
        ];
        let (moved, _) = after(delivery(1), events);
        let (late, effects) = after(moved.clone(), [(4, arrived(1))]);
        assert_eq!((&late.state, &late.to), (&moved.state, &moved.to));
        assert_eq!(late.attempts[0].outcome, Outcome::Delivered);
        assert!(effects.contains(&Effect::ReportArrived { attempt: 1 }));
        assert_eq!(late.reached().map(|to| to.person.as_str()), Some("Sergio"));
    }

    #[test]
    fn news_of_a_message_that_twilio_did_not_list_is_believed() {
        let events = [
            (0, Woken),
            (10, unanswered(1)),
            (60, Woken),
            (60, Event::Absent { attempt: 1 }),
        ];
        let (absent, _) = after(delivery(1), events);
        assert!(matches!(absent.state, State::Waiting { .. }));
        let (known, _) = after(absent, [(61, status(1, Status::Sent, None)), (62, Woken)]);
        assert!(
            matches!(known.state, State::Accepted { .. }),
            "it is not sent again"
        );
    }
}
