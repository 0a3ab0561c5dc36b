//! A text that reached the line.

pub mod content;
pub mod sms;

pub use sms::InboundSms;
pub use sms::Media;
