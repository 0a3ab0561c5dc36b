//! A text that the fallback kept, on the same way as any other.

use super::receive;
use crate::app::ports::kept_texts::SpooledText;
use crate::app::relay::Relay;
use crate::domain::inbound_record::ByFallback;
use crate::twilio::answer::WebhookError;

/// Takes a kept text in: verified over the line's own address, decided by who is on duty now. One
/// that the main path has taken meanwhile changes nothing.
///
/// An error means that it has to come again. What nobody could check when it came, and was not
/// signed by Twilio, is dropped with nothing but a count, as a webhook would be.
pub async fn take_kept(relay: &Relay, kept: &SpooledText) -> Result<(), WebhookError> {
    let webhook = kept.request.clone();
    let by = ByFallback {
        received: kept.received,
        error_code: webhook.error_code(),
    };
    let taken = receive(relay, webhook, Some(by)).await;
    let Err(WebhookError::Refused(refusal)) = taken else {
        return taken;
    };
    let credentials = relay.credentials.current().await?;
    if kept.checked || kept.request.seems_genuine(&credentials).is_ok() {
        return Err(refusal.into());
    }
    tracing::warn!(
        count = refusal.counts_as(),
        "dropped what came to the fallback unchecked"
    );
    Ok(())
}
