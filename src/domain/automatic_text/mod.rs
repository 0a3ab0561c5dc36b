//! Texts that a phone writes by itself: reactions to a text, and automatic replies.

pub mod automatic_reply;
pub mod reaction;
