//! The fallback's spool as a queue of its own, which brings the texts to the main path until it takes
//! them.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;

use crate::adapters::aws::sqs::send;
use crate::app::ports::kept_texts::{KeptText, KeptTexts};

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
        let body = serde_json::to_string(text)?;
        send(&self.client, &self.url, body, Duration::ZERO).await
    }
}
