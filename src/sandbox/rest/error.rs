use ::http::header::{CONTENT_TYPE, HeaderValue};
use ::http::{Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::twilio::error_texts::text as error_text;

/// The status and the body of a good answer.
pub(super) type Answer = Result<(u16, Value), ApiError>;

/// A refusal in Twilio's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    pub status: u16,
    pub code: u32,
    pub message: String,
}

impl ApiError {
    pub fn new(status: u16, code: u32) -> Self {
        Self {
            status,
            code,
            message: error_text(code).to_owned(),
        }
    }

    /// The request is wrong.
    pub fn bad(code: u32) -> Self {
        Self::new(400, code)
    }

    pub fn not_found(path: &str) -> Self {
        let message = format!("The requested resource {path} was not found");
        Self::new(404, 20404).saying(message)
    }

    /// The same with words of its own.
    pub fn saying(self, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message, ..self }
    }

    pub fn response(&self) -> Response<Bytes> {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        json_response(self.status, &body)
    }
}

pub(super) fn json_response(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = empty_response(StatusCode::from_u16(status).unwrap_or_default());
    *response.body_mut() = body.to_string().into();
    let json = HeaderValue::from_static("application/json;charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

pub(super) fn empty_response(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
