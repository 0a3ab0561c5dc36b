//! The requests that Twilio makes: when, how often, and what is wrong with their answers.

use std::collections::BTreeMap;
use std::time::Duration;

use ::http::{Request, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::agenda::Agenda;
use super::call::Asked;
use super::faults::AnswerFault;
use super::message::digest;
use super::overrides::Retries;
use crate::domain::credentials::Secret;
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::effective::{Hook, Method};
use crate::twilio::form::Form;
use crate::twilio::signature::{HEADER, Signed, sign};

/// Names a webhook until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(u64);

/// A request that Twilio makes now.
#[derive(Clone)]
pub struct Webhook {
    pub id: WebhookId,
    pub method: Method,
    /// The public URL, over which it is signed; of `GET` with the fields as its query.
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    /// The form; empty with `GET`.
    pub body: String,
    /// How long the answer may take.
    pub timeout: Duration,
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
        let mut request = Request::builder().method(self.method.name()).uri(address);
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
    pub sid: String,
    pub at: Timestamp,
    pub error_code: u32,
    pub url: String,
    /// The text or the call that it is about.
    pub resource_sid: Option<String>,
    pub message: String,
}

/// A webhook to be made, or waiting for its answer.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub answers: Answers,
    pub url: String,
    method: Method,
    fallback: Option<Hook>,
    fields: Form,
    /// Fields that are not signed.
    unsigned: &'static [&'static str],
    retries: Retries,
    /// What goes wrong with the answer.
    pub fault: Option<AnswerFault>,
}

/// An answer that a program gave.
#[derive(Clone)]
pub(super) struct Given {
    pub status: u16,
    pub content_type: Option<String>,
    pub body: String,
}

/// What a webhook's answer is about.
#[derive(Debug, Clone)]
pub(super) enum Answers {
    /// A status callback.
    Nothing,
    /// The message that came in.
    Text(MessageSid),
    /// A call.
    Call(Asked),
}

/// What becomes of a webhook after its answer, or without one.
pub(super) enum Verdict {
    Good,
    /// It is made again, or the fallback is.
    Again(Box<Outgoing>),
    Failed,
}

/// Twilio got an answer that it cannot use ("HTTP retrieval failure").
pub(super) const NO_GOOD_ANSWER: u32 = 11200;
/// Twilio could not connect, or heard nothing within 15 s ("HTTP connection failure").
const NO_ANSWER: u32 = 11205;

impl Outgoing {
    pub fn new(answers: Answers, url: &str, fallback: Option<Hook>, fields: Form) -> Self {
        let (url, retries) = Retries::split(url);
        Self {
            answers,
            url,
            method: Method::Post,
            fallback,
            fields,
            unsigned: &[],
            retries,
            fault: None,
        }
    }

    /// With the method that belongs to the URL.
    pub fn to(answers: Answers, hook: &Hook, fallback: Option<Hook>, fields: Form) -> Self {
        Self {
            method: hook.method,
            ..Self::new(answers, &hook.url, fallback, fields)
        }
    }

    /// The text or the call that it is about.
    pub fn about(&self) -> Option<&str> {
        self.fields.get("MessageSid").or(self.fields.get("CallSid"))
    }

    /// How long its answer may take.
    pub fn timeout(&self) -> Duration {
        self.retries.timeout
    }

    /// Has these fields added after signing.
    pub fn leave_unsigned(&mut self, names: &'static [&'static str]) {
        self.unsigned = names;
    }

    /// The request: its URL, its headers and its body.
    fn request(&self, token: &Secret) -> (String, Vec<(&'static str, String)>, String) {
        match self.method {
            Method::Post => (self.url.clone(), self.headers(token), self.fields.encode()),
            Method::Get => {
                let joint = if self.url.contains('?') { '&' } else { '?' };
                let url = format!("{}{joint}{}", self.url, self.fields.encode());
                let of_get = Self {
                    url: url.clone(),
                    fields: Form::from_fields([("", ""); 0]),
                    ..self.clone()
                };
                let mut headers = of_get.headers(token);
                headers.retain(|(name, _)| *name != "content-type");
                (url, headers, String::new())
            }
        }
    }

    fn headers(&self, token: &Secret) -> Vec<(&'static str, String)> {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let idempotency = digest(&format!("{} {}", self.url, self.fields.encode()));
        let signed = self.fields.fields();
        let signed = signed.filter(|(name, _)| !self.unsigned.contains(name));
        let signed = Form::from_fields(signed);
        vec![
            ("content-type", form.into()),
            ("user-agent", "TwilioProxy/1.1".into()),
            ("accept", "*/*".into()),
            (HEADER, sign(token, &self.url, Signed::Form(&signed))),
            ("i-twilio-idempotency-token", idempotency),
        ]
    }

    /// The request to the fallback URL, which is told what was wrong.
    pub fn to_fallback(&self, error_code: u32) -> Option<Self> {
        let fallback = self.fallback.as_ref()?;
        let error_code = error_code.to_string();
        let told = [
            ("ErrorCode", error_code.as_str()),
            ("ErrorUrl", self.url.as_str()),
        ];
        let fields = Form::from_fields(self.fields.fields().chain(told));
        let mut fallback = Self::to(self.answers.clone(), fallback, None, fields);
        fallback.unsigned = self.unsigned;
        Some(fallback)
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
            let (url, headers, body) = outgoing.request(token);
            due.push(Webhook {
                id,
                method: outgoing.method,
                url,
                headers,
                body,
                timeout: outgoing.retries.timeout,
            });
            self.in_flight.insert(id, outgoing);
        }
        due
    }

    /// A webhook that waits no longer for its answer.
    pub fn take(&mut self, id: WebhookId) -> Option<Outgoing> {
        self.in_flight.remove(&id)
    }

    /// Whether a status is a good answer; otherwise the webhook may be made again.
    pub fn answered(&mut self, webhook: &Outgoing, status: u16, now: Timestamp) -> Verdict {
        let policy = match status {
            200..=299 => return Verdict::Good,
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.failed(webhook, policy, NO_GOOD_ANSWER, &status.to_string(), now)
    }

    pub fn unanswered(&mut self, webhook: &Outgoing, why: NoReply, now: Timestamp) -> Verdict {
        let (policy, what) = match why {
            NoReply::NoConnection => ("ct", "no connection"),
            NoReply::TimedOut => ("rt", "no answer in time"),
            NoReply::Elsewhere => (
                "ct",
                "the sandbox calls only this machine and what it was told of at its start \
                 (`relay sandbox --resolve PUBLIC=LOCAL`)",
            ),
        };
        self.failed(webhook, policy, NO_ANSWER, what, now)
    }

    fn failed(
        &mut self,
        webhook: &Outgoing,
        policy: &str,
        code: u32,
        what: &str,
        now: Timestamp,
    ) -> Verdict {
        let message = format!("the webhook failed: {what}");
        self.alert(code, &webhook.url, webhook.about(), message, now);
        let mut again = webhook.clone();
        if again.retries.again_after(policy) {
            return Verdict::Again(Box::new(again));
        }
        let fallback = webhook.to_fallback(code);
        fallback.map_or(Verdict::Failed, |it| Verdict::Again(Box::new(it)))
    }

    /// `about` is the text or the call.
    pub fn alert(
        &mut self,
        error_code: u32,
        url: &str,
        about: Option<&str>,
        message: String,
        at: Timestamp,
    ) {
        let name = digest(&format!(
            "alert {} {}",
            at.as_nanosecond(),
            self.alerts.len()
        ));
        self.alerts.push(Alert {
            sid: format!("NO{name}"),
            at,
            error_code,
            url: url.to_owned(),
            resource_sid: about.map(str::to_owned),
            message,
        });
    }
}
