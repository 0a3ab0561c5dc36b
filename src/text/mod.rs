//! The words of a relayed text, and how many messages and segments they take.

mod compose;
mod own;
mod parts;
mod segments;
mod split;
mod subscriptions;

pub use compose::{
    ANSWER_TO_PERSON, first_segment, handed_over, late, moved_on, needs_repair, reached_nobody,
    relayed, with_opt_out,
};
pub use own::is_own;
pub use parts::{MOST_CHARACTERS, MOST_MEDIA, parts};
pub use segments::{Encoding, Segments, first_outside_gsm7, segments};
pub use split::{size, split};
pub use subscriptions::{left, subscribed};
