use std::process::Command;

use axum::Router;
use axum::extract::State;
use http::HeaderMap;
use relay::clock::SystemClock;
use relay::sandbox::drive::{Resolve, drive};
use relay::sandbox::{Fault, Injection, http as sandbox_http};
use relay::twilio::errors;
use relay::twilio::network::Network;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// A sandbox on a port of this machine.
struct Served {
    sandbox: Arc<Sandbox>,
    url: String,
}

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn served() -> Served {
    let account = Arc::new(demo_account());
    let sandbox = Arc::new(Sandbox::new(account, Arc::new(SystemClock)));
    let setup = Number {
        sms_url: Some(SMS_URL.into()),
        ..Number::default()
    };
    sandbox.set_number(number(LINE), setup);
    let url = serve(sandbox_http::router(sandbox.clone())).await;
    Served { sandbox, url }
}

impl Served {
    fn client(&self) -> Client {
        Client::new(Box::new(Network::new()), &self.url)
    }

    async fn sends(&self, to: &str) -> Answer {
        let message = NewMessage {
            from: &number(LINE),
            to: &number(to),
            body: "hi",
            media: &[],
            status_callback: STATUS_URL,
            validity: Duration::from_secs(240),
        };
        let account = self.sandbox.account();
        self.client().create_message(account, &message).await
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let answer = reqwest_client()
            .request(method, format!("{}{path}", self.url))
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

fn reqwest_client() -> reqwest::Client {
    relay::twilio::network::build(relay::twilio::network::client().no_proxy())
}

/// Path, headers and body of a request.
type Got = (String, HeaderMap, Bytes);

/// A server that keeps what it gets and answers every text with a reply.
async fn webhook_server() -> (String, mpsc::UnboundedReceiver<Got>) {
    async fn keep(
        State(requests): State<mpsc::UnboundedSender<Got>>,
        uri: http::Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> &'static str {
        let _ = requests.send((uri.path().to_owned(), headers, body));
        "<Response><Message>We got your text.</Message></Response>"
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    let routes = Router::new()
        .route("/twilio/{*rest}", axum::routing::post(keep))
        .with_state(sender);
    (serve(routes).await, receiver)
}

#[tokio::test]
async fn a_text_travels_to_a_local_server_and_its_answer_back_to_the_phone() {
    let served = served().await;
    let (server, mut requests) = webhook_server().await;
    let resolve = Resolve::default().with("https://relay.example.com", &server);
    let driver = tokio::spawn(drive(
        served.sandbox.clone(),
        resolve,
        std::future::pending(),
    ));
    let text = json!({ "from": CUSTOMER, "body": "Are you open?" });
    let (status, texted) = served.control(Method::POST, "/sandbox/texts", text).await;
    assert_eq!((status, texted["to"].as_str()), (201, Some(LINE)));

    let (path, headers, body) = requests.recv().await.unwrap();
    assert_eq!(path, "/twilio/sms");
    assert_eq!(headers["host"], "relay.example.com");
    let form = Form::parse(&body).unwrap();
    assert_eq!(form.get("Body"), Some("Are you open?"));
    let signature = headers[HEADER].to_str().unwrap();
    let token = &served.sandbox.account().auth_token;
    assert!(verify([token], signature, SMS_URL, Signed::Form(&form)));

    accepted(served.sends(SERGIO).await);
    for expected in ["sending", "sent", "delivered"] {
        let (path, _, body) = requests.recv().await.unwrap();
        assert_eq!(path, "/twilio/status/in-1/1");
        let form = Form::parse(&body).unwrap();
        assert_eq!(form.get("MessageStatus"), Some(expected));
    }
    // Accepted before the message to Sergio, the reply was delivered before it.
    let path = format!("/sandbox/phones/{CUSTOMER}");
    let (_, screen) = served.control(Method::GET, &path, Value::Null).await;
    assert_eq!(screen["entries"][0]["body"], "Are you open?");
    assert_eq!(screen["entries"][1]["body"], "We got your text.");
    let cursor = screen["cursor"].as_u64().unwrap();
    assert_eq!(cursor, 2);
    let (_, screen) = served
        .control(Method::GET, &format!("{path}?after={cursor}"), Value::Null)
        .await;
    assert_eq!(screen["entries"], serde_json::json!([]));
    driver.abort();
}

#[tokio::test]
async fn a_dropped_answer_closes_the_connection_without_a_byte() {
    let served = served().await;
    served.sandbox.inject(Fault::LostAnswer.into());
    let (user, password) = served.sandbox.account().basic_auth();
    let pair = format!("{user}:{}", password.expose());
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair.as_bytes());
    let body = "To=%2B16195550110&From=%2B16195550100&Body=hi";
    let request = format!(
        "POST /2010-04-01/Accounts/{}/Messages.json HTTP/1.1\r\nHost: x\r\n\
         Authorization: Basic {basic}\r\nContent-Length: {}\r\n\r\n{body}",
        served.sandbox.account().account_sid,
        body.len(),
    );
    let address = served.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "");
    assert_eq!(served.sandbox.messages().len(), 1, "the message is sent");
}

#[tokio::test]
async fn the_client_tells_what_was_never_sent_from_what_may_have_been() {
    let served = served().await;
    served.client().warm().await;
    accepted(served.sends(SERGIO).await);
    served.sandbox.inject(Fault::LostAnswer.into());
    assert_eq!(served.sends(SERGIO).await, Answer::Unknown);
    let busy = Fault::TooManyRequests {
        retry_after: Some("7".into()),
    };
    served.sandbox.inject(busy.into());
    let refused = errors::refused(Some(20429), 429, Some(Duration::from_secs(7)));
    assert_eq!(served.sends(SERGIO).await, refused);
    // A port on which nobody listens any more.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = Served {
        url: format!("http://{}", closed.local_addr().unwrap()),
        ..served
    };
    drop(closed);
    assert_eq!(nobody.sends(SERGIO).await, Answer::NotSent);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_unknown_and_a_refusal_without_words_is_one() {
    for (answer, expected) in [
        ((201, "<html>"), Answer::Unknown),
        ((502, "<html>"), errors::refused(None, 502, None)),
        ((302, ""), errors::refused(None, 302, None)),
    ] {
        let (status, body) = answer;
        let status = http::StatusCode::from_u16(status).unwrap();
        let routes = Router::new().fallback(move || async move { (status, body) });
        let mut served = served().await;
        served.url = serve(routes).await;
        assert_eq!(served.sends(SERGIO).await, expected);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let routes = Router::new().fallback(|| async {
        let chunk = Bytes::from(vec![b' '; 64 * 1024]);
        let endless = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        (
            http::StatusCode::CREATED,
            axum::body::Body::from_stream(endless),
        )
    });
    let mut served = served().await;
    served.url = serve(routes).await;
    assert_eq!(served.sends(SERGIO).await, Answer::Unknown);
}

#[tokio::test]
async fn faults_phones_and_numbers_are_set_from_outside() {
    let served = served().await;
    let fault = serde_json::json!({ "fault": { "refuse": { "code": 21408 } }, "to": SERGIO });
    let (status, _) = served.control(Method::POST, "/sandbox/faults", fault).await;
    assert_eq!(status, 201);
    let expected = Injection::of(Fault::Refuse {
        code: 21408,
        status: 400,
    });
    assert_eq!(
        served.sandbox.pending_faults(),
        [expected.to(&number(SERGIO))]
    );
    served
        .control(Method::DELETE, "/sandbox/faults", Value::Null)
        .await;
    assert!(served.sandbox.pending_faults().is_empty());

    let path = format!("/sandbox/phones/{SERGIO}");
    let off = serde_json::json!({ "power": "off" });
    served.control(Method::POST, &path, off).await;
    let (_, screen) = served.control(Method::GET, &path, Value::Null).await;
    assert_eq!(screen["power"], "off");

    let other = "+16195550101";
    let setup = serde_json::json!({ "number": other, "sms_url": "https://other.example.com/" });
    served
        .control(Method::POST, "/sandbox/numbers", setup)
        .await;
    assert_eq!(served.sandbox.numbers().len(), 2);
    let text = json!({ "from": CUSTOMER, "body": "hi" });
    let (status, told) = served.control(Method::POST, "/sandbox/texts", text).await;
    assert_eq!(status, 400);
    assert!(told["error"].as_str().unwrap().contains(other), "{told}");

    for (path, wrong) in [
        (
            "/sandbox/faults",
            serde_json::json!({ "fault": "earthquake" }),
        ),
        ("/sandbox/texts", serde_json::json!({ "form": CUSTOMER })),
        ("/sandbox/numbers", serde_json::json!({ "number": "619" })),
        (
            "/sandbox/numbers",
            serde_json::json!({ "number": other, "url": "x" }),
        ),
    ] {
        let (status, told) = served.control(Method::POST, path, wrong).await;
        assert_eq!(status, 400);
        assert!(told["error"].is_string());
    }
}

#[tokio::test]
async fn twilios_own_python_client_works_with_it() {
    let served = served().await;
    let (_, account) = served
        .control(Method::GET, "/sandbox/account", Value::Null)
        .await;
    let mut python = Command::new(crate::support::tools::python());
    python
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/programs/clients/sandbox_client.py"
        ))
        .arg(&served.url);
    for (name, value) in account.as_object().unwrap() {
        python.env(name, value.as_str().unwrap());
    }
    let output = tokio::task::spawn_blocking(move || python.output())
        .await
        .unwrap()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok");
}

/// What a page in a browser on this machine can send without asking.
#[tokio::test]
async fn a_web_page_can_neither_write_texts_nor_read_credentials() {
    let world = served().await;
    let send = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = reqwest_client().post(format!("{}{path}", world.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = json!({ "from": CUSTOMER, "body": "hi" }).to_string();
        request.body(body).send().await.unwrap().status().as_u16()
    };
    let page = [
        ("content-type", "text/plain;charset=UTF-8"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
    ];
    assert_eq!(send("/sandbox/texts", &page).await, 403);
    assert_eq!(send("/sandbox/texts", &page[..1]).await, 415);
    assert_eq!(
        send("/sandbox/texts", &[("host", "evil.example")]).await,
        421
    );
    let account = reqwest_client().get(format!("{}/sandbox/account", world.url));
    let read = account.header("host", "evil.example:4010").send().await;
    assert_eq!(read.unwrap().status(), 421);
    assert!(world.sandbox.screen(&Sender::parse(CUSTOMER)).is_empty());
}

#[tokio::test]
async fn what_is_asked_of_the_sandbox_has_bounds() {
    let world = served().await;
    let refused = async |path: &str, body: Value| {
        let (status, answer) = world.control(Method::POST, path, body).await;
        assert_eq!(status, 400, "{answer}");
        answer["error"].as_str().unwrap().to_owned()
    };
    let many = json!({ "from": CUSTOMER, "body": "hi", "copies": 4_000_000_000_u32 });
    assert_eq!(refused("/sandbox/texts", many).await, "copies: at most 100");
    let for_ever = json!({ "fault": { "held": { "ms": u64::MAX } } });
    assert!(
        refused("/sandbox/faults", for_ever)
            .await
            .starts_with("ms: at most")
    );
    let (status, _) = world
        .control(
            Method::POST,
            "/sandbox/texts",
            json!({ "from": CUSTOMER, "body": "hi" }),
        )
        .await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn the_sandbox_calls_no_other_machine() {
    let world = served().await;
    let setup = json!({ "number": LINE, "sms_url": "http://169.254.169.254/latest/meta-data" });
    world.control(Method::POST, "/sandbox/numbers", setup).await;
    world
        .sandbox
        .text(&Sender::parse(CUSTOMER), &number(LINE), Text::new("hi"))
        .unwrap();
    let driving = drive(world.sandbox.clone(), Resolve::default(), async {
        for _ in 0..100 {
            if !world.sandbox.alerts().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    driving.await;
    let alerts = world.sandbox.alerts();
    assert!(alerts[0].message.contains("--resolve"), "{alerts:?}");
}

#[tokio::test]
async fn a_call_over_http_waits_for_an_answer_only_as_long_as_its_url_says() {
    let served = served().await;
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/voice#rt=200&rc=1&rp=rt",
        silent.local_addr().unwrap()
    );
    let driver = drive(
        served.sandbox.clone(),
        Resolve::default(),
        std::future::pending(),
    );
    let driver = tokio::spawn(driver);
    let setup = json!({ "number": LINE, "voice_url": url });
    assert_eq!(
        served
            .control(Method::POST, "/sandbox/numbers", setup)
            .await
            .0,
        201
    );
    let call = json!({ "from": CUSTOMER, "attested": "B", "fields": { "CallerName": "ACME" } });
    let (status, called) = served.control(Method::POST, "/sandbox/calls", call).await;
    assert_eq!((status, called["to"].as_str()), (201, Some(LINE)));
    let path = format!("/sandbox/calls/{}", called["sid"].as_str().unwrap());
    let call = loop {
        let (_, call) = served.control(Method::GET, &path, json!(null)).await;
        if call["answered"].is_string() {
            break call;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let heard = call["heard"].to_string();
    assert!(heard.contains("application error"), "{heard}");
    let codes: Vec<_> = served.sandbox.alerts();
    let codes: Vec<_> = codes.iter().map(|alert| alert.error_code).collect();
    assert_eq!(codes, [11205, 11205], "once and again");

    // The last call that goes on is hung up; then there is none.
    let latest = "/sandbox/calls/latest";
    let (status, acted) = served.control(Method::POST, latest, json!("hang_up")).await;
    assert_eq!((status, &acted["sid"]), (200, &called["sid"]));
    for (path, body, told) in [
        (latest, json!("hang_up"), "no such call goes on"),
        (latest, json!({ "shout": 1 }), "unknown variant"),
        (
            "/sandbox/calls",
            json!({ "form": CUSTOMER }),
            "unknown field",
        ),
        (
            "/sandbox/voice",
            json!({ "second_dial": true }),
            "unknown field",
        ),
        ("/sandbox/phones/+16195550110", json!({}), "say how"),
    ] {
        let (status, refused) = served.control(Method::POST, path, body).await;
        assert_eq!(status, 400, "{path}");
        assert!(
            refused["error"].as_str().unwrap().contains(told),
            "{refused}"
        );
    }
    let facts = json!({ "second_dial_answers": true });
    let (_, facts) = served.control(Method::POST, "/sandbox/voice", facts).await;
    assert_eq!(
        (&facts["second_dial_answers"], &facts["extra_ring_ms"]),
        (&true.into(), &5000.into())
    );
    driver.abort();
}
