//! How an API key or the auth token is replaced without a text that fails: what is done in which
//! order, and what is on record of it, so that whoever comes after a crash goes on where it was.
//!
//! ```text
//! begun ─▶ minted ─▶ pending ─▶ verified ─▶ switched ─▶ drained ─▶ old deleted ─▶ old proven dead
//! ```
//!
//! Between *switched* and *drained* everybody who still has the old one gets the new one. For the
//! auth token, *old deleted* is the promotion of the new one, with which the old one is void; both
//! are accepted in signatures from *switched* until the end.

#[cfg(feature = "aws")]
pub mod four_steps;
mod names;
mod steps;
mod two_places;
mod work;

use std::time::Duration;

use super::cache::{FRESH, USABLE};

pub use super::rotation_record::{RotationRecord, Step, Subject};
pub use names::{forget, keep_pending, previous, switch};
pub use two_places::{TwoPlaces, Wait};
pub use work::{Twilio, Which};

/// The longest that an event is worked on, Twilio's answer included.
const LONGEST_EVENT: Duration = Duration::from_secs(60);

/// How long the old one stays alive after the switch, when everybody can ask for the new one: until
/// nobody has the old one kept, and nobody works on an event that began with it.
pub const DRAIN: Duration = FRESH.saturating_add(LONGEST_EVENT);

/// The same if it has to hold even when nobody can ask for the new one.
pub const LONG_DRAIN: Duration = USABLE.saturating_add(LONGEST_EVENT);

/// For how long after a promotion webhooks may come that were signed before it: Twilio tries again
/// at once, so this is ample.
pub const LATE_WEBHOOKS: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_one_outlives_whoever_has_it_kept() {
        assert!(DRAIN > FRESH && LONG_DRAIN > USABLE);
    }
}
