use async_trait::async_trait;
use jiff::Timestamp;
use relay::app::ports::store::{Accepted, Notices, Result, Saved};
use relay::domain::delivery::Delivery;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;
use relay::domain::notice::{Counts, Notice, RecipientStatus};
use relay::domain::opt_out::OptOuts;
use relay::domain::phone::PhoneNumber;

use super::MemoryStore;

#[async_trait]
impl Notices for MemoryStore {
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted> {
        let notices = &mut self.tables().notices;
        if let Some(kept) = notices.get(&notice.id) {
            return Ok(Accepted::Already(Box::new(kept.clone())));
        }
        notices.insert(notice.id, notice.clone());
        Ok(Accepted::New)
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        Ok(self.tables().notices.get(&id).cloned())
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        match self.tables().notices.get_mut(&notice.id) {
            Some(kept) if kept.version + 1 == notice.version => {
                *kept = notice.clone();
                Ok(Saved::Yes)
            }
            _ => Ok(Saved::Outdated),
        }
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        let tables = self.tables();
        let about = tables.notices.values().filter(|notice| {
            notice.from == *line
                && notice.topic == topic
                && notice.subject.as_deref() == Some(subject)
        });
        Ok(about.map(|notice| notice.id).collect())
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        let tables = self.tables();
        let due = tables.notices.values();
        let due = due.filter_map(|notice| Some((notice.due()?, notice.id)));
        let mut due: Vec<_> = due.filter(|(due, _)| *due < instant).collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, id)| id).collect())
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let mut tables = self.tables();
        for new in deliveries {
            let row = tables.deliveries.entry(new.id.clone());
            row.or_insert_with(|| new.into());
        }
        Ok(())
    }

    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
        let tables = self.tables();
        let rows = ids.iter().filter_map(|id| tables.deliveries.get(id));
        Ok(rows.map(|row| (*row.delivery).clone()).collect())
    }

    async fn counts(&self, id: NoticeId) -> Result<Counts> {
        let mut counts = Counts::default();
        for row in self.tables().deliveries.values() {
            if row.delivery.purpose.notice() == Some(id) {
                counts.add(RecipientStatus::of(&row.delivery), 1);
            }
        }
        Ok(counts)
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        let tables = self.tables();
        let mut listed = tables.opt_outs.get(line).cloned().unwrap_or_default();
        listed.0.retain(|number, _| numbers.contains(number));
        Ok(listed)
    }
}
