//! The REST client: the one place that talks to Twilio's Messages API.

mod day;

pub use day::{DayPage, Listing, NextPage};

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use http::{Method, Request, Response, StatusCode};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::domain::credentials::{Credentials, Secret};
use crate::domain::delivery::Answer;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// How long Twilio has for an answer; after that, what became of the request is unknown.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Twilio's times have no fractions, and neither has its clock's in an answer.
const ROUNDING: SignedDuration = SignedDuration::from_secs(2);

/// By how much the relay's clock may be set back between an attempt and the question what became of
/// it. Earlier messages than wanted do no harm: each belongs to one delivery alone.
const SET_BACK: SignedDuration = SignedDuration::from_mins(10);

/// Messages on a page of a list.
const PAGE_SIZE: u32 = 50;
/// How many pages of a list are read before giving up.
const MOST_PAGES: u32 = 20;

/// What carries a request to Twilio: the network, or in tests the sandbox itself.
#[async_trait]
pub trait Transport: Send + Sync {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The request certainly did not arrive: there was no connection.
    #[error("no connection: {0}")]
    NotSent(String),
    /// It may have arrived.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// Why Twilio could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    #[error("Twilio did not answer: {0}")]
    NoAnswer(#[from] NoAnswer),
    #[error("Twilio refused with HTTP status {http_status} and error code {code:?}")]
    Refused { http_status: u16, code: Option<u32> },
    #[error("Twilio's answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// What was not looked at may hold the message.
    #[error("Twilio lists more messages than are looked at ({} pages)", MOST_PAGES)]
    TooMany,
    /// Following it would show the credentials to somebody else.
    #[error("Twilio's list goes on at an address that is not Twilio's")]
    Elsewhere,
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

/// A message as Twilio lists it.
#[derive(Deserialize)]
pub struct Listed {
    pub sid: MessageSid,
    pub body: Option<String>,
    pub status: String,
    /// RFC 2822.
    pub date_created: Option<String>,
    pub error_code: Option<u32>,
}

impl Listed {
    /// When it was created, to the second.
    pub fn created(&self) -> Option<Timestamp> {
        self.date_created.as_deref().and_then(instant)
    }
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    sid: MessageSid,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

pub struct Client {
    transport: Box<dyn Transport>,
    base: String,
}

impl Client {
    /// `base` is [`super::API_URL`] or a sandbox's address.
    pub fn new(transport: Box<dyn Transport>, base: &str) -> Self {
        Self {
            transport,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Opens the connection, so that the first message does not wait for it. Whether that worked
    /// shows when a message is sent.
    pub async fn warm(&self) {
        let request = Request::head(format!("{}/", self.base)).body(Bytes::new());
        if let Ok(request) = request {
            let _ = self.transport.send(request).await;
        }
    }

    /// Hands a message to Twilio, once.
    pub async fn create_message(
        &self,
        credentials: &Credentials,
        message: &NewMessage<'_>,
    ) -> Answer {
        let path = messages_path(credentials, ".json");
        let answer = match self.request(credentials, Method::POST, &path, form(message)) {
            Ok(request) => self.transport.send(request).await,
            Err(no_answer) => Err(no_answer),
        };
        let answer = match answer {
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
        if !answer.status().is_success() {
            return Answer::Refused {
                code: refusal_code(&answer),
                http_status: answer.status().as_u16(),
                retry_after: retry_after(answer.headers()),
            };
        }
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
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to.expose())
            .append_pair("From", from.expose())
            .append_pair("PageSize", &PAGE_SIZE.to_string())
            .finish();
        let mut next = messages_path(credentials, &format!(".json?{query}"));
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(answer) = self.get(credentials, &next).await? else {
                return Ok(found);
            };
            let ahead = date(answer.headers()).map_or(SignedDuration::ZERO, |date| {
                date.duration_since(clock.now())
            });
            let not_before = began + ahead - ROUNDING - SET_BACK;
            let page: Page = serde_json::from_slice(answer.body())?;
            for message in page.messages {
                if message.created().is_some_and(|at| at < not_before) {
                    return Ok(found);
                }
                found.push(message);
            }
            match page.next_page_uri {
                Some(uri) => next = on_this_host(uri)?,
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
        let answer = self.get(credentials, &path).await?;
        Ok(match answer {
            Some(answer) => Some(serde_json::from_slice(answer.body())?),
            None => None,
        })
    }

    /// A good answer; `None` if there is no such thing.
    async fn get(
        &self,
        credentials: &Credentials,
        path: &str,
    ) -> Result<Option<Response<Bytes>>, NotRead> {
        let request = self.request(credentials, Method::GET, path, String::new())?;
        let answer = self.transport.send(request).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(answer)),
            status => Err(NotRead::Refused {
                http_status: status.as_u16(),
                code: refusal_code(&answer),
            }),
        }
    }

    fn request(
        &self,
        credentials: &Credentials,
        method: Method,
        path: &str,
        form: String,
    ) -> Result<Request<Bytes>, NoAnswer> {
        let (user, password) = credentials.basic_auth();
        let authorization = authorization(user, password);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json");
        if !form.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request
            .body(form.into())
            .map_err(|error| NoAnswer::NotSent(error.to_string()))
    }
}

/// The header that says who asks.
pub(super) fn authorization(user: &str, password: &Secret) -> HeaderValue {
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut authorization = HeaderValue::from_str(&basic).expect("base64 may stand in a header");
    authorization.set_sensitive(true);
    authorization
}

fn messages_path(credentials: &Credentials, rest: &str) -> String {
    format!(
        "/2010-04-01/Accounts/{}/Messages{rest}",
        credentials.account_sid
    )
}

/// An address within an answer, which is one on the same host: it is put behind the host's name as it
/// is, and without the slash could make another name of it.
fn on_this_host(uri: String) -> Result<String, NotRead> {
    match uri.starts_with('/') {
        true => Ok(uri),
        false => Err(NotRead::Elsewhere),
    }
}

fn form(message: &NewMessage) -> String {
    let validity = message.validity.as_secs().clamp(60, 36_000).to_string();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", message.to.expose())
        .append_pair("From", message.from.expose())
        .append_pair("StatusCallback", message.status_callback)
        .append_pair("ValidityPeriod", &validity);
    // A picture without words goes without a body.
    if !message.body.is_empty() || message.media.is_empty() {
        form.append_pair("Body", message.body);
    }
    for url in message.media {
        form.append_pair("MediaUrl", url);
    }
    form.finish()
}

pub(super) fn refusal_code(answer: &Response<Bytes>) -> Option<u32> {
    serde_json::from_slice::<Refusal>(answer.body())
        .ok()
        .and_then(|refusal| refusal.code)
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
    fn a_list_goes_on_at_the_same_host_or_not_at_all() {
        for uri in [
            "/2010-04-01/Accounts/A/Messages.json?Page=1",
            "//example.com/",
        ] {
            let url = format!(
                "https://api.twilio.com{}",
                on_this_host(uri.into()).unwrap()
            );
            let url: http::Uri = url.parse().unwrap();
            assert_eq!(url.host(), Some("api.twilio.com"));
        }
        for uri in ["https://example.com/", ".example.com/", "@example.com/", ""] {
            let elsewhere = on_this_host(uri.to_owned());
            assert!(matches!(elsewhere, Err(NotRead::Elsewhere)), "{uri}");
        }
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
