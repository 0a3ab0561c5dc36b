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

use crate::app::ports::queue::{
    CompareLine, DeadLetterQueue, DeadWakeUp, Group, HELD_FOR, LineQueue, Message, Queue, delay,
};
use crate::aws_error::plain;
use crate::domain::phone::PhoneNumber;

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
        let (bulk, others): (Vec<&Message>, Vec<&Message>) =
            soon.partition(|message| message.is_bulk());
        let mut sending = Vec::new();
        for messages in [others, bulk] {
            let Some(first) = messages.first() else {
                continue;
            };
            let url = if first.is_bulk() {
                self.bulk_url()?
            } else {
                &self.url
            };
            if let [message] = messages[..] {
                let (body, group) = (serde_json::to_string(message)?, message.group());
                let delay = delay(message, now);
                sending.push(send(&self.client, url, body, delay, group).boxed());
                continue;
            }
            for batch in messages.chunks(MOST_AT_ONCE) {
                let batch = batch.to_vec();
                sending.push(async move { self.send_batch(url, &batch, now).await }.boxed());
            }
        }
        stream::iter(sending)
            .buffer_unordered(BATCHES_AT_ONCE)
            .try_collect()
            .await
    }
}

/// Sends one message. The group makes a standard queue a fair one. Source: the Amazon SQS developer guide,
/// "Amazon SQS fair queues".
pub(crate) async fn send(
    client: &Client,
    url: &str,
    body: String,
    delay: Duration,
    group: Option<&Group>,
) -> anyhow::Result<()> {
    client
        .send_message()
        .queue_url(url)
        .message_body(body)
        .delay_seconds(delay_seconds(delay))
        .set_message_group_id(group.map(|group| group.as_str().to_owned()))
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
                .set_message_group_id(message.group().map(|group| group.as_str().to_owned()))
                .build()?)
        });
        let entries = entries.collect::<anyhow::Result<_>>()?;
        send_entries(&self.client, url, entries).await
    }

    fn bulk_url(&self) -> anyhow::Result<&str> {
        self.bulk_url.as_deref().context(
            "nothing says which queue the texts of notices go through (the variable BULK_QUEUE_URL)",
        )
    }
}

async fn send_entries(
    client: &Client,
    url: &str,
    entries: Vec<SendMessageBatchRequestEntry>,
) -> anyhow::Result<()> {
    let count = entries.len();
    let sent = client
        .send_message_batch()
        .queue_url(url)
        .set_entries(Some(entries))
        .send()
        .await
        .map_err(plain)
        .with_context(|| not_sent(url))?;
    match sent.failed().first() {
        None => Ok(()),
        Some(failed) => bail!(
            "{}: {} of {count} messages, the first because of {}",
            not_sent(url),
            sent.failed().len(),
            failed.code()
        ),
    }
}

fn not_sent(url: &str) -> String {
    format!("cannot send to the queue {url} (does it exist, and may this role send to it?)")
}

/// The queue of lines whose days are to be compared.
pub struct SqsLineQueue {
    client: Client,
    url: String,
}

impl SqsLineQueue {
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { client, url }
    }
}

#[async_trait]
impl LineQueue for SqsLineQueue {
    async fn compare(&self, lines: &[PhoneNumber]) -> anyhow::Result<()> {
        let mut sending = Vec::new();
        for some in lines.chunks(MOST_AT_ONCE) {
            let entries = some.iter().enumerate().map(|(n, line)| {
                let message = CompareLine { line: line.clone() };
                let entry = SendMessageBatchRequestEntry::builder().id(n.to_string());
                Ok(entry
                    .message_body(serde_json::to_string(&message)?)
                    .build()?)
            });
            let entries = entries.collect::<anyhow::Result<_>>()?;
            sending.push(send_entries(&self.client, &self.url, entries).boxed());
        }
        stream::iter(sending)
            .buffer_unordered(BATCHES_AT_ONCE)
            .try_collect()
            .await
    }
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
