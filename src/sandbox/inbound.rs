//! A phone texts one of the account's numbers.

use super::message::API_VERSION;
use super::opt_out::opt_out_type;
use super::places::place_of;
use super::rest::media::media_url;
use super::state::State;
use super::text::content_type;
use super::webhook::{Answers, Outgoing};
use super::{Direction, Message, Text};
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::{Masked, PhoneNumber};
use crate::domain::sms::segments;
use crate::twilio::form::Form;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no number of the sandbox's account; add it as one, or text another")]
pub struct NotOurNumber(pub Masked);

impl State {
    pub(super) fn text(
        &mut self,
        from: &str,
        to: &PhoneNumber,
        text: Text,
    ) -> Result<MessageSid, NotOurNumber> {
        if !self.account.numbers.contains_key(to) {
            return Err(NotOurNumber(to.masked()));
        }
        let message = self.come_in(from, to, text);
        self.phones.show(&message, true, self.now);
        Ok(message.sid)
    }

    /// Takes a message that arrived at a number of the account, and tells the number's owner.
    pub(super) fn come_in(&mut self, from: &str, to: &PhoneNumber, text: Text) -> Message {
        let (to_us, now) = (to.expose(), self.now);
        let new = self.messages.begin(from, to_us, text.body, text.media, now);
        let message = Message {
            direction: Direction::Inbound,
            status: Status::Received,
            sent: Some(now),
            ..new
        };
        let setup = self.account.numbers.get(to).cloned().unwrap_or_default();
        let mut fields = webhook_fields(&self.account_sid, &message);
        let opt_out_type = opt_out_type(&message.body);
        if let Some(name) = opt_out_type.filter(|_| setup.advanced_opt_out) {
            set(&mut fields, "OptOutType", name);
        }
        for (name, value) in &text.extra_fields {
            set(&mut fields, name, value);
        }
        self.messages.add(message.clone());
        if let Some(opt_out_type) = opt_out_type
            && let Some(answer) = self.opt_outs.record(opt_out_type, from, to)
        {
            // Faults are for the texts of the program under test, not for what Twilio answers.
            let answer = self.messages.begin(to_us, from, answer, vec![], now);
            self.accept(answer);
        }
        // Without a URL the text is dropped, and nothing is said of it anywhere.
        let hooks = self.account.sms_hooks(to);
        if let Some(main) = &hooks.main {
            let (sid, fields) = (message.sid.clone(), Form::from_fields(fields));
            let webhook = Outgoing::to(Answers::Text(sid), main, hooks.fallback, fields);
            for _ in 0..text.copies {
                self.outbox.put(now, webhook.clone());
            }
        }
        message
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
    let [from_city, from_state, from_zip, from_country] = place_of(&message.from);
    let [to_city, to_state, to_zip, to_country] = place_of(&message.to);
    let sid = message.sid.as_str();
    let mut fields: Fields = Vec::new();
    let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    add("ToCountry", to_country);
    add("ToState", to_state);
    add("SmsMessageSid", sid);
    add("NumMedia", &message.media.len().to_string());
    add("ToCity", to_city);
    add("FromZip", from_zip);
    add("SmsSid", sid);
    add("FromState", from_state);
    add("SmsStatus", "received");
    add("FromCity", from_city);
    add("Body", &message.body);
    add("FromCountry", from_country);
    add("To", &message.to);
    add("ToZip", to_zip);
    add("NumSegments", &segments(&message.body).count.to_string());
    add("MessageSid", sid);
    add("AccountSid", account_sid);
    add("From", &message.from);
    add("ApiVersion", API_VERSION);
    for (index, url) in message.media.iter().enumerate() {
        let leads_to_it = media_url(account_sid, &message.sid, index);
        add(&format!("MediaUrl{index}"), &leads_to_it);
        add(&format!("MediaContentType{index}"), content_type(url));
    }
    fields
}
