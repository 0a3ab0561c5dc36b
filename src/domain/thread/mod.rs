//! A customer's running exchange with a line, and who has it. Everything that is known of a line's
//! threads is one value, so that a decision about a text and what it changes about them are kept
//! together or not at all.

pub mod excerpt;
mod from_customer;
mod from_person;
mod participants;
mod pending;
mod pin_attempts;
mod tagged;
pub mod wording;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, Tag};
use crate::domain::line::Policy;
use crate::domain::phone::PhoneNumber;

pub use from_customer::{Began, ReachedNow};
pub use from_person::addressee::CROSSING;
pub use from_person::{Carried, Passed, Sent, Wanted, Writer, carry_out};
pub use pending::{Choice, Held, MOST_HELD, Question, Settled, What};
pub use pin_attempts::{Proof, TRIES, Tries};
pub use tagged::{Written, read};

/// How many live threads one person can have; with one more, the one that was quiet longest ends.
pub const MOST_LIVE: usize = 30;

/// How many texts are known by name of a thread: what whoever gets it next is to read.
const MOST_TEXTS: usize = 3;

/// The longest that a thread which is over for a person is remembered.
const REMEMBERED_AT_MOST: Duration = Duration::from_secs(30 * 60);
const REMEMBERED_AT_LEAST: Duration = Duration::from_secs(2 * 60);

/// The same, if a text of it may still reach the person: they gave it away while one was on its way, or
/// are told of one that went on to somebody else. No such text is under way for longer than an hour.
const REMEMBERED_WITH_TEXTS: Duration = Duration::from_secs(70 * 60);

/// The threads of one line, with the texts that wait for a person's word.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Threads {
    /// Counts the saves; a save with an outdated version is refused.
    #[serde(default)]
    pub version: u64,
    #[serde(default)]
    pub threads: Vec<Thread>,
    /// Texts of persons that wait for a word of theirs, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// Questions that were answered a short while ago.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Settled>,
    /// Wrong PINs of a short while ago.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Tries>,
}

/// A customer's exchange with the line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    pub customer: PhoneNumber,
    pub opened: Timestamp,
    /// When a text of it was last written, by whomever.
    pub active: Timestamp,
    /// The name of the person who has it.
    pub has: String,
    /// The beginning of what the customer wrote last.
    #[serde(default)]
    pub words: Words,
    /// The texts that were written last, oldest first.
    pub texts: Vec<MessageSid>,
    /// The record of the last text that belongs to it.
    pub last: MessageSid,
    /// The last text on its way to a person; the next one leaves after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_in: Option<DeliveryId>,
    /// The last one on its way to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_out: Option<DeliveryId>,
    /// Since when the customer waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Timestamp>,
    /// Whether the customer had the automatic reply.
    #[serde(default)]
    pub auto_replied: bool,
    pub seats: Vec<Seat>,
}

/// A person's part in a thread: they got a text of it, and can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub person: String,
    pub tag: Tag,
    /// When a text of it was last relayed to them, or went on to somebody else.
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
    /// Whether they have been told since they left it of a text that was to be theirs.
    #[serde(default)]
    pub is_told: bool,
}

/// A thread was over for a person before it was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub at: Timestamp,
    /// Whether they said so themselves.
    pub by_word: bool,
}

/// Words of somebody's. Not for logs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub String);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} characters", self.0.chars().count())
    }
}

/// What belongs to the thread of a text that was kept: how it can be followed backwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub customer: PhoneNumber,
    pub opened: Timestamp,
    /// The record before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<MessageSid>,
    /// The earlier text that it let go to the customer, having been asked about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<MessageSid>,
}

/// The instant, and how long a thread lives without a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub now: Timestamp,
    pub thread_for: Duration,
}

impl Times {
    pub fn of(policy: &Policy, now: Timestamp) -> Self {
        Self {
            now,
            thread_for: policy.thread_for,
        }
    }

    /// How long it is remembered that a thread is over for a person. Until then its tag is nobody
    /// else's: whoever does not know yet that it is over may still be answering.
    fn remembered(self) -> Duration {
        (self.thread_for / 8).clamp(REMEMBERED_AT_LEAST, REMEMBERED_AT_MOST)
    }

    fn is_past(self, since: Timestamp, by: Duration) -> bool {
        since.checked_add(by).is_ok_and(|end| end <= self.now)
    }
}

/// How a thread stands for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Live,
    /// It is over, and they may not know.
    Over,
    /// They gave it away a moment ago.
    GivenAway {
        at: Timestamp,
    },
    /// It is over, and long enough.
    Forgotten,
}

impl Thread {
    pub fn is_live(&self, times: Times) -> bool {
        !times.is_past(self.active, times.thread_for)
    }

    /// When it is over if nobody writes.
    pub fn over_at(&self, thread_for: Duration) -> Timestamp {
        let over = self.active.checked_add(thread_for);
        over.unwrap_or(Timestamp::MAX)
    }

    pub fn seat_of(&self, person: &str) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.person == person)
    }

    pub fn standing(&self, seat: &Seat, times: Times) -> Standing {
        let (with_texts, as_long) = (REMEMBERED_WITH_TEXTS, times.remembered());
        let (since, remembered, standing) = match seat.left {
            // They are told of texts that they were to get before, and may answer those.
            Some(_) if seat.is_told => (seat.at, with_texts, Standing::Over),
            Some(Left { at, by_word: true }) => (at, with_texts, Standing::GivenAway { at }),
            Some(Left { at, by_word: false }) => (at, as_long, Standing::Over),
            None if self.is_live(times) => return Standing::Live,
            None => (self.over_at(times.thread_for), as_long, Standing::Over),
        };
        if times.is_past(since, remembered) {
            Standing::Forgotten
        } else {
            standing
        }
    }

    /// The other people who can answer it.
    pub fn others(&self, person: &str, times: Times) -> impl Iterator<Item = &str> {
        let live = self
            .seats
            .iter()
            .filter(move |seat| self.standing(seat, times) == Standing::Live);
        live.map(|seat| seat.person.as_str())
            .filter(move |name| *name != person)
    }

    /// A text of it was written, and this is its record.
    fn goes_on(&mut self, text: &MessageSid, record: &MessageSid, now: Timestamp) {
        self.active = self.active.max(now);
        self.last = record.clone();
        if !self.texts.contains(text) {
            self.texts.push(text.clone());
        }
        let more = self.texts.len().saturating_sub(MOST_TEXTS);
        self.texts.drain(..more);
    }
}

impl Threads {
    pub fn of(&self, customer: &PhoneNumber) -> Option<&Thread> {
        self.threads.iter().find(|t| t.customer == *customer)
    }

    fn of_mut(&mut self, customer: &PhoneNumber) -> Option<&mut Thread> {
        self.threads.iter_mut().find(|t| t.customer == *customer)
    }

    /// Who has the customer's thread, if it is live.
    pub fn who_has(&self, customer: &PhoneNumber, times: Times) -> Option<&str> {
        let thread = self.of(customer).filter(|thread| thread.is_live(times))?;
        Some(thread.has.as_str()).filter(|name| !name.is_empty())
    }

    /// A person's part in threads, as it stands, by tag; without what is forgotten.
    pub fn of_person<'t>(
        &'t self,
        person: &str,
        times: Times,
    ) -> Vec<(&'t Thread, &'t Seat, Standing)> {
        let seats = self.threads.iter().filter_map(|thread| {
            let seat = thread.seat_of(person)?;
            Some((thread, seat, thread.standing(seat, times)))
        });
        let mut seats: Vec<_> = seats
            .filter(|(_, _, standing)| *standing != Standing::Forgotten)
            .collect();
        seats.sort_by_key(|(_, seat, _)| seat.tag);
        seats
    }

    /// The tags of a person's live threads, and their customers.
    pub fn open_of_person(&self, person: &str, times: Times) -> Vec<(Tag, PhoneNumber)> {
        self.live_of_person(person, times)
            .map(|(thread, seat)| (seat.tag, thread.customer.clone()))
            .collect()
    }

    pub fn live_of_person<'t>(
        &'t self,
        person: &str,
        times: Times,
    ) -> impl Iterator<Item = (&'t Thread, &'t Seat)> {
        let seats = self.of_person(person, times).into_iter();
        seats
            .filter(|(_, _, standing)| *standing == Standing::Live)
            .map(|(thread, seat, _)| (thread, seat))
    }
}

#[cfg(test)]
mod tests;
