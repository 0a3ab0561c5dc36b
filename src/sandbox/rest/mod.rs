//! Twilio's REST API as the official SDKs use it: messages, calls and their recordings, keys and tokens, and what
//! the account has.
//!
//! Source: Twilio, "Messages resource", and Twilio's OpenAPI document of the API.

mod access;
mod calls;
mod create;
mod create_call;
mod error;
mod list;
pub(super) mod media;
mod resource;
mod setup;

use std::time::Duration;

use ::http::header::{DATE, HeaderValue, RETRY_AFTER};
use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use error::{Answer, ApiError, empty_response, json_response};
use jiff::Timestamp;
use resource::Resource;
use serde_json::Value;

use super::Message;
use super::faults::FaultyAnswer;
use super::state::State;
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::form::Form;

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
        if let Handled::Answered(response) | Handled::Late(_, response) = self {
            let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let date = HeaderValue::try_from(date).expect("a date may stand in a header");
            response.headers_mut().insert(DATE, date);
        }
    }
}

/// The pairs of a form or a query, in which a name may come often.
fn pairs(encoded: &[u8]) -> Form {
    Form::from_fields(form_urlencoded::parse(encoded).into_owned())
}

pub(super) fn handle(state: &mut State, request: &Request<Bytes>) -> Handled {
    let path = request.uri().path();
    let refused = |error: ApiError| Handled::Answered(error.response());
    let Some(rights) = state.access.rights(request.headers()) else {
        return refused(ApiError::new(401, 20003));
    };
    let Some(resource) = Resource::of(path, &state.account_sid) else {
        return refused(ApiError::not_found(path));
    };
    if let Err(error) = access::allowed(&rights, &resource, request.method()) {
        return refused(error);
    }
    let query = pairs(request.uri().query().unwrap_or_default().as_bytes());
    let form = pairs(request.body());
    let to = form.get("To").or(query.get("To"));
    let requests = resource.requests(request.method());
    let fault = state
        .faults
        .of_request(requests, path, to, form.get("MediaUrl").is_some());
    let mut carry_out = || {
        if let (Resource::RecordingFile(sid), &Method::GET) = (&resource, request.method()) {
            let file = state.recording_file(sid);
            return file.unwrap_or_else(|| ApiError::not_found(path).response());
        }
        if let Resource::File(message, sid) = &resource {
            let file = state.way_to_file(message, sid);
            return file.unwrap_or_else(|| ApiError::not_found(path).response());
        }
        match state.route(&resource, request, &query, &form) {
            Ok((204, _)) => empty_response(StatusCode::NO_CONTENT),
            Ok((status, body)) => json_response(status, &body),
            Err(error) => error.response(),
        }
    };
    let Some((is_carried_out, answer)) = fault else {
        return Handled::Answered(carry_out());
    };
    let good = is_carried_out.then(carry_out);
    match answer {
        FaultyAnswer::Late(after) => good.map_or(Handled::Dropped, |a| Handled::Late(after, a)),
        FaultyAnswer::Dropped => Handled::Dropped,
        FaultyAnswer::Wrong(wrong) => Handled::Answered(wrong.answer(path, good)),
        FaultyAnswer::Error {
            status,
            code,
            retry_after,
        } => {
            let mut response = ApiError::new(status, code).response();
            if let Some(Ok(header)) = retry_after.map(HeaderValue::try_from) {
                response.headers_mut().insert(RETRY_AFTER, header);
            }
            Handled::Answered(response)
        }
    }
}

impl State {
    fn route(
        &mut self,
        resource: &Resource,
        request: &Request<Bytes>,
        query: &Form,
        form: &Form,
    ) -> Answer {
        let path = request.uri().path();
        match (request.method(), resource) {
            (_, Resource::Setup(setup)) => self.set_up(setup, request, query, form),
            (&Method::POST, Resource::Messages) => {
                let sid = self.create(form)?;
                Ok((201, self.message(&sid, path)?.json(&self.account_sid)))
            }
            (&Method::GET, Resource::Messages) => Ok((200, self.list(path, query)?)),
            (&Method::GET, Resource::Message(sid)) => {
                Ok((200, self.message(sid, path)?.json(&self.account_sid)))
            }
            (&Method::POST, Resource::Message(sid)) => {
                let status = self.message(sid, path)?.status;
                self.update(sid, status, form)?;
                Ok((200, self.message(sid, path)?.json(&self.account_sid)))
            }
            (&Method::DELETE, Resource::Message(sid)) => match self.messages.delete(sid) {
                Some(_) => Ok((204, Value::Null)),
                None => Err(ApiError::not_found(path)),
            },
            (&Method::GET, Resource::Media(sid)) => {
                Ok((200, self.media_json(self.message(sid, path)?, path)))
            }
            (&Method::GET, Resource::Medium(sid, medium)) => {
                let medium = self.medium_json(self.message(sid, path)?, medium);
                Ok((200, medium.ok_or_else(|| ApiError::not_found(path))?))
            }
            (
                method,
                Resource::Calls
                | Resource::Call(_)
                | Resource::RecordingsOf(_)
                | Resource::Recording(_)
                | Resource::RecordingFile(_),
            ) => self.calls_and_recordings(resource, path, method, query, form),
            (method, resource) => self.keys_and_tokens(resource, path, method, form),
        }
    }

    fn message(&self, sid: &MessageSid, path: &str) -> Result<&Message, ApiError> {
        let message = self.messages.get(sid);
        message.ok_or_else(|| ApiError::not_found(path))
    }

    /// Cancels a message that was not sent yet, or wipes its body.
    fn update(&mut self, sid: &MessageSid, status: Status, form: &Form) -> Result<(), ApiError> {
        if form.get("Status") == Some("canceled") {
            // Twilio cancels what is not yet on its way; its queue, which holds a message for a
            // moment only, counts as that.
            if !matches!(
                status,
                Status::Scheduled | Status::Accepted | Status::Queued
            ) {
                return Err(ApiError::bad(30409));
            }
            self.set_status(sid, Status::Canceled, None);
            return Ok(());
        }
        match (form.get("Body"), self.messages.get_mut(sid)) {
            (Some(""), Some(message)) => {
                message.body.clear();
                message.updated = self.now;
                Ok(())
            }
            (Some(_), _) => Err(ApiError::bad(20001)
                .saying("The body of a message can only be redacted: pass an empty Body")),
            (None, _) => Ok(()),
        }
    }
}
