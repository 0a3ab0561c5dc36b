//! The border between one function and AWS. Whatever the function asks for passes here, is refused
//! if the function's role does not grant it, and may be made to fail or to take longer.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::aws;
use super::emulator::Emulator;
use super::permissions::{Permission, needed};
use super::serving::Serving;
use crate::support::proxy::Call;

pub struct Border {
    pub serving: Serving,
    state: Arc<Guard>,
}

struct Guard {
    http: reqwest::Client,
    aws: &'static str,
    granted: BTreeSet<Permission>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    used: BTreeSet<Permission>,
    refused: BTreeSet<Permission>,
    /// Services that fail, by the part of the target before the dot.
    failing: HashMap<&'static str, Failure>,
    latency: Duration,
}

/// How a service fails.
#[derive(Clone, Copy)]
pub enum Failure {
    /// It answers that it is out of order.
    Errors,
    /// It never answers.
    Hangs,
}

impl Border {
    pub async fn open(emulator: &'static Emulator, granted: BTreeSet<Permission>) -> Self {
        let state = Arc::new(Guard {
            http: aws::http(),
            aws: &emulator.url,
            granted,
            seen: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&state));
        Self {
            serving: Serving::start(router).await,
            state,
        }
    }

    /// From now on `service` (such as `AmazonSQS`) fails.
    pub fn fail(&self, service: &'static str, how: Failure) {
        self.state.seen.lock().unwrap().failing.insert(service, how);
    }

    /// From now on everything works again.
    pub fn repair(&self) {
        self.state.seen.lock().unwrap().failing.clear();
    }

    /// From now on every request takes this much longer.
    pub fn delay(&self, latency: Duration) {
        self.state.seen.lock().unwrap().latency = latency;
    }

    /// The requests since the last time.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.seen.lock().unwrap().calls)
    }

    /// The permissions that were needed so far.
    pub fn used(&self) -> BTreeSet<Permission> {
        self.state.seen.lock().unwrap().used.clone()
    }

    /// What was asked for without permission.
    pub fn refused(&self) -> BTreeSet<Permission> {
        self.state.seen.lock().unwrap().refused.clone()
    }
}

async fn pass(State(guard): State<Arc<Guard>>, headers: HeaderMap, body: Bytes) -> Response {
    let began = Instant::now();
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    let input: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let needed = needed(&target, &input);
    let (latency, failure) = {
        let mut seen = guard.seen.lock().unwrap();
        if let Some(missing) = needed.iter().find(|needed| !guard.granted.contains(needed)) {
            let message = format!("not authorized to perform {missing}");
            seen.refused.insert(missing.clone());
            return error(StatusCode::BAD_REQUEST, "AccessDeniedException", &message);
        }
        seen.used.extend(needed);
        let service = target.split('.').next().unwrap_or_default();
        (seen.latency, seen.failing.get(service).copied())
    };
    tokio::time::sleep(latency).await;
    let response = match failure {
        Some(Failure::Errors) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "out of order",
        ),
        Some(Failure::Hangs) => std::future::pending().await,
        None => forward(&guard, headers, body).await,
    };
    let call = Call {
        operation: target,
        began,
        ended: Instant::now(),
    };
    guard.seen.lock().unwrap().calls.push(call);
    response
}

async fn forward(guard: &Guard, mut headers: HeaderMap, body: Bytes) -> Response {
    headers.remove("host");
    let sent = guard
        .http
        .post(guard.aws)
        .headers(headers)
        .body(body)
        .send()
        .await;
    let answer = sent.expect("the emulated AWS listens");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.expect("the emulated AWS answers");
    let kept = ["content-type", "x-amzn-requestid", "x-amz-crc32"];
    let headers = kept
        .into_iter()
        .filter_map(|name| Some((name, headers.get(name)?.clone())));
    let mut response = (status, body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = json!({"__type": kind, "message": message}).to_string();
    (
        status,
        [("content-type", "application/x-amz-json-1.0")],
        body,
    )
        .into_response()
}
