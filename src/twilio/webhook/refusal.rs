use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use crate::twilio::form::BadForm;

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    pub status: StatusCode,
    /// What the outside is told. It helps somebody who set up a webhook, and nobody who forges one:
    /// no value from the request, no configuration, and the same words for a wrong signature, a
    /// wrong account and a line that does not exist.
    pub sentence: String,
    /// The name of the counter, the only trace that a refused request leaves.
    pub counts_as: &'static str,
}

impl Refusal {
    fn new(status: StatusCode, counts_as: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
            counts_as,
        }
    }

    fn not_twilio(counts_as: &'static str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            counts_as,
            "This request is not signed by Twilio for this address.",
        )
    }

    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "The body is larger than 64 KiB.",
        )
    }

    pub fn not_a_form() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_a_form",
            "The body must be a form (application/x-www-form-urlencoded).",
        )
    }

    pub fn unsigned() -> Self {
        Self::not_twilio("unsigned")
    }

    pub fn forged() -> Self {
        Self::not_twilio("forged")
    }

    pub fn other_account() -> Self {
        Self::not_twilio("other_account")
    }

    /// There is no line of the number that the request is for.
    pub fn unknown_line() -> Self {
        Self::not_twilio("unknown_line")
    }

    /// There is no delivery of the name in the path. In the same words as a forgery, which cannot
    /// find out in this way which deliveries there are.
    pub fn unknown_delivery() -> Self {
        Self::not_twilio("unknown_delivery")
    }

    /// A field that every such webhook has is absent or makes no sense.
    pub fn incomplete(field: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "incomplete",
            format!("The field {field} is missing or cannot be read."),
        )
    }
}

impl From<BadForm> for Refusal {
    fn from(bad: BadForm) -> Self {
        let unreadable =
            |sentence: &str| Self::new(StatusCode::BAD_REQUEST, "unreadable", sentence);
        match bad {
            BadForm::TooLarge => Self::too_large(),
            BadForm::NotUtf8 => unreadable("The body is not UTF-8."),
            BadForm::Repeated => unreadable("A field stands in the body twice."),
        }
    }
}

impl From<Refusal> for Response<String> {
    fn from(refusal: Refusal) -> Self {
        let mut response = Response::new(refusal.sentence);
        *response.status_mut() = refusal.status;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        response
    }
}
