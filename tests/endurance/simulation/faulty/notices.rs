use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use relay::app::ports::store::{Accepted, Notices, Result, Saved};
use relay::domain::delivery::Delivery;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;
use relay::domain::notice::{Counts, Notice};
use relay::domain::opt_out::OptOuts;
use relay::domain::phone::PhoneNumber;

use super::FaultyStore;
use crate::endurance::simulation::mistakes::Mistake;

#[async_trait]
impl Notices for FaultyStore {
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted> {
        let (store, notice) = (Arc::clone(&self.behind), notice.clone());
        self.write(move || Ok(store.accept_now(&notice))).await
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.read(self.behind.notice(id)).await
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        let (store, notice) = (Arc::clone(&self.behind), notice.clone());
        self.write(move || Ok(store.save_notice_now(&notice))).await
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
        let behind = &self.behind;
        self.read(behind.notices_of_subject(line, topic, subject))
            .await
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        self.read(self.behind.notices_due_before(instant, limit))
            .await
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let (store, mut deliveries) = (Arc::clone(&self.behind), deliveries.to_vec());
        let mistake = self.mistake;
        if mistake == Some(Mistake::LeavesOneOut) {
            deliveries.pop();
        }
        self.write(move || {
            match mistake {
                Some(Mistake::SpawnsAgain) => deliveries.iter().for_each(|d| store.overwrite(d)),
                _ => store.spawn_now(&deliveries),
            }
            Ok(())
        })
        .await
    }

    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
        self.read(Notices::deliveries(&*self.behind, ids)).await
    }

    async fn counts(&self, id: NoticeId) -> Result<Counts> {
        self.read(self.behind.counts(id)).await
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        self.read(self.behind.opted_out_of(line, numbers)).await
    }
}
