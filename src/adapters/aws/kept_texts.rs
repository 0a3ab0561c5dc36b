//! The fallback's spool as a queue of its own, which brings the texts to the main path until it takes
//! them.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;

use crate::adapters::aws::sqs::send;
use crate::app::ports::kept_texts::{FallbackSpool, SpooledText};

pub struct SqsSpool {
    client: Client,
    url: String,
}

impl SqsSpool {
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

#[async_trait]
impl FallbackSpool for SqsSpool {
    async fn add(&self, text: &SpooledText) -> anyhow::Result<()> {
        let body = serde_json::to_string(text)?;
        send(&self.client, &self.url, body, Duration::ZERO, None).await
    }
}
