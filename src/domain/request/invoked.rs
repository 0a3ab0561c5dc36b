//! The events that the function is invoked with: by hand or a pipeline, by EventBridge, by SNS.
//!
//! Sources: AWS, "Amazon EventBridge User Guide", event structure; "Lambda Developer Guide", using
//! Lambda with SNS.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::fields::{Fields, ID, IDEMPOTENCY_KEY, Kind};
use super::{Because, DetailType, InvitationRequest, NoticeRequest, Refused, Request, json};

/// Which way a request came into the function, HTTP apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Invoke,
    EventBridge,
    Sns,
}

/// What the function is invoked with directly: one of these, or a notice alone.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectRequest {
    Notice(NoticeRequest),
    Invitation(InvitationRequest),
    /// The id of a notice or an invitation: how it stands.
    Show(String),
    /// The id of a notice: who has not got it yet never will.
    Cancel(String),
}

/// Reads an event of the function. SNS may bring several requests at once, everything else brings
/// one; if one of them is refused, all are.
pub fn invoked(event: &[u8]) -> Result<(Way, Vec<Request>), Refused> {
    let event = json(event)?;
    if event.get("Records").is_some() {
        return sns(event).map(|requests| (Way::Sns, requests));
    }
    let way = match event.get("detail-type") {
        Some(_) => Way::EventBridge,
        None => Way::Invoke,
    };
    one(event, None).map(|request| (way, vec![request]))
}

/// A direct request or an event of the bus. `key` is the idempotency key of whatever names none.
fn one(event: Value, key: Option<&str>) -> Result<Request, Refused> {
    if event.get("detail-type").is_some() {
        return event_bridge(event, key);
    }
    let unclear = || Refused::field("", format!("must be {EXPECTED}"));
    let Value::Object(object) = event else {
        return Err(unclear());
    };
    if object.contains_key("topic") || object.contains_key("template") {
        return direct("", NoticeRequest::read, object.into(), key).map(Request::Notice);
    }
    let mut members = object.into_iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return Err(unclear());
    };
    match name.as_str() {
        "notice" => direct("notice", NoticeRequest::read, value, key).map(Request::Notice),
        "invitation" => {
            direct("invitation", InvitationRequest::read, value, key).map(Request::Invitation)
        }
        "show" => id("show", &value).map(Request::Show),
        "cancel" => id("cancel", &value).map(Request::Cancel),
        _ => Err(unclear()),
    }
}

const EXPECTED: &str = "one of {\"notice\": {…}}, {\"invitation\": {…}}, {\"show\": \"ID\"}, \
                        {\"cancel\": \"ID\"}, or an event with detail-type and detail";

fn direct<T>(
    name: &str,
    read: fn(Value) -> Result<T, Refused>,
    mut request: Value,
    key: Option<&str>,
) -> Result<T, Refused> {
    if let (Some(request), Some(key)) = (request.as_object_mut(), key) {
        let entry = request.entry("idempotency_key");
        entry.or_insert_with(|| key.into());
    }
    read(request).map_err(|refused| refused.within(name))
}

fn id(name: &str, value: &Value) -> Result<String, Refused> {
    let id = (IDEMPOTENCY_KEY.read)(value);
    id.ok_or_else(|| Refused::field(name, "must be the id of a notice or an invitation"))
}

/// An event of the bus. Of its envelope, the type and the id matter; `source`, `time` and the
/// others are the rule's business.
fn event_bridge(event: Value, key: Option<&str>) -> Result<Request, Refused> {
    let mut envelope = Fields::of(event, "an EventBridge event")?;
    let id = match key {
        None => envelope.required("id", &IDEMPOTENCY_KEY),
        Some(key) => {
            let id = envelope.optional("id", &IDEMPOTENCY_KEY);
            Some(id.unwrap_or_else(|| key.to_owned()))
        }
    };
    let detail_type = envelope.required("detail-type", &ID);
    let detail = envelope.required("detail", &ANY);
    let (id, detail_type, detail) = envelope.finish(|| Some((id?, detail_type?, detail?)))?;
    DetailType::named(&detail_type)?.request(detail, &id)
}

const ANY: Kind<Value> = Kind {
    expected: "an object with the event's fields",
    read: |value| Some(value.clone()),
};

const RECORDS: Kind<Vec<Value>> = Kind {
    expected: "a list of SNS records",
    read: |value| value.as_array().filter(|list| !list.is_empty()).cloned(),
};

const MESSAGE: Kind<String> = Kind {
    expected: "text",
    read: |value| value.as_str().map(str::to_owned),
};

fn sns(event: Value) -> Result<Vec<Request>, Refused> {
    let mut event = Fields::of(event, "an SNS event")?;
    let records = event.required("Records", &RECORDS);
    let records = event.finish(|| records)?;
    let read = records.into_iter().enumerate().map(|(index, record)| {
        let place = format!("Records[{index}]");
        published(record).map_err(|refused| refused.within(&place))
    });
    read.collect()
}

/// What was published to the topic: the same that the function can be invoked with directly, or an
/// event of the bus, as text. The message's own id is the key of what names none.
fn published(record: Value) -> Result<Request, Refused> {
    let mut record = Fields::of(record, "an SNS record")?;
    let message = record.required("Sns", &ANY);
    let message = record.finish(|| message)?;
    let read = || {
        let mut message = Fields::of(message, "an SNS message")?;
        let id = message.required("MessageId", &ID);
        let text = message.required("Message", &MESSAGE);
        message.finish(|| Some((id?, text?)))
    };
    let (id, text) = read().map_err(|refused| refused.within("Sns"))?;
    let event = json(text.as_bytes()).map_err(|refused| match refused.because {
        Because::NotJson => Refused::field("", format!("must be JSON: {EXPECTED}")),
        _ => refused,
    });
    event
        .and_then(|event| one(event, Some(&id)))
        .map_err(|refused| refused.within("Sns.Message"))
}
