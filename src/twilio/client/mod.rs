//! The REST client: the one place that talks to Twilio's API of messages, calls and recordings.

mod calls;
mod day;
mod media;
mod new_call;
mod recordings;

pub use super::api::{ANSWER_TIMEOUT, NoAnswer, Refused, Transport};
pub use calls::{CallAtTwilio, CallsPage};
pub use day::{DayPage, Listing};
pub use new_call::{MadeCall, NewCall};
pub use recordings::{MOST_RECORDED, RecordingAtTwilio, RecordingState};

use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use http::{Method, Request, Response};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::{Api, Login, Page, success};
use super::errors;
use super::form::Form;
use super::message_status::status_named;
use crate::clock::Clock;
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{Answer, Failure, Status};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// Twilio's times have no fractions, and neither has its clock's in an answer.
const ROUNDING: SignedDuration = SignedDuration::from_secs(2);

/// By how much the relay's clock may be set back between an attempt and the question what became of
/// it. Earlier messages than wanted do no harm: each belongs to one delivery alone.
const SET_BACK: SignedDuration = SignedDuration::from_mins(10);

/// Messages on a page of a list.
const PAGE_SIZE: u32 = 50;
/// How many pages of a list are read before giving up.
const MOST_PAGES: u32 = 20;

/// Why Twilio could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    #[error("Twilio did not answer: {0}")]
    NoAnswer(#[from] NoAnswer),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("Twilio's answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// What was not looked at may hold the message.
    #[error("Twilio lists more messages than are looked at ({} pages)", MOST_PAGES)]
    TooMany,
    #[error("Twilio answered with something else than an MP3 file")]
    NotAnMp3,
    #[error("the recording is larger than {} bytes", MOST_RECORDED)]
    TooLarge,
}

/// A message to create.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    pub from: &'a PhoneNumber,
    pub to: &'a PhoneNumber,
    pub body: &'a str,
    pub media: &'a [String],
    pub status_callback: &'a str,
    /// How long Twilio may keep it in its queue; longer than that and it fails with 30036.
    pub validity: Duration,
}

/// A message as Twilio lists it. Dates are as in RFC 2822.
#[derive(Deserialize)]
pub struct Listed {
    pub sid: MessageSid,
    pub body: Option<String>,
    pub status: String,
    error_code: Option<u32>,
    date_created: Option<String>,
    date_sent: Option<String>,
    direction: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl Listed {
    /// `None` for a status that the relay does not know.
    pub fn status(&self) -> Option<Status> {
        status_named(&self.status)
    }

    /// What went wrong, if the status is that it failed.
    pub fn failure(&self) -> Failure {
        errors::failure(self.error_code, None)
    }

    /// When it was created, to the second.
    pub fn created(&self) -> Option<Timestamp> {
        self.date_created.as_deref().and_then(instant)
    }
}

pub struct Client(Api);

impl Client {
    /// `base` is [`super::API_URL`] or a sandbox's address.
    pub fn new(transport: Box<dyn Transport>, base: &str) -> Self {
        Self(Api::new(transport, base))
    }

    /// The API's address.
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// Opens the connection, so that the first message does not wait for it. Whether that worked
    /// shows when a message is sent.
    pub async fn warm(&self) {
        let request = Request::head(format!("{}/", self.0.base)).body(Bytes::new());
        if let Ok(request) = request {
            let _ = self.0.transport.send(request).await;
        }
    }

    /// Hands a message to Twilio, once.
    pub async fn create_message(
        &self,
        credentials: &Credentials,
        message: &NewMessage<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Created {
            sid: MessageSid,
        }
        let path = messages_path(credentials, ".json");
        let sent = self.send(credentials, Method::POST, &path, form(message));
        let answer = match sent.await {
            Ok(answer) => answer,
            Err(NoAnswer::NotSent(why)) => {
                tracing::warn!(why, "Twilio could not be reached");
                return Answer::NotSent;
            }
            Err(NoAnswer::Unknown(why)) => {
                tracing::warn!(why, "Twilio did not answer");
                return Answer::Unknown;
            }
        };
        let retry_after = retry_after(answer.headers());
        let answer = match success(answer) {
            Ok(answer) => answer,
            Err(Refused { http_status, code }) => {
                return errors::refused(code, http_status, retry_after);
            }
        };
        match serde_json::from_slice::<Created>(answer.body()) {
            Ok(created) => Answer::Accepted { sid: created.sid },
            Err(error) => {
                tracing::warn!(%error, "Twilio's answer to a new message cannot be read");
                Answer::Unknown
            }
        }
    }

    /// The messages from one number to another that Twilio has, newest first, of the time since
    /// `began` by `clock` and some minutes before; how that differs from Twilio's does not matter.
    /// It is compared when the answer is there: a request that takes its time then makes the list
    /// longer, not shorter. Queued ones, which have no `DateSent` yet, are among them.
    pub async fn list_messages(
        &self,
        credentials: &Credentials,
        to: &PhoneNumber,
        from: &PhoneNumber,
        began: Timestamp,
        clock: &dyn Clock,
    ) -> Result<Vec<Listed>, NotRead> {
        let page_size = PAGE_SIZE.to_string();
        let query = Form::from_fields([
            ("To", to.expose()),
            ("From", from.expose()),
            ("PageSize", &page_size),
        ]);
        let mut next = messages_path(credentials, &format!(".json?{}", query.encode()));
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(answer) = self.get(credentials, &next).await? else {
                return Ok(found);
            };
            let ahead = date(answer.headers()).map_or(SignedDuration::ZERO, |date| {
                date.duration_since(clock.now())
            });
            let not_before = began + ahead - ROUNDING - SET_BACK;
            let page: Page<Listed> = serde_json::from_slice(answer.body())?;
            for message in page.records {
                if message.created().is_some_and(|at| at < not_before) {
                    return Ok(found);
                }
                found.push(message);
            }
            match page.next_page_uri {
                Some(path) => next = path.0,
                None => return Ok(found),
            }
        }
        Err(NotRead::TooMany)
    }

    /// A message, if there is one of that SID.
    pub async fn message(
        &self,
        credentials: &Credentials,
        sid: &MessageSid,
    ) -> Result<Option<Listed>, NotRead> {
        let path = messages_path(credentials, &format!("/{sid}.json"));
        self.read(credentials, &path).await
    }

    /// What stands at a path; `None` if there is no such thing.
    async fn read<T: DeserializeOwned>(
        &self,
        credentials: &Credentials,
        path: &str,
    ) -> Result<Option<T>, NotRead> {
        let answer = self.get(credentials, path).await?;
        let read = answer.map(|answer| serde_json::from_slice(answer.body()));
        Ok(read.transpose()?)
    }

    async fn get(
        &self,
        credentials: &Credentials,
        path: &str,
    ) -> Result<Option<Response<Bytes>>, NotRead> {
        let sent = self.send(credentials, Method::GET, path, String::new());
        match success(sent.await?) {
            Ok(answer) => Ok(Some(answer)),
            Err(refused) if refused.http_status == 404 => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn send(
        &self,
        credentials: &Credentials,
        method: Method,
        path: &str,
        form: String,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let (user, password) = credentials.basic_auth();
        let url = format!("{}{path}", self.0.base);
        self.0
            .send(Login { user, password }, method, &url, form)
            .await
    }
}

fn messages_path(credentials: &Credentials, rest: &str) -> String {
    account_path(credentials, &format!("Messages{rest}"))
}

fn account_path(credentials: &Credentials, rest: &str) -> String {
    format!("/2010-04-01/Accounts/{}/{rest}", credentials.account_sid)
}

fn form(message: &NewMessage) -> String {
    let validity = message.validity.as_secs().clamp(60, 36_000).to_string();
    let mut fields = vec![
        ("To", message.to.expose()),
        ("From", message.from.expose()),
        ("ValidityPeriod", &validity),
    ];
    if !message.status_callback.is_empty() {
        fields.push(("StatusCallback", message.status_callback));
    }
    // A picture without words goes without a body.
    if !message.body.is_empty() || message.media.is_empty() {
        fields.push(("Body", message.body));
    }
    fields.extend(message.media.iter().map(|url| ("MediaUrl", url.as_str())));
    Form::from_fields(fields).encode()
}

/// Whatever Twilio asks for, a day is longer than any text can wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long Twilio wants to be left alone: a number of seconds, or a date, which is measured
/// against the answer's own so that no clock needs to be right (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let header = |name: HeaderName| headers.get(name)?.to_str().ok();
    let wanted = header(RETRY_AFTER)?.trim();
    let wait = match wanted.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let wait = instant(wanted)?.duration_since(date(headers)?);
            wait.try_into().unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Twilio's clock, as an answer tells it.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    instant(headers.get(DATE)?.to_str().ok()?)
}

fn instant(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let value = HeaderValue::from_static;
        pairs.iter().map(|(n, v)| (n.clone(), value(v))).collect()
    }

    #[test]
    fn twilio_may_ask_for_patience_in_seconds_or_by_date() {
        let seconds = headers(&[(RETRY_AFTER, "40")]);
        assert_eq!(retry_after(&seconds), Some(Duration::from_secs(40)));
        let date = headers(&[
            (DATE, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (RETRY_AFTER, "Sun, 06 Nov 1994 08:51:07 GMT"),
        ]);
        assert_eq!(retry_after(&date), Some(Duration::from_secs(90)));
        let past = headers(&[
            (DATE, "Sun, 06 Nov 1994 08:51:07 GMT"),
            (RETRY_AFTER, "Sun, 06 Nov 1994 08:49:37 GMT"),
        ]);
        assert_eq!(retry_after(&past), Some(Duration::ZERO));
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "soon")])), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn the_validity_stays_within_what_twilio_takes() {
        let number = PhoneNumber::parse("+16195550110").unwrap();
        let form = |validity| {
            form(&NewMessage {
                from: &number,
                to: &number,
                body: "hi",
                media: &[],
                status_callback: "https://relay.example.com/s",
                validity,
            })
        };
        assert!(form(Duration::ZERO).contains("ValidityPeriod=60&"));
        assert!(form(Duration::from_secs(240)).contains("ValidityPeriod=240&"));
        assert!(form(Duration::from_secs(90_000)).contains("ValidityPeriod=36000&"));
    }
}
