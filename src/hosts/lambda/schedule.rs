//! The events of reconciliation: the schedule's, and where there are many lines the messages of its queue.

use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::events::{Trigger, failed, serve};
use super::settings::required;
use crate::adapters::aws::clients;
use crate::adapters::aws::sqs::SqsLineQueue;
use crate::app::ports::queue::{CompareLine, LineQueue};
use crate::app::relay::Relay;
use crate::domain::phone::PhoneNumber;

/// Kept free at the end, to say in the log that the time was up.
const RESERVE: Duration = Duration::from_secs(2);

/// Answers the events of this function until Lambda ends it. At the schedule's, whatever is in it, `all` does
/// the whole work; if the variable `RECONCILIATION_QUEUE_URL` names a queue, `send_due` puts the lines on that
/// instead, and `one` gets each of them. Work that takes longer than the function may is cut off in the middle.
pub async fn run(
    relay: &Relay,
    all: impl AsyncFn(&Relay) -> anyhow::Result<usize>,
    send_due: impl AsyncFn(&Relay, &dyn LineQueue) -> anyhow::Result<usize>,
    one: impl AsyncFn(&Relay, &PhoneNumber) -> anyhow::Result<usize>,
) -> anyhow::Result<()> {
    let queue = match required("RECONCILIATION_QUEUE_URL") {
        Ok(url) => {
            let client = aws_sdk_sqs::Client::new(&clients::loader().load().await);
            Some(SqsLineQueue::new(client, url))
        }
        Err(_) => None,
    };
    let work = async |event: &str| -> anyhow::Result<Value> {
        match (Trigger::of(event), &queue) {
            (Trigger::Messages(records), _) => {
                let mut done = 0;
                // One, as the template has it. An error brings all of a batch again.
                for record in records {
                    let body = record.body.unwrap_or_default();
                    let message: CompareLine = serde_json::from_str(&body)
                        .map_err(|_| anyhow!("the message names no line"))?;
                    done += one(relay, &message.line).await?;
                }
                Ok(json!({ "done": done }))
            }
            (_, Some(queue)) => {
                let sent = send_due(relay, queue).await;
                let sent = sent.context("not all lines that are due are on the queue")?;
                tracing::info!(lines = sent, "lines are to be compared with Twilio's list");
                Ok(json!({ "sent": sent }))
            }
            (_, None) => Ok(json!({ "done": all(relay).await? })),
        }
    };
    let answer = async |event: &str, left: Duration| {
        let done = tokio::time::timeout(left.saturating_sub(RESERVE), work(event)).await;
        let done = done.unwrap_or_else(|_| Err(anyhow!("cut off: the function's time was up")));
        done.inspect_err(|error| {
            let error = format!("{error:#}");
            tracing::error!(error, "the scheduled work was not finished");
        })
    };
    serve(answer, failed("Schedule")).await
}
