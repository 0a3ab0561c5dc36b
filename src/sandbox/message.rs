use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;

/// A message as Twilio keeps it.
#[derive(Clone)]
pub struct Message {
    pub sid: MessageSid,
    pub direction: Direction,
    /// Empty until a messaging service has picked a sender.
    pub from: String,
    pub to: String,
    pub body: String,
    pub media: Vec<String>,
    pub messaging_service: Option<String>,
    pub status: Status,
    pub error_code: Option<u32>,
    pub status_callback: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub sent: Option<Timestamp>,
    /// How long it may wait in Twilio's queue.
    pub(super) validity: Duration,
    pub(super) fate: super::carrier::Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    Inbound,
    OutboundApi,
    OutboundReply,
}

/// Without body and numbers, for whoever prints it.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sid", &self.sid)
            .field("direction", &self.direction)
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .finish()
    }
}

impl Message {
    /// The status as Twilio writes it.
    pub(super) fn status_name(&self) -> String {
        match serde_json::to_value(self.status) {
            Ok(Value::String(name)) => name,
            _ => unreachable!("a status is written as a string"),
        }
    }

    /// The Message resource of Twilio's API.
    pub(super) fn json(&self, account_sid: &str) -> Value {
        let uri = format!("{API_PATH}/{account_sid}/Messages/{}", self.sid);
        let segments = match (&self.messaging_service, self.from.is_empty()) {
            (Some(_), true) => 0,
            _ => segments(&self.body),
        };
        json!({
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created),
            "date_sent": self.sent.map(rfc2822),
            "date_updated": rfc2822(self.updated),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": self.error_code.map(super::rest::error_message),
            "from": (!self.from.is_empty()).then_some(&self.from),
            "messaging_service_sid": self.messaging_service,
            "num_media": self.media.len().to_string(),
            "num_segments": segments.to_string(),
            "price": null,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": { "media": format!("{uri}/Media.json") },
            "to": self.to,
            "uri": format!("{uri}.json"),
        })
    }
}

pub(super) const API_VERSION: &str = "2010-04-01";
pub(super) const API_PATH: &str = "/2010-04-01/Accounts";

/// RFC 2822 in GMT, as Twilio writes it: `Wed, 18 Aug 2021 20:01:14 +0000`.
pub(super) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// All messages, in the order of their creation.
pub(super) struct Messages {
    seed: Timestamp,
    count: u64,
    by_number: BTreeMap<u64, Message>,
    by_sid: BTreeMap<MessageSid, u64>,
}

/// A message's place in the order of creation.
pub(super) type MessageNumber = u64;

impl Messages {
    pub fn new(seed: Timestamp) -> Self {
        Self {
            seed,
            count: 0,
            by_number: BTreeMap::new(),
            by_sid: BTreeMap::new(),
        }
    }

    /// A SID that no message has: `MM` for one with media.
    pub fn next_sid(&mut self, with_media: bool) -> MessageSid {
        self.count += 1;
        let prefix = if with_media { "MM" } else { "SM" };
        let digest = digest(&format!("{}/{}", self.seed.as_nanosecond(), self.count));
        MessageSid::parse(&format!("{prefix}{digest}")).expect("32 hexadecimal digits")
    }

    pub fn add(&mut self, message: Message) -> MessageNumber {
        let number = self.count;
        self.by_sid.insert(message.sid.clone(), number);
        self.by_number.insert(number, message);
        number
    }

    pub fn get(&self, number: MessageNumber) -> Option<&Message> {
        self.by_number.get(&number)
    }

    pub fn get_mut(&mut self, number: MessageNumber) -> Option<&mut Message> {
        self.by_number.get_mut(&number)
    }

    pub fn find(&self, sid: &MessageSid) -> Option<MessageNumber> {
        self.by_sid.get(sid).copied()
    }

    pub fn delete(&mut self, number: MessageNumber) {
        if let Some(message) = self.by_number.remove(&number) {
            self.by_sid.remove(&message.sid);
        }
    }

    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.by_number.values()
    }
}

/// 32 hexadecimal digits that look random and are not.
pub(super) fn digest(of: &str) -> String {
    Sha256::digest(of)[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// How many segments a body takes.
///
/// Source: Twilio, "What is GSM-7 character encoding?": 160 characters, or 153 in each of several;
/// with a character outside of GSM-7 70 UTF-16 units, or 67.
pub(super) fn segments(body: &str) -> usize {
    const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const EXTENDED: &str = "\u{c}^{}\\[~]|€";
    let septets: Option<usize> = body
        .chars()
        .map(|c| match c {
            _ if BASIC.contains(c) => Some(1),
            _ if EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum();
    let (units, one, each) = match septets {
        Some(septets) => (septets, 160, 153),
        None => (body.encode_utf16().count(), 70, 67),
    };
    if units <= one {
        1
    } else {
        units.div_ceil(each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_by_the_encoding() {
        assert_eq!(segments(""), 1);
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&"a".repeat(161)), 2);
        assert_eq!(segments(&"€".repeat(81)), 2);
        assert_eq!(segments(&"–".repeat(70)), 1);
        assert_eq!(segments(&"–".repeat(135)), 3);
        assert_eq!(segments(&"🚐".repeat(36)), 2);
    }

    #[test]
    fn dates_are_written_as_twilio_writes_them() {
        let at: Timestamp = "2021-08-18T20:01:14.9Z".parse().unwrap();
        assert_eq!(rfc2822(at), "Wed, 18 Aug 2021 20:01:14 +0000");
    }
}
