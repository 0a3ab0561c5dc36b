//! What a customer's text does to the threads.

use jiff::Timestamp;

use super::{Left, Link, Seat, Tag, Threads, Times, Words};
use crate::delivery::DeliveryId;
use crate::inbound::MessageSid;
use crate::phone::PhoneNumber;

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
        let tag = self.sit(customer, person, text, times);
        if let Some(from) = from {
            self.hears_of(customer, from, times);
        }
        if let Some(thread) = self.of_mut(customer) {
            thread.has = person.to_owned();
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

    /// A text of the thread is shown to a person who gave the thread away. Returns whether that is so.
    pub fn is_shown_after_all(
        &mut self,
        customer: &PhoneNumber,
        person: &str,
        now: Timestamp,
    ) -> bool {
        let thread = self.of_mut(customer);
        let seats = thread.into_iter().flat_map(|thread| &mut thread.seats);
        let mut gave = seats.filter(|seat| seat.person == person && seat.left.is_some());
        let seat = gave.next();
        seat.map(|seat| {
            seat.at = seat.at.max(now);
            seat.is_told = true;
        })
        .is_some()
    }

    /// The customer has had the automatic reply.
    pub fn replied_automatically(&mut self, customer: &PhoneNumber) {
        if let Some(thread) = self.of_mut(customer) {
            thread.auto_replied = true;
        }
    }
}
