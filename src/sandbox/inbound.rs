//! A phone texts one of the account's numbers.

use jiff::Timestamp;

use super::carrier::{Fate, LONGEST_VALIDITY};
use super::message::{API_VERSION, MessageNumber, segments};
use super::opt_out::Word;
use super::places::place_of;
use super::webhook::{Outgoing, Purpose};
use super::{Direction, Message, State};
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::{Masked, PhoneNumber};
use crate::twilio::form::Form;

/// What a phone writes.
#[derive(Clone, Default)]
pub struct Text {
    body: String,
    media: Vec<String>,
    extras: Vec<(String, String)>,
    copies: u32,
}

impl Text {
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            copies: 1,
            ..Self::default()
        }
    }

    /// Attachments, as URLs. Their type is guessed from the ending.
    pub fn media(self, urls: Vec<String>) -> Self {
        Self {
            media: urls,
            ..self
        }
    }

    /// A field of the webhook: another value for one that Twilio sends, or one that it does not
    /// know yet.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extras.push((name.into(), value.into()));
        self
    }

    /// Twilio makes the webhook this often, each time the same.
    pub fn copies(self, copies: u32) -> Self {
        Self { copies, ..self }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no number of the sandbox's account; add it as one, or text another")]
pub struct NotOurNumber(pub Masked);

impl State {
    pub(super) fn text(
        &mut self,
        from: &str,
        to: &PhoneNumber,
        text: Text,
        now: Timestamp,
    ) -> Result<MessageSid, NotOurNumber> {
        if !self.numbers.contains_key(to) {
            return Err(NotOurNumber(to.masked()));
        }
        let number = self.come_in(from, to, text, now);
        self.show_sent(number, now);
        let message = self.messages.get(number).expect("it just came in");
        Ok(message.sid.clone())
    }

    /// Takes a message that arrived at a number of the account, and tells the number's owner.
    pub(super) fn come_in(
        &mut self,
        from: &str,
        to: &PhoneNumber,
        text: Text,
        now: Timestamp,
    ) -> MessageNumber {
        let message = Message {
            sid: self.messages.next_sid(!text.media.is_empty()),
            direction: Direction::Inbound,
            from: from.to_owned(),
            to: to.expose().to_owned(),
            body: text.body,
            media: text.media,
            messaging_service: None,
            status: Status::Received,
            error_code: None,
            status_callback: None,
            created: now,
            updated: now,
            sent: Some(now),
            validity: LONGEST_VALIDITY,
            fate: Fate::default(),
        };
        let setup = self.numbers.get(to).cloned().unwrap_or_default();
        let word = Word::of(&message.body);
        let mut fields = webhook_fields(&self.account_sid, &message);
        if let Some(word) = word.filter(|_| setup.advanced_opt_out) {
            set(&mut fields, "OptOutType", word.opt_out_type());
        }
        for (name, value) in &text.extras {
            set(&mut fields, name, value);
        }
        let number = self.messages.add(message);
        if let Some(word) = word {
            self.heed(word, from, to, now);
        }
        if let Some(url) = &setup.sms_url {
            let webhook = Outgoing::new(
                Purpose::Inbound(number),
                url,
                setup.sms_fallback_url.as_deref(),
                Form::from_fields(fields),
            );
            for _ in 0..text.copies {
                self.outbox.put(now, webhook.clone());
            }
        }
        number
    }
}

type Fields = Vec<(String, String)>;

fn set(fields: &mut Fields, name: &str, value: &str) {
    match fields.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => *old = value.to_owned(),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
}

/// Source: Twilio, "Twilio's request to your incoming message webhook URL".
fn webhook_fields(account_sid: &str, message: &Message) -> Fields {
    let (from, to) = (place_of(&message.from), place_of(&message.to));
    let sid = message.sid.as_str();
    let mut fields: Fields = Vec::new();
    let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    add("ToCountry", to.country);
    add("ToState", to.state);
    add("SmsMessageSid", sid);
    add("NumMedia", &message.media.len().to_string());
    add("ToCity", to.city);
    add("FromZip", from.zip);
    add("SmsSid", sid);
    add("FromState", from.state);
    add("SmsStatus", "received");
    add("FromCity", from.city);
    add("Body", &message.body);
    add("FromCountry", from.country);
    add("To", &message.to);
    add("ToZip", to.zip);
    add("NumSegments", &segments(&message.body).to_string());
    add("MessageSid", sid);
    add("AccountSid", account_sid);
    add("From", &message.from);
    add("ApiVersion", API_VERSION);
    for (index, url) in message.media.iter().enumerate() {
        add(&format!("MediaUrl{index}"), url);
        add(&format!("MediaContentType{index}"), content_type(url));
    }
    fields
}

pub(super) fn content_type(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "gif" => "image/gif",
        "mp4" => "video/mp4",
        "3gp" => "video/3gpp",
        "mp3" => "audio/mpeg",
        "amr" => "audio/amr",
        "pdf" => "application/pdf",
        "vcf" => "text/vcard",
        _ => "image/jpeg",
    }
}
