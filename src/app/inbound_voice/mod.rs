//! A call to the line: whom it rings, what its caller hears, and what people are told of it.

mod by_phone;
mod due;
mod effects;
mod entry;
mod late;
mod request;
mod step;
mod voicemail;

pub use due::sweep;
pub use late::take_in_late;
pub use request::take_kept;
pub use voicemail::{LINK_FOR, VOICEMAIL_PATH, keeps_for, put_greeting};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use crate::app::relay::Relay;
use crate::domain::call::Answer;
use crate::twilio::answer::{WebhookError, answer_to};
use crate::twilio::twiml;
use crate::twilio::voice::document;
use crate::twilio::webhook::{Refusal, Unverified};
use request::Answered;

/// What the address of a greeting begins with and ends with.
const GREETING_PATH: &str = "/twilio/voice/greeting/";
const SOUND: &str = ".mp3";

/// Answers `POST /twilio/voice` and what is below it with TwiML, or with 204 what only tells something;
/// `GET /twilio/voice/greeting/{hash}.mp3` and `GET /v/{token}` with sound.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<Vec<u8>> {
    let path = request.uri().path().to_owned();
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        if let Some(token) = path.strip_prefix(VOICEMAIL_PATH) {
            return voicemail::listen(relay, token, request.headers()).await;
        }
        if let Some(hash) = path.strip_prefix(GREETING_PATH) {
            let hash = hash.strip_suffix(SOUND).unwrap_or_default();
            return voicemail::greeting(relay, hash).await;
        }
    }
    // What takes in a text is within it; on the stack it would be too large for a small one.
    answer(&path, Box::pin(receive(relay, &request)).await)
}

async fn receive(relay: &Relay, request: &Request<Bytes>) -> Result<Answered, WebhookError> {
    if request.method() != Method::POST {
        return Err(Refusal::NotPosted.into());
    }
    request::receive(relay, Unverified::read(request)?).await
}

fn answer(path: &str, done: Result<Answered, WebhookError>) -> Response<Vec<u8>> {
    let answered = match done {
        Ok(answered) => answered,
        Err(error) => return answer_to(path, Err(error)).map(String::into_bytes),
    };
    if answered.is_callback {
        return status(StatusCode::NO_CONTENT);
    }
    let mut response = Response::new(written(&answered).into_bytes());
    let content_type = HeaderValue::from_static(twiml::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn written(answered: &Answered) -> String {
    match &answered.answer {
        Answer::Nothing => twiml::EMPTY.to_owned(),
        answer => document(answer, &answered.call, &answered.public_url),
    }
}

fn status(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
