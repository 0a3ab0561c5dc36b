//! The store in bad weather, and what a broken relay would have in it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use anyhow::bail;
use async_trait::async_trait;
use futures::FutureExt;
use jiff::Timestamp;
use relay::app::ports::store::{
    ForInbound, ForSending, Kept, Notices, Planned, Result, Saved, Store,
};
use relay::domain::conversation::Conversation;
use relay::domain::delivery::{Delivery, State};
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::ids::{DeliveryId, NoticeId};
use relay::domain::phone::PhoneNumber;

use super::broken;
use crate::endurance::simulation::faults::Fault;
use crate::endurance::simulation::mistakes::Mistake;
use crate::endurance::simulation::weather::Weather;
use crate::support::hooked_store::Hook;
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
}

#[async_trait]
impl Hook for FaultyStore {
    type Behind = MemoryStore;

    fn behind(&self) -> &Arc<MemoryStore> {
        &self.behind
    }

    async fn read<T: Send>(
        &self,
        _: &str,
        answer: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        self.is_there()?;
        let read = answer.await;
        weather.time.pause(weather.latency()).await;
        read
    }

    async fn write<T: Send>(
        &self,
        _: &str,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let weather = &self.weather;
        weather.time.pause(weather.latency()).await;
        self.is_there()?;
        let write = move || effect.now_or_never().expect("memory does not wait");
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

    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        let found = self.read("for_inbound", self.behind.for_inbound(line, sid, from));
        let mut found = found.await?;
        if let Some(mistake) = self.mistake {
            broken::found(mistake, &mut found);
        }
        Ok(found)
    }

    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>> {
        let found = self.read("conversations", self.behind.conversations(line, customers));
        let mut found = found.await?;
        if self.mistake == Some(Mistake::ForgetsWhoWaits) {
            found.iter_mut().for_each(broken::forget_that_they_wait);
        }
        Ok(found)
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        let found = self.read("for_sending", self.behind.for_sending(line, to));
        let mut found = found.await?;
        if self.mistake == Some(Mistake::ReusesReplyNumbers) {
            found.person.reply_numbers.clear();
        }
        Ok(found)
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        let store = Arc::clone(&self.behind);
        let (line, planned) = (line.clone(), planned.clone());
        let forgets = self.mistake == Some(Mistake::AcknowledgesWhatIsNotKept);
        let forgets = forgets && self.weather.one_in(5);
        let effect = async move {
            if forgets {
                return Ok(Kept::New);
            }
            store.take_in(&line, &planned).await
        };
        self.write("take_in", effect).await
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
        let effect = async move {
            match mistake {
                Some(Mistake::SavesWithoutClaim) => {
                    store.overwrite(&next);
                    spawned.iter().for_each(|new| store.overwrite(new));
                    Ok(Saved::Yes)
                }
                Some(Mistake::ForgetsNews) if forgets => Ok(Saved::Yes),
                _ => store.save(&next, &spawned).await,
            }
        };
        let saved = self.write("save", effect).await;
        if saved.is_err() {
            self.unheard.lock().unwrap().insert(id);
        }
        saved
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        let mut delivery = self.read("delivery", self.behind.delivery(id)).await?;
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
        let effect = async move { Ok(store.claim_message(&delivery, &sid, now).await? || shares) };
        self.write("claim_message", effect).await
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        if self.mistake == Some(Mistake::KnowsNoEarlierNotice) {
            return Ok(Vec::new());
        }
        let answer = self.behind.notices_of_subject(line, topic, subject);
        self.read("notices_of_subject", answer).await
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let (store, mut deliveries) = (Arc::clone(&self.behind), deliveries.to_vec());
        let mistake = self.mistake;
        if mistake == Some(Mistake::LeavesOneOut) {
            deliveries.pop();
        }
        let effect = async move {
            if mistake == Some(Mistake::SpawnsAgain) {
                deliveries.iter().for_each(|new| store.overwrite(new));
                return Ok(());
            }
            store.spawn(&deliveries).await
        };
        self.write("spawn", effect).await
    }
}
