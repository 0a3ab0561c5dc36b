//! The requests that Twilio makes.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::faults::{Stage, milliseconds};
use super::message::{API_VERSION, MessageNumber, digest};
use super::overrides::{Failure, Retries};
use super::{Fault, State};
use crate::domain::credentials::Secret;
use crate::domain::delivery::Status;
use crate::twilio::form::Form;
use crate::twilio::signature::{Signed, sign};

/// Names a webhook until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(u64);

/// A request that Twilio makes now.
#[derive(Clone)]
pub struct Webhook {
    pub id: WebhookId,
    /// The public URL, over which it is signed.
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    /// The form.
    pub body: String,
}

/// Without the body, for whoever prints it.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("url", &self.url)
            .finish()
    }
}

impl Webhook {
    /// The request as an HTTP server gets it: the URL's path and query, and the public `Host`.
    pub fn request(&self) -> Result<::http::Request<bytes::Bytes>, ::http::Error> {
        let url: ::http::Uri = self.url.parse()?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut request = ::http::Request::post(path);
        if let Some(host) = url.authority() {
            request = request.header("host", host.as_str());
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(self.body.clone().into())
    }
}

/// Why a webhook got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReply {
    NoConnection,
    TimedOut,
}

/// What Twilio's debugger would show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    pub at: Timestamp,
    pub error_code: u32,
    pub url: String,
    pub message: String,
}

/// Why a webhook is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Inbound(MessageNumber),
    Status,
}

/// A webhook to be made, or waiting for its answer.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub purpose: Purpose,
    pub url: String,
    fallback: Option<String>,
    fields: Form,
    retries: Retries,
}

/// Twilio got an answer that it cannot use ("HTTP retrieval failure").
const NO_GOOD_ANSWER: u32 = 11200;
/// Twilio could not connect, or heard nothing within 15 s ("HTTP connection failure").
const NO_ANSWER: u32 = 11205;

impl Outgoing {
    pub fn new(purpose: Purpose, url: &str, fallback: Option<&str>, fields: Form) -> Self {
        let (url, retries) = Retries::split(url);
        Self {
            purpose,
            url,
            fallback: fallback.map(str::to_owned),
            fields,
            retries,
        }
    }

    fn headers(&self, token: &Secret) -> Vec<(&'static str, String)> {
        let idempotency = digest(&format!("{} {}", self.url, self.fields.encode()));
        vec![
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=UTF-8".into(),
            ),
            ("user-agent", "TwilioProxy/1.1".into()),
            ("accept", "*/*".into()),
            (
                "x-twilio-signature",
                sign(token, &self.url, Signed::Form(&self.fields)),
            ),
            ("i-twilio-idempotency-token", idempotency),
        ]
    }

    /// The request to the fallback URL, which is told what was wrong.
    fn to_fallback(&self, error_code: u32) -> Option<Self> {
        let url = self.fallback.as_deref()?;
        let told = [
            ("ErrorCode", error_code.to_string()),
            ("ErrorUrl", self.url.clone()),
        ];
        let fields = self
            .fields
            .fields()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(told.map(|(name, value)| (name.to_owned(), value)));
        Some(Self::new(
            self.purpose,
            url,
            None,
            Form::from_fields(fields),
        ))
    }
}

impl State {
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<Webhook> {
        let mut due = Vec::new();
        while let Some((_, outgoing)) = self.outbox.take(now) {
            self.webhooks += 1;
            let id = WebhookId(self.webhooks);
            due.push(Webhook {
                id,
                url: outgoing.url.clone(),
                headers: outgoing.headers(self.access.primary()),
                body: outgoing.fields.encode(),
            });
            self.in_flight.insert(id, outgoing);
        }
        due
    }

    pub(super) fn webhook_answered(
        &mut self,
        id: WebhookId,
        status: u16,
        body: &str,
        now: Timestamp,
    ) {
        match status {
            200..=299 => {
                if let Some(outgoing) = self.in_flight.remove(&id)
                    && let Purpose::Inbound(number) = outgoing.purpose
                {
                    self.reply(number, &outgoing.url, body, now);
                }
            }
            400..=499 => self.webhook_bad(id, Failure::ClientError, status.to_string(), now),
            _ => self.webhook_bad(id, Failure::ServerError, status.to_string(), now),
        }
    }

    pub(super) fn webhook_failed(&mut self, id: WebhookId, why: NoReply, now: Timestamp) {
        let (failure, what) = match why {
            NoReply::NoConnection => (Failure::NoConnection, "no connection"),
            NoReply::TimedOut => (Failure::TimedOut, "no answer in time"),
        };
        self.webhook_bad(id, failure, what.to_owned(), now);
    }

    fn webhook_bad(&mut self, id: WebhookId, failure: Failure, what: String, now: Timestamp) {
        let Some(mut outgoing) = self.in_flight.remove(&id) else {
            return;
        };
        let message = format!("the webhook failed: {what}");
        let error_code = match failure {
            Failure::NoConnection | Failure::TimedOut => NO_ANSWER,
            Failure::ClientError | Failure::ServerError => NO_GOOD_ANSWER,
        };
        self.alert(error_code, &outgoing.url, message, now);
        if outgoing.retries.again_after(failure) {
            self.outbox.put(now, outgoing);
        } else if let Some(fallback) = outgoing.to_fallback(error_code) {
            self.outbox.put(now, fallback);
        }
    }

    pub(super) fn alert(&mut self, error_code: u32, url: &str, message: String, at: Timestamp) {
        self.alerts.push(Alert {
            at,
            error_code,
            url: url.to_owned(),
            message,
        });
    }

    /// Tells the status callback URL how a message stands.
    pub(super) fn call_back(&mut self, number: MessageNumber, now: Timestamp) {
        let Some(message) = self.messages.get(number) else {
            return;
        };
        let Some(url) = message.status_callback.clone() else {
            return;
        };
        let status = message.status_name();
        let mut fields = vec![
            ("SmsSid", message.sid.to_string()),
            ("SmsStatus", status.clone()),
            ("MessageStatus", status),
            ("To", message.to.clone()),
            ("MessageSid", message.sid.to_string()),
            ("AccountSid", self.account_sid.clone()),
            ("From", message.from.clone()),
            ("ApiVersion", API_VERSION.to_owned()),
        ];
        if let Some(service) = &message.messaging_service {
            fields.push(("MessagingServiceSid", service.clone()));
        }
        if let Some(code) = message.error_code {
            fields.push(("ErrorCode", code.to_string()));
        }
        if matches!(message.status, Status::Delivered | Status::Undelivered) {
            // Minutes without a zone, as the carrier writes it.
            let done = now.strftime("%y%m%d%H%M").to_string();
            fields.push(("RawDlrDoneDate", done));
        }
        let to = message.to.clone();
        let callback = Outgoing::new(Purpose::Status, &url, None, Form::from_fields(fields));
        match self.faults.of_message(Stage::Callback, &to) {
            Some(Fault::LostCallback) => {}
            Some(Fault::RepeatedCallback) => {
                self.outbox.put(now, callback.clone());
                self.outbox.put(now, callback);
            }
            Some(Fault::DelayedCallback { ms }) => {
                self.outbox.put(now + milliseconds(ms), callback)
            }
            Some(Fault::ReorderedCallback) => {
                let longest = self.pace.sending.max(self.pace.carrier);
                self.outbox.put(now + longest + milliseconds(1), callback);
            }
            _ => self.outbox.put(now, callback),
        }
    }
}
