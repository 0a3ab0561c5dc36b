//! Store, queue, audit and credentials as the relay has them in bad weather. Before and after each
//! effect there is a pause, at which others go on, and at which the caller may die.

use std::sync::Arc;

use anyhow::bail;
use async_trait::async_trait;
use futures::FutureExt;
use jiff::Timestamp;
use relay::audit::{Audit, Record};
use relay::credentials::{self, Credentials};
use relay::delivery::{Delivery, DeliveryId};
use relay::duty::{Override, Overrides};
use relay::inbound::{InboundRecord, MessageSid};
use relay::line::Line;
use relay::phone::PhoneNumber;
use relay::queue::{Queue, WakeUp};
use relay::store::{ForInbound, Recorded, Result, Saved, Store};

use super::Mistake;
use super::weather::{Fault, Weather};
use crate::memory::{MemoryAudit, MemoryQueue, MemoryStore};

pub struct FaultyStore {
    pub behind: Arc<MemoryStore>,
    pub weather: Arc<Weather>,
    pub mistake: Option<Mistake>,
}

impl FaultyStore {
    async fn read<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        if weather.store_is_down() || weather.strikes(Fault::StoreError) {
            bail!("the store does not answer");
        }
        let read = operation.await;
        weather.time.pause(weather.latency()).await;
        read
    }

    async fn write<T>(&self, write: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        if weather.store_is_down() || weather.strikes(Fault::StoreError) {
            bail!("the store does not answer");
        }
        if weather.strikes(Fault::StoreLate) {
            weather.later(Box::new(move || drop(write())));
            bail!("the store did not answer in time");
        }
        let written = write();
        weather.time.pause(weather.latency()).await;
        if weather.strikes(Fault::StoreTimeout) {
            bail!("the store did not answer in time");
        }
        written
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn for_inbound(&self, line: &PhoneNumber, sid: &MessageSid) -> Result<ForInbound> {
        self.read(self.behind.for_inbound(line, sid)).await
    }

    async fn record(&self, record: &InboundRecord, deliveries: &[Delivery]) -> Result<Recorded> {
        let (store, record) = (Arc::clone(&self.behind), record.clone());
        let deliveries = deliveries.to_vec();
        let forgets = self.mistake == Some(Mistake::AcknowledgesWhatIsNotKept);
        let forgets = forgets && self.weather.one_in(5);
        self.write(move || match forgets {
            true => Ok(Recorded::New),
            false => store.record_now(&record, &deliveries),
        })
        .await
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved> {
        let (store, delivery) = (Arc::clone(&self.behind), delivery.clone());
        let claims = self.mistake != Some(Mistake::SavesWithoutClaim);
        self.write(move || match claims {
            true => Ok(store.save_now(&delivery)),
            false => {
                store.overwrite(&delivery);
                Ok(Saved::Yes)
            }
        })
        .await
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.read(self.behind.inbound(sid)).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.read(self.behind.delivery(id)).await
    }

    async fn owns(&self, delivery: &DeliveryId, sid: &MessageSid, now: Timestamp) -> Result<bool> {
        let (store, delivery, sid) = (Arc::clone(&self.behind), delivery.clone(), sid.clone());
        let shares = self.mistake == Some(Mistake::SharesMessages);
        self.write(move || {
            let owns = store.owns(&delivery, &sid, now).now_or_never();
            Ok(owns.expect("memory does not wait")? || shares)
        })
        .await
    }

    async fn due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.read(self.behind.due_before(instant, limit)).await
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let (store, id) = (Arc::clone(&self.behind), id.clone());
        self.write(move || {
            let put_off = store.put_off(&id, before, until).now_or_never();
            put_off.expect("memory does not wait")
        })
        .await
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.read(self.behind.gave_up_before(instant, limit)).await
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        self.read(self.behind.lines()).await
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        self.read(self.behind.line(number)).await
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        self.behind.put_line(line).await
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        self.behind.remove_line(number).await
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        self.read(self.behind.overrides(line)).await
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        self.behind.set_override(line, person, to).await
    }
}

pub struct FaultyQueue {
    pub behind: Arc<MemoryQueue>,
    pub weather: Arc<Weather>,
    pub mistake: Option<Mistake>,
    /// How long the queue can wait, if not as long as anybody wants.
    pub longest_delay: Option<std::time::Duration>,
}

#[async_trait]
impl Queue for FaultyQueue {
    async fn send(&self, wake_up: &WakeUp, now: Timestamp) -> Result<()> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        if weather.strikes(Fault::QueueError) {
            bail!("the queue does not answer");
        }
        let delay = relay::queue::delay(wake_up, now);
        let mut delay = self.longest_delay.map_or(delay, |most| delay.min(most));
        if weather.strikes(Fault::WakeUpLate) {
            delay += weather.up_to(600);
        }
        let visible = weather.time.now() + delay;
        if self.mistake == Some(Mistake::ForgetsWakeUps) && weather.one_in(5) {
            return Ok(());
        }
        if !weather.strikes(Fault::WakeUpLost) {
            self.behind.put(wake_up, visible);
        }
        if weather.strikes(Fault::WakeUpTwice) {
            self.behind.put(wake_up, visible + weather.up_to(30));
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
        if weather.strikes(Fault::AuditError) {
            bail!("the audit does not answer");
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
impl credentials::Source for FaultyCredentials {
    async fn current(&self) -> Result<Arc<Credentials>> {
        self.weather.time.pause(self.weather.latency()).await;
        if self.weather.strikes(Fault::CredentialsError) {
            bail!("the credentials cannot be read");
        }
        Ok(Arc::clone(&self.behind))
    }

    async fn newer(&self, _: &Credentials, _: credentials::Doubt) -> Option<Arc<Credentials>> {
        None
    }
}
