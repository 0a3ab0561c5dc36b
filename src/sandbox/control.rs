//! The control API: what a test, or somebody at a shell, does to a running sandbox. JSON in and
//! out; a mistake is answered with 4xx and `{"error": "…"}`. Numbers are in E.164 form.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /sandbox/account` | the fake credentials by the names of their environment variables |
//! | `GET`, `POST /sandbox/account/setup` | what the account has ([`super::Account`]), without secrets; merges a JSON merge patch (RFC 7396) into it |
//! | `GET /sandbox/numbers` | the account's numbers and how they are set up |
//! | `POST /sandbox/numbers` | adds a number or sets it up anew: `number` and the fields of [`super::Number`] |
//! | `POST /sandbox/texts` | a phone texts a number: see [`NewText`] |
//! | `GET /sandbox/phones` | the phones that have been used |
//! | `GET /sandbox/phones/{number}` | a phone's screen: see [`Screen`]; `?after=CURSOR` for what is new |
//! | `POST /sandbox/phones/{number}` | switches a phone: `{"power": "on"}`, `"off"` or `"silent"` ([`Power`]); and how it takes calls: `{"calls": "busy"}` ([`TakesCalls`]) |
//! | `POST /sandbox/phones/{number}/call` | the person at a phone that is called: `"answer"`, `"decline"`, `"hang_up"`, `{"press": "1"}`, `{"say": 20}` ([`super::Act`]) |
//! | `POST /sandbox/calls` | a customer calls a number: see `PlaceCall` in `control_calls` |
//! | `GET /sandbox/calls`, `GET /sandbox/calls/{sid}` | the calls, or one, with what each side heard ([`super::CallView`]); `latest` is the last that goes on |
//! | `POST /sandbox/calls/{sid}` | the customer on a call: an [`super::Act`]; `latest` as before |
//! | `GET`, `POST /sandbox/voice` | which of the facts about Twilio are true that nobody could check ([`super::Unchecked`]) |
//! | `GET /sandbox/faults` | the faults that have not happened yet |
//! | `POST /sandbox/faults` | adds one: an [`Injection`], such as `{"fault": "lost_answer", "to": "+1…"}`, or `{"fault": "lost_answer", "requests": "create_key"}` ([`super::Requests`]) |
//! | `DELETE /sandbox/faults` | forgets them |
//! | `GET /sandbox/requests` | how many requests to the API read and how many wrote |
//! | `GET /sandbox/alerts` | failed webhooks and unreadable answers, as in Twilio's debugger |

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ::http::header::CONTENT_TYPE;
use ::http::{Response, StatusCode, Uri};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, from_slice, from_value, json};

use super::faults::once;
use super::{Entry, Injection, Power, Sandbox, TakesCalls, Text};
use crate::domain::credentials;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::sms::MOST_MEDIA;
use crate::twilio::form::Form;

/// Bounds of what a request may ask for.
const MOST_COPIES: u32 = 100;
const MOST_FAULTS: usize = 10_000;
pub(super) const MOST_BYTES: usize = 64 * 1024;
const LONGEST_MS: u64 = 7 * 24 * 60 * 60 * 1000;

pub(super) type Shared = State<Arc<Sandbox>>;
pub(super) type Answer = Result<Response<Body>, BadRequest>;

/// What is wrong with a request.
pub(super) struct BadRequest(String);

impl<E: fmt::Display> From<E> for BadRequest {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response<Body> {
        let error = json!({ "error": self.0 }).to_string();
        (StatusCode::BAD_REQUEST, JSON, error).into_response()
    }
}

const JSON: [(::http::HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

pub(super) fn ok(body: impl Serialize) -> Answer {
    Ok((JSON, serde_json::to_vec(&body)?).into_response())
}

pub(super) fn created(body: impl Serialize) -> Answer {
    Ok((StatusCode::CREATED, ok(body)?).into_response())
}

pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/account", get(account))
        .route("/sandbox/numbers", get(numbers).post(set_number))
        .route("/sandbox/texts", post(text))
        .route(
            "/sandbox/phones",
            get(|State(it): Shared| async move { ok(it.phones()) }),
        )
        .route("/sandbox/phones/{number}", get(screen).post(switch))
        .route(
            "/sandbox/faults",
            get(faults).post(inject).delete(clear_faults),
        )
        .route(
            "/sandbox/requests",
            get(|State(it): Shared| async move { ok(it.request_count()) }),
        )
        .route(
            "/sandbox/alerts",
            get(|State(it): Shared| async move { ok(it.alerts()) }),
        )
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

/// What `POST /sandbox/texts` takes; it answers with `sid`, `from` and `to`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewText {
    /// A number, a short code, a name, or `rcs:` and an agent.
    pub from: String,
    /// One of the account's numbers; may be left out where there is only one that is no reply number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PhoneNumber>,
    #[serde(default)]
    pub body: String,
    /// URLs of attachments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    /// Fields of the webhook that are to be added or replaced.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// How often the webhook is made.
    #[serde(default = "once")]
    pub copies: u32,
}

/// What `POST /sandbox/texts` answers.
#[derive(Serialize, Deserialize)]
pub struct Texted {
    pub sid: String,
    pub from: String,
    pub to: String,
}

/// What `GET /sandbox/phones/{number}` answers.
#[derive(Serialize, Deserialize)]
pub struct Screen {
    pub phone: String,
    pub power: Power,
    /// How it takes calls.
    #[serde(default)]
    pub calls: TakesCalls,
    /// Pass it as `after` to get only what came later.
    pub cursor: usize,
    /// The zone in which the account's people read times, if its first number says.
    pub time_zone: Option<String>,
    pub entries: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    power: Option<Power>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calls: Option<TakesCalls>,
}

async fn account(State(sandbox): Shared) -> Answer {
    let account = sandbox.account();
    let mut answer = json!({
        credentials::ACCOUNT_SID: account.account_sid,
        credentials::AUTH_TOKEN: sandbox.auth_token().expose(),
    });
    let alive = sandbox.api_keys();
    if let Some(key) = &account.api_key
        && alive.iter().any(|(sid, _)| *sid == key.sid)
    {
        answer[credentials::API_KEY] = json!(key.sid);
        answer[credentials::API_SECRET] = json!(key.secret.expose());
    }
    ok(answer)
}

async fn numbers(State(sandbox): Shared) -> Answer {
    let numbers = sandbox.numbers().into_iter().map(|(number, setup)| {
        let mut shown = json!(setup);
        shown["number"] = json!(number);
        shown
    });
    ok(numbers.collect::<Vec<_>>())
}

async fn set_number(State(sandbox): Shared, body: Bytes) -> Answer {
    let mut setup: Map<String, Value> = from_slice(&body)?;
    let number = from_value(setup.remove("number").unwrap_or_default());
    let number = number.map_err(|error| format!("number: {error}"))?;
    sandbox.set_number(number, from_value(Value::Object(setup))?);
    created(json!({}))
}

async fn text(State(sandbox): Shared, body: Bytes) -> Answer {
    let new: NewText = from_slice(&body)?;
    if MOST_COPIES < new.copies {
        return Err(format!("copies: at most {MOST_COPIES}").into());
    }
    if MOST_MEDIA < new.media.len() {
        return Err(format!("media: at most {MOST_MEDIA}").into());
    }
    let to = match new.to {
        Some(to) => to,
        None => only_number(&sandbox)?,
    };
    let mut text = Text::new(new.body).media(new.media).copies(new.copies);
    for (name, value) in new.fields {
        text = text.field(name, value);
    }
    let sid = sandbox.text(&Sender::parse(&new.from), &to, text)?;
    created(Texted {
        sid: sid.to_string(),
        from: new.from,
        to: to.expose().to_owned(),
    })
}

pub(super) fn only_number(sandbox: &Sandbox) -> Result<PhoneNumber, String> {
    let mut numbers = sandbox.numbers();
    numbers.retain(|(_, setup)| !setup.reply_number);
    match numbers.as_slice() {
        [(only, _)] => Ok(only.clone()),
        [] => Err("the account has no number to text; add one with POST /sandbox/numbers".into()),
        several => {
            let several: Vec<_> = several.iter().map(|(number, _)| number.expose()).collect();
            Err(format!("say which number to text: {}", several.join(", ")))
        }
    }
}

async fn screen(State(sandbox): Shared, Path(phone): Path<String>, uri: Uri) -> Answer {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let after: usize = match query.get("after").map(str::parse) {
        Some(Ok(cursor)) => cursor,
        Some(Err(_)) => return Err("after: not a cursor as an earlier answer gave it".into()),
        None => 0,
    };
    let sender = Sender::parse(&phone);
    let mut entries = sandbox.screen(&sender);
    let cursor = entries.len();
    entries.drain(..after.min(cursor));
    let numbers = sandbox.numbers();
    ok(Screen {
        phone,
        power: sandbox.power(&sender),
        calls: sandbox.how_it_takes_calls(&sender),
        cursor,
        time_zone: numbers.into_iter().find_map(|(_, setup)| setup.time_zone),
        entries,
    })
}

async fn switch(State(sandbox): Shared, Path(phone): Path<String>, body: Bytes) -> Answer {
    let switch: Switch = from_slice(&body)?;
    let phone = PhoneNumber::parse(&phone)?;
    if switch.power.is_none() && switch.calls.is_none() {
        return Err("say how: {\"power\": \"off\"} or {\"calls\": \"busy\"}".into());
    }
    if let Some(power) = switch.power {
        sandbox.switch(&phone, power);
    }
    if let Some(calls) = &switch.calls {
        sandbox.takes_calls(&phone, calls.clone());
    }
    ok(switch)
}

async fn faults(State(sandbox): Shared) -> Answer {
    ok(sandbox.pending_faults())
}

async fn inject(State(sandbox): Shared, body: Bytes) -> Answer {
    let injection: Injection = from_slice(&body)?;
    if injection.fault.lasts().is_some_and(|ms| LONGEST_MS < ms) {
        return Err(format!("ms: at most {LONGEST_MS}, a week").into());
    }
    if MOST_FAULTS <= sandbox.pending_faults().len() {
        return Err(format!(
            "{MOST_FAULTS} faults wait already; DELETE /sandbox/faults forgets them"
        )
        .into());
    }
    sandbox.inject(injection);
    created(json!({}))
}

async fn clear_faults(State(sandbox): Shared) -> Answer {
    sandbox.clear_faults();
    ok(json!({}))
}
