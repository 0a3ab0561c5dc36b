//! The fake Twilio: in one process under a clock that the tests move, over HTTP, and driven by
//! Twilio's own client.

mod access;
mod account;
mod calls;
mod commands;
mod days;
mod faults;
mod inbound;
mod messages;
mod over_http;
mod setup;
mod texts;
mod wrong_answers;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use relay::clock::ManualClock;
use relay::domain::credentials::Credentials;
use relay::domain::delivery::Answer;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::sandbox::{Handled, InProcess, Number, Sandbox, Text, Webhook, demo_account};
use relay::twilio::client::{Client, Listed, NewMessage, NotRead};
use relay::twilio::form::Form;
use relay::twilio::signature::{HEADER, Signed, verify};
use serde_json::Value;

/// Before everything.
const EVER: &str = "2026-01-01T00:00:00Z";
const LINE: &str = "+16195550100";
const CUSTOMER: &str = "+16195550107";
const SERGIO: &str = "+16195550110";
const SMS_URL: &str = "https://relay.example.com/twilio/sms";
const FALLBACK_URL: &str = "https://fallback.example.com/sms";
const STATUS_URL: &str = "https://relay.example.com/twilio/status/in-1/1";

struct World {
    sandbox: Arc<Sandbox>,
    account: Arc<Credentials>,
    clock: Arc<ManualClock>,
    client: Client,
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

fn world() -> World {
    let clock = Arc::new(ManualClock::at("2026-01-05T17:00:00Z".parse().unwrap()));
    let account = Arc::new(demo_account());
    let sandbox = Arc::new(Sandbox::new(account.clone(), clock.clone()));
    let setup = Number {
        sms_url: Some(SMS_URL.into()),
        sms_fallback_url: Some(FALLBACK_URL.into()),
        ..Number::default()
    };
    sandbox.set_number(number(LINE), setup);
    let client = Client::new(
        Box::new(InProcess(sandbox.clone())),
        "https://api.twilio.com",
    );
    World {
        sandbox,
        account,
        clock,
        client,
    }
}

impl World {
    /// The next webhooks, at their time.
    fn webhooks(&self) -> Vec<Webhook> {
        while let Some(at) = self.sandbox.next_due() {
            if at > relay::clock::Clock::now(&*self.clock) {
                self.clock.set(at);
            }
            let due = self.sandbox.due(at);
            if !due.is_empty() {
                return due;
            }
        }
        Vec::new()
    }

    /// Every webhook from now on, each answered with 200, as its fields.
    fn all_webhooks(&self) -> Vec<Form> {
        let mut all = Vec::new();
        loop {
            let due = self.webhooks();
            if due.is_empty() {
                return all;
            }
            for webhook in due {
                self.sandbox.answered(webhook.id, 200, "");
                all.push(Form::parse(webhook.body.as_bytes()).unwrap());
            }
        }
    }

    fn statuses(&self) -> Vec<String> {
        let form = |form: &Form| form.get("MessageStatus").unwrap_or("inbound").to_owned();
        self.all_webhooks().iter().map(form).collect()
    }

    fn is_signed(&self, webhook: &Webhook) -> bool {
        let form = Form::parse(webhook.body.as_bytes()).unwrap();
        let signature = webhook
            .headers
            .iter()
            .find(|(name, _)| *name == HEADER)
            .map(|(_, value)| value.as_str())
            .unwrap();
        verify(
            [&self.account.auth_token],
            signature,
            &webhook.url,
            Signed::Form(&form),
        )
    }

    async fn sends(&self, to: &str, body: &str) -> Answer {
        self.sends_media(to, body, &[]).await
    }

    async fn sends_media(&self, to: &str, body: &str, media: &[String]) -> Answer {
        let message = NewMessage {
            from: &number(LINE),
            to: &number(to),
            body,
            media,
            status_callback: STATUS_URL,
            validity: Duration::from_secs(240),
        };
        self.client.create_message(&self.account, &message).await
    }

    /// What Twilio lists of the line's messages to Sergio since an instant.
    async fn listed(&self, account: &Credentials, since: &str) -> Result<Vec<Listed>, NotRead> {
        let (to, from) = (number(SERGIO), number(LINE));
        self.client
            .list_messages(account, &to, &from, since.parse().unwrap(), &*self.clock)
            .await
    }

    fn texts(&self, from: &str, text: Text) -> MessageSid {
        self.sandbox
            .text(&Sender::parse(from), &number(LINE), text)
            .unwrap()
    }

    /// What a phone shows: `>` what it sent, `<` what it received.
    fn screen(&self, phone: &str) -> Vec<String> {
        self.sandbox
            .screen(&Sender::parse(phone))
            .iter()
            .map(|entry| format!("{} {}", if entry.sent { '>' } else { '<' }, entry.body))
            .collect()
    }

    fn rest(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Handled {
        let (user, password) = self.account.basic_auth();
        let pair = format!("{user}:{}", password.expose());
        let basic =
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair.as_bytes());
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let path = format!("/2010-04-01/Accounts/{}{path}", self.account.account_sid);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Basic {basic}"))
            .body(Bytes::from(form))
            .unwrap();
        self.sandbox.handle(request)
    }

    fn json(&self, method: Method, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let response = answer(self.rest(method, path, form));
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        (response.status().as_u16(), body)
    }

    /// The error code with which a message is refused.
    fn refusal(&self, form: &[(&str, &str)]) -> (u16, u64) {
        let (status, body) = self.json(Method::POST, "/Messages.json", form);
        (status, body["code"].as_u64().unwrap_or_default())
    }
}

fn answer(handled: Handled) -> Response<Bytes> {
    match handled {
        Handled::Answered(response) | Handled::Late(_, response) => response,
        Handled::Dropped => panic!("there is no answer"),
    }
}

fn accepted(answer: Answer) -> MessageSid {
    match answer {
        Answer::Accepted { sid } => sid,
        other => panic!("not accepted: {other:?}"),
    }
}
