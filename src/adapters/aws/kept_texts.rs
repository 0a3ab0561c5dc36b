//! Kept texts on a queue of their own, which brings them to the main path until it takes them.

use anyhow::Context;
use async_trait::async_trait;
use aws_sdk_sqs::Client;

use crate::app::ports::kept_texts::{KeptText, KeptTexts};
use crate::aws_error::plain;

pub struct SqsKeptTexts {
    client: Client,
    url: String,
}

impl SqsKeptTexts {
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

#[async_trait]
impl KeptTexts for SqsKeptTexts {
    async fn keep(&self, text: &KeptText) -> anyhow::Result<()> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(serde_json::to_string(text)?)
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
