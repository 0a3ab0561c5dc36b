//! Which conversation a reply number stands for on one person's phone. They get this customer's texts from
//! it, and what they text to it goes to this customer.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CROSSING, Candidate, Conversation, PersonState};
use crate::domain::delivery::{Delivery, OnPhone};
use crate::domain::ids::DeliveryId;
use crate::domain::phone::PhoneNumber;

/// So long after the last text of its conversation a number may become another's: until then people go
/// on writing under what they see.
const IDLE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A reply number on a person's phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyNumber {
    pub number: PhoneNumber,
    /// Whose conversation it stands for.
    pub customer: PhoneNumber,
    pub since: Timestamp,
    /// The first text of the conversation that came from it.
    pub text: DeliveryId,
    /// Whose it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<PhoneNumber>,
}

/// A text that came to a reply number, and what the number stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct OnReplyNumber {
    /// The conversation, with its last texts on the phone and the first one that came from the number.
    pub is: Candidate,
    pub number: ReplyNumber,
    /// The conversation that it stood for before.
    pub before: Option<Conversation>,
}

impl PersonState {
    /// What a number stands for on this phone.
    pub fn on(&self, number: &PhoneNumber) -> Option<&ReplyNumber> {
        self.reply_numbers
            .iter()
            .find(|known| known.number == *number)
    }

    /// The number of a customer's conversation, among those that the line has.
    pub fn reply_number(
        &self,
        customer: &PhoneNumber,
        pool: &[PhoneNumber],
    ) -> Option<&PhoneNumber> {
        let mut theirs = self.reply_numbers.iter();
        let theirs =
            theirs.find(|known| known.customer == *customer && pool.contains(&known.number));
        theirs.map(|known| &known.number)
    }

    /// The number that has been idle longest, if one may become another conversation's.
    /// `conversations` are those that the numbers stand for, as far as there are any.
    pub fn idle_longest<'p>(
        &self,
        pool: &'p [PhoneNumber],
        conversations: &[Conversation],
        now: Timestamp,
    ) -> Option<&'p PhoneNumber> {
        let idle = pool.iter().filter_map(|number| {
            let Some(known) = self.on(number) else {
                return Some((None, number));
            };
            let theirs = conversations.iter().find(|c| c.customer == known.customer);
            let last = theirs.map_or(known.since, |theirs| theirs.active.max(known.since));
            let waits = theirs.is_some_and(|theirs| theirs.waits.is_some());
            let is_idle = last.checked_add(IDLE).is_ok_and(|end| end <= now);
            (is_idle && !waits).then_some((Some(last), number))
        });
        // Of those that are alike, the first one of the configuration.
        idle.min_by_key(|(last, _)| *last).map(|(_, number)| number)
    }

    /// From now on the number stands for this customer's conversation, whose text comes from it next.
    pub fn assign(
        &mut self,
        number: &PhoneNumber,
        customer: &PhoneNumber,
        text: &DeliveryId,
        now: Timestamp,
    ) {
        let before = self.on(number).map(|known| known.customer.clone());
        self.reply_numbers.retain(|known| known.number != *number);
        self.reply_numbers.push(ReplyNumber {
            number: number.clone(),
            customer: customer.clone(),
            since: now,
            text: text.clone(),
            before: before.filter(|before| before != customer),
        });
    }
}

impl OnReplyNumber {
    /// Whether somebody who wrote to the number then had seen that it is this customer's now. Only a number
    /// that was another's can be mistaken.
    pub fn was_seen(&self, person: &PhoneNumber, written: Timestamp) -> bool {
        let seen_by = written.checked_sub(CROSSING).unwrap_or(Timestamp::MIN);
        let is_first = |text: &&Delivery| text.id == self.number.text;
        let came = |text: &Delivery| {
            let there = text.on_phone_from(&self.number.number, person, seen_by);
            matches!(there, OnPhone::Since(_))
        };
        self.number.before.is_none()
            || self.is.texts.iter().any(came)
            // It is so old that its delivery is forgotten.
            || !self.is.texts.iter().any(|text| is_first(&text))
    }
}

#[cfg(test)]
mod tests;
