//! What the fallback kept, on the same way as any other request.

use crate::app::ports::kept_texts::SpooledText;
use crate::app::relay::Relay;
use crate::app::{inbound_sms, inbound_voice};
use crate::twilio::answer::WebhookError;

/// Takes in a text or what was told of a call. An error means that it has to come again.
pub async fn take(relay: &Relay, kept: &SpooledText) -> Result<(), WebhookError> {
    if kept.request.is_of_call() {
        inbound_voice::take_kept(relay, kept).await
    } else {
        inbound_sms::take_kept(relay, kept).await
    }
}
