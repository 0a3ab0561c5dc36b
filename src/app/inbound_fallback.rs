//! A text that the main path did not take: kept as it came, and nothing else.

mod calls;

pub use calls::handle_call;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::app::ports::credentials::RefreshReason;
use crate::app::ports::kept_texts::{FallbackContext, Peer, SpooledText};
use crate::app::probe;
use crate::domain::credentials::Credentials;
use crate::twilio::answer::{WebhookError, answer_to};
use crate::twilio::voice::{VOICE_PATH, what_to_do};
use crate::twilio::webhook::{Refusal, Unverified};

/// How long a text waits for the credentials that would tell whether it is Twilio's.
const CREDENTIALS_WITHIN: Duration = Duration::from_secs(3);

/// Answers whatever is the fallback's: texts by [`handle`], calls by [`handle_call`].
pub async fn handle_any(context: &FallbackContext, request: Request<Bytes>) -> Response<String> {
    if request.uri().path().starts_with(VOICE_PATH) {
        handle_call(context, request).await
    } else {
        handle(context, request).await
    }
}

/// Answers `POST /twilio/fallback`, Twilio's "Primary handler fails": 200 once the text is kept,
/// 4xx if it is not Twilio's, and 503 if it could not be kept, or cannot be checked now and there
/// is no room for more of that kind.
pub async fn handle(context: &FallbackContext, request: Request<Bytes>) -> Response<String> {
    match Unverified::read(&request) {
        Ok(webhook) if webhook.probe().is_some() => probe::of_fallback(context, &webhook).await,
        Ok(webhook) => answer_to(request.uri().path(), keep(context, &request, webhook).await),
        Err(refusal) => answer_to(request.uri().path(), Err(refusal.into())),
    }
}

async fn keep(
    context: &FallbackContext,
    request: &Request<Bytes>,
    webhook: Unverified,
) -> Result<(), WebhookError> {
    let sid = webhook.message_sid()?;
    let credentials = credentials(context).await;
    if let Some(credentials) = &credentials {
        genuine(context, &webhook, credentials).await?;
    }
    let text = SpooledText {
        sid,
        received: context.clock.now(),
        checked: credentials.is_some(),
        request: webhook,
    };
    if !text.checked && !has_room(context, request, &text)? {
        return Err(Refusal::NoRoom.into());
    }
    context.spool.add(&text).await?;
    tracing::error!(
        count = "fallback",
        message.sid = %text.sid,
        error_code = text.request.error_code(),
        advice = text.request.error_code().and_then(what_to_do),
        checked = text.checked,
        "kept a text that the main path did not take",
    );
    Ok(())
}

/// The address for which Twilio signed the request. A rotation may have been faster than the news of it.
async fn genuine(
    context: &FallbackContext,
    webhook: &Unverified,
    credentials: &Credentials,
) -> Result<String, WebhookError> {
    let refusal = match webhook.genuine_address(credentials) {
        Ok(address) => return Ok(address),
        Err(refusal) => refusal,
    };
    let newer = context
        .credentials
        .newer(credentials, RefreshReason::Signature);
    match newer.await {
        Some(newer) => Ok(webhook.genuine_address(&newer)?),
        None => Err(refusal.into()),
    }
}

/// Whether there is room for a text of which nobody knows whether it is Twilio's. Of Twilio's own the
/// largest has some 20 KiB: 1,600 characters and ten attachments.
fn has_room(
    context: &FallbackContext,
    request: &Request<Bytes>,
    text: &SpooledText,
) -> anyhow::Result<bool> {
    let bytes = serde_json::to_vec(text)?.len() as u64;
    let address = request.extensions().get::<Peer>().map(|peer| peer.0);
    let number = text.request.phone();
    let mut room = context.room.lock().unwrap_or_else(|e| e.into_inner());
    Ok(room.take(number.as_ref(), address, bytes, text.received))
}

/// `None` if they cannot be had now: rather keep a text of which nobody knows whether it is
/// Twilio's than lose one that is.
async fn credentials(context: &FallbackContext) -> Option<Arc<Credentials>> {
    match tokio::time::timeout(CREDENTIALS_WITHIN, context.credentials.current()).await {
        Ok(Ok(credentials)) => Some(credentials),
        Ok(Err(error)) => {
            tracing::warn!("signatures cannot be checked now: {error:#}");
            None
        }
        Err(_) => {
            tracing::warn!(
                "signatures cannot be checked now: no credentials within {CREDENTIALS_WITHIN:?}"
            );
            None
        }
    }
}
