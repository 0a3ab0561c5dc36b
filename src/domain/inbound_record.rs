//! A text that reached the line, and what the relay keeps of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::conversation::Link;
use crate::domain::ids::DeliveryId;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::routing::Decision;
use crate::domain::subscriber::Subscriber;
use crate::domain::{command, opt_out};

/// Everything that is kept of one inbound: what came, what was decided, what was set in motion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundRecord {
    pub sms: InboundSms,
    pub received: Timestamp,
    pub decision: Decision,
    pub deliveries: Vec<DeliveryId>,
    /// What it changed about who may be texted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<opt_out::Change>,
    /// What became of its sender's subscriptions by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Subscriber>,
    /// What it changed about its sender's duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<command::Change>,
    /// The customer's conversation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Link>,
    /// How it came, if not on the main path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_fallback: Option<ByFallback>,
    /// When its words were removed, which are not kept for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words_removed: Option<Timestamp>,
}

/// A text came by the fallback URL, because the main path did not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByFallback {
    /// When Twilio brought it. It was decided later, when the main path worked again.
    pub received: Timestamp,
    /// Why the main path failed, in Twilio's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
}
