//! The border between one function and AWS. Whatever the function asks for passes here, is refused
//! if the function's role does not grant it, and may be made to fail or to take longer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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

/// What a function asked AWS for, as far as AWS bills it.
#[derive(Clone, Default)]
pub struct Spent {
    /// How many requests, by operation.
    pub requests: BTreeMap<String, u32>,
    pub write_units: f64,
    pub read_units: f64,
    pub audit_bytes: usize,
    /// Bodies of the messages that a queue brings later.
    pub delayed: Vec<Value>,
    /// Each request, in the order of their answers.
    pub requests_made: Vec<Made>,
}

/// A request that was made.
#[derive(Clone)]
pub struct Made {
    pub call: Call,
    /// Of DynamoDB: each key that it writes or reads, with the units that it takes.
    pub keys: Vec<(String, String, f64, f64)>,
    /// Of a queue: whose group each message is in, and how many seconds it waits.
    pub messages: Vec<(Option<String>, u64)>,
}

#[derive(Default)]
struct Seen {
    spent: Spent,
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

    /// What was spent since the last time.
    pub fn take_spent(&self) -> Spent {
        std::mem::take(&mut self.state.seen.lock().unwrap().spent)
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
        None => {
            let (response, units, keys) = forward(&guard, headers, body).await;
            let mut seen = guard.seen.lock().unwrap();
            seen.spent.add(&target, &input, &units);
            seen.spent.requests_made.push(Made {
                call: Call {
                    operation: target.clone(),
                    began,
                    ended: Instant::now(),
                },
                keys: serde_json::from_str(&keys).unwrap_or_default(),
                messages: messages(&input),
            });
            response
        }
    };
    let call = Call {
        operation: target,
        began,
        ended: Instant::now(),
    };
    guard.seen.lock().unwrap().calls.push(call);
    response
}

impl Spent {
    /// `units` is what the emulated DynamoDB says that the request costs: units written, units read.
    fn add(&mut self, target: &str, input: &Value, units: &str) {
        let operation = target.split('.').next_back().unwrap_or_default();
        *self.requests.entry(operation.to_owned()).or_default() += 1;
        let mut units = units
            .split(' ')
            .filter_map(|units| units.parse::<f64>().ok());
        self.write_units += units.next().unwrap_or_default();
        self.read_units += units.next().unwrap_or_default();
        // Each event is billed with 26 bytes more. Source: CloudWatch Logs API Reference,
        // "PutLogEvents".
        let events = input["logEvents"].as_array().into_iter().flatten();
        let bytes = events.filter_map(|event| Some(event["message"].as_str()?.len() + 26));
        self.audit_bytes += bytes.sum::<usize>();
        if operation == "SendMessage" && input["DelaySeconds"].as_u64() > Some(0) {
            self.delayed.push(input["MessageBody"].clone());
        }
    }
}

fn messages(input: &Value) -> Vec<(Option<String>, u64)> {
    let one = input["MessageBody"].is_string().then_some(input);
    let several = input["Entries"].as_array().into_iter().flatten();
    let several = several.filter(|entry| entry["MessageBody"].is_string());
    let messages = one.into_iter().chain(several).map(|message| {
        let group = message["MessageGroupId"].as_str().map(str::to_owned);
        (group, message["DelaySeconds"].as_u64().unwrap_or_default())
    });
    messages.collect()
}

async fn forward(guard: &Guard, mut headers: HeaderMap, body: Bytes) -> (Response, String, String) {
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
    let told = |name: &str| {
        let told = headers.get(name).and_then(|value| value.to_str().ok());
        told.unwrap_or_default().to_owned()
    };
    let (units, of_keys) = (told("x-units"), told("x-units-of-keys"));
    let body = answer.bytes().await.expect("the emulated AWS answers");
    let kept = ["content-type", "x-amzn-requestid", "x-amz-crc32"];
    let headers = kept
        .into_iter()
        .filter_map(|name| Some((name, headers.get(name)?.clone())));
    let mut response = (status, body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    (response, units, of_keys)
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
