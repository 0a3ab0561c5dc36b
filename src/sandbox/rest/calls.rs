//! Calls and recordings.
//!
//! Source: Twilio, "Call resource", "Recordings resource", and its OpenAPI document of the API.

use ::http::header::{CONTENT_TYPE, HeaderValue};
use ::http::{Method, Response, StatusCode};
use bytes::Bytes;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::error::{Answer, ApiError, empty_response};
use super::list;
use super::resource::Resource;
use crate::domain::names::name_of;
use crate::sandbox::call::{Call, CallStatus, Stored};
use crate::sandbox::state::State;
use crate::twilio::form::Form;

impl State {
    pub(super) fn calls_and_recordings(
        &mut self,
        resource: &Resource,
        path: &str,
        method: &Method,
        query: &Form,
        form: &Form,
    ) -> Answer {
        let not_found = || ApiError::not_found(path);
        match (resource, method) {
            (Resource::Calls, &Method::GET) => Ok((200, self.list_calls(path, query)?)),
            (Resource::Calls, &Method::POST) => {
                let sid = self.create_call(form)?;
                let call = self.calls.get(&sid).ok_or_else(not_found)?;
                Ok((201, call.json(&self.account_sid, self.now)))
            }
            (Resource::Call(sid), &Method::GET) => {
                let call = self.calls.get(sid).ok_or_else(not_found)?;
                Ok((200, call.json(&self.account_sid, self.now)))
            }
            (Resource::Call(sid), &Method::POST) => {
                let status = self.calls.get(sid).ok_or_else(not_found)?.status;
                self.update_call(sid, status, form)?;
                let call = self.calls.get(sid).ok_or_else(not_found)?;
                Ok((200, call.json(&self.account_sid, self.now)))
            }
            (Resource::RecordingsOf(sid), &Method::GET) => {
                let call = self.calls.get(sid).ok_or_else(not_found)?;
                let of_call = |stored: &&Stored| stored.call.as_str() == call.sid;
                let recordings = self.recordings.iter().rev().filter(of_call);
                let json = recordings.map(|stored| stored.json(&self.account_sid));
                Ok((200, list::single_page(path, "recordings", json)))
            }
            (Resource::Recording(sid), &Method::GET) => {
                let recording = self.recording(sid).ok_or_else(not_found)?;
                Ok((200, recording.json(&self.account_sid)))
            }
            (Resource::Recording(sid), &Method::DELETE) => {
                let before = self.recordings.len();
                self.recordings.retain(|recording| recording.sid != *sid);
                let was_there = self.recordings.len() < before;
                was_there
                    .then_some((204, Value::Null))
                    .ok_or_else(not_found)
            }
            _ => Err(ApiError::new(405, 20004)),
        }
    }

    fn recording(&self, sid: &str) -> Option<&Stored> {
        self.recordings
            .iter()
            .find(|recording| recording.sid == sid)
    }

    /// The file of a recording, once it is ready.
    pub(super) fn recording_file(&self, sid: &str) -> Option<Response<Bytes>> {
        let recording = self.recording(sid)?;
        recording.ready.filter(|ready| *ready <= self.now)?;
        let mut response = empty_response(StatusCode::OK);
        *response.body_mut() = recording.mp3().into();
        let kind = HeaderValue::from_static("audio/mpeg");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        Some(response)
    }

    /// The calls that are wanted, newest first. Dates are days in GMT, both ends included.
    fn list_calls(&self, path: &str, query: &Form) -> Result<Value, ApiError> {
        let day = |name| list::day(query, name);
        let (on, first, last) = (day("StartTime")?, day("StartTime>")?, day("StartTime<")?);
        let is = |name, value: &str| query.filled(name).is_none_or(|wanted| wanted == value);
        let matching = self.calls.all.iter().rev().filter(|call| {
            let began = TimeZone::UTC.to_datetime(call.created).date();
            is("To", &call.to)
                && is("From", &call.from)
                && is("Status", &name_of(&call.status))
                && is("ParentCallSid", call.parent.as_deref().unwrap_or_default())
                && on.is_none_or(|on| began == on)
                && first.is_none_or(|first| began >= first)
                && last.is_none_or(|last| began <= last)
        });
        let matching: Vec<&Call> = matching.collect();
        let json = |call: &&Call| call.json(&self.account_sid, self.now);
        list::page(
            path,
            query,
            "calls",
            &matching,
            |call| call.sid.clone(),
            json,
        )
    }

    /// Ends a call that goes on.
    fn update_call(&mut self, sid: &str, status: CallStatus, form: &Form) -> Result<(), ApiError> {
        match form.get("Status") {
            Some("completed") => {
                if !status.is_live() {
                    return Err(ApiError::bad(21220));
                }
                self.end_by_api(sid);
                Ok(())
            }
            _ => Err(ApiError::bad(20001)
                .saying("the sandbox changes nothing of a call but Status=completed")),
        }
    }
}
