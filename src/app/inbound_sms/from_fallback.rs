//! A text that the fallback kept, on the same way as any other.

use super::receive;
use crate::app::ports::kept_texts::SpooledText;
use crate::app::relay::Relay;
use crate::domain::inbound_record::ByFallback;
use crate::twilio::answer::WebhookError;

/// Takes a kept text in: verified over the line's own address, decided by who is on duty now. One
/// that the main path has taken meanwhile changes nothing.
pub async fn take_kept(relay: &Relay, kept: &SpooledText) -> Result<(), WebhookError> {
    let webhook = kept.request.clone();
    let by = ByFallback {
        received: kept.received,
        error_code: webhook.error_code(),
    };
    receive(relay, webhook, Some(by)).await
}
