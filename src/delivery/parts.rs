//! How the messages of a delivery stand, each of which carries a part of it.

use super::{Attempt, Delivery, Outcome};

impl Delivery {
    /// The attempts that were made for the present recipient.
    pub(super) fn mine(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        let begun_anew_after = self.begun_anew_after();
        self.attempts
            .iter()
            .filter(move |a| a.to == self.to && begun_anew_after < a.number)
    }

    /// The first part of which the present recipient has no message yet.
    pub(super) fn next_part(&self) -> usize {
        (0..self.parts.len())
            .find(|part| !self.standing_of(*part).is_some_and(Outcome::is_with_twilio))
            .unwrap_or_default()
    }

    /// How the last attempt for the present recipient with this part stands. A failure from before
    /// a replay counts no more.
    pub(super) fn standing_of(&self, part: usize) -> Option<&Outcome> {
        let replayed_after = self.replayed_after();
        self.mine()
            .rfind(|a| a.part == part)
            .filter(|a| replayed_after < a.number || !a.outcome.is_failure())
            .map(|a| &a.outcome)
    }

    pub(super) fn has_all_parts_with_twilio(&self) -> bool {
        self.all_parts(Outcome::is_with_twilio)
    }

    pub(super) fn has_all_parts_delivered(&self) -> bool {
        self.all_parts(|outcome| *outcome == Outcome::Delivered)
    }

    /// The failure of a part that Twilio had taken.
    pub(super) fn undelivered_part(&self) -> Option<&Outcome> {
        let mut parts = (0..self.parts.len()).filter_map(|part| self.standing_of(part));
        parts.find(|outcome| matches!(outcome, Outcome::Undelivered { .. }))
    }

    fn all_parts(&self, stand: impl Fn(&Outcome) -> bool) -> bool {
        (0..self.parts.len()).all(|part| self.standing_of(part).is_some_and(&stand))
    }
}
