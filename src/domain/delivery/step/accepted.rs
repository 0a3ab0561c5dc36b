//! Twilio has all of it, and what became of it is still to be heard.

use super::*;

/// How long to wait for a callback before Twilio is asked the first time what became of a message.
const CALLBACK_WITHIN: Duration = Duration::from_secs(2 * 60);

/// How long before a person's time is over Twilio is asked once more: a text whose callback got
/// lost does not go to the next, too.
const LAST_LOOK: Duration = Duration::from_secs(10);

impl Step {
    /// Accepted, to be asked about with growing pauses until the person's time is over.
    pub(super) fn await_report(&mut self, asked: u32) {
        self.delivery.state = State::Accepted { ask: None, asked };
        let end = self.delivery.stage_end();
        let last_look = end.checked_sub(LAST_LOOK).unwrap_or(end);
        let ask = if self.now < last_look {
            self.later(CALLBACK_WITHIN * 2_u32.saturating_pow(asked.min(5)))
                .min(last_look)
        } else {
            end.max(self.now)
        };
        self.delivery.state = State::Accepted {
            ask: Some(ask),
            asked,
        };
        self.effects.push(Effect::Wake { due: ask });
    }

    /// No callback told the end of it yet.
    pub(super) fn miss_callback(&mut self, asked: u32) {
        let open = self.delivery.mine().filter(|a| !a.outcome.is_final());
        let ask = open.map(|a| Effect::AskAfter { attempt: a.number });
        self.effects.extend(ask.collect::<Vec<_>>());
        self.await_report(asked + 1);
    }

    /// The person's time is over without a report.
    pub(super) fn miss_report(&mut self) {
        if self.has_next() {
            self.move_on(MovedOn::NoReport);
        } else if matches!(self.delivery.purpose, Purpose::Relay | Purpose::Invitation)
            || (self.delivery.purpose == Purpose::Reply
                && self.delivery.mine().any(|a| a.outcome.is_uncertain()))
        {
            self.give_up(GaveUp::NoReport);
        } else if let State::Accepted { ask, .. } = &mut self.delivery.state {
            // The relay's own words are not worth more.
            *ask = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use Event::Woken;

    use super::*;
    use crate::domain::delivery::OnPhone;
    use crate::domain::delivery::step::tests::{
        accepted, after, alone, at, delivery, refused, status,
    };

    /// The carrier did not answer Twilio in time.
    fn timed_out(attempt: u32) -> Event {
        status(attempt, Status::Undelivered, Some(30410))
    }

    #[test]
    fn what_may_have_arrived_is_not_repeated_and_goes_on_when_the_time_is_over() {
        let events = [(0, Woken), (1, accepted(1)), (2, timed_out(1))];
        let (mut waits, _) = after(delivery(1), events);
        assert!(matches!(waits.state, State::Accepted { .. }));
        let sergio = waits.to.number.clone();
        assert_eq!(waits.on_phone(&sergio, at(100)), OnPhone::Perhaps);
        while waits.to.number == sergio {
            let due = waits.due().unwrap();
            assert!(due <= at(180));
            let effects;
            (waits, effects) = after(waits, [(due.as_second() - at(0).as_second(), Woken)]);
            let sends = |e: &Effect| matches!(e, Effect::Send { .. });
            assert!(!effects.iter().any(sends), "to Sergio again");
        }
        assert_eq!(waits.handed_over[0].because, MovedOn::NoReport);
        assert_eq!(waits.handed_over[0].at, at(180));
    }

    #[test]
    fn what_may_have_arrived_is_settled_by_news_that_it_did() {
        let arrived = status(1, Status::Delivered, None);
        let events = [
            (0, Woken),
            (1, accepted(1)),
            (2, timed_out(1)),
            (9, arrived),
        ];
        assert_eq!(after(delivery(1), events).0.state, State::Delivered);
    }

    #[test]
    fn a_request_that_is_refused_so_is_asked_about_first() {
        let events = [(0, Woken), (1, refused(1, Some(30410), 504))];
        let (asking, _) = after(delivery(1), events);
        assert!(matches!(asking.state, State::Unknown { .. }));
    }

    #[test]
    fn the_last_person_gets_no_second_one_either_and_words_to_a_customer_end_with_a_word_of_it() {
        for purpose in [Purpose::Relay, Purpose::Reply] {
            let last = Delivery { purpose, ..alone() };
            let events = [
                (0, Woken),
                (1, accepted(1)),
                (2, timed_out(1)),
                (3600, Woken),
            ];
            let (over, _) = after(last, events);
            let because = GaveUp::NoReport;
            assert_eq!(over.state, State::GaveUp { because });
            assert_eq!(over.attempts.len(), 1);
        }
    }
}
