//! The fake Twilio, in one process and under a clock that the tests move.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use relay::clock::ManualClock;
use relay::credentials::Credentials;
use relay::delivery::Answer;
use relay::inbound::MessageSid;
use relay::phone::{PhoneNumber, Sender};
use relay::twilio::client::{Client, NewMessage};
use relay::twilio::form::Form;
use relay::twilio::sandbox::{
    Fault, Handled, InProcess, Injection, NoReply, Number, Power, Requests, Sandbox, Text, Webhook,
    demo_account,
};
use relay::twilio::signature::{HEADER, Signed, verify};
use serde_json::Value;

const LINE: &str = "+16195550100";
const CUSTOMER: &str = "+16195550107";
const SERGIO: &str = "+16195550110";
const SMS_URL: &str = "https://relay.example.com/twilio/sms";
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
        sms_fallback_url: Some("https://fallback.example.com/sms".into()),
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

#[test]
fn a_text_comes_out_as_a_signed_webhook_over_the_public_url() {
    let world = world();
    let sid = world.texts(CUSTOMER, Text::new("Are you open? ☀"));
    let webhooks = world.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0].url, SMS_URL);
    assert!(world.is_signed(&webhooks[0]));
    let form = Form::parse(webhooks[0].body.as_bytes()).unwrap();
    for (name, value) in [
        ("MessageSid", sid.as_str()),
        ("SmsSid", sid.as_str()),
        ("AccountSid", &world.account.account_sid),
        ("From", CUSTOMER),
        ("To", LINE),
        ("Body", "Are you open? ☀"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("FromCity", "SAN DIEGO"),
        ("FromState", "CA"),
        ("ApiVersion", "2010-04-01"),
    ] {
        assert_eq!(form.get(name), Some(value), "{name}");
    }
    assert_eq!(world.screen(CUSTOMER), ["> Are you open? ☀"]);
}

#[tokio::test]
async fn a_message_arrives_and_each_step_is_called_back_but_the_first() {
    let world = world();
    let sid = accepted(world.sends(SERGIO, "From a customer: hi").await);
    let fetch = async || {
        let message = world.client.message(&world.account, &sid).await;
        message.unwrap().unwrap().status
    };
    assert_eq!(fetch().await, "queued");
    assert_eq!(world.screen(SERGIO), Vec::<String>::new());
    let mut statuses = Vec::new();
    loop {
        let due = world.webhooks();
        if due.is_empty() {
            break;
        }
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].url, STATUS_URL);
        assert!(world.is_signed(&due[0]));
        let form = Form::parse(due[0].body.as_bytes()).unwrap();
        assert_eq!(form.get("MessageSid"), Some(sid.as_str()));
        let status = form.get("MessageStatus").unwrap().to_owned();
        assert_eq!(form.get("SmsStatus"), Some(status.as_str()));
        assert_eq!(form.get("RawDlrDoneDate").is_some(), status == "delivered");
        assert_eq!(fetch().await, status);
        statuses.push(status);
        world.sandbox.answered(due[0].id, 200, "");
    }
    assert_eq!(statuses, ["sending", "sent", "delivered"]);
    assert_eq!(world.screen(SERGIO), ["< From a customer: hi"]);
}
