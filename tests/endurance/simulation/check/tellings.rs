//! Who was tried, and who was told of it: people whom a text moved on from, and the owner.

use std::collections::BTreeSet;

use relay::domain::delivery::Class;
use relay::domain::delivery::{Delivery, HandOver, MovedOn, Outcome, Purpose, State};
use relay::domain::ids::DeliveryId;

use super::{Checked, is_of_its_decision};

impl Checked<'_> {
    /// Nobody of the cascade lost their turn without an attempt, or before their time was over.
    pub(crate) fn nobody_was_passed_over(&mut self, delivery: &Delivery) {
        let Some(inbound) = self.cause(delivery) else {
            return;
        };
        let is_relayed = delivery.purpose == Purpose::Relay && is_of_its_decision(delivery);
        if !is_relayed || !delivery.replays.is_empty() {
            return;
        }
        let decision = &inbound.decision;
        let people = decision.to_person.iter().chain(&decision.then);
        // A busy phone is passed over, and its person stays among the next.
        let busy = |hand_over: &HandOver| matches!(hand_over.because, MovedOn::Busy { .. });
        if delivery.handed_over.iter().any(busy) {
            return;
        }
        let had_it = 1 + decision.then.len() - delivery.remaining.len();
        let tried: BTreeSet<_> = delivery.attempts.iter().map(|a| &a.to.person).collect();
        let mut wrong = Vec::new();
        // The last one's turn may end with the deadline, before it begins.
        let opted_out = |person: &String| {
            let mut hand_overs = delivery.handed_over.iter();
            hand_overs.any(|h| h.from.person == *person && h.because == MovedOn::OptedOut)
        };
        for person in people.take(had_it - 1) {
            if !tried.contains(person) && !opted_out(person) {
                wrong.push(format!("passed over: {person} with {}", delivery.id));
            }
        }
        if tried.len() > had_it {
            wrong.push(format!(
                "passed over: one of {tried:?} with {}",
                delivery.id
            ));
        }
        for hand_over in &delivery.handed_over {
            if self.is_too_soon(delivery, hand_over) {
                let from = &hand_over.from.person;
                wrong.push(format!("too soon: from {from} with {}", delivery.id));
            }
        }
        self.violations.extend(wrong);
    }

    /// Whether a person's time was not over who had it for its time.
    fn is_too_soon(&self, delivery: &Delivery, hand_over: &HandOver) -> bool {
        if !matches!(hand_over.because, MovedOn::NoReport | MovedOn::NoAnswer) {
            return false;
        }
        let theirs = |a: &&relay::domain::delivery::Attempt| a.to == hand_over.from;
        let Some(first) = delivery.attempts.iter().find(theirs) else {
            return false;
        };
        let lines = self.world.lines.iter().map(|(_, line)| line);
        let lines = lines.filter(|line| line.number == delivery.from);
        let least = lines.map(|line| line.policy.hand_over_after).min();
        let end = first.began + least.unwrap_or_default();
        hand_over.at < end.min(delivery.deadline)
    }

    /// Whoever had a text before the next person got it is told, and the owner is when nobody got
    /// it or something needs repair; and each telling was tried.
    pub(crate) fn those_concerned_were_told(&mut self, delivery: &Delivery) {
        let mut wrong = Vec::new();
        match delivery.purpose {
            Purpose::Relay => {}
            Purpose::Reply => return self.whoever_wrote_it_was_told(delivery),
            Purpose::Answer
            | Purpose::AutoReply
            | Purpose::Conversation
            | Purpose::Notice { .. }
            | Purpose::Invitation => return,
            Purpose::Unsent
            | Purpose::Told
            | Purpose::Alert
            | Purpose::Repair
            | Purpose::Busy
            | Purpose::Spending => {
                let is_withheld = matches!(delivery.state, State::Withheld { .. });
                if delivery.attempts.is_empty() && !is_withheld {
                    self.wrong(format!("not told: {} was never tried", delivery.id));
                }
                return;
            }
        }
        for (position, hand_over) in delivery.handed_over.iter().enumerate() {
            let told = DeliveryId::told(&delivery.id, position + 1);
            if is_to_be_told(delivery, hand_over) && !self.deliveries.contains_key(&told) {
                let from = &hand_over.from.person;
                wrong.push(format!("not told: {from} of {}", delivery.id));
            }
        }
        if delivery.policy.alert.is_some() {
            let is_over = matches!(delivery.state, State::GaveUp { .. });
            let ends = delivery.replays.len() + usize::from(is_over);
            for end in 0..ends {
                let alert = DeliveryId::alert(&delivery.id, end);
                if !self.deliveries.contains_key(&alert) {
                    wrong.push(format!("no alert: of end {end} of {}", delivery.id));
                }
            }
            let repairs = delivery.attempts.iter().filter_map(|attempt| {
                let error = error_to_repair(&attempt.outcome)?;
                Some(DeliveryId::repair(&delivery.from, error, attempt.since))
            });
            for repair in repairs.filter(|id| !self.deliveries.contains_key(id)) {
                wrong.push(format!("no alert: {repair} for {}", delivery.id));
            }
        }
        self.violations.extend(wrong);
    }

    /// Whose words did not reach the customer hears of it.
    fn whoever_wrote_it_was_told(&mut self, delivery: &Delivery) {
        let failed = matches!(
            delivery.state,
            State::GaveUp { .. } | State::Withheld { .. }
        );
        let told = DeliveryId::failed(&delivery.id);
        if failed && !self.deliveries.contains_key(&told) {
            self.wrong(format!("not told: whoever wrote {}", delivery.id));
        }
    }

    /// Each text that tells of another is one of those that this one asks for.
    pub(crate) fn nobody_was_told_without_reason(&mut self) {
        let mut asked_for = BTreeSet::new();
        for delivery in self.deliveries.values() {
            let hand_overs = delivery.handed_over.iter().enumerate();
            let told = hand_overs.filter(|(_, h)| is_to_be_told(delivery, h));
            asked_for.extend(told.map(|(n, _)| DeliveryId::told(&delivery.id, n + 1)));
            asked_for
                .extend((0..=delivery.replays.len()).map(|n| DeliveryId::alert(&delivery.id, n)));
        }
        let tells = |delivery: &&Delivery| {
            matches!(delivery.purpose, Purpose::Told | Purpose::Alert)
                && delivery.in_conversation.is_none()
        };
        let told = self.deliveries.values().filter(tells).map(|d| &d.id);
        let without: Vec<_> = told.filter(|id| !asked_for.contains(id)).cloned().collect();
        for id in without {
            self.wrong(format!("told without reason: {id}"));
        }
    }
}

/// Whether the next person was tried after it, in the same round, and this one takes texts at all.
fn is_to_be_told(delivery: &Delivery, hand_over: &HandOver) -> bool {
    let opted_out = matches!(
        hand_over.because,
        MovedOn::OptedOut
            | MovedOn::NotAllowed
            | MovedOn::Busy { .. }
            | MovedOn::Failed {
                class: Class::Stop,
                ..
            }
    );
    let round = delivery.replays.get(hand_over.replays as usize);
    let end = round.map_or(delivery.attempts.len() as u32, |replay| replay.attempts);
    !opted_out && hand_over.attempts < end
}

/// The error of an outcome that the owner has to do something about, or the HTTP status.
fn error_to_repair(outcome: &Outcome) -> Option<u32> {
    if outcome.class() != Some(Class::Configuration) {
        return None;
    }
    match outcome {
        Outcome::Refused {
            code: None,
            http_status,
            ..
        } => Some((*http_status).into()),
        outcome => outcome.code(),
    }
}
