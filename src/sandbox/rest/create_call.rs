//! `POST Calls`: the account calls a phone.
//!
//! Source: Twilio, "Create a Call resource", and its OpenAPI document of the API.

use std::time::Duration;

use super::create::{is_http, parsed};
use super::error::ApiError;
use crate::domain::phone::PhoneNumber;
use crate::sandbox::call::CallSid;
use crate::sandbox::state::State;
use crate::sandbox::voice::ByApi;
use crate::twilio::form::Form;

const NO_TO: u32 = 21201;
const NO_FROM: u32 = 21213;
const NO_URL: u32 = 21205;
const BAD_TIMEOUT: u32 = 21208;
const NOT_OURS: u32 = 21210;
const BAD_TO: u32 = 21211;
const BAD_FROM: u32 = 21212;

const LONGEST_RINGING: u64 = 600;
const USUAL_RINGING: u64 = 60;

const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// What the sandbox plays. Twilio knows more, and nobody would notice here that it does nothing.
const PLAYED: [&str; 8] = [
    "To",
    "From",
    "Url",
    "Method",
    "Timeout",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
];

impl State {
    /// Makes a call, or refuses it as Twilio does.
    pub(super) fn create_call(&mut self, form: &Form) -> Result<CallSid, ApiError> {
        let mut others = form.fields().filter(|(name, _)| !PLAYED.contains(name));
        if let Some((name, _)) = others.next() {
            let message = format!("the sandbox makes no call with the parameter {name}");
            return Err(ApiError::bad(20001).saying(message));
        }
        let to = form.filled("To").ok_or_else(|| ApiError::bad(NO_TO))?;
        let from = form.filled("From").ok_or_else(|| ApiError::bad(NO_FROM))?;
        if PhoneNumber::parse(to).is_err() {
            return Err(ApiError::bad(BAD_TO));
        }
        if PhoneNumber::parse(from).is_err() {
            return Err(ApiError::bad(BAD_FROM));
        }
        if self.our_number(from).is_none() {
            let message = format!(
                "The source phone number provided, {from}, is not yet verified for your account."
            );
            return Err(ApiError::bad(NOT_OURS).saying(message));
        }
        let url = form.filled("Url").filter(|url| is_http(url));
        let url = url.ok_or_else(|| ApiError::bad(NO_URL))?.to_owned();
        let status_callback = form.filled("StatusCallback");
        if let Some(url) = status_callback.filter(|url| !is_http(url)) {
            let message = format!("The 'StatusCallback' URL {url} is not a valid URL.");
            return Err(ApiError::bad(21609).saying(message));
        }
        for method in ["Method", "StatusCallbackMethod"] {
            parsed(form, method, "POST, which alone the sandbox plays", |it| {
                (it == "POST").then_some(())
            })?;
        }
        let timeout = form.filled("Timeout").map(str::parse::<u64>);
        let timeout = match timeout.unwrap_or(Ok(USUAL_RINGING)) {
            Ok(seconds) if (1..=LONGEST_RINGING).contains(&seconds) => seconds,
            _ => return Err(ApiError::bad(BAD_TIMEOUT)),
        };
        let mut events: Vec<String> = form.all("StatusCallbackEvent").map(str::to_owned).collect();
        if let Some(event) = events
            .iter()
            .find(|event| !EVENTS.contains(&event.as_str()))
        {
            let message = format!(
                "StatusCallbackEvent {event} is none of {}",
                EVENTS.join(", ")
            );
            return Err(ApiError::bad(20001).saying(message));
        }
        if events.is_empty() {
            events.push("completed".to_owned());
        }
        let new = ByApi {
            url,
            timeout: Duration::from_secs(timeout),
            status_callback: status_callback.map(str::to_owned),
            events,
        };
        Ok(self.call_by_api(from, to, new))
    }
}
