use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::sms::segments;
use crate::twilio::error_texts::text as error_text;
use crate::twilio::signature::sha256_hex;

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
    /// Not to be sent before.
    pub(super) send_at: Option<Timestamp>,
    /// How long it may wait in Twilio's queue.
    pub(super) validity: Duration,
    /// Without one it stays in the queue for ever, as with Twilio's test credentials.
    pub(super) outcome: Option<DeliveryOutcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    Inbound,
    OutboundApi,
    OutboundReply,
}

/// How the delivery of a message ends.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DeliveryOutcome {
    /// How much longer than others it stays in Twilio's queue.
    pub held: Duration,
    /// The error with which it fails.
    pub undeliverable: Option<u32>,
    /// After that it arrives all the same.
    pub after_all: Option<Duration>,
    /// The carrier does not say that it arrived.
    pub unreported: bool,
}

/// How long a message takes from one status to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// In Twilio's queue.
    pub queued: Duration,
    /// From `sending` to `sent`: being handed to the carrier.
    pub sending: Duration,
    /// From `sent` to `delivered`, or to the carrier's report that it could not be.
    pub carrier: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            queued: Duration::from_millis(100),
            sending: Duration::from_millis(200),
            carrier: Duration::from_millis(700),
        }
    }
}

/// How long a message may wait in the queue if the request does not say: ten hours.
pub(super) const LONGEST_VALIDITY: Duration = Duration::from_secs(36_000);

impl Message {
    /// Whether it was reported as undelivered and arrived, or is to arrive, all the same.
    pub fn arrives_after_all(&self) -> bool {
        self.outcome
            .is_some_and(|outcome| outcome.after_all.is_some())
    }

    /// The Message resource of Twilio's API.
    pub(super) fn json(&self, account_sid: &str) -> Value {
        let uri = format!("{API_PATH}/{account_sid}/Messages/{}", self.sid);
        let segments = if self.messaging_service.is_some() && self.from.is_empty() {
            0
        } else {
            segments(&self.body).count
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
            "error_message": self.error_code.map(error_text),
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

/// All messages.
pub(super) struct Messages {
    seed: Timestamp,
    /// How many were begun.
    count: u64,
    /// In the order of their creation; a deleted one leaves a gap.
    all: Vec<Option<Message>>,
    places: HashMap<MessageSid, usize>,
}

impl Messages {
    pub fn new(seed: Timestamp) -> Self {
        Self {
            seed,
            count: 0,
            all: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// A new message, to be completed and added: a reply, if nothing else is said. Its SID is one that no message has: `MM…` for one
    /// with media.
    pub fn begin(
        &mut self,
        from: impl Into<String>,
        to: impl Into<String>,
        body: impl Into<String>,
        media: Vec<String>,
        now: Timestamp,
    ) -> Message {
        self.count += 1;
        let prefix = if media.is_empty() { "SM" } else { "MM" };
        let digest = digest(&format!("{}/{}", self.seed.as_nanosecond(), self.count));
        Message {
            sid: MessageSid::parse(&format!("{prefix}{digest}")).expect("32 hexadecimal digits"),
            direction: Direction::OutboundReply,
            from: from.into(),
            to: to.into(),
            body: body.into(),
            media,
            messaging_service: None,
            status: Status::Queued,
            error_code: None,
            status_callback: None,
            created: now,
            updated: now,
            sent: None,
            send_at: None,
            validity: LONGEST_VALIDITY,
            outcome: Some(DeliveryOutcome::default()),
        }
    }

    pub fn add(&mut self, message: Message) {
        self.places.insert(message.sid.clone(), self.all.len());
        self.all.push(Some(message));
    }

    pub fn get(&self, sid: &MessageSid) -> Option<&Message> {
        self.all[*self.places.get(sid)?].as_ref()
    }

    pub fn get_mut(&mut self, sid: &MessageSid) -> Option<&mut Message> {
        self.all[*self.places.get(sid)?].as_mut()
    }

    pub fn delete(&mut self, sid: &MessageSid) -> Option<Message> {
        self.all[self.places.remove(sid)?].take()
    }

    /// Oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.all.iter().flatten()
    }
}

/// 32 hexadecimal digits that look random and are not.
pub(super) fn digest(of: &str) -> String {
    sha256_hex(of.as_bytes())[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_twilio_writes_them() {
        let at: Timestamp = "2021-08-18T20:01:14.9Z".parse().unwrap();
        assert_eq!(rfc2822(at), "Wed, 18 Aug 2021 20:01:14 +0000");
    }
}
