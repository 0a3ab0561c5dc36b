//! Texts that machines wrote: automatic replies, and the relay's own words.

pub mod automatic;
pub mod own_words;
