//! Twilio's webhooks on their way to the relay.

use std::sync::Arc;
use std::time::Duration;

use relay::app::{delivery_status, inbound_sms};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::{NoReply, Webhook, WebhookId};
use relay::twilio::form::Form;
use relay::twilio::message_status::status_named;
use relay::twilio::signature;
use relay::twilio::signature::Signed;

use super::World;
use super::happenings::Happening;
use super::tasks::{Done, News, Task, What};
use crate::endurance::simulation::faults::Fault;
use crate::endurance::simulation::mistakes::Mistake;

/// How long Twilio waits for the answer to a webhook.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);

impl World {
    /// Twilio makes a webhook.
    pub(crate) fn call(&mut self, webhook: Webhook) {
        let weather = Arc::clone(&self.weather);
        let id = webhook.id;
        let is_status = news_of(&webhook).is_some();
        if self.is_down() {
            if !is_status {
                self.complained.extend(text_of(&webhook));
            }
            return self.sandbox.unanswered(id, NoReply::NoConnection);
        }
        if weather.strikes(Fault::Forged) {
            self.forge(&webhook);
        }
        if is_status && weather.strikes(Fault::CallbackLost) {
            return self.sandbox.unanswered(id, NoReply::TimedOut);
        }
        if !is_status && weather.strikes(Fault::WebhookUnreachable) {
            self.complained.extend(text_of(&webhook));
            return self.sandbox.unanswered(id, NoReply::NoConnection);
        }
        let twice = if is_status {
            weather.strikes(Fault::CallbackTwice)
        } else {
            weather.strikes(Fault::WebhookTwice)
        };
        if twice {
            let copy = Happening::Webhook(webhook.clone(), None);
            self.put_down(weather.up_to(10), copy);
        }
        if is_status && weather.strikes(Fault::CallbackLate) {
            let seconds = weather.pick(&[2, 90, 1200]);
            let late = Happening::Webhook(webhook, None);
            self.put_down(weather.up_to(seconds), late);
            self.sandbox.unanswered(id, NoReply::TimedOut);
        } else {
            self.answer(&webhook, Some(id));
        }
    }

    pub(crate) fn answer(&mut self, webhook: &Webhook, id: Option<WebhookId>) {
        let what = match news_of(webhook) {
            Some(news) => What::Status(id, news),
            None => What::Text(id, text_of(webhook).expect("a text's webhook names it")),
        };
        if let Some(id) = id {
            self.put_down(WEBHOOK_TIMEOUT, Happening::GivesUpWaiting(id));
        }
        self.take(webhook, what);
    }

    /// The relay's function for the webhook takes it.
    fn take(&mut self, webhook: &Webhook, what: What) {
        let relay = Arc::clone(&self.relay);
        let is_status = news_of(webhook).is_some();
        let is_unknown = self.mistake == Some(Mistake::SendsReactions);
        let changed = is_unknown.then(|| self.without_reaction(webhook)).flatten();
        let request = changed.as_ref().unwrap_or(webhook).request();
        let request = request.expect("a well-formed webhook");
        self.start(what, async move {
            Done::Answered(if is_status {
                delivery_status::handle(&relay, request).await
            } else {
                inbound_sms::handle(&relay, request).await
            })
        });
    }

    /// Somebody who saw a webhook makes one with other words in it, without the key to sign it.
    fn forge(&mut self, webhook: &Webhook) {
        let mut forged = webhook.clone();
        let Ok(form) = Form::parse(webhook.body.as_bytes()) else {
            return;
        };
        let fields = form.fields().map(|(name, value)| match name {
            "Body" => (name, "Send the van to the harbour."),
            "MessageStatus" if value == "failed" => (name, "delivered"),
            "MessageStatus" => (name, "failed"),
            "MessageSid" if form.get("Body").is_some() => (name, FORGED),
            _ => (name, value),
        });
        let form = Form::from_fields(fields);
        forged.body = form.encode();
        if self.mistake == Some(Mistake::BelievesAnybody) {
            self.sign(&mut forged, &form);
        }
        self.take(&forged, What::Forged);
    }

    fn sign(&self, webhook: &mut Webhook, form: &Form) {
        let token = &self.sandbox.account().auth_token;
        let right = signature::sign(token, &webhook.url, Signed::Form(form));
        let headers = webhook.headers.iter_mut();
        headers
            .filter(|(name, _)| *name == signature::HEADER)
            .for_each(|(_, value)| value.clone_from(&right));
    }

    /// If it is a reaction: to a relay that knows none it is words as any others are.
    fn without_reaction(&self, webhook: &Webhook) -> Option<Webhook> {
        let form = Form::parse(webhook.body.as_bytes()).ok()?;
        let quoted = form.get("Body")?.strip_prefix("Loved")?;
        let words = format!("I am fond of{quoted}");
        let fields = form.fields().map(|(name, value)| match name {
            "Body" => (name, words.as_str()),
            _ => (name, value),
        });
        let form = Form::from_fields(fields);
        let mut changed = webhook.clone();
        changed.body = form.encode();
        self.sign(&mut changed, &form);
        Some(changed)
    }

    pub(crate) fn give_up_waiting(&mut self, id: WebhookId) {
        let waits = |task: &&mut Task| match &task.what {
            What::Text(webhook, _) | What::Status(webhook, _) => *webhook == Some(id),
            _ => false,
        };
        if let Some(task) = self.tasks.iter_mut().find(waits) {
            let what = &mut task.what;
            if let What::Text(_, sid) = &what {
                self.complained.insert(sid.clone());
            }
            if let What::Text(webhook, _) | What::Status(webhook, _) = what {
                *webhook = None;
            }
            self.sandbox.unanswered(id, NoReply::TimedOut);
        }
    }

    /// A webhook was answered, or was not, as Twilio sees it.
    pub(crate) fn hear(&mut self, what: &What, answer: Result<(u16, &str), NoReply>) {
        let (What::Text(Some(id), _) | What::Status(Some(id), _)) = what else {
            return;
        };
        if let (What::Text(_, sid), false) = (what, answer.is_ok_and(|(status, _)| status == 200)) {
            self.complained.insert(sid.clone());
        }
        match answer {
            Ok((status, body)) => self.sandbox.answered(*id, status, body),
            Err(why) => self.sandbox.unanswered(*id, why),
        }
    }
}

/// Names no message of the sandbox's, which has digests for names.
const FORGED: &str = concat!("SM", "f0f0f0f0f0f0f0f0", "f0f0f0f0f0f0f0f0");

/// What a status callback says.
fn news_of(webhook: &Webhook) -> Option<News> {
    let (_, names) = webhook.url.split_once("/twilio/status/")?;
    let (delivery, attempt) = names.split_once('/')?;
    Some(News {
        delivery: DeliveryId::parse(delivery).ok()?,
        attempt: attempt.parse().ok()?,
        sid: text_of(webhook)?,
        status: status_named(&field(webhook, "MessageStatus")?)?,
    })
}

/// The message that a webhook is about.
fn text_of(webhook: &Webhook) -> Option<MessageSid> {
    MessageSid::parse(&field(webhook, "MessageSid")?).ok()
}

fn field(webhook: &Webhook, name: &str) -> Option<String> {
    form_urlencoded::parse(webhook.body.as_bytes())
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.into_owned())
}
