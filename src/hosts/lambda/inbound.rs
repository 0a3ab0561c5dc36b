//! The events of inbound-sms: webhooks, and batches of texts that the fallback spooled.

use anyhow::anyhow;
use bytes::Bytes;
use http::{Request, Response};

use super::events::{Trigger, failed, serve};
use super::{batch, http as http_api};
use crate::app::ports::kept_texts::SpooledText;
use crate::app::relay::Relay;
use crate::twilio::answer::WebhookError;

/// Answers the events of this function until Lambda ends it. A spooled text that `take` fails on
/// comes again when the queue's visibility timeout is over.
pub async fn run(
    relay: &Relay,
    handler: impl AsyncFn(&Relay, Request<Bytes>) -> Response<String>,
    take: impl AsyncFn(&Relay, &SpooledText) -> Result<(), WebhookError>,
) -> anyhow::Result<()> {
    let handler = async |request| handler(relay, request).await;
    let take = async |body: &str| {
        // The message of a JSON error may quote the text.
        let text =
            serde_json::from_str(body).map_err(|_| anyhow!("the message is no kept text"))?;
        take(relay, &text).await.map_err(in_words)
    };
    let answer = async |event: &str, left| match Trigger::of(event) {
        Trigger::Messages(records) => {
            let limits = (batch::SIDE_BY_SIDE, left);
            batch::work(records, limits, "kept_text_failed", &take).await
        }
        Trigger::Http | Trigger::Invocation => http_api::answer(&handler, event).await,
    };
    serve(answer, failed("KeptTexts")).await
}

fn in_words(untaken: WebhookError) -> anyhow::Error {
    match untaken {
        WebhookError::Failed(error) => error,
        WebhookError::Refused(refusal) => anyhow!(
            "a kept text is refused ({}): {refusal} (does the line's public_url fit, and the token?)",
            refusal.counts_as()
        ),
    }
}
