//! How the messages of a delivery stand, each of which carries a part of it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Attempt, Delivery, Outcome, Recipient};
use crate::domain::phone::PhoneNumber;
use crate::domain::sms;

/// Not every carrier reports that a text arrived. After so long it is taken to be there.
const UNREPORTED: Duration = Duration::from_secs(4 * 60);

/// Whether a text was on a phone at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnPhone {
    Since(Timestamp),
    /// It may just have arrived.
    Perhaps,
    No,
}

impl Delivery {
    /// The attempts that were made for the present recipient.
    pub(super) fn mine(&self) -> impl DoubleEndedIterator<Item = &Attempt> + Clone {
        let begun_anew_after = self.begun_anew_after();
        self.attempts
            .iter()
            .filter(move |a| a.to == self.to && begun_anew_after < a.number)
    }

    /// The last attempt for the present recipient.
    pub fn last_to_recipient(&self) -> Option<&Attempt> {
        self.mine().next_back()
    }

    /// The first part of which the present recipient has no message yet.
    pub(super) fn next_part(&self) -> usize {
        (0..self.parts.len())
            .find(|part| !self.standing_of(*part).is_some_and(Outcome::is_with_twilio))
            .unwrap_or_default()
    }

    /// How the present recipient stands with this part: they have it, or it is as with the last
    /// attempt. A failure from before a replay counts no more.
    pub(super) fn standing_of(&self, part: usize) -> Option<&Outcome> {
        let replayed_after = self.replayed_after();
        let mut of_part = self.mine().filter(|a| a.part == part).rev();
        let last = of_part.clone().next();
        of_part
            .find(|a| a.outcome == Outcome::Delivered)
            .or(last)
            .filter(|a| replayed_after < a.number || !a.outcome.is_failure())
            .map(|a| &a.outcome)
    }

    /// Whether the present recipient may have some of it, so that the rest is to follow.
    pub fn has_begun(&self) -> bool {
        self.mine().any(|attempt| !attempt.outcome.is_failure())
    }

    /// Whether a text of it was on this phone at an instant.
    pub fn on_phone(&self, number: &PhoneNumber, at: Timestamp) -> OnPhone {
        arrived(self.to_phone(number), at)
    }

    /// The same, and came from this reply number.
    pub fn on_phone_from(&self, via: &PhoneNumber, number: &PhoneNumber, at: Timestamp) -> OnPhone {
        arrived(
            self.to_phone(number)
                .filter(|a| a.via.as_ref() == Some(via)),
            at,
        )
    }

    /// Whether it came to this phone from a reply number, or may yet have done so.
    pub fn came_from_reply_number(&self, number: &PhoneNumber) -> bool {
        let mut theirs = self.to_phone(number).filter(|a| !a.outcome.is_failure());
        theirs.any(|a| a.via.is_some())
    }

    fn to_phone<'d>(&'d self, number: &'d PhoneNumber) -> impl Iterator<Item = &'d Attempt> {
        self.attempts.iter().filter(|a| a.to.number == *number)
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
        parts.find(|outcome| outcome.is_failure() && matches!(outcome, Outcome::Undelivered { .. }))
    }

    fn all_parts(&self, stand: impl Fn(&Outcome) -> bool) -> bool {
        (0..self.parts.len()).all(|part| self.standing_of(part).is_some_and(&stand))
    }

    /// Who has all of it, whatever the state says: a callback may come after it gave up.
    pub fn reached(&self) -> Option<&Recipient> {
        let has_all = |first: &&Attempt| {
            let turn = self.turn_of(first);
            let delivered = self.attempts.iter().filter(|a| {
                a.to == first.to && self.turn_of(a) == turn && a.outcome == Outcome::Delivered
            });
            let delivered: BTreeSet<usize> = delivered.map(|a| a.part).collect();
            let count = match first.of {
                0 => sms::parts(&self.words_of(first), &self.media).len(),
                count => count,
            };
            !delivered.is_empty() && delivered.len() >= count.max(1)
        };
        self.attempts.iter().find(has_all).map(|a| &a.to)
    }

    /// How many replays had begun anew before this attempt: parts of one turn and of another do not
    /// make up a text, since they may have been cut in other places.
    fn turn_of(&self, attempt: &Attempt) -> u32 {
        let replays = self
            .replays
            .iter()
            .take_while(|r| r.attempts < attempt.number);
        let anew = replays.collect::<Vec<_>>();
        let anew = anew.iter().rposition(|replay| !replay.resumed);
        anew.map_or(0, |position| position as u32 + 1)
    }

    /// The text as it was for the attempt's recipient then, for records that do not say in how many
    /// parts it went.
    fn words_of(&self, attempt: &Attempt) -> String {
        let turn = self.turn_of(attempt);
        let mut before = self.handed_over.iter().rev();
        let before = before.find(|hand_over| hand_over.attempts < attempt.number);
        match before.filter(|before| turn <= before.replays) {
            Some(before) => before.in_front_of(self.language, &self.body),
            None => self.body.clone(),
        }
    }
}

/// Whether one of these attempts was on its phone at an instant.
fn arrived<'d>(attempts: impl Iterator<Item = &'d Attempt>, at: Timestamp) -> OnPhone {
    let theirs = attempts.filter(|a| a.began <= at);
    let there = theirs.filter_map(|attempt| match attempt.outcome {
        Outcome::Delivered if attempt.since <= at => Some(OnPhone::Since(attempt.since)),
        // The report came later, and the text may have been there before.
        Outcome::Delivered => Some(OnPhone::Perhaps),
        Outcome::Pending | Outcome::Unknown | Outcome::Accepted | Outcome::Sent => {
            let is_old = attempt
                .began
                .checked_add(UNREPORTED)
                .is_ok_and(|there| there <= at);
            Some(if is_old {
                OnPhone::Since(attempt.began)
            } else {
                OnPhone::Perhaps
            })
        }
        ref other if other.is_uncertain() => Some(OnPhone::Perhaps),
        Outcome::Absent | Outcome::Refused { .. } | Outcome::Undelivered { .. } => None,
    });
    there.min().unwrap_or(OnPhone::No)
}
