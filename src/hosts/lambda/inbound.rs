//! The events of inbound-sms: webhooks, and batches of texts that the fallback kept.

use std::time::SystemTime;

use anyhow::anyhow;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use bytes::Bytes;
use http::{Request, Response};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{batch, http as http_api};
use crate::app::ports::kept_texts::KeptText;
use crate::app::relay::Relay;
use crate::twilio::answer::Unanswered;

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Webhook(Box<ApiGatewayV2httpResponse>),
    Batch(SqsBatchResponse),
}

/// Answers the events of this function until Lambda ends it. A kept text that `take` fails on
/// comes again when the queue's visibility timeout is over.
pub async fn run(
    relay: &Relay,
    handler: impl AsyncFn(&Relay, Request<Bytes>) -> Response<String>,
    take: impl AsyncFn(&Relay, &KeptText) -> Result<(), Unanswered>,
) -> Result<(), lambda_runtime::Error> {
    let handler = async |request| handler(relay, request).await;
    let take = async |record: &SqsMessage| {
        let kept = read(record)?;
        take(relay, &kept).await.map_err(in_words)
    };
    let answer = async |event: LambdaEvent<Box<RawValue>>| {
        let payload = event.payload.get();
        let Ok(SqsEvent { records, .. }) = serde_json::from_str(payload) else {
            let answer = http_api::answer(&handler, payload).await;
            return anyhow::Ok(Answer::Webhook(Box::new(answer)));
        };
        let deadline = event.context.deadline();
        let left = deadline.duration_since(SystemTime::now());
        let left = left.unwrap_or_default();
        let worked = batch::work(records, left, "kept_text_failed", &take).await?;
        Ok(Answer::Batch(worked))
    };
    let answer = &answer;
    lambda_runtime::run(service_fn(async |event| {
        answer(event).await.map_err(|error| Diagnostic {
            error_type: "KeptTexts".to_owned(),
            error_message: format!("{error:#}"),
        })
    }))
    .await
}

fn read(record: &SqsMessage) -> anyhow::Result<KeptText> {
    let body = record.body.as_deref().unwrap_or_default();
    // The message of a JSON error may quote the text.
    serde_json::from_str(body).map_err(|_| anyhow!("the message is no kept text"))
}

fn in_words(untaken: Unanswered) -> anyhow::Error {
    match untaken {
        Unanswered::Failed(error) => error,
        Unanswered::Refused(refusal) => anyhow!(
            "a kept text is refused ({}): {refusal} (does the line's public_url fit, and the token?)",
            refusal.counts_as
        ),
    }
}
