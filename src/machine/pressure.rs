//! How many webhooks wait for their answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More than this are not a coincidence: at an answer in 5 ms it takes 4,000 a second to get there.
const HIGH: usize = 20;

#[derive(Clone, Default)]
pub(super) struct Pressure(Arc<AtomicUsize>);

/// A webhook that waits for its answer, until it is dropped.
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Pressure {
    pub fn one_more(&self) -> Waiting {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(&self.0))
    }

    /// Whether so many wait that other work should stand back.
    pub fn is_high(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= HIGH
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_goes_with_those_who_waited() {
        let pressure = Pressure::default();
        let waiting: Vec<_> = (0..HIGH).map(|_| pressure.one_more()).collect();
        assert!(pressure.is_high());
        drop(waiting);
        assert!(!pressure.is_high());
    }
}
