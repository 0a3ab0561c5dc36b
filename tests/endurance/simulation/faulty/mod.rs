//! Store, queue, audit and credentials as the relay has them in bad weather. Before and after each
//! effect there is a pause, at which others go on, and at which the caller may die.

mod broken;
mod store;

pub use store::FaultyStore;

use std::sync::Arc;

use anyhow::{Result, bail};
use async_trait::async_trait;
use futures::FutureExt;
use jiff::Timestamp;
use relay::app::ports::audit::{Audit, Record};
use relay::app::ports::queue::{Message, Queue};
use relay::domain::credentials::Credentials;

use super::faults::Fault;
use super::mistakes::Mistake;
use super::weather::Weather;
use crate::support::memory::{MemoryAudit, MemoryQueue};

pub struct FaultyQueue {
    pub behind: Arc<MemoryQueue>,
    pub weather: Arc<Weather>,
    pub mistake: Option<Mistake>,
    /// How long the queue can wait. What is due later is left to the sweep.
    pub longest_delay: std::time::Duration,
}

#[async_trait]
impl Queue for FaultyQueue {
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> Result<()> {
        for message in messages {
            self.put(message.clone(), now).await?;
        }
        Ok(())
    }
}

impl FaultyQueue {
    async fn put(&self, message: Message, now: Timestamp) -> Result<()> {
        let weather = &self.weather;
        let delay = message.due().duration_since(now);
        let mut delay = std::time::Duration::try_from(delay).unwrap_or_default();
        if delay > self.longest_delay {
            return Ok(());
        }
        weather.time.pause(weather.latency()).await;
        if weather.is_down(Fault::QueueDown) || weather.strikes(Fault::QueueError) {
            bail!("the queue does not answer");
        }
        if weather.strikes(Fault::WakeUpLate) {
            delay += weather.up_to(600);
        }
        let visible = weather.time.now() + delay;
        if self.mistake == Some(Mistake::ForgetsWakeUps) && weather.one_in(5) {
            return Ok(());
        }
        if !weather.strikes(Fault::WakeUpLost) {
            self.behind.put_message(message.clone(), visible);
        }
        if weather.strikes(Fault::WakeUpTwice) {
            let again = visible + weather.up_to(30);
            self.behind.put_message(message, again);
        }
        weather.time.pause(weather.latency()).await;
        if weather.strikes(Fault::QueueTimeout) {
            bail!("the queue did not answer in time");
        }
        Ok(())
    }
}

pub struct FaultyAudit {
    pub behind: Arc<MemoryAudit>,
    pub weather: Arc<Weather>,
    pub mistake: Option<Mistake>,
}

#[async_trait]
impl Audit for FaultyAudit {
    async fn write(&self, records: &[Record]) -> Result<()> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        if weather.is_down(Fault::AuditDown) || weather.strikes(Fault::AuditError) {
            bail!("the audit does not answer");
        }
        if weather.strikes(Fault::AuditLate) {
            let (audit, records) = (Arc::clone(&self.behind), records.to_vec());
            weather.later(Box::new(move || {
                let written = audit.write(&records).now_or_never();
                written
                    .expect("memory does not wait")
                    .expect("it does not fail");
            }));
            bail!("the audit did not answer in time");
        }
        let loses = self.mistake == Some(Mistake::LosesRecords) && weather.one_in(20);
        if !loses {
            let written = self.behind.write(records).now_or_never();
            written.expect("memory does not wait")?;
        }
        weather.time.pause(weather.latency()).await;
        if weather.strikes(Fault::AuditTimeout) {
            bail!("the audit did not answer in time");
        }
        Ok(())
    }
}

pub struct FaultyCredentials {
    pub behind: Arc<Credentials>,
    pub weather: Arc<Weather>,
}

#[async_trait]
impl relay::app::ports::credentials::CredentialsSource for FaultyCredentials {
    async fn current(&self) -> Result<Arc<Credentials>> {
        self.weather.time.pause(self.weather.latency()).await;
        let weather = &self.weather;
        if weather.is_down(Fault::CredentialsDown) || weather.strikes(Fault::CredentialsError) {
            bail!("the credentials cannot be read");
        }
        Ok(Arc::clone(&self.behind))
    }

    async fn newer(
        &self,
        _: &Credentials,
        _: relay::app::ports::credentials::RefreshReason,
    ) -> Option<Arc<Credentials>> {
        None
    }
}
