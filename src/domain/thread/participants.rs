//! Who has a part in which thread, and under which tag.

use jiff::Timestamp;

use super::{Left, MOST_LIVE, Seat, Standing, Thread, Threads, Times, Words};
use crate::domain::ids::Tag;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

impl Threads {
    /// Gives a person a part in the customer's thread, because a text of it goes to them. Returns the
    /// tag that the text is to show: none if it is the only live thread that they have.
    ///
    /// `text` is the record of a text of it: should the thread be over, this begins it anew.
    pub fn sit(
        &mut self,
        customer: &PhoneNumber,
        person: &str,
        text: &MessageSid,
        times: Times,
    ) -> Option<Tag> {
        self.open(customer, text, times);
        let known = self.of(customer).and_then(|thread| {
            let seat = thread.seat_of(person)?;
            let kept = thread.standing(seat, times) != Standing::Forgotten;
            kept.then_some(seat.tag)
        });
        let tag = known.unwrap_or_else(|| self.free_tag(person, customer, times));
        if let Some(thread) = self.of_mut(customer) {
            thread.seats.retain(|seat| seat.person != person);
            thread.seats.push(Seat {
                person: person.to_owned(),
                tag,
                at: times.now,
                left: None,
                is_told: false,
            });
        }
        self.end_quietest(person, customer, times);
        (self.live_of_person(person, times).count() > 1).then_some(tag)
    }

    /// Gives a person a part in the customer's thread if they have none, because they go on with it.
    pub(super) fn be_part_of(
        &mut self,
        customer: &PhoneNumber,
        person: &str,
        text: &MessageSid,
        times: Times,
    ) {
        let thread = self.of(customer);
        let seat = thread.and_then(|thread| Some((thread, thread.seat_of(person)?)));
        if !seat.is_some_and(|(thread, seat)| thread.standing(seat, times) == Standing::Live) {
            self.sit(customer, person, text, times);
        }
    }

    /// The customer's thread: the one that is live, or a new one.
    pub(super) fn open(
        &mut self,
        customer: &PhoneNumber,
        text: &MessageSid,
        times: Times,
    ) -> &mut Thread {
        let known = self.threads.iter().position(|t| t.customer == *customer);
        let position = known.unwrap_or_else(|| {
            self.threads.push(Thread {
                customer: customer.clone(),
                opened: times.now,
                active: times.now,
                has: String::new(),
                words: Words::default(),
                texts: Vec::new(),
                last: text.clone(),
                last_in: None,
                last_out: None,
                unanswered: None,
                auto_replied: false,
                seats: Vec::new(),
            });
            self.threads.len() - 1
        });
        let thread = &mut self.threads[position];
        if !thread.is_live(times) {
            // Whoever had a part in the earlier one may not know that it was over.
            let over = Left {
                at: thread.over_at(times.thread_for),
                by_word: false,
            };
            for seat in &mut thread.seats {
                seat.left.get_or_insert(over);
            }
            thread.opened = times.now;
            thread.active = times.now;
            thread.has.clear();
            thread.texts.clear();
            thread.unanswered = None;
            thread.auto_replied = false;
        }
        thread
    }

    /// The lowest that none of the person's other threads has, or had until a short while ago.
    pub(super) fn free_tag(&self, person: &str, customer: &PhoneNumber, times: Times) -> Tag {
        let seats = self.of_person(person, times).into_iter();
        let others = seats.filter(|(thread, ..)| thread.customer != *customer);
        let taken: Vec<Tag> = others.map(|(_, seat, _)| seat.tag).collect();
        Tag::all()
            .find(|tag| !taken.contains(tag))
            .unwrap_or(Tag::LAST)
    }

    fn end_quietest(&mut self, person: &str, but: &PhoneNumber, times: Times) {
        let live: Vec<(Timestamp, PhoneNumber)> = self
            .live_of_person(person, times)
            .map(|(thread, _)| (thread.active, thread.customer.clone()))
            .collect();
        if live.len() <= MOST_LIVE {
            return;
        }
        let others = live.into_iter().filter(|(_, customer)| customer != but);
        if let Some((_, quietest)) = others.min() {
            self.leave(&quietest, person, false, times.now);
        }
    }

    /// The thread is over for the person.
    pub(super) fn leave(
        &mut self,
        customer: &PhoneNumber,
        person: &str,
        by_word: bool,
        at: Timestamp,
    ) {
        let thread = self.of_mut(customer);
        let seat = thread.and_then(|t| t.seats.iter_mut().find(|s| s.person == person));
        if let Some(seat) = seat {
            seat.left = Some(Left { at, by_word });
        }
    }

    /// Forgets what is over for long enough.
    pub fn forget(&mut self, times: Times) {
        for position in (0..self.threads.len()).rev() {
            let thread = &self.threads[position];
            let is_kept = |seat: &Seat| thread.standing(seat, times) != Standing::Forgotten;
            let seats: Vec<Seat> = thread
                .seats
                .iter()
                .filter(|s| is_kept(s))
                .cloned()
                .collect();
            if seats.is_empty() && !thread.is_live(times) {
                self.threads.remove(position);
            } else {
                self.threads[position].seats = seats;
            }
        }
        self.forget_held(times.now);
        self.tries.retain(|tries| tries.counts(times.now));
    }
}
