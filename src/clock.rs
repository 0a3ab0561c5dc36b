//! Time and chance, as arguments: the relay never asks the system for either by itself.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The clock on the wall.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that somebody else moves: the sandbox's and the tests'.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Mutex::new(start))
    }

    pub fn set(&self, instant: Timestamp) {
        *self.0.lock().expect("no holder of it panics") = instant;
    }

    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().expect("no holder of it panics");
        *now += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no holder of it panics")
    }
}

/// Time that only goes on, whatever anybody does to the clock on the wall.
pub trait Stopwatch: Send + Sync {
    fn elapsed(&self) -> Duration;
}

/// The machine's own; it may stand still while the machine does.
pub struct SystemStopwatch(Instant);

impl SystemStopwatch {
    pub fn started() -> Self {
        Self(Instant::now())
    }
}

impl Stopwatch for SystemStopwatch {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A stopwatch that somebody else moves.
#[derive(Default)]
pub struct ManualStopwatch(Mutex<Duration>);

impl ManualStopwatch {
    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("no holder of it panics") += by;
    }
}

impl Stopwatch for ManualStopwatch {
    fn elapsed(&self) -> Duration {
        *self.0.lock().expect("no holder of it panics")
    }
}

/// A source of numbers from 0 up to, not including, 1, for jitter.
pub trait Chance: Send + Sync {
    fn draw(&self) -> f64;
}

/// The operating system's randomness.
pub struct SystemChance;

impl Chance for SystemChance {
    fn draw(&self) -> f64 {
        let bits = getrandom::u64().unwrap_or_default();
        // The upper 53 bits are what a double holds exactly.
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Always the same number: tests that want to know the delay beforehand.
pub struct FixedChance(pub f64);

impl Chance for FixedChance {
    fn draw(&self) -> f64 {
        self.0
    }
}
