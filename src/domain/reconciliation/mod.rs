//! Yesterday's messages as Twilio lists them against what the relay knows of them. Everything that
//! either side has and the other does not is a [`Difference`]; nothing here does I/O.
//!
//! ```text
//! Twilio: sent     ─▶ whose?  ─▶ delivery ─▶ attempt: same end?
//! Twilio: received ─▶ record? ─▶ its deliveries ─▶ closed? attempts listed?
//! ```
//!
//! What is compared is found from Twilio's side, so the store is never searched as a whole.

mod comparison;
mod day;
mod difference;
mod message;

pub use comparison::{Comparison, News};
pub use day::{Day, days_in_gmt, due_days, last_settled};
pub use difference::{Counts, Difference, Report, What};
pub use message::{Message, Way, Words};

use jiff::SignedDuration;

/// A text that came longer ago than this is reported and not relayed any more: whoever wrote it has
/// long found another way, and wants to be called rather than surprised.
pub const TOO_OLD: SignedDuration = SignedDuration::from_hours(3 * 24);
