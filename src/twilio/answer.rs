//! What Twilio hears from the relay.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use super::twiml;
use super::webhook::Refusal;

/// Why a webhook was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is not Twilio's, or not for this relay. The sender hears why, in a sentence.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something that the relay needs failed. Twilio hears that it should try the fallback.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// The answer to a webhook, and the one place where its failure is logged. A refused one leaves
/// nothing but a count: the log's `count` field becomes a metric.
pub fn answer_to(done: Result<(), WebhookError>) -> Response<String> {
    match done {
        Ok(()) => response(StatusCode::OK, twiml::CONTENT_TYPE, twiml::EMPTY.to_owned()),
        Err(WebhookError::Refused(refusal)) => {
            tracing::warn!(count = refusal.counts_as(), "refused a webhook");
            response(refusal.status(), PLAIN, format!("{refusal}\n"))
        }
        Err(WebhookError::Failed(error)) => {
            tracing::error!(
                count = "webhook_failed",
                error = format!("{error:#}"),
                "could not take a webhook"
            );
            let sentence = "The relay could not keep this. Please try again, or the fallback.\n";
            response(StatusCode::SERVICE_UNAVAILABLE, PLAIN, sentence.to_owned())
        }
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
