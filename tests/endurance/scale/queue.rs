//! SQS's standard queue: what has waited longest comes first, and where messages have groups, those of quiet
//! groups come before those of a noisy one.
//!
//! Source: Amazon SQS Developer Guide, "How Amazon SQS fair queues work". A group is noisy that has at least 30
//! messages in flight, which are more than a tenth of all, or that has had more than a tenth of the time that
//! messages took of late. How late that is, the guide does not say.

use std::collections::{BTreeSet, HashMap, VecDeque};

const NOISY: usize = 30;

/// After so long, time that was taken counts half. Assumed.
const HALF_LIFE: f64 = 30e6;

#[derive(Default)]
pub struct Queue {
    /// By group: since when each waits, in microseconds, and what it is.
    waiting: HashMap<u64, VecDeque<(u64, Message)>>,
    /// The first of each group.
    heads: BTreeSet<(u64, u64)>,
    in_flight: HashMap<u64, usize>,
    flying: usize,
    /// The time that each group's messages took, and all, by what it counted at the last of them.
    taken: HashMap<u64, Taken>,
    taken_by_all: Taken,
    pub length: usize,
}

#[derive(Default, Clone, Copy)]
struct Taken {
    time: f64,
    at: u64,
}

impl Taken {
    fn by(self, now: u64) -> f64 {
        self.time * f64::exp2(-(now.saturating_sub(self.at) as f64) / HALF_LIFE)
    }

    fn add(&mut self, time: u64, now: u64) {
        (self.time, self.at) = (self.by(now) + time as f64, now);
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Message {
    pub text: u32,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A text has come.
    New,
    /// Its turn has come.
    Turn,
    Settled,
}

impl Queue {
    pub fn push(&mut self, group: u64, at: u64, message: Message) {
        let waiting = self.waiting.entry(group).or_default();
        if waiting.is_empty() {
            self.heads.insert((at, group));
        }
        waiting.push_back((at, message));
        self.length += 1;
    }

    /// The next one, with its group and since when it waits.
    pub fn pop(&mut self, now: u64) -> Option<(u64, u64, Message)> {
        let flying = |group: u64| self.in_flight.get(&group).copied().unwrap_or_default();
        let is_noisy = |group: u64| {
            let own = flying(group);
            let taken = self.taken.get(&group).map_or(0.0, |taken| taken.by(now));
            own >= NOISY && self.flying < 10 * own || 10.0 * taken > self.taken_by_all.by(now)
        };
        let quiet = self.heads.iter().find(|(_, group)| !is_noisy(*group));
        let least = || self.heads.iter().min_by_key(|(_, group)| flying(*group));
        let head = *quiet.or_else(least)?;
        let group = head.1;
        self.heads.remove(&head);
        let waiting = self.waiting.get_mut(&group)?;
        let (at, message) = waiting.pop_front()?;
        match waiting.front() {
            Some((next, _)) => drop(self.heads.insert((*next, group))),
            None => drop(self.waiting.remove(&group)),
        }
        *self.in_flight.entry(group).or_default() += 1;
        self.flying += 1;
        self.length -= 1;
        Some((group, at, message))
    }

    /// A message was worked on for so long.
    pub fn done(&mut self, group: u64, took: u64, now: u64) {
        self.taken.entry(group).or_default().add(took, now);
        self.taken_by_all.add(took, now);
        self.flying -= 1;
        if let Some(own) = self.in_flight.get_mut(&group) {
            *own -= 1;
            if *own == 0 {
                self.in_flight.remove(&group);
            }
        }
    }

    pub fn oldest(&self) -> Option<u64> {
        self.heads.first().map(|(at, _)| *at)
    }
}
