//! The event bus on which other systems hear what became of their invitations.

use anyhow::{Context, bail};
use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::app::ports::event_bus::Bus;
use crate::aws_error::plain;
use crate::domain::delivery::Failed;

/// Who says it.
const SOURCE: &str = "sms-relay";

pub const INVITATION_FAILED: &str = "Invitation Failed";

pub struct EventBus {
    client: Client,
    name: String,
}

impl EventBus {
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }
}

#[async_trait]
impl Bus for EventBus {
    async fn tell(&self, failed: &Failed) -> anyhow::Result<()> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(INVITATION_FAILED)
            .detail(serde_json::to_string(failed)?)
            .build();
        let answer = self
            .client
            .put_events()
            .entries(entry)
            .send()
            .await
            .map_err(plain)
            .with_context(|| {
                format!(
                    "cannot put an event on the bus {} (does it exist in this region, and may this role do it?)",
                    self.name
                )
            })?;
        // The request as a whole goes well even if the bus did not take what is in it.
        let refused = answer.entries().iter().find_map(|entry| entry.error_code());
        if let Some(code) = refused {
            bail!("the bus {} did not take an event: {code}", self.name);
        }
        Ok(())
    }
}
