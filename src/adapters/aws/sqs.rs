//! The queue on SQS. It waits for at most 15 minutes; what is due later is left to the sweep. To go round
//! the queue until then costs more, and most of it is settled meanwhile.

use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, QueueAttributeName, SendMessageBatchRequestEntry,
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::app::ports::queue::{DeadLetterQueue, DeadWakeUp, HELD_FOR, Message, Queue, delay};
use crate::aws_error::plain;

/// The most that `DelaySeconds` may be.
/// Source: the Amazon SQS API reference, `SendMessage`.
const MOST_DELAY: Duration = Duration::from_secs(900);

/// The most that SQS takes or gives at once. Source: the Amazon SQS API reference, `SendMessageBatch`,
/// `ReceiveMessage` and `ChangeMessageVisibilityBatch`.
const MOST_AT_ONCE: usize = 10;

/// How many batches are sent side by side.
const BATCHES_AT_ONCE: usize = 4;

pub struct SqsQueue {
    client: Client,
    url: String,
    /// The queue of texts to many. Not every function sends such.
    bulk_url: Option<String>,
}

impl SqsQueue {
    /// `bulk_url` is the queue that texts to many go through.
    pub fn new(client: Client, url: impl Into<String>, bulk_url: Option<String>) -> Self {
        Self {
            client,
            url: url.into(),
            bulk_url,
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
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
        let soon = messages
            .iter()
            .filter(|message| delay(message, now) <= MOST_DELAY);
        let messages: Vec<&Message> = soon.collect();
        if messages.is_empty() {
            return Ok(());
        }
        if let [message] = messages[..] {
            let url = if message.is_bulk() {
                self.bulk_url()?
            } else {
                &self.url
            };
            let body = serde_json::to_string(message)?;
            return send(&self.client, url, body, delay(message, now)).await;
        }
        let url = self.bulk_url()?;
        let mut sending = Vec::new();
        for batch in messages.chunks(MOST_AT_ONCE) {
            sending.push(self.send_batch(url, batch, now).boxed());
        }
        stream::iter(sending)
            .buffer_unordered(BATCHES_AT_ONCE)
            .try_collect()
            .await
    }
}

/// Sends one message.
pub(crate) async fn send(
    client: &Client,
    url: &str,
    body: String,
    delay: Duration,
) -> anyhow::Result<()> {
    client
        .send_message()
        .queue_url(url)
        .message_body(body)
        .delay_seconds(delay_seconds(delay))
        .send()
        .await
        .map_err(plain)
        .with_context(|| not_sent(url))?;
    Ok(())
}

impl SqsQueue {
    /// At most [`MOST_AT_ONCE`].
    async fn send_batch(
        &self,
        url: &str,
        messages: &[&Message],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let entries = messages.iter().enumerate().map(|(n, message)| {
            Ok(SendMessageBatchRequestEntry::builder()
                .id(n.to_string())
                .message_body(serde_json::to_string(message)?)
                .delay_seconds(delay_seconds(delay(message, now)))
                .build()?)
        });
        let sent = self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries.collect::<anyhow::Result<_>>()?))
            .send()
            .await
            .map_err(plain)
            .with_context(|| not_sent(url))?;
        match sent.failed().first() {
            None => Ok(()),
            Some(failed) => bail!(
                "{}: {} of {} messages, the first because of {}",
                not_sent(url),
                sent.failed().len(),
                messages.len(),
                failed.code()
            ),
        }
    }

    fn bulk_url(&self) -> anyhow::Result<&str> {
        self.bulk_url.as_deref().context(
            "nothing says which queue the texts of notices go through (the variable BULK_QUEUE_URL)",
        )
    }
}

fn not_sent(url: &str) -> String {
    format!("cannot send to the queue {url} (does it exist, and may this role send to it?)")
}

/// The dead-letter queue.
pub struct SqsDeadLetterQueue {
    client: Client,
    url: String,
}

impl SqsDeadLetterQueue {
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
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

#[async_trait]
impl DeadLetterQueue for SqsDeadLetterQueue {
    async fn hold(&self, limit: usize) -> anyhow::Result<Vec<DeadWakeUp>> {
        let mut dead = Vec::new();
        while dead.len() < limit {
            let at_once = (limit - dead.len()).min(MOST_AT_ONCE);
            let received = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(i32::try_from(at_once)?)
                .visibility_timeout(i32::try_from(HELD_FOR.as_secs())?)
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
            dead.extend(messages.into_iter().filter_map(|message| {
                Some(DeadWakeUp {
                    wake_up: serde_json::from_str(message.body.as_deref()?).ok(),
                    handle: message.receipt_handle?,
                })
            }));
        }
        Ok(dead)
    }

    async fn release(&self, dead: &[DeadWakeUp]) -> anyhow::Result<()> {
        for some in dead.chunks(MOST_AT_ONCE) {
            let entries = some.iter().enumerate().map(|(n, dead)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(n.to_string())
                    .receipt_handle(&dead.handle)
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

    async fn remove(&self, dead: &DeadWakeUp) -> anyhow::Result<()> {
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&dead.handle)
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
