//! The store in bad weather, and what a broken relay would have in it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::bail;
use async_trait::async_trait;
use futures::FutureExt;
use jiff::Timestamp;
use jiff::civil::Date;
use relay::app::ports::store::SignatureDigest;
use relay::app::ports::store::{
    ForInbound, ForSending, Kept, Planning, Result, Saved, Store, Subscribers,
};
use relay::domain::delivery::{Delivery, State};
use relay::domain::duty::{Override, Overrides};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;
use relay::domain::opt_out;
use relay::domain::opt_out::OptOuts;
use relay::domain::pace;
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::{Change, Subscriber, Unchanged};
use relay::domain::thread::Threads;

use super::broken;
use crate::endurance::simulation::faults::Fault;
use crate::endurance::simulation::mistakes::Mistake;
use crate::endurance::simulation::weather::Weather;
use crate::support::memory::MemoryStore;

pub struct FaultyStore {
    pub behind: Arc<MemoryStore>,
    pub weather: Arc<Weather>,
    pub mistake: Option<Mistake>,
    /// Deliveries of which a save took effect, or was to, and who saved was not told.
    pub unheard: Arc<Mutex<BTreeSet<DeliveryId>>>,
}

impl FaultyStore {
    fn is_there(&self) -> Result<()> {
        if self.weather.is_down(Fault::StoreDown) || self.weather.strikes(Fault::StoreError) {
            bail!("the store does not answer");
        }
        Ok(())
    }

    pub(crate) async fn read<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        self.is_there()?;
        let read = operation.await;
        weather.time.pause(weather.latency()).await;
        read
    }

    pub(crate) async fn write<T>(
        &self,
        write: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        self.is_there()?;
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
impl Subscribers for FaultyStore {
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>> {
        self.read(self.behind.subscribers(line, topic, after, limit))
            .await
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        self.read(self.behind.subscriptions_of(line, number)).await
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>> {
        let (store, line, changes) = (Arc::clone(&self.behind), line.clone(), changes.to_vec());
        self.write(move || {
            let changed = store.change_subscribers(&line, &changes).now_or_never();
            changed.expect("memory does not wait")
        })
        .await
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        self.read(self.behind.for_inbound(line, sid, from)).await
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        self.read(self.behind.for_sending(line, to)).await
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        self.read(self.behind.opt_outs(line)).await
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        let (store, line, change) = (Arc::clone(&self.behind), line.clone(), change.clone());
        self.write(move || {
            let changed = store.change_opt_out(&line, &change).now_or_never();
            changed.expect("memory does not wait")
        })
        .await
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let (store, signature) = (Arc::clone(&self.behind), signature.clone());
        self.write(move || {
            let claimed = store.claim_signature(&signature, until, now).now_or_never();
            claimed.expect("memory does not wait")
        })
        .await
    }

    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let (store, key) = (Arc::clone(&self.behind), key.clone());
        self.write(move || {
            let slot = store.claim_slot(&key, rate, patience, now).now_or_never();
            slot.expect("memory does not wait")
        })
        .await
    }

    async fn take_in(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        seen: &Threads,
        plan: Planning,
    ) -> Result<Kept> {
        let (store, line, sid) = (Arc::clone(&self.behind), line.clone(), sid.clone());
        let forgets = self.mistake == Some(Mistake::AcknowledgesWhatIsNotKept);
        let forgets = forgets && self.weather.one_in(5);
        let mistake = self.mistake;
        let planned = forgets.then(|| plan(seen));
        self.write(move || match planned {
            Some(planned) => Ok(Kept::New(Box::new(planned))),
            None => store.take_in_now(&line, &sid, &broken::planning(mistake, plan)),
        })
        .await
    }

    async fn threads(&self, line: &PhoneNumber) -> Result<Threads> {
        self.read(self.behind.threads(line)).await
    }

    async fn save_threads(&self, line: &PhoneNumber, threads: &Threads) -> Result<Saved> {
        let (store, line, threads) = (Arc::clone(&self.behind), line.clone(), threads.clone());
        self.write(move || Ok(store.save_threads_now(&line, &threads)))
            .await
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let store = Arc::clone(&self.behind);
        let (id, mut next) = (delivery.id.clone(), delivery.clone());
        let mut spawned = spawned.to_vec();
        let mistake = self.mistake;
        if let Some(mistake) = mistake {
            broken::save(mistake, &self.behind, &mut next, &mut spawned);
        }
        let forgets = next.state == State::Delivered && self.weather.one_in(5);
        let saved = self.write(move || match mistake {
            Some(Mistake::SavesWithoutClaim) => {
                store.overwrite(&next);
                spawned.iter().for_each(|new| store.overwrite(new));
                Ok(Saved::Yes)
            }
            Some(Mistake::ForgetsNews) if forgets => Ok(Saved::Yes),
            _ => Ok(store.save_now(&next, &spawned)),
        });
        let saved = saved.await;
        if saved.is_err() {
            self.unheard.lock().unwrap().insert(id);
        }
        saved
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.read(self.behind.inbound(sid)).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        let mut delivery = self.read(self.behind.delivery(id)).await?;
        if self.mistake == Some(Mistake::ReopensWhatIsOver) {
            delivery.iter_mut().for_each(broken::reopen);
        }
        if self.mistake == Some(Mistake::KeepsNoOrder) {
            delivery.iter_mut().for_each(broken::hurry_past);
        }
        if self.mistake == Some(Mistake::HandsOverTooSoon) {
            delivery.iter_mut().for_each(broken::hurry);
        }
        Ok(delivery)
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        now: Timestamp,
    ) -> Result<bool> {
        let (store, delivery, sid) = (Arc::clone(&self.behind), delivery.clone(), sid.clone());
        let shares = self.mistake == Some(Mistake::SharesMessages);
        self.write(move || {
            let owns = store.claim_message(&delivery, &sid, now).now_or_never();
            Ok(owns.expect("memory does not wait")? || shares)
        })
        .await
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        self.read(self.behind.owner_of(sid)).await
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

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        self.read(self.behind.reconciled(line)).await
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        self.behind.set_reconciled(line, day).await
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
