//! A customer's or a person's text, as it is planned.

use jiff::Timestamp;

use crate::domain::inbound::InboundSms;
use crate::domain::inbound_record::ByFallback;

/// A text that came in, or what people are told of a call, which is taken in like one.
#[derive(Debug, Clone)]
pub struct Text {
    pub sms: InboundSms,
    /// When it reached Twilio, or the relay if that is not known better.
    pub received: Timestamp,
    pub now: Timestamp,
    pub by_fallback: Option<ByFallback>,
    /// No webhook came of it: it was found in Twilio's list.
    pub is_found: bool,
    /// What it says is that caller and person talked.
    pub talk: Option<Talk>,
    /// It came before the relay was restored from a backup of that time, and the relay may have dealt with it.
    pub since_backup: Option<Timestamp>,
}

/// A customer and a person talked by telephone, or the person called and did not reach the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    pub person: String,
    /// Whether it was long enough to answer what the customer waited for.
    pub is_answer: bool,
    /// Whether the person is texted whom they talked to, so that they can write to them.
    pub is_told: bool,
    /// Whether the customer answered whom the person called.
    pub was_reached: bool,
}

impl Text {
    /// Whether it is no text, but what people are told of a call.
    pub fn is_of_call(&self) -> bool {
        self.sms.sid.call().is_some()
    }

    /// One that is written now.
    pub fn of(sms: InboundSms, now: Timestamp) -> Self {
        Self {
            sms,
            received: now,
            now,
            by_fallback: None,
            is_found: false,
            talk: None,
            since_backup: None,
        }
    }
}
