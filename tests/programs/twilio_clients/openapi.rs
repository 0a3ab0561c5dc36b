//! Every request that the relay sends to Twilio, checked by a server that knows nothing but
//! Twilio's own description of its API.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use jiff::civil::date;
use relay::clock::SystemClock;
use relay::domain::credentials;
use relay::domain::credentials::{Credentials, Secret};
use relay::domain::delivery::Answer;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::ids::{CallSid, RecordingSid};
use relay::domain::phone::PhoneNumber;
use relay::twilio::api::{NoAnswer, Transport};
use relay::twilio::client::{
    Client, Listing, MadeCall, NewCall, NewMessage, NotRead, RecordingState,
};
use relay::twilio::network::Network;
use serde_json::{Value, json};

use crate::support::tools;

const DOCUMENT: &str = "@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json";

const LIST: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";
const FORM: &str = "/requestBody/content/application~1x-www-form-urlencoded";
const ONE: &str = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json";
const CALLS: &str = "/2010-04-01/Accounts/{AccountSid}/Calls.json";
const CALL: &str = "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json";
const RECORDINGS_OF: &str = "/2010-04-01/Accounts/{AccountSid}/Calls/{CallSid}/Recordings.json";
const RECORDING: &str = "/2010-04-01/Accounts/{AccountSid}/Recordings/{Sid}.json";
const MEDIA: &str = "/2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media.json";

#[tokio::test]
async fn every_request_of_the_relay_is_one_that_twilio_describes() {
    let twilio = Described::start();
    let client = twilio.client();
    let media = ["https://example.com/1", "https://example.com/2"].map(str::to_owned);
    for (body, media) in [
        ("hi", &media[..0]),
        ("two pictures, 1 € & 🚐", &media[..]),
        ("", &media[..1]),
    ] {
        for seconds in [1, 240, 36_000, 90_000] {
            let validity = Duration::from_secs(seconds);
            let answer = client
                .create_message(&ours(), &message(body, media, validity))
                .await;
            let accepted = matches!(answer, Answer::Accepted { .. });
            assert!(accepted, "{body:?} for {seconds} s: {answer:?}");
        }
    }

    let (line, sergio) = (number("+16195550100"), number("+16195550110"));
    let lately = client
        .list_messages(&ours(), &sergio, &line, Timestamp::now(), &SystemClock)
        .await;
    assert!(lately.is_ok_and(|messages| messages.is_empty()));
    // The description's example has a next page, which is the same page again.
    let ever = client
        .list_messages(&ours(), &sergio, &line, Timestamp::UNIX_EPOCH, &SystemClock)
        .await;
    let ever = ever.map(|messages| messages.len());
    assert!(matches!(ever, Err(NotRead::TooMany)), "{ever:?}");

    for listing in [Listing::To, Listing::From] {
        let (account, sunday) = (ours(), date(2026, 11, 22));
        let day = client.messages_on(&account, &line, listing, sunday);
        let day = day.await.unwrap();
        assert!(!day.messages.is_empty());
        let next = day.next.expect("the example has a next page");
        client.messages_at(&ours(), &next).await.unwrap();
    }
    // The example's message is one that was sent.
    assert!(client.received(&ours(), &sid()).await.unwrap().is_none());

    let found = client.message(&ours(), &sid()).await.unwrap().unwrap();
    assert!(found.status().is_some());
}

#[tokio::test]
async fn every_request_about_calls_is_one_that_twilio_describes() {
    let twilio = Described::start();
    let (client, account) = (twilio.client(), ours());
    let call = CallSid::parse(&("CA".to_owned() + &"0".repeat(32))).unwrap();
    let found = client.call(&account, &call).await.unwrap().unwrap();
    assert!(found.is_over() && found.began.is_some(), "{found:?}");
    assert_eq!(found.seconds, Some(4));

    let (line, sunday) = (number("+16195550100"), date(2026, 11, 22));
    let day = client.calls_on(&account, &line, sunday).await.unwrap();
    let next = day.next.expect("the example has a next page");
    // Others of the example are the account's own, and did not come in.
    assert_eq!(day.calls.len(), 1);
    client.calls_at(&account, &next).await.unwrap();

    let sergio = number("+16195550110");
    let new = NewCall {
        from: &line,
        to: &sergio,
        url: "https://relay.example.com/twilio/voice/out/CA1/ask#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx",
        status_callback: "https://relay.example.com/twilio/voice/out/CA1/progress#rc=3&rp=ct,rt,5xx",
        seconds: 20,
    };
    let made = client.create_call(&account, &new).await;
    assert!(matches!(made, MadeCall::Made(_)), "{made:?}");
    let between = (&line, &sergio);
    let found = client.call_made_since(&account, between, Timestamp::UNIX_EPOCH, &SystemClock);
    // Those of the example that the account made.
    assert!(found.await.unwrap().is_some());

    let recording = RecordingSid::parse(&("RE".to_owned() + &"0".repeat(32))).unwrap();
    let found = client.recording(&account, &recording).await.unwrap();
    let ready = RecordingState::Ready { seconds: 4 };
    assert_eq!(found.unwrap().state, ready);
    let all = client.recordings_of(&account, &call).await.unwrap();
    assert_eq!(
        all.iter().map(|found| found.state).collect::<Vec<_>>(),
        [ready]
    );
    assert!(client.delete_recording(&account, &recording).await.unwrap());
}

#[tokio::test]
async fn a_request_that_twilio_does_not_describe_is_noticed() {
    let twilio = Described::start();
    let account = "AC".to_owned() + &"0".repeat(32);
    let url = format!("{}{}", twilio.base, LIST.replace("{AccountSid}", &account));
    let request = |query: &str, form: &'static str| {
        Request::post(format!("{url}{query}"))
            .header("authorization", "Basic YTpi")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap()
    };
    for form in [
        "From=%2B16195550100&Body=hi",
        "To=%2B16195550110&ValidityPeriod=soon",
    ] {
        let answer = Network::new().send(request("", form)).await.unwrap();
        assert_eq!(answer.status(), 422, "{form}");
    }
    let names = Names::of(&twilio.document);
    assert_eq!(names.unknown(&request("?Urgent=1", "To=1")), ["Urgent"]);
    assert_eq!(
        names.unknown(&request("", "To=1&Priority=high")),
        ["Priority"]
    );
}

/// The part of the description that is about messages, calls and recordings, mended where the server would
/// stumble: it overlooks OpenAPI's default that a form repeats the name of a field with several values, the
/// description's own examples of lists have relative addresses where it asks for absolute ones, and it
/// says in words that a day is looked for by `YYYY-MM-DD`, and in its schema that it is an instant.
fn about_messages_and_calls(mut document: Value) -> Value {
    let paths = document["paths"].as_object_mut().unwrap();
    let ours = [LIST, ONE, MEDIA, CALLS, CALL, RECORDINGS_OF, RECORDING];
    paths.retain(|path, _| ours.contains(&path.as_str()));
    let form = paths[LIST]["post"].pointer_mut(FORM).unwrap();
    form["encoding"] = json!({"MediaUrl": {"style": "form", "explode": true}});
    for (path, name) in [(LIST, "DateSent"), (CALLS, "StartTime"), (CALLS, "EndTime")] {
        let asked = paths[path]["get"]["parameters"].as_array_mut().unwrap();
        let day = asked.iter_mut().find(|p| p["name"] == name).unwrap();
        let described = day["description"].as_str().unwrap();
        assert!(described.contains("`YYYY-MM-DD`"), "{described}");
        day["schema"]["format"] = json!("date");
    }
    for path in [LIST, CALLS, RECORDINGS_OF] {
        let list = "/responses/200/content/application~1json";
        let list = paths[path]["get"].pointer_mut(list).unwrap();
        let properties = list["schema"]["properties"].as_object_mut().unwrap();
        for property in properties.values_mut() {
            property.as_object_mut().unwrap().remove("format");
        }
        // Of several examples the server would take one without records.
        let examples = list["examples"].as_object_mut().unwrap();
        examples.retain(|name, _| ["readFullPage1", "readFull"].contains(&name.as_str()));
    }
    document
}

/// A server that answers what the description allows, and 422 to everything else.
struct Described {
    server: Child,
    base: String,
    document: Value,
    _folder: tempfile::TempDir,
}

impl Described {
    fn start() -> Self {
        let document = std::fs::read(tools::node_module(DOCUMENT)).unwrap();
        let document = about_messages_and_calls(serde_json::from_slice(&document).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("twilio.json");
        std::fs::write(&file, document.to_string()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Command::new("node")
            .arg(tools::node_module("@stoplight/prism-cli/dist/index.js"))
            .args([
                "mock",
                "--errors",
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
            ])
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be started");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let is_ready = lines.any(|line| line.unwrap().contains("Prism is listening"));
        assert!(is_ready, "the server ended before it listened");
        // Somebody has to read what it goes on to say.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            server,
            base: format!("http://127.0.0.1:{port}"),
            document,
            _folder: folder,
        }
    }

    fn client(&self) -> Client {
        let network = Checked {
            network: Network::new(),
            names: Names::of(&self.document),
        };
        Client::new(Box::new(network), &self.base)
    }
}

impl Drop for Described {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The network, watching what the server does not.
struct Checked {
    network: Network,
    names: Names,
}

#[async_trait]
impl Transport for Checked {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let unknown = self.names.unknown(&request);
        assert!(unknown.is_empty(), "not described: {unknown:?}");
        let answer = self.network.send(request).await?;
        assert!(
            answer.headers().get("sl-violations").is_none(),
            "{answer:?}"
        );
        assert!(answer.status().is_success(), "{answer:?}");
        Ok(answer)
    }
}

/// The parameters that are described. The server lets others pass, and so would Twilio: a
/// misspelt one would have no effect, and nobody would know.
struct Names {
    query: Vec<String>,
    form: Vec<String>,
}

impl Names {
    fn of(document: &Value) -> Self {
        let list = &document["paths"][LIST];
        let lists = [
            list,
            &document["paths"][CALLS],
            &document["paths"][RECORDINGS_OF],
        ];
        let query = lists
            .into_iter()
            .flat_map(|list| list["get"]["parameters"].as_array().unwrap());
        let forms = [list, &document["paths"][CALLS]];
        let form = forms.into_iter().flat_map(|path| {
            let form = &path["post"].pointer(FORM).unwrap()["schema"]["properties"];
            form.as_object().unwrap().keys().cloned()
        });
        Self {
            query: query
                .map(|p| p["name"].as_str().unwrap().to_owned())
                .collect(),
            form: form.collect(),
        }
    }

    fn unknown(&self, request: &Request<Bytes>) -> Vec<String> {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let sent = [(query, &self.query), (request.body(), &self.form)];
        sent.iter()
            .flat_map(|(pairs, known)| {
                let names = form_urlencoded::parse(pairs).map(|(name, _)| name.into_owned());
                names.filter(|name| !known.contains(name))
            })
            .collect()
    }
}

fn message<'a>(body: &'a str, media: &'a [String], validity: Duration) -> NewMessage<'a> {
    static NUMBERS: std::sync::LazyLock<[PhoneNumber; 2]> =
        std::sync::LazyLock::new(|| [number("+16195550100"), number("+16195550110")]);
    NewMessage {
        from: &NUMBERS[0],
        to: &NUMBERS[1],
        body,
        media,
        status_callback: "https://relay.example.com/twilio/status/in-1/1#rc=3&rp=ct,rt,5xx",
        validity,
    }
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

fn sid() -> MessageSid {
    MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap()
}

fn ours() -> Credentials {
    let sid = |prefix: &str| Some(Secret::new(prefix.to_owned() + &"0".repeat(32)));
    let read = |name: &str| match name {
        credentials::ACCOUNT_SID => sid("AC"),
        credentials::API_KEY => sid("SK"),
        credentials::AUTH_TOKEN | credentials::API_SECRET => Some(Secret::new("secret")),
        _ => None,
    };
    Credentials::from_values("this test", read).unwrap()
}
