//! The control API for calls: see [`super::control`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::from_slice;

use super::control::{Answer, MOST_BYTES, Shared, created, ok, only_number};
use super::{Act, CannotAct, NewCall, Sandbox, Unchecked, WITHHELD};
use crate::domain::phone::PhoneNumber;

/// Calls that may go on at the same time.
const MOST_LIVE: usize = 100;
const LONGEST_PATIENCE_MS: u64 = 4 * 60 * 60 * 1000;

/// What `POST /sandbox/calls` takes; it answers with `sid`, `from` and `to`.
#[derive(Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields)]
pub struct PlaceCall {
    /// The caller's number; without it, it is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// One of the account's numbers; may be left out where there is only one that is no reply number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PhoneNumber>,
    /// What the network says of the caller's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<Attested>,
    /// The caller's patience; without it they wait for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hang_up_after_ms: Option<u64>,
    /// Fields of the webhooks that are to be added or replaced.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// Whether the caller's number is proven (STIR/SHAKEN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum Attested {
    A,
    B,
    C,
    #[serde(rename = "failed")]
    Failed,
    /// The network says that it knows nothing of it.
    #[serde(rename = "none")]
    None,
}

impl Attested {
    fn verstat(self) -> &'static str {
        match self {
            Self::A => "TN-Validation-Passed-A",
            Self::B => "TN-Validation-Passed-B",
            Self::C => "TN-Validation-Passed-C",
            Self::Failed => "TN-Validation-Failed",
            Self::None => "No-TN-Validation",
        }
    }
}

/// What `POST /sandbox/calls` answers.
#[derive(Serialize, Deserialize)]
pub struct Called {
    pub sid: String,
    pub from: String,
    pub to: String,
}

/// What an [`Act`] is answered: the call, or the leg, in which it was done.
#[derive(Serialize, Deserialize)]
pub struct Acted {
    pub sid: String,
}

pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/calls", get(calls).post(place))
        .route("/sandbox/calls/{sid}", get(call).post(caller_acts))
        .route("/sandbox/phones/{number}/call", post(callee_acts))
        .route("/sandbox/voice", get(unchecked).post(set_unchecked))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

async fn calls(State(sandbox): Shared) -> Answer {
    ok(sandbox.calls())
}

async fn place(State(sandbox): Shared, body: Bytes) -> Answer {
    let new: PlaceCall = from_slice(&body)?;
    if new
        .hang_up_after_ms
        .is_some_and(|ms| LONGEST_PATIENCE_MS < ms)
    {
        return Err(format!("hang_up_after_ms: at most {LONGEST_PATIENCE_MS}, four hours").into());
    }
    let calls = sandbox.calls();
    let live = calls.iter().filter(|call| call.status.is_live()).count();
    if MOST_LIVE <= live {
        return Err(format!(
            "{MOST_LIVE} calls go on already; hang up with POST /sandbox/calls/SID"
        )
        .into());
    }
    let to = match new.to {
        Some(to) => to,
        None => only_number(&sandbox)?,
    };
    let from = new.from.unwrap_or_else(|| WITHHELD.to_owned());
    let how = NewCall {
        stir_verstat: new.attested.map(|attested| attested.verstat().to_owned()),
        hang_up_after: new.hang_up_after_ms.map(Duration::from_millis),
        extra_fields: new.fields.into_iter().collect(),
    };
    let sid = sandbox.call(&from, &to, how)?;
    let to = to.expose().to_owned();
    created(Called { sid, from, to })
}

/// The call of that name, or the last one that goes on.
fn named(sandbox: &Sandbox, sid: String) -> Result<String, CannotAct> {
    match sid.as_str() {
        "latest" => sandbox.latest_call().ok_or(CannotAct::NoSuchCall),
        _ => Ok(sid),
    }
}

async fn call(State(sandbox): Shared, Path(sid): Path<String>) -> Answer {
    let sid = named(&sandbox, sid)?;
    ok(sandbox
        .call_view(&sid)
        .ok_or("no such call; GET /sandbox/calls lists them")?)
}

async fn caller_acts(State(sandbox): Shared, Path(sid): Path<String>, body: Bytes) -> Answer {
    let act: Act = from_slice(&body)?;
    let sid = named(&sandbox, sid)?;
    sandbox.caller_acts(&sid, &act)?;
    ok(Acted { sid })
}

async fn callee_acts(State(sandbox): Shared, Path(phone): Path<String>, body: Bytes) -> Answer {
    let act: Act = from_slice(&body)?;
    let sid = sandbox.callee_acts(&PhoneNumber::parse(&phone)?, &act)?;
    ok(Acted { sid })
}

async fn unchecked(State(sandbox): Shared) -> Answer {
    ok(sandbox.unchecked())
}

async fn set_unchecked(State(sandbox): Shared, body: Bytes) -> Answer {
    let unchecked: Unchecked = from_slice(&body)?;
    sandbox.set_unchecked(unchecked);
    ok(sandbox.unchecked())
}
