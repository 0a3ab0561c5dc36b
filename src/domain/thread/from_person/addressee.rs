//! For which thread a person's text is meant, and whether that is certain.

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Writer};
use crate::domain::ids::Tag;
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::{Choice, Standing, What};

/// An answer and a newer customer's text may cross for so long: as long as somebody may write at an
/// answer without seeing the newer one, and a minute for a webhook that Twilio had to bring again.
pub const CROSSING: SignedDuration = SignedDuration::from_mins(4);

/// A text that came so long after it was written may be meant for what was true then.
const LATE: SignedDuration = SignedDuration::from_secs(60);

pub(super) enum Meant {
    None,
    One(PhoneNumber),
    /// It is to be asked, for this reason.
    Doubt(&'static str),
}

impl Desk<'_> {
    /// Whom words without a tag are for.
    pub(super) fn meant(&self) -> Meant {
        let Writer { person, times, .. } = self.writer;
        let seats = self.threads.of_person(person, times);
        let live = seats.iter().filter(|(.., s)| *s == Standing::Live);
        let live: Vec<_> = live.collect();
        let others = || seats.iter().filter(|(.., s)| *s != Standing::Live);
        match live.as_slice() {
            [] if seats.is_empty() => Meant::None,
            [] => Meant::Doubt("the thread is over, or somebody else's"),
            _ if self.is_late() => Meant::Doubt("it came late"),
            [(thread, seat, _)] => {
                // A person who answers a thread that is over since, or was given away, may not have
                // seen the text of the one that is live.
                let is_new = |since: Timestamp| self.writer.written < since + CROSSING;
                let crosses = others().any(|(other, _, standing)| match standing {
                    Standing::GivenAway { at } => {
                        let is_read = self.writer.just_read.contains(&other.customer);
                        is_read || is_new(*at) || is_new(seat.at)
                    }
                    _ => true,
                });
                if crosses {
                    Meant::Doubt("it may have crossed with a newer customer's text")
                } else {
                    Meant::One(thread.customer.clone())
                }
            }
            _ => Meant::Doubt("the person has several live threads"),
        }
    }

    pub(super) fn is_late(&self) -> bool {
        let Writer { written, times, .. } = self.writer;
        LATE < times.now.duration_since(written)
    }

    pub(super) fn with_tag(&self, tag: Tag) -> Option<PhoneNumber> {
        let seats = self
            .threads
            .of_person(self.writer.person, self.writer.times);
        let mut seats = seats.into_iter();
        let (thread, ..) = seats.find(|(_, seat, _)| seat.tag == tag)?;
        Some(thread.customer.clone())
    }

    /// The threads that may be meant: those that are live, and for words also those of which the
    /// person may not know that they are over.
    pub(super) fn choices(&self, what: &What) -> Vec<Choice> {
        let seats = self
            .threads
            .of_person(self.writer.person, self.writer.times);
        let may_be =
            |standing: &Standing| *standing == Standing::Live || matches!(what, What::Send { .. });
        let seats = seats.iter().filter(|(.., standing)| may_be(standing));
        seats
            .map(|(thread, seat, _)| Choice {
                tag: seat.tag,
                customer: thread.customer.clone(),
                words: thread.words.clone(),
            })
            .collect()
    }
}
