//! What a relay answers over HTTP, checked by a proxy that knows nothing but the OpenAPI document.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use relay::app::outbound_notifier::auth::{
    CALLER_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign,
};
use relay::domain::credentials::Secret;
use relay::twilio::api::Transport;
use relay::twilio::network::Network;
use serde_json::{Value, json};

use super::documents::published;
use super::samples;
use crate::programs::integrations::place::Place;
use crate::support::tools;

/// The proxy in front of a relay.
struct Watched {
    proxy: Child,
    url: String,
    relay: Place,
}

/// What somebody was answered through the proxy.
#[derive(Debug)]
struct Said {
    status: u16,
    body: Value,
    /// What the proxy has against the request, and against the answer.
    violations: [Vec<String>; 2],
}

impl Watched {
    fn start() -> Self {
        let relay = Place::with_callers(&[("crew", "notices,invitations"), ("reader", "read")]);
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let mut proxy = Command::new("node")
            .arg(tools::node_module("@stoplight/prism-cli/dist/index.js"))
            .args(["proxy", "--host", "127.0.0.1", "--port", &port])
            .arg(published("openapi.json"))
            .arg(&relay.url)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be started");
        let mut lines = BufReader::new(proxy.stdout.take().unwrap()).lines();
        let is_ready = lines.any(|line| line.unwrap().contains("Prism is listening"));
        assert!(is_ready, "the proxy ended before it listened");
        // Somebody has to read what it goes on to say.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            proxy,
            url: format!("http://127.0.0.1:{port}"),
            relay,
        }
    }

    async fn ask(&self, caller: &str, method: &str, path: &str, body: Option<&Value>) -> Said {
        static REQUESTS: AtomicU32 = AtomicU32::new(0);
        let request = REQUESTS.fetch_add(1, Ordering::Relaxed);
        let at = format!("{}.{request:09}", Timestamp::now().as_second());
        let body = body.map(Value::to_string).unwrap_or_default();
        let key = Secret::new(self.relay.key(caller));
        let signature = sign(&key, &at, method, path, body.as_bytes());
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(CALLER_HEADER, caller)
            .header(TIMESTAMP_HEADER, at)
            .header(SIGNATURE_HEADER, signature);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Bytes::from(body)).unwrap();
        Said::of(&Network::new().send(request).await.unwrap())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

impl Said {
    fn of(response: &Response<Bytes>) -> Self {
        let violations = response.headers().get("sl-violations");
        let violations: Value = violations
            .map(|list| serde_json::from_slice(list.as_bytes()).unwrap())
            .unwrap_or(json!([]));
        let of = |place: &str| {
            let all = violations.as_array().unwrap().iter();
            let found = all.filter(|violation| violation["location"][0] == place);
            found.map(Value::to_string).collect()
        };
        Self {
            status: response.status().as_u16(),
            body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
            violations: [of("request"), of("response")],
        }
    }

    /// An answer to a request that was as described.
    #[track_caller]
    fn answers_good(self, status: u16) -> Value {
        assert_eq!(self.violations[0], [] as [String; 0], "{}", self.body);
        self.is(status)
    }

    /// An answer to a request that the document does not allow.
    #[track_caller]
    fn answers_bad(self, status: u16) -> Value {
        assert!(!self.violations[0].is_empty(), "the proxy noticed nothing");
        self.is(status)
    }

    /// An answer as the document has it.
    #[track_caller]
    fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.violations[1], [] as [String; 0], "{}", self.body);
        self.body
    }
}

fn with(mut request: Value, name: &str, value: Value) -> Value {
    request[name] = value;
    request
}

#[tokio::test]
async fn every_answer_is_one_that_the_document_describes() {
    let watched = Watched::start();
    let ask = async |method: &str, path: &str, body: Option<&Value>| {
        watched.ask("crew", method, path, body).await
    };
    let notice = samples::notice();
    let accepted = ask("POST", "/v1/notices", Some(&notice))
        .await
        .answers_good(202);
    let path = format!("/v1/notices/{}", accepted["id"].as_str().unwrap());
    ask("GET", &path, None).await.answers_good(200);
    ask("DELETE", &path, None).await.answers_good(200);
    let dry = with(notice.clone(), "dry_run", json!(true));
    let estimate = ask("POST", "/v1/notices", Some(&dry))
        .await
        .answers_good(200);
    assert_eq!(estimate["dry_run"], true);
    let unknown = with(notice.clone(), "topic", json!("parties"));
    let unknown = with(unknown, "idempotency_key", json!("parties"));
    ask("POST", "/v1/notices", Some(&unknown))
        .await
        .answers_good(422);
    let wrong = with(notice.clone(), "topic", json!(7));
    ask("POST", "/v1/notices", Some(&wrong))
        .await
        .answers_bad(422);
    let reused = with(notice.clone(), "subject", json!("lift"));
    ask("POST", "/v1/notices", Some(&reused))
        .await
        .answers_good(422);
    let nothing = format!("/v1/notices/no-{}", "0".repeat(26));
    ask("GET", &nothing, None).await.answers_good(404);

    let invitation = samples::invitation();
    let accepted = ask("POST", "/v1/invitations", Some(&invitation))
        .await
        .answers_good(202);
    let path = format!("/v1/invitations/{}", accepted["id"].as_str().unwrap());
    ask("GET", &path, None).await.answers_good(200);
    let dry = with(invitation.clone(), "dry_run", json!(true));
    ask("POST", "/v1/invitations", Some(&dry))
        .await
        .answers_good(200);
    let wrong = with(invitation, "number", json!("619-555-0121"));
    ask("POST", "/v1/invitations", Some(&wrong))
        .await
        .answers_bad(422);

    let reader = watched
        .ask("reader", "POST", "/v1/notices", Some(&notice))
        .await;
    reader.answers_good(403);
    let reader = async || watched.ask("reader", "GET", &nothing, None).await;
    let mut said = reader().await;
    for _ in 0..200 {
        if said.status == 429 {
            break;
        }
        said = reader().await;
    }
    said.answers_good(429);
}
