//! The requests that Twilio makes: when, how often, and what is wrong with their answers.

use std::collections::BTreeMap;

use ::http::{Request, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::agenda::Agenda;
use super::message::digest;
use super::overrides::Retries;
use crate::domain::credentials::Secret;
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::form::Form;
use crate::twilio::signature::{HEADER, Signed, sign};

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

impl Webhook {
    /// The request as an HTTP server gets it: the URL's path and query, and the public `Host`.
    pub fn request(&self) -> Result<Request<Bytes>, ::http::Error> {
        let url: Uri = self.url.parse()?;
        self.request_to(url.path_and_query().map_or("/", |path| path.as_str()))
    }

    /// The request, with the public `Host`, to wherever the server really is.
    pub(super) fn request_to(&self, address: &str) -> Result<Request<Bytes>, ::http::Error> {
        let url: Uri = self.url.parse()?;
        let mut request = Request::post(address);
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
    /// It was not called: it is on another machine, and was not named at the start.
    Elsewhere,
}

/// What Twilio's debugger would show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    pub at: Timestamp,
    pub error_code: u32,
    pub url: String,
    pub message: String,
}

/// A webhook to be made, or waiting for its answer.
#[derive(Clone)]
pub(super) struct Outgoing {
    /// The message that came in and may be answered; none of a status callback.
    pub inbound: Option<MessageSid>,
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
    pub fn new(
        inbound: Option<MessageSid>,
        url: &str,
        fallback: Option<String>,
        fields: Form,
    ) -> Self {
        let (url, retries) = Retries::split(url);
        Self {
            inbound,
            url,
            fallback,
            fields,
            retries,
        }
    }

    fn headers(&self, token: &Secret) -> Vec<(&'static str, String)> {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let idempotency = digest(&format!("{} {}", self.url, self.fields.encode()));
        vec![
            ("content-type", form.into()),
            ("user-agent", "TwilioProxy/1.1".into()),
            ("accept", "*/*".into()),
            (HEADER, sign(token, &self.url, Signed::Form(&self.fields))),
            ("i-twilio-idempotency-token", idempotency),
        ]
    }

    /// The request to the fallback URL, which is told what was wrong.
    fn to_fallback(&self, error_code: u32) -> Option<Self> {
        let url = self.fallback.as_deref()?;
        let error_code = error_code.to_string();
        let told = [
            ("ErrorCode", error_code.as_str()),
            ("ErrorUrl", self.url.as_str()),
        ];
        let fields = Form::from_fields(self.fields.fields().chain(told));
        Some(Self::new(self.inbound.clone(), url, None, fields))
    }
}

/// Webhooks that are to be made or not answered yet, and what was wrong with others.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Agenda<Outgoing>,
    in_flight: BTreeMap<WebhookId, Outgoing>,
    count: u64,
    pub alerts: Vec<Alert>,
}

impl Outbox {
    pub fn put(&mut self, at: Timestamp, webhook: Outgoing) {
        self.waiting.put(at, webhook);
    }

    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting.next()
    }

    /// What is due, signed with the token.
    pub fn take_due(&mut self, now: Timestamp, token: &Secret) -> Vec<Webhook> {
        let mut due = Vec::new();
        while let Some((_, outgoing)) = self.waiting.take(now) {
            self.count += 1;
            let id = WebhookId(self.count);
            due.push(Webhook {
                id,
                url: outgoing.url.clone(),
                headers: outgoing.headers(token),
                body: outgoing.fields.encode(),
            });
            self.in_flight.insert(id, outgoing);
        }
        due
    }

    /// The webhook, if that answers it well; otherwise it may be made again.
    pub fn answered(&mut self, id: WebhookId, status: u16, now: Timestamp) -> Option<Outgoing> {
        let policy = match status {
            200..=299 => return self.in_flight.remove(&id),
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.failed(id, policy, NO_GOOD_ANSWER, &status.to_string(), now);
        None
    }

    pub fn unanswered(&mut self, id: WebhookId, why: NoReply, now: Timestamp) {
        let (policy, what) = match why {
            NoReply::NoConnection => ("ct", "no connection"),
            NoReply::TimedOut => ("rt", "no answer in time"),
            NoReply::Elsewhere => (
                "ct",
                "the sandbox calls only this machine and what it was told of at its start \
                 (`relay sandbox --resolve PUBLIC=LOCAL`)",
            ),
        };
        self.failed(id, policy, NO_ANSWER, what, now);
    }

    fn failed(&mut self, id: WebhookId, policy: &str, code: u32, what: &str, now: Timestamp) {
        let Some(mut outgoing) = self.in_flight.remove(&id) else {
            return;
        };
        let message = format!("the webhook failed: {what}");
        self.alert(code, &outgoing.url, message, now);
        if outgoing.retries.again_after(policy) {
            self.put(now, outgoing);
        } else if let Some(fallback) = outgoing.to_fallback(code) {
            self.put(now, fallback);
        }
    }

    pub fn alert(&mut self, error_code: u32, url: &str, message: String, at: Timestamp) {
        self.alerts.push(Alert {
            at,
            error_code,
            url: url.to_owned(),
            message,
        });
    }
}
