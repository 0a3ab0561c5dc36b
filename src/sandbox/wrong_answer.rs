//! Answers of the API that a program should survive.

use ::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use ::http::{Response, StatusCode};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WrongAnswer {
    /// A page for people, as a proxy in between would answer; nothing is done.
    Html {
        #[serde(default = "ok")]
        status: u16,
    },
    /// So many bytes of JSON that nobody wants; nothing is done.
    Huge {
        #[serde(default = "sixteen_mib")]
        bytes: usize,
    },
    /// 307 to another address; nothing is done.
    Redirect { to: String },
    /// The list's next page is at this address.
    NextPage { url: String },
    /// Every field that may be null is null.
    Nulls,
    /// These fields of the record, or of each record of the list, have these values.
    Fields(Map<String, Value>),
}

fn ok() -> u16 {
    200
}

fn sixteen_mib() -> usize {
    16 * 1024 * 1024
}

/// The fields of records that Twilio's OpenAPI documents never let be null.
const NEVER_NULL: [&str; 10] = [
    "address_requirements",
    "emergency_address_status",
    "emergency_status",
    "identity_status",
    "opt_in_type",
    "scan_message_content",
    "status",
    "type",
    "validity_period",
    "voice_receive_mode",
];

/// Of these `status` is only some text, and may be null.
const NUMBERS: &str = "/IncomingPhoneNumbers";

impl WrongAnswer {
    /// Whether what was asked for is done.
    pub(super) fn is_carried_out(&self) -> bool {
        matches!(self, Self::NextPage { .. } | Self::Nulls | Self::Fields(_))
    }

    /// The answer, made from the right one if that is carried out.
    pub(super) fn answer(&self, path: &str, right: Option<Response<Bytes>>) -> Response<Bytes> {
        match self {
            Self::Html { status } => {
                let page = "<!doctype html><html><head><title>Sign in</title></head></html>";
                let status = StatusCode::from_u16(*status).unwrap_or_default();
                text(status, "text/html; charset=utf-8", page.to_owned())
            }
            Self::Huge { bytes } => {
                let filling = "x".repeat(bytes.saturating_sub(8));
                let body = format!("{{\"x\":\"{filling}\"}}");
                text(StatusCode::OK, "application/json", body)
            }
            Self::Redirect { to } => {
                let status = StatusCode::TEMPORARY_REDIRECT;
                let mut response = text(status, "text/plain", String::new());
                if let Ok(to) = HeaderValue::try_from(to) {
                    response.headers_mut().insert(LOCATION, to);
                }
                response
            }
            Self::NextPage { url } => changed(right, |answer| next_page(answer, url)),
            Self::Nulls => changed(right, |answer| {
                for_each_record(answer, |record| null_fields(path, record));
            }),
            Self::Fields(fields) => changed(right, |answer| {
                for_each_record(answer, |record| record.extend(fields.clone()));
            }),
        }
    }
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The right answer with its JSON changed; a refusal stays as it is.
fn changed(right: Option<Response<Bytes>>, change: impl FnOnce(&mut Value)) -> Response<Bytes> {
    let mut response = right.unwrap_or_default();
    let json = serde_json::from_slice(response.body()).ok();
    if let Some(mut json) = json.filter(|_| response.status().is_success()) {
        change(&mut json);
        *response.body_mut() = json.to_string().into();
    }
    response
}

fn next_page(answer: &mut Value, url: &str) {
    if answer["meta"].is_object() {
        answer["meta"]["next_page_url"] = url.into();
    } else {
        answer["next_page_uri"] = url.into();
    }
}

/// The records of a list; something that is no list is one record.
fn for_each_record(answer: &mut Value, mut change: impl FnMut(&mut Map<String, Value>)) {
    let Some(fields) = answer.as_object_mut() else {
        return;
    };
    let is_list = fields.contains_key("meta")
        || fields.contains_key("first_page_uri")
        || fields.contains_key("permissions");
    if !is_list {
        return change(fields);
    }
    let lists = fields.values_mut().filter_map(Value::as_array_mut);
    lists
        .flatten()
        .filter_map(Value::as_object_mut)
        .for_each(change);
}

fn null_fields(path: &str, record: &mut Map<String, Value>) {
    for (name, value) in record {
        let is_text = name == "status" && path.contains(NUMBERS);
        if is_text || !NEVER_NULL.contains(&name.as_str()) {
            *value = Value::Null;
        }
    }
}
