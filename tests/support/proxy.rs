//! Stands between the relay and AWS: makes every request take its time, and remembers when each was
//! under way.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use tokio::net::TcpListener;

pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: &'static str,
    latency: Duration,
    client: reqwest::Client,
    calls: Mutex<Vec<Call>>,
    broken: Mutex<bool>,
}

/// One request to AWS.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation, such as `DynamoDB_20120810.PutItem`.
    pub operation: String,
    pub began: Instant,
    pub ended: Instant,
}

impl Proxy {
    /// Starts on a free port; it ends with the test's runtime.
    pub async fn start(upstream: &'static str, latency: Duration) -> Self {
        let shared = Arc::new(Shared {
            upstream,
            latency,
            client: relay::twilio::network::build(relay::twilio::network::client()),
            calls: Mutex::default(),
            broken: Mutex::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(pass_on).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// The calls since the last time.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }

    /// From now on every request is answered with 500, or again is not.
    pub fn set_broken(&self, broken: bool) {
        *self.shared.broken.lock().unwrap() = broken;
    }
}

async fn pass_on(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let operation = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or("?")
        .to_owned();
    tokio::time::sleep(shared.latency).await;
    let broken = *shared.broken.lock().unwrap();
    let response = if broken {
        let mut response = Response::new("{}".into());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    } else {
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a body");
        forward(&shared, &parts, body).await
    };
    let ended = Instant::now();
    shared.calls.lock().unwrap().push(Call {
        operation,
        began,
        ended,
    });
    response
}

async fn forward(shared: &Shared, parts: &http::request::Parts, body: Bytes) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let answer = shared
        .client
        .request(parts.method.clone(), format!("{}{path}", shared.upstream))
        .headers(parts.headers.clone())
        .body(body)
        .send()
        .await
        .expect("the server behind the proxy answers");
    let mut response = Response::new(().into());
    *response.status_mut() = answer.status();
    for (name, value) in answer.headers() {
        if name != http::header::TRANSFER_ENCODING && name != http::header::CONNECTION {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = answer.bytes().await.expect("the whole answer").into();
    response
}

/// The longest chain of calls of which each began only after the one before it had ended.
pub fn longest_chain(calls: &[Call]) -> Vec<&Call> {
    let mut calls: Vec<&Call> = calls.iter().collect();
    calls.sort_by_key(|call| call.ended);
    let mut chain: Vec<&Call> = Vec::new();
    // Of all calls that may come next, the one that ends first leaves most room for others.
    for call in calls {
        if chain.last().is_none_or(|last| last.ended <= call.began) {
            chain.push(call);
        }
    }
    chain
}

#[test]
fn a_chain_counts_what_waits_for_another_and_not_what_overlaps() {
    let start = Instant::now();
    let call = |began, ended| Call {
        operation: format!("{began}-{ended}"),
        began: start + Duration::from_millis(began),
        ended: start + Duration::from_millis(ended),
    };
    let names = |calls: &[Call]| -> Vec<String> {
        longest_chain(calls)
            .iter()
            .map(|call| call.operation.clone())
            .collect()
    };
    assert!(names(&[]).is_empty());
    assert_eq!(names(&[call(0, 10), call(0, 12), call(1, 11)]).len(), 1);
    let calls = [
        call(0, 50),
        call(12, 20),
        call(0, 10),
        call(11, 60),
        call(20, 30),
    ];
    assert_eq!(names(&calls), ["0-10", "12-20", "20-30"]);
}
