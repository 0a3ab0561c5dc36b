//! Twilio's REST API as the official SDKs use it: messages, and keys and tokens.
//!
//! Source: Twilio, "Messages resource", and Twilio's OpenAPI document of the API.

mod access;
mod create;
mod error;
mod list;
mod media;

pub(super) use error::error_message;

use std::time::Duration;

use ::http::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use ::http::{Method, Request, Response, StatusCode};
use access::{Guarded, Version};
use bytes::Bytes;
use error::ApiError;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use super::faults::{Operation, milliseconds};
use super::message::{API_PATH, MessageNumber, digest};
use super::{Fault, State};
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;

/// What becomes of a request to the API.
#[derive(Debug)]
pub enum Handled {
    Answered(Response<Bytes>),
    /// The answer comes after a while.
    Late(Duration, Response<Bytes>),
    /// No answer ever comes.
    Dropped,
}

impl Handled {
    /// An answer tells the time of Twilio's clock.
    pub(super) fn date(&mut self, now: Timestamp) {
        if let Handled::Answered(response) | Handled::Late(_, response) = self
            && let Ok(text) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now)
            && let Ok(date) = HeaderValue::from_str(&text)
        {
            response.headers_mut().insert(DATE, date);
        }
    }
}

type Answer = Result<(StatusCode, Value), ApiError>;

/// The names and values of a form or a query. Unlike in a webhook a name may come often
/// (`MediaUrl`).
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(super) fn handle(state: &mut State, request: &Request<Bytes>, now: Timestamp) -> Handled {
    let path = request.uri().path();
    if let Some(file) = state.media_file(path) {
        return Handled::Answered(file);
    }
    let Some(caller) = state.access.caller(request.headers()) else {
        return Handled::Answered(ApiError::of(20003, 401).response());
    };
    let Some(resource) = Resource::of(path, &state.account_sid) else {
        return Handled::Answered(ApiError::not_found(path).response());
    };
    if let Err(refused) = access::allowed(&caller, &resource, request.method()) {
        return Handled::Answered(refused.response());
    }
    let query = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes());
    let form = Parameters::parse(request.body());
    let to = form.get("To").or(query.get("To"));
    let operation = resource.operation(request.method());
    let fault = state.faults.of_request(operation, to);
    let mut carry_out = || match state.route(&resource, request, &query, &form, now) {
        Ok((StatusCode::NO_CONTENT, _)) => empty_response(StatusCode::NO_CONTENT),
        Ok((status, body)) => json_response(status, &body),
        Err(error) => error.response(),
    };
    let server_error = |status| ApiError::of(20500, status).response();
    match fault {
        None => Handled::Answered(carry_out()),
        Some(Fault::LostRequest) => Handled::Dropped,
        Some(Fault::LostAnswer) => {
            carry_out();
            Handled::Dropped
        }
        Some(Fault::SlowAnswer { ms }) => Handled::Late(milliseconds(ms), carry_out()),
        Some(Fault::ServerError { status }) => Handled::Answered(server_error(status)),
        Some(Fault::ErrorAfterAccept { status }) => {
            carry_out();
            Handled::Answered(server_error(status))
        }
        Some(Fault::TooManyRequests { retry_after }) => {
            let mut response = ApiError::of(20429, 429).response();
            let header = retry_after.and_then(|value| HeaderValue::from_str(&value).ok());
            if let Some(header) = header {
                response.headers_mut().insert(RETRY_AFTER, header);
            }
            Handled::Answered(response)
        }
        Some(Fault::Refuse { code, status }) => {
            Handled::Answered(ApiError::of(code, status).response())
        }
        Some(other) => unreachable!("{other:?} does not strike the API"),
    }
}

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
enum Resource {
    Account,
    Messages,
    Message(MessageSid),
    Media(MessageSid),
    /// An attachment's description.
    Medium(MessageSid, String),
    Numbers,
    Guarded(Guarded),
}

impl Resource {
    fn of(path: &str, account_sid: &str) -> Option<Self> {
        let path = path.strip_suffix(".json").unwrap_or(path);
        if let Some(guarded) = Guarded::of(path) {
            return Some(Resource::Guarded(guarded));
        }
        let rest = path.strip_prefix(API_PATH)?.strip_prefix('/')?;
        let mut parts = rest.strip_prefix(account_sid)?.split('/');
        let first = parts.next()?;
        let parts: Vec<_> = parts.collect();
        match (first, parts.as_slice()) {
            ("", []) => Some(Resource::Account),
            ("", ["Messages"]) => Some(Resource::Messages),
            ("", ["Messages", sid]) => Some(Resource::Message(MessageSid::parse(sid).ok()?)),
            ("", ["Messages", sid, "Media"]) => Some(Resource::Media(MessageSid::parse(sid).ok()?)),
            ("", ["Messages", sid, "Media", medium]) => {
                let sid = MessageSid::parse(sid).ok()?;
                Some(Resource::Medium(sid, (*medium).to_owned()))
            }
            ("", ["IncomingPhoneNumbers"]) => Some(Resource::Numbers),
            ("", ["Keys"]) => Some(Resource::Guarded(Guarded::Keys(Version::V2010))),
            ("", ["Keys", sid]) => {
                let sid = (*sid).to_owned();
                Some(Resource::Guarded(Guarded::Key(Version::V2010, sid)))
            }
            _ => None,
        }
    }

    fn operation(&self, method: &Method) -> Operation {
        match self {
            Resource::Messages if method == Method::POST => Operation::CreateMessage,
            Resource::Guarded(guarded) => guarded.operation(method),
            _ => Operation::Other,
        }
    }
}

impl State {
    fn route(
        &mut self,
        resource: &Resource,
        request: &Request<Bytes>,
        query: &Parameters,
        form: &Parameters,
        now: Timestamp,
    ) -> Answer {
        let path = request.uri().path();
        let find = |state: &Self, sid: &MessageSid| {
            state
                .messages
                .find(sid)
                .ok_or_else(|| ApiError::not_found(path))
        };
        match (request.method(), resource) {
            (method, Resource::Guarded(guarded)) => self.guarded(guarded, path, method, form, now),
            (&Method::GET, Resource::Account) => Ok((StatusCode::OK, self.account_json())),
            (&Method::GET, Resource::Numbers) => Ok((StatusCode::OK, self.numbers_json())),
            (&Method::POST, Resource::Messages) => {
                let number = self.create(form, now)?;
                Ok((StatusCode::CREATED, self.message_json(number)))
            }
            (&Method::GET, Resource::Messages) => Ok((StatusCode::OK, self.list(path, query)?)),
            (&Method::GET, Resource::Message(sid)) => {
                let number = find(self, sid)?;
                Ok((StatusCode::OK, self.message_json(number)))
            }
            (&Method::POST, Resource::Message(sid)) => {
                let number = find(self, sid)?;
                self.update(number, form, now)?;
                Ok((StatusCode::OK, self.message_json(number)))
            }
            (&Method::DELETE, Resource::Message(sid)) => {
                let number = find(self, sid)?;
                self.messages.delete(number);
                Ok((StatusCode::NO_CONTENT, Value::Null))
            }
            (&Method::GET, Resource::Media(sid)) => {
                let number = find(self, sid)?;
                let message = self.messages.get(number).expect("just found");
                Ok((StatusCode::OK, self.media_json(message)))
            }
            (&Method::GET, Resource::Medium(sid, medium)) => {
                let number = find(self, sid)?;
                let message = self.messages.get(number).expect("just found");
                let medium = self.medium_json(message, medium);
                let medium = medium.ok_or_else(|| ApiError::not_found(path))?;
                Ok((StatusCode::OK, medium))
            }
            _ => Err(ApiError::of(20004, 405)),
        }
    }

    /// Cancels a message that was not sent yet, or wipes its body.
    fn update(
        &mut self,
        number: MessageNumber,
        form: &Parameters,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let Some(message) = self.messages.get_mut(number) else {
            return Ok(());
        };
        if form.get("Status") == Some("canceled") {
            // Twilio cancels what is not yet on its way; its queue, which holds a message for a
            // moment only, counts as that.
            let waits = matches!(
                message.status,
                Status::Scheduled | Status::Accepted | Status::Queued
            );
            if !waits {
                return Err(ApiError::bad(
                    30409,
                    "Cannot cancel this message because it is not in a cancelable state.",
                ));
            }
            self.set_status(number, Status::Canceled, None, now);
            return Ok(());
        }
        match form.get("Body") {
            Some("") => {
                message.body.clear();
                message.updated = now;
                Ok(())
            }
            Some(_) => Err(ApiError::bad(
                20001,
                "The body of a message can only be redacted: pass an empty Body",
            )),
            None => Ok(()),
        }
    }

    fn message_json(&self, number: MessageNumber) -> Value {
        let message = self.messages.get(number);
        message.map_or(Value::Null, |message| message.json(&self.account_sid))
    }

    fn account_json(&self) -> Value {
        json!({
            "sid": self.account_sid,
            "friendly_name": "Sandbox",
            "status": "active",
            "type": "Full",
            "uri": format!("{API_PATH}/{}.json", self.account_sid),
        })
    }

    fn numbers_json(&self) -> Value {
        let numbers: Vec<_> = self
            .numbers
            .iter()
            .map(|(number, setup)| {
                json!({
                    "sid": format!("PN{}", digest(number.expose())),
                    "account_sid": self.account_sid,
                    "phone_number": number.expose(),
                    "friendly_name": number.expose(),
                    "sms_url": setup.sms_url.as_deref().unwrap_or_default(),
                    "sms_method": "POST",
                    "sms_fallback_url": setup.sms_fallback_url.as_deref().unwrap_or_default(),
                    "sms_fallback_method": "POST",
                    "capabilities": { "sms": true, "mms": true, "voice": true, "fax": false },
                })
            })
            .collect();
        let uri = format!("{API_PATH}/{}/IncomingPhoneNumbers.json", self.account_sid);
        list::single_page(&uri, "incoming_phone_numbers", numbers)
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json;charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn empty_response(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
