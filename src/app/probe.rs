//! A request that `relay doctor` signed as Twilio would, to find out whether Twilio's come through. It is answered
//! with what the relay is and has, and nothing is kept.

use http::Response;
use jiff::Timestamp;

use crate::app::ports::kept_texts::FallbackContext;
use crate::app::relay::Relay;
use crate::domain::credentials::Credentials;
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::answer::{WebhookError, answer_to_probe};
use crate::twilio::webhook::{Refusal, Unverified};

/// A text that there is not.
const NO_TEXT: &str = "SM00000000000000000000000000000000";

/// Answers for the paths of texts and of reports: credentials and store were asked as for a text.
pub async fn of_relay(relay: &Relay, webhook: Unverified) -> Response<String> {
    answer_to_probe(look(relay, &webhook).await)
}

async fn look(relay: &Relay, webhook: &Unverified) -> Result<String, WebhookError> {
    let number = webhook.line()?;
    let credentials = relay.credentials.current().await?;
    let sid = MessageSid::parse(NO_TEXT).map_err(anyhow::Error::from)?;
    let stored = relay.store.for_inbound(&number, &sid, None).await?;
    let line = stored.line.ok_or(Refusal::UnknownLine)?;
    webhook.check_signature(&credentials, &line.public_url)?;
    let token = token(webhook, &credentials, &line.public_url);
    let name: String = line
        .name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    Ok(format!(
        "{}; token={token}; line={name}; store=ok",
        about(webhook, relay.now())
    ))
}

/// Answers for the fallback, which knows no lines.
pub async fn of_fallback(context: &FallbackContext, webhook: &Unverified) -> Response<String> {
    let look = async {
        let credentials = context.credentials.current().await?;
        let address = webhook.genuine_address(&credentials)?;
        let token = token(webhook, &credentials, &address);
        let about = about(webhook, context.clock.now());
        Ok(format!("{about}; token={token}; store=spool"))
    };
    answer_to_probe(look.await)
}

fn about(webhook: &Unverified, now: Timestamp) -> String {
    let nonce = webhook.probe().unwrap_or_default();
    let (version, commit) = (env!("CARGO_PKG_VERSION"), env!("RELAY_COMMIT"));
    format!(
        "v={version}; commit={commit}; nonce={nonce}; clock={}",
        now.as_second()
    )
}

/// Which of the tokens signed it.
fn token(webhook: &Unverified, credentials: &Credentials, public_url: &str) -> &'static str {
    if webhook.is_signed_by(&credentials.auth_token, public_url) {
        "current"
    } else {
        "other"
    }
}
