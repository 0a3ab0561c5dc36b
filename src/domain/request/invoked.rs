//! The events that the function is invoked with: by hand or a pipeline, by EventBridge, by SNS.
//!
//! Sources: AWS, "Amazon EventBridge User Guide", event structure; "Lambda Developer Guide", using
//! Lambda with SNS.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::details;
use super::fields::{Field, Fields};
use super::json::json;
use super::shapes::{Id, Key};
use super::{Because, InvitationRequest, NoticeRequest, Refused};
use crate::domain::delivery::source::Source;

/// What the function is invoked with directly: one of these, or a notice alone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "DirectRequest")]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Notice(NoticeRequest),
    Invitation(InvitationRequest),
    /// The id of a notice or an invitation: how it stands.
    Show(String),
    /// The id of a notice: who has not got it yet never will.
    Cancel(String),
}

/// Reads an event of the function, and says which service of AWS brought it, if one did. SNS may
/// bring several requests at once, everything else brings one; if one of them is refused, all are.
pub fn invoked(event: &[u8]) -> Result<(Option<Source>, Vec<Request>), Refused> {
    let event = json(event)?;
    if let Some(records) = event.get("Records") {
        return Ok((Some(Source::Sns), sns(records)?));
    }
    let service = event.get("detail-type").map(|_| Source::EventBridge);
    Ok((service, vec![one(event, None)?]))
}

/// A direct request or an event of the bus. `key` is the idempotency key of whatever names none.
fn one(mut event: Value, key: Option<&str>) -> Result<Request, Refused> {
    if event.get("detail-type").is_some() {
        give_key(&mut event, "id", key);
        return event_bridge(&event);
    }
    if event.get("topic").is_some() || event.get("template").is_some() {
        give_key(&mut event, "idempotency_key", key);
        return NoticeRequest::read(&event).map(Request::Notice);
    }
    let unclear = || Refused::field("", format!("must be {EXPECTED}"));
    let mut members = event.as_object_mut().ok_or_else(unclear)?.iter_mut();
    let (Some((kind, request)), None) = (members.next(), members.next()) else {
        return Err(unclear());
    };
    let request = match kind.as_str() {
        "notice" => {
            give_key(request, "idempotency_key", key);
            NoticeRequest::read(request).map(Request::Notice)
        }
        "invitation" => {
            give_key(request, "idempotency_key", key);
            InvitationRequest::read(request).map(Request::Invitation)
        }
        "show" => id(request).map(Request::Show),
        "cancel" => id(request).map(Request::Cancel),
        _ => return Err(unclear()),
    };
    request.map_err(|refused| refused.within(kind))
}

const EXPECTED: &str = "one of {\"notice\": {…}}, {\"invitation\": {…}}, {\"show\": \"ID\"}, \
                        {\"cancel\": \"ID\"}, or an event with detail-type and detail";

/// Gives what names no key this one, if there is one.
fn give_key(request: &mut Value, field: &str, key: Option<&str>) {
    if let (Some(request), Some(key)) = (request.as_object_mut(), key) {
        let named = request.entry(field).or_insert(Value::Null);
        if named.is_null() {
            *named = key.into();
        }
    }
}

fn id(written: &Value) -> Result<String, Refused> {
    let problem = "must be the id of a notice or an invitation";
    Key::read(written).map_err(|_| Refused::field("", problem))
}

/// An event of the bus. Of its envelope, the type and the id matter; `source`, `time` and the
/// others are the rule's business.
fn event_bridge(event: &Value) -> Result<Request, Refused> {
    let mut envelope = Fields::of(event, "an EventBridge event")?;
    let id = envelope.read::<Key>("id");
    let detail_type = envelope.read::<Id>("detail-type");
    let detail = envelope.read::<Value>("detail");
    let (detail_type, (detail, id)) = envelope.finish(|| detail_type.zip(detail.zip(id)))?;
    details::request(&detail_type, &detail, &id)
}

impl Field for Value {
    type Value = Self;
    const EXPECTED: &'static str = "an object with the event's fields";
}

impl Field for String {
    type Value = Self;
    const EXPECTED: &'static str = "text";
}

fn sns(records: &Value) -> Result<Vec<Request>, Refused> {
    let records = records.as_array().filter(|records| !records.is_empty());
    let records = records
        .ok_or_else(|| Refused::field("Records", "must be a list of SNS records"))?
        .iter();
    let requests = records.enumerate().map(|(index, record)| {
        let place = format!("Records[{index}].Sns");
        published(&record["Sns"]).map_err(|refused| refused.within(&place))
    });
    requests.collect()
}

/// What was published to the topic: the same that the function can be invoked with directly, or an
/// event of the bus, as text. The message's own id is the key of what names none.
fn published(message: &Value) -> Result<Request, Refused> {
    let mut message = Fields::of(message, "an SNS message")?;
    let id = message.read::<Key>("MessageId");
    let text = message.read::<String>("Message");
    let (id, text) = message.finish(|| id.zip(text))?;
    let event = json(text.as_bytes()).map_err(|refused| match refused.because {
        Because::NotJson => Refused::field("", format!("must be JSON: {EXPECTED}")),
        _ => refused,
    });
    event
        .and_then(|event| one(event, Some(&id)))
        .map_err(|refused| refused.within("Message"))
}
