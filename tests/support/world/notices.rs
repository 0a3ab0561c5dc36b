use std::sync::atomic::Ordering;

use anyhow::bail;
use async_trait::async_trait;
use jiff::Timestamp;
use relay::app::ports::store::{Accepted, Notices, Result, Saved};
use relay::domain::delivery::Delivery;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;
use relay::domain::notice::{Counts, Notice};
use relay::domain::opt_out::OptOuts;
use relay::domain::phone::PhoneNumber;

use super::faults::{Failing, strikes};

impl Failing {
    fn fans_out(&self) -> Result<()> {
        let faults = &self.faults;
        if !strikes(&faults.notice_writes_spared) && strikes(&faults.notice_writes) {
            // Until it is said how many to spare the next time.
            faults.notice_writes_spared.store(0, Ordering::SeqCst);
            bail!("the store does not answer");
        }
        Ok(())
    }
}

#[async_trait]
impl Notices for Failing {
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted> {
        self.behind.accept_notice(notice).await
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.behind.notice(id).await
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        self.fans_out()?;
        self.behind.save_notice(notice).await
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        self.behind.notices_of_subject(line, topic, subject).await
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        self.behind.notices_due_before(instant, limit).await
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        // Half of a page is there when it dies.
        let dies = self.fans_out();
        let kept = match dies.is_err() {
            true => &deliveries[..deliveries.len() / 2],
            false => deliveries,
        };
        self.behind.spawn(kept).await?;
        dies
    }

    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
        self.behind.deliveries(ids).await
    }

    async fn counts(&self, id: NoticeId) -> Result<Counts> {
        self.behind.counts(id).await
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        self.behind.opted_out_of(line, numbers).await
    }
}
