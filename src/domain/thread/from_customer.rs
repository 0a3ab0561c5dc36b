//! What a customer's text does to the threads.

use jiff::SignedDuration;

use super::{Left, Link, Seat, Threads, Times, Words};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, Tag};
use crate::domain::phone::PhoneNumber;

/// What follows from a customer's text for its delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Began {
    pub thread: Link,
    /// What the text shows to the person.
    pub tag: Option<Tag>,
    /// The text of the thread that leaves before it.
    pub after: Option<DeliveryId>,
    /// Whether the customer was not waiting for an answer before.
    pub waits: bool,
    /// Whether the customer has not had the automatic reply in this thread.
    pub not_replied: bool,
}

/// What a person could do with a text of a thread that reaches them now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReachedNow {
    AsPlanned,
    /// The threads had to be changed for them to be able to answer.
    Changed,
    /// They have no part in the thread any more, and need one anew.
    NoSeat,
}

/// A text that reaches a person by so much later than it was written keeps its thread alive.
const LATE: SignedDuration = SignedDuration::from_mins(10);

impl Threads {
    /// A customer's text goes to `person`, as `delivery`.
    pub fn customer_wrote(
        &mut self,
        customer: &PhoneNumber,
        words: Words,
        sid: &MessageSid,
        (person, delivery): (&str, &DeliveryId),
        times: Times,
    ) -> Began {
        let thread = self.open(customer, sid, times);
        let is_new = thread.texts.is_empty();
        let before = (!is_new).then(|| thread.last.clone());
        let waits = thread.unanswered.is_none();
        thread.goes_on(sid, sid, times.now);
        thread.words = words;
        thread.has = person.to_owned();
        thread.unanswered.get_or_insert(times.now);
        let after = thread.last_in.replace(delivery.clone());
        let began = Began {
            thread: Link {
                customer: customer.clone(),
                opened: thread.opened,
                previous: before,
                sends: None,
            },
            tag: None,
            after,
            waits,
            not_replied: !thread.auto_replied,
        };
        Began {
            tag: self.sit(customer, person, sid, times),
            ..began
        }
    }

    /// A text of the customer's thread goes to somebody else than it was for, or to them after the
    /// thread was over. `from` had it before, if anybody did, and hears of it.
    pub fn moved_to(
        &mut self,
        customer: &PhoneNumber,
        from: Option<&str>,
        person: &str,
        text: &MessageSid,
        times: Times,
    ) -> Option<Tag> {
        let waits = self.of(customer).and_then(|thread| thread.unanswered);
        let tag = self.sit(customer, person, text, times);
        if let Some(from) = from {
            self.hears_of(customer, from, times);
        }
        if let Some(thread) = self.of_mut(customer) {
            thread.has = person.to_owned();
            // A thread that begins anew with a text that came late owes the same answer.
            thread.unanswered = waits;
            thread.active = thread.active.max(times.now);
        }
        self.forget(times);
        tag
    }

    /// A person is told of a text that went on to somebody else, and may answer it, even if they had
    /// no part in the thread any more.
    fn hears_of(&mut self, customer: &PhoneNumber, person: &str, times: Times) {
        let tag = self.free_tag(person, customer, times);
        let Some(thread) = self.of_mut(customer) else {
            return;
        };
        let mut seats = thread.seats.iter_mut();
        match seats.find(|seat| seat.person == person) {
            Some(seat) => {
                seat.at = times.now;
                seat.is_told = true;
            }
            None => thread.seats.push(Seat {
                person: person.to_owned(),
                tag,
                at: times.now,
                left: Some(Left {
                    at: times.now,
                    by_word: false,
                }),
                is_told: true,
            }),
        }
    }

    /// A text of the thread reaches a person. They may have given the thread away while it was on its
    /// way, or it was on its way for so long that the thread is over, or soon will be.
    pub fn reaches(&mut self, customer: &PhoneNumber, person: &str, times: Times) -> ReachedNow {
        let now = times.now;
        let Some(thread) = self.of_mut(customer) else {
            return ReachedNow::NoSeat;
        };
        let is_live = thread.is_live(times);
        let Some(seat) = thread.seats.iter_mut().find(|seat| seat.person == person) else {
            return ReachedNow::NoSeat;
        };
        if seat.left.is_some() {
            seat.at = seat.at.max(now);
            seat.is_told = true;
            ReachedNow::Changed
        } else if !is_live {
            ReachedNow::NoSeat
        } else if thread.active + LATE <= now {
            thread.active = now;
            ReachedNow::Changed
        } else {
            ReachedNow::AsPlanned
        }
    }

    /// The customer has had the automatic reply.
    pub fn replied_automatically(&mut self, customer: &PhoneNumber) {
        if let Some(thread) = self.of_mut(customer) {
            thread.auto_replied = true;
        }
    }
}
