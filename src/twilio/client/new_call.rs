//! Calls that the account makes: one is created, or found again if the answer was lost.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::calls::{CallAtTwilio, Listed};
use super::{Client, NotRead, ROUNDING, account_path, date};
use crate::clock::Clock;
use crate::domain::credentials::Credentials;
use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;
use crate::twilio::api::{Page, Refused, success};
use crate::twilio::form::Form;

/// Calls on the page that is looked at. The wanted one is the latest.
const PAGE_SIZE: u32 = 20;

/// A call to create.
#[derive(Debug, Clone)]
pub struct NewCall<'a> {
    pub from: &'a PhoneNumber,
    pub to: &'a PhoneNumber,
    /// What is asked once somebody picks up.
    pub url: &'a str,
    pub status_callback: &'a str,
    /// How long it rings.
    pub seconds: u64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadeCall {
    Made(CallSid),
    /// Twilio will not make it.
    Refused {
        code: Option<u32>,
    },
    /// It may have been made or not.
    Unknown,
}

impl Client {
    /// Has Twilio call a number, once.
    pub async fn create_call(&self, credentials: &Credentials, call: &NewCall<'_>) -> MadeCall {
        #[derive(Deserialize)]
        struct Created {
            sid: CallSid,
        }
        let form = Form::from_fields([
            ("To", call.to.expose().to_owned()),
            ("From", call.from.expose().to_owned()),
            ("Url", call.url.to_owned()),
            ("Timeout", call.seconds.to_string()),
            ("StatusCallback", call.status_callback.to_owned()),
        ]);
        let path = account_path(credentials, "Calls.json");
        let sent = self.send(credentials, Method::POST, &path, form.encode());
        let answer = match sent.await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "Twilio did not say whether it makes a call");
                return MadeCall::Unknown;
            }
        };
        match success(answer).map(|answer| serde_json::from_slice::<Created>(answer.body())) {
            Ok(Ok(created)) => MadeCall::Made(created.sid),
            Ok(Err(error)) => {
                tracing::warn!(%error, "Twilio's answer to a new call cannot be read");
                MadeCall::Unknown
            }
            // Too many requests, or Twilio failed over it: it may go another time.
            Err(Refused { http_status, .. }) if http_status == 429 || 500 <= http_status => {
                MadeCall::Unknown
            }
            Err(Refused { code, .. }) => MadeCall::Refused { code },
        }
    }

    /// The last call from one number to another that the account made at `since` or later, by `clock`.
    pub async fn call_made_since(
        &self,
        credentials: &Credentials,
        (from, to): (&PhoneNumber, &PhoneNumber),
        since: Timestamp,
        clock: &dyn Clock,
    ) -> Result<Option<CallSid>, NotRead> {
        let query = Form::from_fields([
            ("To", to.expose().to_owned()),
            ("From", from.expose().to_owned()),
            ("PageSize", PAGE_SIZE.to_string()),
        ]);
        let path = account_path(credentials, &format!("Calls.json?{}", query.encode()));
        // A list without a match is empty; what is not found is the account.
        let (http_status, code) = (404, None);
        let answer = self.get(credentials, &path).await?;
        let answer = answer.ok_or(Refused { http_status, code })?;
        let ahead = date(answer.headers()).map_or(SignedDuration::ZERO, |date| {
            date.duration_since(clock.now())
        });
        let not_before = since + ahead - ROUNDING;
        let page: Page<Listed> = serde_json::from_slice(answer.body())?;
        let mut calls = page.records.into_iter().map(CallAtTwilio::from);
        let is_it = |call: &CallAtTwilio| {
            call.is_by_api && call.began.is_none_or(|began| not_before <= began)
        };
        Ok(calls.find(is_it).map(|call| call.sid))
    }
}
