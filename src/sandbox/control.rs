//! The control API: what a test, or somebody at a shell, does to a running sandbox. JSON in and
//! out; a mistake is answered with 4xx and `{"error": "…"}`. Numbers are in E.164 form.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /sandbox/account` | the fake credentials by the names of their environment variables |
//! | `GET /sandbox/numbers` | the account's numbers and how they are set up |
//! | `POST /sandbox/numbers` | adds a number or sets it up anew: `number` and the fields of [`Number`] |
//! | `POST /sandbox/texts` | a phone texts a number: see [`NewText`] |
//! | `GET /sandbox/phones` | the phones that have been used |
//! | `GET /sandbox/phones/{number}` | a phone's screen: see [`Screen`]; `?after=CURSOR` for what is new |
//! | `POST /sandbox/phones/{number}` | switches a phone: `{"power": "on"}`, `"off"` or `"silent"` ([`Power`]) |
//! | `GET /sandbox/faults` | the faults that have not happened yet |
//! | `POST /sandbox/faults` | adds one: an [`Injection`], such as `{"fault": "lost_answer", "to": "+1…"}`, or `{"fault": "lost_answer", "requests": "create_key"}` ([`super::Requests`]) |
//! | `DELETE /sandbox/faults` | forgets them |
//! | `GET /sandbox/alerts` | failed webhooks and unreadable answers, as in Twilio's debugger |

use std::sync::Arc;

use ::http::header::CONTENT_TYPE;
use ::http::{Response, StatusCode, Uri};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entry, Injection, Number, Power, Sandbox, Text};
use crate::domain::credentials;
use crate::domain::phone::{PhoneNumber, Sender};

type Shared = State<Arc<Sandbox>>;
type Answer = Result<Response<Body>, Mistake>;

/// What is wrong with a request.
struct Mistake(String);

impl IntoResponse for Mistake {
    fn into_response(self) -> Response<Body> {
        let body = json!({ "error": self.0 }).to_string();
        json_response(StatusCode::BAD_REQUEST, body.into())
    }
}

pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/account", get(account))
        .route("/sandbox/numbers", get(numbers).post(set_number))
        .route("/sandbox/texts", post(text))
        .route("/sandbox/phones", get(phones))
        .route("/sandbox/phones/{number}", get(screen).post(switch))
        .route(
            "/sandbox/faults",
            get(faults).post(inject).delete(clear_faults),
        )
        .route("/sandbox/alerts", get(alerts))
}

/// What `POST /sandbox/texts` takes; it answers with `sid`, `from` and `to`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewText {
    /// A number, a short code, a name, or `rcs:` and an agent.
    pub from: String,
    /// One of the account's numbers; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PhoneNumber>,
    #[serde(default)]
    pub body: String,
    /// URLs of attachments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    /// Fields of the webhook that are to be added or replaced.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub fields: serde_json::Map<String, Value>,
    /// How often the webhook is made.
    #[serde(default = "once")]
    pub copies: u32,
}

fn once() -> u32 {
    1
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
    /// Pass it as `after` to get only what came later.
    pub cursor: usize,
    /// The zone in which the account's people read times, if its first number says.
    pub time_zone: Option<String>,
    pub entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    power: Power,
}

async fn account(State(sandbox): Shared) -> Answer {
    let account = sandbox.account();
    let mut answer = json!({
        credentials::ACCOUNT_SID: account.account_sid,
        credentials::AUTH_TOKEN: sandbox.auth_token().expose(),
    });
    let alive = sandbox.api_keys();
    let is_alive = |sid: &str| alive.iter().any(|(alive, _)| alive == sid);
    if let Some(key) = account.api_key.as_ref().filter(|key| is_alive(&key.sid)) {
        answer[credentials::API_KEY] = json!(key.sid);
        answer[credentials::API_SECRET] = json!(key.secret.expose());
    }
    ok(&answer)
}

async fn numbers(State(sandbox): Shared) -> Answer {
    let numbers: Vec<_> = sandbox
        .numbers()
        .iter()
        .map(|(number, setup)| {
            let mut shown = json!(setup);
            shown["number"] = json!(number);
            shown
        })
        .collect();
    ok(&numbers)
}

async fn set_number(State(sandbox): Shared, body: Bytes) -> Answer {
    let mut setup: serde_json::Map<String, Value> = read(&body)?;
    let number = setup.remove("number").unwrap_or_default();
    let number: PhoneNumber =
        serde_json::from_value(number).map_err(|error| bad(format!("number: {error}")))?;
    let setup: Number = serde_json::from_value(Value::Object(setup)).map_err(bad)?;
    sandbox.set_number(number, setup);
    answer(StatusCode::CREATED, &json!({}))
}

async fn text(State(sandbox): Shared, body: Bytes) -> Answer {
    let new: NewText = read(&body)?;
    let to = match new.to {
        Some(to) => to,
        None => only_number(&sandbox)?,
    };
    let mut text = Text::new(new.body).media(new.media).copies(new.copies);
    for (name, value) in new.fields {
        let Value::String(value) = value else {
            return Err(bad(format!("fields.{name}: not a string")));
        };
        text = text.field(name, value);
    }
    let from = Sender::parse(&new.from);
    let sid = sandbox.text(&from, &to, text).map_err(bad)?;
    let texted = Texted {
        sid: sid.to_string(),
        from: new.from,
        to: to.expose().to_owned(),
    };
    answer(StatusCode::CREATED, &texted)
}

fn only_number(sandbox: &Sandbox) -> Result<PhoneNumber, Mistake> {
    let mut numbers = sandbox.numbers();
    match numbers.len() {
        1 => Ok(numbers.remove(0).0),
        0 => Err(bad(
            "the account has no number to text; add one with POST /sandbox/numbers",
        )),
        _ => {
            let numbers: Vec<_> = numbers.iter().map(|(number, _)| number.expose()).collect();
            let all = numbers.join(", ");
            Err(bad(format!("say which number to text: {all}")))
        }
    }
}

async fn phones(State(sandbox): Shared) -> Answer {
    ok(&sandbox.phones())
}

async fn screen(State(sandbox): Shared, Path(phone): Path<String>, uri: Uri) -> Answer {
    let query = uri.query().unwrap_or_default();
    let after = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after");
    let after: usize = match after {
        Some((_, cursor)) => cursor
            .parse()
            .map_err(|_| bad("after: not a cursor as an earlier answer gave it"))?,
        None => 0,
    };
    let sender = Sender::parse(&phone);
    let mut entries = sandbox.screen(&sender);
    let cursor = entries.len();
    entries.drain(..after.min(cursor));
    let numbers = sandbox.numbers();
    ok(&Screen {
        phone,
        power: sandbox.power(&sender),
        cursor,
        time_zone: numbers.into_iter().find_map(|(_, setup)| setup.time_zone),
        entries,
    })
}

async fn switch(State(sandbox): Shared, Path(phone): Path<String>, body: Bytes) -> Answer {
    let Switch { power } = read(&body)?;
    let phone = PhoneNumber::parse(&phone).map_err(bad)?;
    sandbox.switch(&phone, power);
    ok(&json!({ "power": power }))
}

async fn faults(State(sandbox): Shared) -> Answer {
    ok(&sandbox.pending_faults())
}

async fn inject(State(sandbox): Shared, body: Bytes) -> Answer {
    let injection: Injection = read(&body)?;
    sandbox.inject(injection);
    answer(StatusCode::CREATED, &json!({}))
}

async fn clear_faults(State(sandbox): Shared) -> Answer {
    sandbox.clear_faults();
    ok(&json!({}))
}

async fn alerts(State(sandbox): Shared) -> Answer {
    ok(&sandbox.alerts())
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Mistake> {
    serde_json::from_slice(body).map_err(bad)
}

fn ok(body: &impl Serialize) -> Answer {
    answer(StatusCode::OK, body)
}

fn answer(status: StatusCode, body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).map_err(bad)?;
    Ok(json_response(status, body))
}

fn bad(error: impl std::fmt::Display) -> Mistake {
    Mistake(error.to_string())
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = ::http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
