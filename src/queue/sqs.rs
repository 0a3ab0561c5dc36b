//! The queue on SQS. It waits for at most 15 minutes; a wake-up that is due later comes early, and
//! the worker sends it on its way again.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;

use super::{Queue, WakeUp};
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
