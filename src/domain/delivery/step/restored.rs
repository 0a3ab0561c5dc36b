//! The delivery is as it was at an earlier time, and nobody here knows what was sent since.

use super::*;
use crate::domain::delivery::Restored;

impl Step {
    /// What is not finished is asked about before it goes on. For a minute nothing is: a request that was
    /// made by the relay before may still be on its way.
    pub(super) fn restored(&mut self, since: Timestamp) {
        if matches!(
            self.delivery.state,
            State::Delivered | State::Withheld { .. }
        ) {
            return;
        }
        self.delivery.restored = Some(Restored::since(since));
        // Should somebody have it tried again, it is asked about as well.
        if matches!(
            self.delivery.state,
            State::GaveUp { .. } | State::Accepted { ask: None, .. }
        ) {
            return;
        }
        let soon = self.later(LEASE);
        if !self.delivery.purpose.is_outbound() {
            let end = soon.checked_add(self.delivery.policy.deliver_within);
            self.delivery.deadline = self.delivery.deadline.max(end.unwrap_or(Timestamp::MAX));
        }
        match self.delivery.state {
            State::Waiting { due } => self.wait_until(due.max(soon)),
            State::Accepted { .. } => {
                self.delivery.state = State::Accepted {
                    ask: Some(soon),
                    asked: 0,
                };
                self.effects.push(Effect::Wake { due: soon });
            }
            _ => {
                let now = self.now;
                let attempt = self.current();
                if attempt.outcome == Outcome::Pending {
                    attempt.become_known(Outcome::Unknown, now);
                    let attempt = attempt.number;
                    self.effects.push(Effect::Report { attempt });
                }
                self.delivery.state = State::Unknown {
                    ask: soon,
                    asked: 0,
                };
                self.effects.push(Effect::Wake { due: soon });
            }
        }
    }

    /// Whether the present recipient's time counts: not before it was asked what they have already.
    pub(super) fn was_asked(&self, asked: u32) -> bool {
        self.delivery.restored.is_none() || asked > 0
    }

    /// Asks for a message from before the restore in the place of an attempt, if that is still to be done.
    pub(super) fn looks_first(&mut self) -> bool {
        self.delivery.turn_to_look();
        let Some(since) = self.delivery.is_to_be_looked_for() else {
            return false;
        };
        let number = self.delivery.attempts.len() as u32 + 1;
        let look = Attempt {
            outcome: Outcome::Unknown,
            since_backup: Some(since),
            ..self.new_attempt(number)
        };
        self.delivery.attempts.push(look);
        self.ask_now(0);
        true
    }
}

#[cfg(test)]
mod tests {
    use Event::{Absent, Woken};

    use super::*;
    use crate::domain::delivery::step::tests::{accepted, after, at, delivery, status};

    fn sent(delivery: &Delivery) -> usize {
        delivery.attempts.iter().filter(|a| !a.is_look()).count()
    }

    fn restored() -> Event {
        Event::Restored { since: at(0) }
    }

    #[test]
    fn what_waited_is_looked_for_with_everybody_and_then_sent() {
        let (waits, _) = after(delivery(2), [(7200, restored())]);
        assert_eq!(waits.due(), Some(at(7260)), "a minute later");
        let (delivery, effects) = after(waits, [(7260, Woken)]);
        assert_eq!(effects, [Effect::Ask { attempt: 1 }]);
        let first = delivery.to.clone();
        let (delivery, _) = after(delivery, [(7261, Absent { attempt: 1 }), (7261, Woken)]);
        assert_ne!(delivery.to, first, "the next may have been on duty");
        let (delivery, _) = after(delivery, [(7262, Absent { attempt: 2 })]);
        let (delivery, effects) = after(delivery, [(7262, Woken)]);
        assert_eq!(effects, [Effect::Send { attempt: 3 }]);
        assert_eq!(delivery.to, first);
        let (delivery, _) = after(delivery, [(7263, accepted(3))]);
        // Every part is looked for.
        let (delivery, effects) = after(delivery, [(7263, Woken)]);
        assert_eq!(effects, [Effect::Ask { attempt: 4 }]);
        assert_eq!(sent(&delivery), 1);
    }

    #[test]
    fn what_somebody_has_already_is_not_sent() {
        let (delivery, _) = after(delivery(1), [(7200, restored()), (7260, Woken)]);
        let found = status(1, Status::Delivered, None);
        let (delivery, _) = after(delivery, [(7261, found)]);
        assert_eq!(delivery.state, State::Delivered);
        assert_eq!(sent(&delivery), 0);
    }

    #[test]
    fn nobody_is_passed_over_before_it_is_known_what_they_have() {
        let (accepted, _) = after(delivery(1), [(0, Woken), (1, accepted(1))]);
        let (delivery, _) = after(accepted, [(7200, restored())]);
        let first = delivery.to.clone();
        let (delivery, effects) = after(delivery, [(7260, Woken)]);
        assert_eq!(delivery.to, first);
        assert!(
            effects.contains(&Effect::AskAfter { attempt: 1 }),
            "{effects:?}"
        );
    }

    #[test]
    fn an_attempt_under_way_is_unknown() {
        let (sending, _) = after(delivery(1), [(0, Woken)]);
        let (delivery, _) = after(sending, [(7200, restored())]);
        assert!(matches!(delivery.state, State::Unknown { .. }));
        let (_, effects) = after(delivery, [(7260, Woken)]);
        assert_eq!(effects, [Effect::Ask { attempt: 1 }]);
    }

    #[test]
    fn a_text_that_nobody_has_says_that_it_is_late() {
        let mut late = delivery(1);
        late.remaining.clear();
        late.restored = Some(Restored {
            since: at(0),
            late: Some("Late. ".to_owned()),
            words: None,
        });
        let words = late.body.clone();
        let (looked, _) = after(late, [(0, Woken), (1, Absent { attempt: 1 })]);
        assert_eq!(looked.body, words);
        let (sent, _) = after(looked, [(1, Woken)]);
        assert_eq!(sent.body, format!("Late. {words}"));
        assert_eq!(sent.parts[0].body, sent.body);
    }

    #[test]
    fn what_is_over_stays_over() {
        let (done, _) = after(
            delivery(1),
            [(0, Woken), (1, status(1, Status::Delivered, None))],
        );
        let (again, effects) = after(done.clone(), [(7200, restored())]);
        assert_eq!((again, effects), (done, Vec::new()));
    }
}
