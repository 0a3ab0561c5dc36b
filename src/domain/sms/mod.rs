//! The words of a relayed text, and how many messages and segments they take.

pub mod attachments;
pub mod first_segment;
pub mod part;
mod parts;
pub(crate) mod plain;
mod segments;
mod split;

pub use part::Part;

pub use attachments::or_attachments;
pub use first_segment::first_segment;

pub use parts::{MOST_CHARACTERS, MOST_MEDIA, parts};
pub use plain::{clipped, gsm7_line, plain};
pub use segments::{Encoding, Segments, first_outside_gsm7, segments};
pub use split::{size, split};
