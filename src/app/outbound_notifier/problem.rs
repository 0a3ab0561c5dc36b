//! What is answered when something is not done: a problem document, over HTTP and to whoever invokes
//! the function.
//!
//! Source: RFC 9457, "Problem Details for HTTP APIs".

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::notices::NoticeRejected;
use crate::app::outbound_notifier::auth::Denied;
use crate::domain::request::{Because, Problem, Refused};

/// The media type of a problem document.
const MEDIA_TYPE: &str = "application/problem+json";

/// The scheme by which requests are signed, for the header that an answer 401 must have.
const SCHEME: &str = "Relay-HMAC-SHA256";

/// In how many seconds a relay that failed is worth another try.
const TRY_AGAIN_IN: u64 = 5;

/// Why nothing is done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("there are /v1/notices, /v1/invitations, and one of either by its id below them")]
    NoSuchPath,
    /// The path takes these.
    #[error("this path takes {0}")]
    OtherMethod(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Rejected(#[from] NoticeRejected),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document {
    /// Which kind of problem it is: callers may branch on it.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri-reference"))]
    pub kind: String,
    /// The kind in a few words, always the same.
    #[schemars(with = "String")]
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// The fields that are wrong, if it is about fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Problem>,
    /// In how many seconds to ask again, if that helps.
    #[serde(skip)]
    pub retry_after: Option<u64>,
    /// The methods that the path takes, if it does not take this one.
    #[serde(skip)]
    pub allow: Option<&'static str>,
}

/// A kind of problem: its type below `/problems/`, its title, its status.
type Kind = (&'static str, &'static str, u16);

const NO_SUCH_PATH: Kind = ("no-such-path", "There is no such path", 404);
const OTHER_METHOD: Kind = ("other-method", "The path takes other methods", 405);
const FAILED: Kind = ("failed", "The relay cannot answer at the moment", 503);

fn of_refused(because: Because) -> Kind {
    match because {
        Because::TooLarge => ("too-large", "The body is too large", 413),
        Because::NotJson => ("not-json", "The body is no JSON", 400),
        Because::WrongFields | Because::NobodySubscribed => {
            ("wrong-fields", "Fields are wrong or missing", 422)
        }
        Because::Unknown => ("unknown", "There is nothing of that name", 404),
        // Source: draft-ietf-httpapi-idempotency-key-header, section 2.7.
        Because::KeyReused => {
            let title = "The idempotency key was used for something else";
            ("key-reused", title, 422)
        }
        Because::UsedUp { .. } => {
            let title = "The caller has used up its segments of the day";
            ("used-up", title, 429)
        }
    }
}

fn of_denied(denied: &Denied) -> Kind {
    match denied {
        Denied::Unsigned(_) => ("unsigned", "The request is not signed", 401),
        Denied::Forged => ("wrong-signature", "The signature is wrong", 401),
        Denied::OtherTime { .. } => ("other-time", "The clocks differ", 401),
        Denied::Replayed => ("replayed", "The request was here before", 401),
        Denied::NotAllowed(_) => ("not-allowed", "The caller may not do that", 403),
        Denied::TooOften { .. } => ("too-often", "The caller asks too often", 429),
        Denied::Failed(_) => FAILED,
    }
}

impl Document {
    fn of((kind, title, status): Kind, detail: &str) -> Self {
        Self {
            kind: format!("/problems/{kind}"),
            title,
            status,
            detail: sentence(detail),
            fields: Vec::new(),
            retry_after: None,
            allow: None,
        }
    }

    /// The request did not come whole: what is asked for is not known.
    pub fn unread(status: StatusCode, detail: &str) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Refused::new(Because::TooLarge, detail).into();
        }
        let title = status.canonical_reason().unwrap_or_default();
        Self {
            kind: "about:blank".to_owned(),
            ..Self::of(("", title, status.as_u16()), detail)
        }
    }

    /// What went wrong is for the log; the answer carries nothing of it.
    fn failed() -> Self {
        Self {
            retry_after: Some(TRY_AGAIN_IN),
            ..Self::of(FAILED, "the relay cannot answer at the moment; ask again")
        }
    }

    pub fn response(&self) -> Response<String> {
        let body = serde_json::to_string(self).expect("a document is JSON");
        let mut response = Response::new(body);
        let status = StatusCode::from_u16(self.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(SCHEME));
        }
        headers.extend(self.retry_after.map(|after| (RETRY_AFTER, after.into())));
        let allow = self.allow.map(HeaderValue::from_static);
        headers.extend(allow.map(|methods| (ALLOW, methods)));
        response
    }
}

impl From<ApiError> for Document {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NoSuchPath => Self::of(NO_SUCH_PATH, &error.to_string()),
            ApiError::OtherMethod(methods) => Self {
                allow: Some(methods),
                ..Self::of(OTHER_METHOD, &error.to_string())
            },
            ApiError::Denied(Denied::Failed(_)) | ApiError::Rejected(NoticeRejected::Failed(_)) => {
                Self::failed()
            }
            ApiError::Denied(denied) => Self {
                retry_after: denied.retry_after(),
                ..Self::of(of_denied(&denied), &denied.to_string())
            },
            ApiError::Rejected(NoticeRejected::Refused(refused)) => refused.into(),
        }
    }
}

impl From<Refused> for Document {
    fn from(refused: Refused) -> Self {
        let retry_after = match refused.because {
            Because::UsedUp { after } => Some(after),
            _ => None,
        };
        Self {
            fields: refused.fields,
            retry_after,
            ..Self::of(of_refused(refused.because), &refused.detail)
        }
    }
}

/// With a full stop, and a capital letter unless it begins with the path of a field.
fn sentence(words: &str) -> String {
    const BEGINNINGS: [&str; 5] = ["the", "this", "there", "it", "its"];
    match words.split_once(' ') {
        Some((first, rest)) if BEGINNINGS.contains(&first) => {
            let (letter, others) = first.split_at(1);
            format!("{}{others} {rest}.", letter.to_uppercase())
        }
        _ => format!("{words}."),
    }
}
