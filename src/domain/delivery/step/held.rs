//! What becomes of a delivery whose attempt may not be made.

use super::*;
use crate::domain::delivery::{Busy, Hold, Limit, Slowed, Withheld};

impl Step {
    /// Words that are not a customer's are nobody else's: they end. A customer's text waits or goes on
    /// to the next person.
    pub(super) fn held(&mut self, hold: Hold) {
        if !self.delivery.is_to_be_attempted(self.now) {
            return;
        }
        let is_own = self.delivery.purpose != Purpose::Relay;
        match hold {
            Hold::OptedOut if is_own => self.withhold(Withheld::OptedOut),
            Hold::OptedOut if self.has_next() => self.move_on(MovedOn::OptedOut),
            // Nobody else is left: Twilio has the last word on who opted out, and if it refuses,
            // the text is a dead letter and not forgotten.
            Hold::OptedOut => self.begin_attempt(),
            Hold::NotAllowed if is_own => self.withhold(Withheld::NotAllowed),
            Hold::NotAllowed if self.has_next() => self.move_on(MovedOn::NotAllowed),
            Hold::NotAllowed => self.give_up(GaveUp::NobodyLeft),
            Hold::TooMany => self.withhold(Withheld::TooMany),
            Hold::Slowed(slowed) => self.slow(slowed),
            Hold::Busy(busy) => self.leave_busy_phone(busy),
            Hold::Over(because) => self.withhold(because),
        }
    }

    /// What waits for its next attempt makes none. What is under way or over stays as it is.
    pub(super) fn withdrawn(&mut self, because: Withheld) {
        if matches!(self.delivery.state, State::Waiting { .. }) && !self.delivery.has_begun() {
            self.withhold(because);
        }
    }

    /// Its time begins with its turn: waiting for that is nobody's failure. Only what somebody set
    /// an end to has no longer time, and a text behind a stuck one of its conversation: as much as that one
    /// it is to be heard of within its time.
    fn slow(&mut self, slowed: Slowed) {
        let slowed = Slowed {
            hand_overs: self.delivery.handed_over.len(),
            ..slowed
        };
        if !self.delivery.purpose.is_outbound() && slowed.by != Limit::Order {
            let wait = slowed.until.duration_since(self.now);
            let deadline = self.delivery.deadline.checked_add(wait);
            self.delivery.deadline = deadline.unwrap_or(self.delivery.deadline);
        }
        let last = self.delivery.slowed.last_mut();
        match last.filter(|last| slowed.by == Limit::Order && last.by == Limit::Order) {
            // It looks again and again whether its turn has come.
            Some(last) => last.until = slowed.until,
            None => {
                self.delivery.slowed.push(slowed);
                // A slot at once is only remembered.
                let waits = self.now < slowed.until;
                let report = waits.then_some(Effect::ReportSlowed(slowed));
                self.effects.extend(report);
            }
        }
        self.wait_until(slowed.until);
    }

    /// Whoever's phone is busy gets it after all the others, should these not be reached.
    fn leave_busy_phone(&mut self, busy: Busy) {
        let Delivery { to, remaining, .. } = &mut self.delivery;
        let Some(next) = remaining.iter().position(|person| *person == busy.to) else {
            return;
        };
        remaining[..=next].rotate_right(1);
        remaining.push(to.clone());
        self.hand_over(MovedOn::Busy { until: busy.until });
        self.slow(busy.slot);
    }

    fn withhold(&mut self, because: Withheld) {
        self.delivery.state = State::Withheld { because };
        self.effects.push(Effect::ReportWithheld { because });
        self.owe_report();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Limit;
    use crate::domain::delivery::step::tests::{after, at, delivery, recipient, refused};

    fn slowed(until: i64) -> Slowed {
        Slowed::new(Limit::Sender, at(0), at(until))
    }

    fn answer() -> Delivery {
        Delivery {
            purpose: Purpose::Answer,
            remaining: Vec::new(),
            ..delivery(1)
        }
    }

    #[test]
    fn who_opted_out_is_passed_over_without_an_attempt() {
        let (delivery, effects) = after(delivery(1), [(0, Event::Held(Hold::OptedOut))]);
        assert_eq!(delivery.to.person, "Backup");
        assert!(delivery.attempts.is_empty());
        assert!(matches!(
            effects[0],
            Effect::ReportHandOver {
                because: MovedOn::OptedOut,
                ..
            }
        ));
        // Who gets no texts gets none about that either.
        let (_, effects) = after(delivery, [(0, Event::Woken)]);
        assert_eq!(effects, [Effect::Send { attempt: 1 }]);
    }

    #[test]
    fn if_the_last_one_opted_out_twilio_decides() {
        let twice = [Event::Held(Hold::OptedOut), Event::Held(Hold::OptedOut)];
        let (delivery, effects) = after(delivery(1), twice.map(|event| (0, event)));
        assert_eq!(effects, [Effect::Send { attempt: 1 }]);
        assert_eq!(delivery.to.person, "Backup");
    }

    #[test]
    fn a_number_that_may_not_be_texted_never_is() {
        let twice = [Event::Held(Hold::NotAllowed), Event::Held(Hold::NotAllowed)];
        let (delivery, _) = after(delivery(1), twice.map(|event| (0, event)));
        let because = GaveUp::NobodyLeft;
        assert_eq!(delivery.state, State::GaveUp { because });
        assert!(delivery.attempts.is_empty());
        assert_eq!(delivery.gave_up, Some(at(0)), "a dead letter");
    }

    #[test]
    fn a_slowed_text_waits_for_its_turn_and_has_its_whole_time_then() {
        let hold = Event::Held(Hold::Slowed(slowed(600)));
        let (delivery, effects) = after(delivery(1), [(0, hold)]);
        assert_eq!(
            effects,
            [
                Effect::ReportSlowed(slowed(600)),
                Effect::Wake { due: at(600) }
            ]
        );
        assert_eq!(delivery.deadline, at(3600 + 600));
        let (delivery, effects) = after(delivery, [(300, Event::Woken), (600, Event::Woken)]);
        assert_eq!(effects, [Effect::Send { attempt: 1 }]);
        assert_eq!(delivery.to.person, "Sergio", "and is not handed over");
    }

    /// Sergio's phone is busy; somebody else's has a slot at that second.
    fn busy(to: Recipient, slot: i64) -> Event {
        Event::Held(Hold::Busy(Busy {
            until: at(400),
            to,
            slot: Slowed::new(Limit::Pair, at(0), at(slot)),
        }))
    }

    #[test]
    fn from_a_busy_phone_it_goes_to_a_free_one_and_keeps_the_others_for_later() {
        let mut three = delivery(1);
        three.remaining.insert(0, recipient("Ana", 12));
        let (moved, effects) = after(three, [(0, busy(recipient("Backup", 11), 30))]);
        let names = moved.remaining.iter().map(|person| &person.person);
        assert_eq!(moved.to.person, "Backup");
        assert_eq!(names.collect::<Vec<_>>(), ["Ana", "Sergio"]);
        assert!(moved.parts[0].body.starts_with("Sergio's phone is busy. x"));
        assert_eq!(moved.due(), Some(at(30)));
        let report = |effect: &&Effect| matches!(effect, Effect::ReportHandOver { .. });
        assert_eq!(effects.iter().filter(report).count(), 1);

        // Sergio is not told: that would be one more text for the busy phone.
        let (sending, effects) = after(moved, [(30, Event::Woken)]);
        assert_eq!(effects, [Effect::Send { attempt: 1 }]);
        let failed = refused(1, Some(21614), 400);
        let (moved, _) = after(sending, [(31, failed), (31, Event::Woken)]);
        assert_eq!(moved.to.person, "Ana");
    }

    #[test]
    fn a_slot_is_one_persons() {
        let (moved, effects) = after(delivery(1), [(0, busy(recipient("Backup", 11), 0))]);
        assert!(moved.had_turn(Limit::Pair));
        let slowed = |effect: &Effect| matches!(effect, Effect::ReportSlowed(_));
        assert!(!effects.iter().any(slowed), "it does not wait");
        let (back, _) = after(moved, [(0, Event::Held(Hold::OptedOut))]);
        assert_eq!(back.to.person, "Sergio");
        assert!(!back.had_turn(Limit::Pair));
    }

    #[test]
    fn it_waits_for_a_phone_as_long_as_it_would_for_a_report() {
        let delivery = delivery(1);
        let patience = |second| delivery.patience(at(second)).as_secs();
        assert_eq!(patience(0), 180);
        assert_eq!(patience(100), 80);
        assert_eq!(
            patience(1000),
            60,
            "a late one is not sent elsewhere at once"
        );
    }

    #[test]
    fn the_relays_own_words_end_quietly() {
        for hold in [Hold::OptedOut, Hold::NotAllowed, Hold::TooMany] {
            let (delivery, effects) = after(answer(), [(0, Event::Held(hold.clone()))]);
            assert!(matches!(delivery.state, State::Withheld { .. }), "{hold:?}");
            assert!(matches!(effects[..], [Effect::ReportWithheld { .. }]));
            assert_eq!((delivery.due(), delivery.gave_up), (None, None));
            let (after, effects) = after(delivery.clone(), [(9, Event::Woken)]);
            assert_eq!((after, effects), (delivery, vec![]));
        }
    }

    #[test]
    fn a_hold_that_comes_late_changes_nothing() {
        let (sending, _) = after(delivery(1), [(0, Event::Woken)]);
        for hold in [
            Hold::OptedOut,
            Hold::NotAllowed,
            Hold::TooMany,
            Hold::Slowed(slowed(5)),
        ] {
            let (after, effects) = after(sending.clone(), [(1, Event::Held(hold))]);
            assert_eq!((after, effects), (sending.clone(), vec![]));
        }
    }
}
