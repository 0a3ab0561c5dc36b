//! The load of the server: whether webhooks crowd in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// More than this wait for their answer by no coincidence: at an answer in 5 ms it takes 4,000 a
/// second to get there.
const HIGH: usize = 20;

/// For how long a crowd counts that was there: a group of writes answers all of them at once, and
/// the next are there a moment later.
const LASTS: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(super) struct LoadGauge(Arc<Gauge>);

struct Gauge {
    waiting: AtomicUsize,
    start: Instant,
    /// Milliseconds after the start up to which there is a crowd.
    until: AtomicU64,
}

/// A webhook that waits for its answer, until it is dropped.
pub(super) struct Waiting(LoadGauge);

impl LoadGauge {
    pub fn none(now: Instant) -> Self {
        Self(Arc::new(Gauge {
            waiting: AtomicUsize::new(0),
            start: now,
            until: AtomicU64::new(0),
        }))
    }

    pub fn one_more(&self, now: Instant) -> Waiting {
        if self.0.waiting.fetch_add(1, Ordering::Relaxed) + 1 >= HIGH {
            let until = self.after_start(now + LASTS);
            self.0.until.fetch_max(until, Ordering::Relaxed);
        }
        Waiting(self.clone())
    }

    /// Whether so many wait that other work should stand back.
    pub fn is_high(&self, now: Instant) -> bool {
        self.after_start(now) < self.0.until.load(Ordering::Relaxed)
    }

    fn after_start(&self, at: Instant) -> u64 {
        let after = at.saturating_duration_since(self.0.start).as_millis();
        u64::try_from(after).unwrap_or(u64::MAX)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_counts_for_a_moment_after_it_was_answered() {
        let now = Instant::now();
        let load = LoadGauge::none(now);
        let some: Vec<_> = (1..HIGH).map(|_| load.one_more(now)).collect();
        assert!(!load.is_high(now));
        let last = load.one_more(now);
        assert!(load.is_high(now));
        drop((some, last));
        assert!(load.is_high(now + LASTS / 2));
        assert!(!load.is_high(now + LASTS));
    }

    #[test]
    fn many_one_after_the_other_are_no_crowd() {
        let now = Instant::now();
        let load = LoadGauge::none(now);
        for _ in 0..10 * HIGH {
            drop(load.one_more(now));
        }
        assert!(!load.is_high(now));
    }
}
