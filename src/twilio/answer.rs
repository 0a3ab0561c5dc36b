//! What Twilio hears from the relay.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use super::twiml;
use super::webhook::Refusal;
use crate::printable::printable;

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

/// How long a kind of refusal goes without a word of what to do about it: forgers could fill the log.
const ADVISED_EVERY: Duration = Duration::from_secs(10 * 60);

/// When each kind of refusal was last logged with what to do about it.
static ADVISED: Advised = Advised(Mutex::new(BTreeMap::new()));

struct Advised(Mutex<BTreeMap<&'static str, Instant>>);

impl Advised {
    /// What to do about a refusal, if that was not said lately.
    fn advice(&self, refusal: Refusal, path: &str, now: Instant) -> Option<String> {
        let kind = refusal.counts_as();
        let mut said = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let last = said.get(kind);
        if last.is_some_and(|last| now.saturating_duration_since(*last) < ADVISED_EVERY) {
            return None;
        }
        said.insert(kind, now);
        refusal.is_of_signature().then(|| {
            format!(
                "`relay twilio verify --url PUBLIC_URL{path}`, with the body and the signature from \
                 Twilio's debugger, says what does not fit"
            )
        })
    }
}

/// A path for the log: somebody else wrote it, and it may hold a telephone number.
fn shown(path: &str) -> String {
    const MOST: usize = 80;
    let path = match path.strip_prefix("/twilio/status/") {
        Some(_) => "/twilio/status/...",
        None if path.starts_with("/twilio/voice/CA") => "/twilio/voice/...",
        None => path,
    };
    let digits = |c: char| if c.is_ascii_digit() { '#' } else { c };
    let cut: String = path.chars().take(MOST).map(digits).collect();
    printable(&cut)
}

/// The answer to a webhook that came to `path`, and the one place where its failure is logged. The
/// log's `count` field becomes a metric.
pub fn answer_to(path: &str, done: Result<(), WebhookError>) -> Response<String> {
    match done {
        Ok(()) => response(StatusCode::OK, twiml::CONTENT_TYPE, twiml::EMPTY.to_owned()),
        Err(WebhookError::Refused(refusal)) => {
            let path = shown(path);
            let advice = ADVISED.advice(refusal, &path, Instant::now());
            let reason = refusal.reason();
            let count = refusal.counts_as();
            tracing::warn!(count, path, reason, advice, "refused a webhook");
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

/// The answer to a probe: what the relay says of itself, and nothing is kept. One that is refused has a counter of
/// its own, so that a doctor with an old token sets off no alarm about forged texts.
pub fn answer_to_probe(told: Result<String, WebhookError>) -> Response<String> {
    match told.map(HeaderValue::try_from) {
        Ok(Ok(told)) => {
            let mut answer = response(StatusCode::NO_CONTENT, PLAIN, String::new());
            answer.headers_mut().insert(PROBED, told);
            answer
        }
        Ok(Err(_)) => response(StatusCode::NO_CONTENT, PLAIN, String::new()),
        Err(WebhookError::Refused(refusal)) => {
            let reason = refusal.reason();
            tracing::warn!(
                count = "probe_refused",
                reason,
                "refused a probe of relay doctor"
            );
            response(refusal.status(), PLAIN, format!("{refusal}\n"))
        }
        Err(failed) => answer_to("", Err(failed)),
    }
}

/// The header of the answer to a probe.
pub const PROBED: &str = "relay-probe";

const PLAIN: &str = "text/plain; charset=utf-8";

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_a_refusal_is_said_once_in_a_while_for_each_kind() {
        let advised = Advised(Mutex::default());
        let (now, path) = (Instant::now(), "/twilio/sms");
        let advice =
            |refusal, seconds| advised.advice(refusal, path, now + Duration::from_secs(seconds));
        let first = advice(Refusal::Forged, 0).unwrap();
        assert!(
            first.contains("relay twilio verify --url PUBLIC_URL/twilio/sms"),
            "{first}"
        );
        assert_eq!(advice(Refusal::Forged, 599), None);
        assert!(advice(Refusal::Unsigned, 599).is_some());
        assert!(advice(Refusal::Forged, 600).is_some());
        assert_eq!(advice(Refusal::NotPosted, 0), None, "nothing to verify");
    }

    #[test]
    fn the_log_gets_no_number_and_no_control_character_of_a_path() {
        assert_eq!(shown("/twilio/sms/"), "/twilio/sms/");
        assert_eq!(
            shown("/twilio/sms/+16195550107"),
            "/twilio/sms/+###########"
        );
        assert_eq!(shown("/twilio/status/in-SM0/1"), "/twilio/status/...");
        assert!(shown(&"/a".repeat(200)).len() <= 80);
    }
}
