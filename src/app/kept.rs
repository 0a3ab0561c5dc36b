//! What the fallback kept, on the same way as any other request.

use crate::app::ports::kept_texts::SpooledText;
use crate::app::relay::Relay;
use crate::app::{inbound_sms, inbound_voice};
use crate::twilio::answer::WebhookError;

/// Takes in a text or what was told of a call. An error means that it has to come again.
///
/// What nobody could check when it came, and was not signed by Twilio, is dropped with nothing but a count, as
/// a webhook would be.
pub async fn take(relay: &Relay, kept: &SpooledText) -> Result<(), WebhookError> {
    let taken = if kept.request.is_of_call() {
        inbound_voice::take_kept(relay, kept).await
    } else {
        inbound_sms::take_kept(relay, kept).await
    };
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
