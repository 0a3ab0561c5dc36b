//! Notices and how their recipients stand. A notice is one item; each recipient has a small one of
//! its own beside the delivery, written in the same transaction, so that the counts of 100,000 are
//! read without their texts.

use anyhow::Context;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::future::try_join_all;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::item::{self, Key};
use super::table::Table;
use super::{DynamoStore, pick, unique};
use crate::app::ports::store::{Accepted, Notices, Result, Saved};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::notice::{Counts, Notice, RecipientStatus};
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::PhoneNumber;

/// How many deliveries of a page are kept side by side.
const SIDE_BY_SIDE: usize = 16;

/// What a delivery's write does to the counts of its notice, if it is one's.
pub fn standing(table: &Table, delivery: &Delivery) -> Result<Option<TransactWriteItem>> {
    let recipient = item::of_recipient(delivery)?;
    Ok(recipient.map(|item| table.put_any(item)))
}

#[async_trait]
impl Notices for DynamoStore {
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted> {
        let saved_by = unique()?;
        let mut writes = vec![self.table.put_new(item::of_notice(notice, &saved_by)?)];
        if let Some(about) = item::of_subject(notice)? {
            writes.push(self.table.put_any(about));
        }
        if self.table.transact(writes).await?.is_empty() {
            return Ok(Accepted::New);
        }
        let kept = self.notice(notice.id).await?;
        let kept = kept.with_context(|| format!("notice {} is gone", notice.id))?;
        Ok(Accepted::Already(Box::new(kept)))
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.read_one(Key::notice(id)).await
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        let Some(previous) = notice.version.checked_sub(1) else {
            return Ok(Saved::Outdated);
        };
        let saved_by = unique()?;
        let item = item::of_notice(notice, &saved_by)?;
        self.replace(item, previous, &saved_by).await
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        let query = self.table.query(&item::subject(line, topic, subject));
        let query = query.projection_expression("sk");
        let about = self.table.find(query, usize::MAX, "query").await?;
        let ids = about.iter().map(|item| {
            item::text(item, item::SK)
                .and_then(|id| NoticeId::parse(id).ok())
                .context("a subject has an entry that is no notice")
        });
        ids.collect()
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        let query = self.table.query_index(item::NOTICES, instant);
        let due = self
            .table
            .find(query, limit, "query the index of due notices of");
        due.await?.iter().map(item::to_notice_id).collect()
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let saved_by = unique()?;
        let mut keeping = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let new = item::of_delivery(delivery, self.table.shards, &saved_by)?;
            let mut writes = vec![self.table.put_new(new)];
            writes.extend(standing(&self.table, delivery)?);
            // If there is one already, its condition fails, and that is well.
            keeping.push(self.table.transact(writes).map_ok(drop).boxed());
        }
        stream::iter(keeping)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
        let keys: Vec<Key> = ids.iter().map(Key::delivery).collect();
        let items = self.table.read(&keys).await?;
        items.iter().map(item::from_json).collect()
    }

    async fn counts(&self, id: NoticeId) -> Result<Counts> {
        let shards = (0..item::SHARDS).map(async |shard| {
            let query = self.table.query(&item::recipients(id, &shard.to_string()));
            let query = query.projection_expression("standing");
            self.table.find(query, usize::MAX, "query").await
        });
        let mut counts = Counts::default();
        for recipient in try_join_all(shards).await?.into_iter().flatten() {
            let standing = item::text(&recipient, item::STANDING)
                .and_then(RecipientStatus::named)
                .with_context(|| format!("a recipient of notice {id} stands nowhere"))?;
            counts.add(standing, 1);
        }
        Ok(counts)
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        let keys = numbers.iter().map(|number| Key::opt_out(line, number));
        let keys: Vec<Key> = keys.collect();
        let items = self.table.read(&keys).await?;
        let mut opt_outs = OptOuts::default();
        for (number, key) in numbers.iter().zip(&keys) {
            let opt_out = pick(&items, key)?;
            opt_outs.0.extend(opt_out.map(|out| (number.clone(), out)));
        }
        Ok(opt_outs)
    }
}
