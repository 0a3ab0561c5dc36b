use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

use super::rows::Row;
use super::{SqliteStore, at_most, one, opt_outs, saved, to_json};
use crate::adapters::sqlite::statements::execute;
use crate::app::ports::store::{Accepted, Notices, Result, Saved};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::notice::{Counts, Notice, RecipientStatus};
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::PhoneNumber;

const NOTICE: &str = "SELECT notice FROM notices WHERE id = ?";

#[async_trait]
impl Notices for SqliteStore {
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted> {
        let notice = notice.clone();
        self.write(move |connection| {
            let id = notice.id.to_string();
            let new = execute(
                connection,
                "INSERT INTO notices (id, version, line, topic, subject, due, notice)
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                params![
                    id,
                    i64::try_from(notice.version)?,
                    notice.from.expose(),
                    notice.topic,
                    notice.subject,
                    notice.due().map(Timestamp::as_millisecond),
                    to_json(&notice)?
                ],
            )?;
            if new > 0 {
                return Ok(Accepted::New);
            }
            let kept: Option<Notice> = one(connection, NOTICE, [&id])?;
            let kept = kept.with_context(|| format!("notice {id} is gone"))?;
            Ok(Accepted::Already(Box::new(kept)))
        })
        .await
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.one(NOTICE, &id.to_string())
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        let json = to_json(notice)?;
        let due = notice.due().map(Timestamp::as_millisecond);
        let (id, version) = (notice.id.to_string(), i64::try_from(notice.version)?);
        let replaced = self.write(move |connection| {
            execute(
                connection,
                "UPDATE notices SET version = ?2, due = ?3, notice = ?4 WHERE id = ?1 AND version = ?2 - 1",
                params![id, version, due, json],
            )
        });
        Ok(saved(replaced.await? == 1))
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        let query = "SELECT id FROM notices WHERE line = ? AND topic = ? AND subject = ?";
        self.ids(query, [line.expose(), topic, subject])
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        let query = "SELECT id FROM notices WHERE due < ? ORDER BY due LIMIT ?";
        self.ids(query, (instant.as_millisecond(), at_most(limit)))
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let rows = deliveries.iter().map(Row::of).collect::<Result<Vec<_>>>()?;
        self.write(move |connection| {
            rows.iter()
                .try_for_each(|row| row.insert_if_absent(connection))
        })
        .await
    }

    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
        let found = ids
            .iter()
            .map(|id| self.one(super::DELIVERY, id.as_str()).transpose());
        found.flatten().collect()
    }

    async fn counts(&self, id: NoticeId) -> Result<Counts> {
        let id = id.to_string();
        // Grouped by SQLite, 100,000 would be sorted first, in memory.
        self.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT standing FROM recipients WHERE notice = ?")?;
            let mut rows = query.query([&id])?;
            let mut counts = Counts::default();
            while let Some(row) = rows.next()? {
                let standing = RecipientStatus::named(row.get_ref(0)?.as_str()?);
                let standing = standing
                    .with_context(|| format!("a recipient of notice {id} stands nowhere"))?;
                counts.add(standing, 1);
            }
            Ok(counts)
        })
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        self.read(|connection| {
            // One transaction: each of its own would cost its own locks.
            let transaction = connection.unchecked_transaction()?;
            let opted_out = opt_outs::among(connection, line, numbers)?;
            transaction.commit()?;
            Ok(opted_out)
        })
    }
}
