//! The queue on SQS. It waits for at most 15 minutes; a wake-up that is due later comes early, and
//! the worker sends it on its way again.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, QueueAttributeName};
use jiff::Timestamp;

use super::{Aside, HELD, PutAside, Queue, WakeUp};
use crate::aws::plain;

/// The most that `DelaySeconds` may be.
/// Source: the Amazon SQS API reference, `SendMessage`.
const MOST_DELAY: Duration = Duration::from_secs(900);

pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }

    /// Opens the connection by asking something cheap.
    pub async fn warm(&self) -> anyhow::Result<()> {
        self.client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .map_err(plain)
            .with_context(|| format!("cannot ask for the attributes of the queue {}", self.url))?;
        Ok(())
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, wake_up: &WakeUp, now: Timestamp) -> anyhow::Result<()> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(serde_json::to_string(wake_up)?)
            .delay_seconds(delay_seconds(super::delay(wake_up, now)))
            .send()
            .await
            .map_err(plain)
            .with_context(|| {
                format!(
                    "cannot send to the queue {} (does it exist, and may this role send to it?)",
                    self.url
                )
            })?;
        Ok(())
    }
}

/// The dead-letter queue, beside the queue that its messages come from.
pub struct SqsPutAside {
    client: Client,
    url: String,
    queue: SqsQueue,
}

impl SqsPutAside {
    /// `url` is the dead-letter queue's, `queue_url` the other one's.
    pub fn new(client: Client, url: impl Into<String>, queue_url: impl Into<String>) -> Self {
        Self {
            queue: SqsQueue::new(client.clone(), queue_url),
            client,
            url: url.into(),
        }
    }

    fn failed(&self, what: &str) -> String {
        format!(
            "cannot {what} the dead-letter queue {} (does it exist, and may this role do it?)",
            self.url
        )
    }
}

/// The most that SQS takes or gives at once.
/// Source: the Amazon SQS API reference, `ReceiveMessage` and `ChangeMessageVisibilityBatch`.
const MOST_AT_ONCE: usize = 10;

#[async_trait]
impl PutAside for SqsPutAside {
    async fn look(&self, most: usize) -> anyhow::Result<Vec<Aside>> {
        let mut asides = Vec::new();
        while asides.len() < most {
            let at_once = (most - asides.len()).min(MOST_AT_ONCE);
            let received = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(i32::try_from(at_once)?)
                .visibility_timeout(i32::try_from(HELD.as_secs())?)
                // Without a wait SQS asks only some of its servers, and misses messages.
                .wait_time_seconds(1)
                .send()
                .await
                .map_err(plain)
                .with_context(|| self.failed("receive from"))?;
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            asides.extend(messages.into_iter().filter_map(|message| {
                Some(Aside {
                    wake_up: serde_json::from_str(message.body.as_deref()?).ok(),
                    handle: message.receipt_handle?,
                })
            }));
        }
        Ok(asides)
    }

    async fn leave(&self, asides: &[Aside]) -> anyhow::Result<()> {
        for some in asides.chunks(MOST_AT_ONCE) {
            let entries = some.iter().enumerate().map(|(n, aside)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(n.to_string())
                    .receipt_handle(&aside.handle)
                    .visibility_timeout(0)
                    .build()
            });
            self.client
                .change_message_visibility_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.collect::<Result<_, _>>()?))
                .send()
                .await
                .map_err(plain)
                .with_context(|| self.failed("put messages back into"))?;
        }
        Ok(())
    }

    /// First sent, then deleted: two are better than none.
    async fn send_again(&self, aside: &Aside, now: Timestamp) -> anyhow::Result<()> {
        let wake_up = WakeUp {
            due: now,
            ..aside.readable()?.clone()
        };
        self.queue.send(&wake_up, now).await?;
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&aside.handle)
            .send()
            .await
            .map_err(plain)
            .with_context(|| self.failed("delete from"))?;
        Ok(())
    }
}

/// Whole seconds, rounded up: a wake-up that comes a moment late is at work at once, one that comes
/// a moment early has to be sent again.
fn delay_seconds(delay: Duration) -> i32 {
    let delay = delay.min(MOST_DELAY);
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    i32::try_from(seconds).expect("at most 900")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_whole_seconds_and_at_most_fifteen_minutes() {
        let seconds = |ms| delay_seconds(Duration::from_millis(ms));
        assert_eq!(seconds(0), 0);
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(5_000), 5);
        assert_eq!(seconds(899_001), 900);
        assert_eq!(seconds(900_001), 900);
        assert_eq!(delay_seconds(Duration::MAX), 900);
    }
}
