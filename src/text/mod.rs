//! The words of a relayed text, and how many messages and segments they take.

pub mod asking;
mod compose;
mod own;
mod parts;
mod plain;
mod segments;
mod split;
mod subscriptions;

pub use asking::or_attachments;
pub use compose::{
    first_segment, handed_over, late, moved_on, needs_repair, reached_nobody, relayed, tagged,
    what, with_opt_out,
};
pub use own::is_own;
pub use parts::{MOST_CHARACTERS, MOST_MEDIA, parts};
pub use plain::{clipped, gsm7_line, plain};
pub use segments::{Encoding, Segments, first_outside_gsm7, segments};
pub use split::{size, split};
pub use subscriptions::{left, subscribed};
