//! How long to wait before the next attempt.

use std::time::Duration;

use crate::domain::line::policy::Retry;

/// Exponential backoff with full jitter: a random wait below a bound that doubles. Clients that
/// failed together do not come back together.
///
/// Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// No wait is shorter.
    pub floor: Duration,
    /// The bound of the first wait.
    pub base: Duration,
    /// No bound is longer.
    pub cap: Duration,
}

impl Backoff {
    /// Between questions to Twilio.
    pub const ASKING: Backoff = Backoff {
        floor: Duration::from_secs(1),
        base: Duration::from_secs(5),
        cap: Duration::from_secs(15 * 60),
    };

    /// Between the attempts of a line's delivery.
    pub fn of(retry: Retry) -> Self {
        Self {
            floor: Duration::from_secs(1),
            base: retry.first,
            cap: retry.longest,
        }
    }

    /// The wait after `failures` failures in a row, by `jitter` from 0 up to 1. Never shorter than
    /// `at_least`, which is what the other side asked for.
    pub fn wait(&self, failures: u32, at_least: Option<Duration>, jitter: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        let wait = bound.mul_f64(jitter.clamp(0.0, 1.0)).max(self.floor);
        at_least.map_or(wait, |least| wait.max(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let longest = |failures| {
            Backoff::of(Retry::default())
                .wait(failures, None, 1.0)
                .as_secs()
        };
        assert_eq!(
            [1, 2, 3, 4, 8, 9, 40].map(longest),
            [5, 10, 20, 40, 640, 900, 900]
        );
    }

    #[test]
    fn jitter_spreads_the_wait_from_the_floor_to_the_bound() {
        let wait = |jitter| Backoff::ASKING.wait(3, None, jitter);
        assert_eq!(wait(0.0), SECOND);
        assert_eq!(wait(0.5), 10 * SECOND);
        assert!(wait(0.999) < 20 * SECOND);
    }

    #[test]
    fn the_other_sides_wish_is_never_undercut() {
        assert_eq!(Backoff::ASKING.wait(1, Some(40 * SECOND), 0.0), 40 * SECOND);
        assert_eq!(Backoff::ASKING.wait(1, Some(2 * SECOND), 1.0), 5 * SECOND);
    }
}
