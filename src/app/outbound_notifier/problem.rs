//! What is answered when something is not done: a problem document, over HTTP and to whoever invokes
//! the function.
//!
//! Source: RFC 9457, "Problem Details for HTTP APIs".

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::outbound_notifier::auth::Denied;
use crate::domain::request::{Because, Problem, Refused};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The scheme by which requests are signed, for the header that an answer 401 must have.
const SCHEME: &str = "Relay-HMAC-SHA256";

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document {
    /// Which kind of problem it is: callers may branch on it.
    #[serde(rename = "type")]
    #[schemars(with = "String", extend("format" = "uri-reference"))]
    pub kind: &'static str,
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
}

/// A kind of problem: its type, its title, its status.
type Kind = (&'static str, &'static str, StatusCode);

const TOO_LARGE: Kind = (
    "/problems/too-large",
    "The body is too large",
    StatusCode::PAYLOAD_TOO_LARGE,
);
const NOT_JSON: Kind = (
    "/problems/not-json",
    "The body is no JSON",
    StatusCode::BAD_REQUEST,
);
const WRONG_FIELDS: Kind = (
    "/problems/wrong-fields",
    "Fields are wrong or missing",
    StatusCode::UNPROCESSABLE_ENTITY,
);
const UNKNOWN: Kind = (
    "/problems/unknown",
    "There is nothing of that name",
    StatusCode::NOT_FOUND,
);
/// Source: draft-ietf-httpapi-idempotency-key-header, section 2.7.
const KEY_REUSED: Kind = (
    "/problems/key-reused",
    "The idempotency key was used for something else",
    StatusCode::UNPROCESSABLE_ENTITY,
);
const TOO_LATE: Kind = (
    "/problems/too-late",
    "It cannot be changed any more",
    StatusCode::CONFLICT,
);
const UNSIGNED: Kind = (
    "/problems/unsigned",
    "The request is not signed",
    StatusCode::UNAUTHORIZED,
);
const FORGED: Kind = (
    "/problems/wrong-signature",
    "The signature is wrong",
    StatusCode::UNAUTHORIZED,
);
const OTHER_TIME: Kind = (
    "/problems/other-time",
    "The clocks differ",
    StatusCode::UNAUTHORIZED,
);
const REPLAYED: Kind = (
    "/problems/replayed",
    "The request was here before",
    StatusCode::UNAUTHORIZED,
);
const NOT_ALLOWED: Kind = (
    "/problems/not-allowed",
    "The caller may not do that",
    StatusCode::FORBIDDEN,
);
const TOO_OFTEN: Kind = (
    "/problems/too-often",
    "The caller asks too often",
    StatusCode::TOO_MANY_REQUESTS,
);
const NO_SUCH_PATH: Kind = (
    "/problems/no-such-path",
    "There is no such path",
    StatusCode::NOT_FOUND,
);
const OTHER_METHOD: Kind = (
    "/problems/other-method",
    "The path takes other methods",
    StatusCode::METHOD_NOT_ALLOWED,
);
const FAILED: Kind = (
    "/problems/failed",
    "The relay cannot answer at the moment",
    StatusCode::SERVICE_UNAVAILABLE,
);

/// In how many seconds a relay that failed is worth another try.
const TRY_AGAIN_IN: u64 = 5;

impl Document {
    fn of((kind, title, status): Kind, detail: String) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: sentence(&detail),
            fields: Vec::new(),
            retry_after: None,
        }
    }

    /// The request did not come whole: what is asked for is not known.
    pub fn unread(status: StatusCode, detail: &str) -> Self {
        let kind = match status {
            StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
            status => (
                "about:blank",
                status.canonical_reason().unwrap_or_default(),
                status,
            ),
        };
        Self::of(kind, detail.to_owned())
    }

    pub fn no_such_path() -> Self {
        let detail =
            "there are /v1/notices, /v1/invitations, and one of either by its id below them";
        Self::of(NO_SUCH_PATH, detail.to_owned())
    }

    /// `methods` are those that the path takes.
    pub fn other_method(methods: &str) -> Self {
        Self::of(OTHER_METHOD, format!("this path takes {methods}"))
    }

    /// What went wrong is for the log; the answer carries nothing of it.
    pub fn failed() -> Self {
        Self {
            retry_after: Some(TRY_AGAIN_IN),
            ..Self::of(FAILED, Denied::Failed(anyhow::anyhow!("")).to_string())
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
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// With the methods that the path takes.
    pub fn response_allowing(&self, methods: &'static str) -> Response<String> {
        let mut response = self.response();
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static(methods));
        response
    }
}

impl From<Refused> for Document {
    fn from(refused: Refused) -> Self {
        let kind = match refused.because {
            Because::TooLarge => TOO_LARGE,
            Because::NotJson => NOT_JSON,
            Because::WrongFields => WRONG_FIELDS,
            Because::Unknown => UNKNOWN,
            Because::KeyReused => KEY_REUSED,
            Because::TooLate => TOO_LATE,
        };
        Self {
            fields: refused.fields,
            ..Self::of(kind, refused.detail)
        }
    }
}

impl From<&Denied> for Document {
    fn from(denied: &Denied) -> Self {
        let kind = match denied {
            Denied::Unsigned(_) => UNSIGNED,
            Denied::Forged => FORGED,
            Denied::OtherTime { .. } => OTHER_TIME,
            Denied::Replayed => REPLAYED,
            Denied::NotAllowed(_) => NOT_ALLOWED,
            Denied::TooOften { after } => {
                return Self {
                    retry_after: Some(*after),
                    ..Self::of(TOO_OFTEN, denied.to_string())
                };
            }
            Denied::Failed(_) => return Self::failed(),
        };
        Self::of(kind, denied.to_string())
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
