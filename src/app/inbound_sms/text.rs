//! A customer's or a person's text, as it is planned.

use jiff::Timestamp;

use crate::domain::inbound::InboundSms;
use crate::domain::inbound_record::ByFallback;

/// A text that came in.
#[derive(Debug, Clone)]
pub struct Text {
    pub sms: InboundSms,
    /// When it reached Twilio, or the relay if that is not known better.
    pub received: Timestamp,
    pub now: Timestamp,
    pub by_fallback: Option<ByFallback>,
    /// No webhook came of it: it was found in Twilio's list.
    pub is_found: bool,
}

impl Text {
    /// One that is written now.
    pub fn of(sms: InboundSms, now: Timestamp) -> Self {
        Self {
            sms,
            received: now,
            now,
            by_fallback: None,
            is_found: false,
        }
    }
}
