use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

use super::rows::Row;
use super::{SqliteStore, execute, opt_outs, parse, to_json};
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
        let json = to_json(notice)?;
        let due = notice.due().map(Timestamp::as_millisecond);
        let version = i64::try_from(notice.version)?;
        let (id, line) = (notice.id.to_string(), notice.from.expose().to_owned());
        let (topic, subject) = (notice.topic.clone(), notice.subject.clone());
        let new = self
            .0
            .write(move |connection| {
                execute(
                    connection,
                    "INSERT INTO notices (id, version, line, topic, subject, due, notice)
                     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    params![id, version, line, topic, subject, due, json],
                )
            })
            .await?;
        match new {
            0 => {
                let kept = self.one(NOTICE, &notice.id.to_string())?;
                let kept = kept.ok_or_else(|| anyhow::anyhow!("notice {} is gone", notice.id))?;
                Ok(Accepted::Already(Box::new(kept)))
            }
            _ => Ok(Accepted::New),
        }
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.one(NOTICE, &id.to_string())
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        let json = to_json(notice)?;
        let due = notice.due().map(Timestamp::as_millisecond);
        let (id, version) = (notice.id.to_string(), i64::try_from(notice.version)?);
        let saved = self
            .0
            .write(move |connection| {
                execute(
                    connection,
                    "UPDATE notices SET version = ?2, due = ?3, notice = ?4 WHERE id = ?1 AND version = ?2 - 1",
                    params![id, version, due, json],
                )
            })
            .await?;
        Ok(match saved {
            1 => Saved::Yes,
            _ => Saved::Outdated,
        })
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        self.notice_ids(
            "SELECT id FROM notices WHERE line = ? AND topic = ? AND subject = ?",
            params![line.expose(), topic, subject],
        )
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.notice_ids(
            "SELECT id FROM notices WHERE due < ? ORDER BY due LIMIT ?",
            params![instant.as_millisecond(), limit],
        )
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let rows = deliveries.iter().map(Row::of).collect::<Result<Vec<_>>>()?;
        self.0
            .write(move |connection| {
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
        let counted = self.0.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT standing FROM recipients WHERE notice = ?")?;
            let mut rows = query.query([&id])?;
            let mut counts = Counts::default();
            while let Some(row) = rows.next()? {
                match RecipientStatus::named(row.get_ref(0)?.as_str()?) {
                    Some(standing) => counts.add(standing, 1),
                    None => return Ok(None),
                }
            }
            Ok(Some(counts))
        })?;
        counted.with_context(|| format!("a recipient of notice {id} stands nowhere"))
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        let rows = self.0.read(|connection| {
            // One transaction: each of its own would cost its own locks.
            let transaction = connection.unchecked_transaction()?;
            let mut found = Vec::new();
            for number in numbers {
                if let Some(json) = opt_outs::of(connection, line, number)? {
                    found.push((number.clone(), json));
                }
            }
            transaction.commit()?;
            Ok(found)
        })?;
        let parsed = rows
            .into_iter()
            .map(|(number, json)| Ok((number, parse(&json)?)));
        parsed.collect::<Result<_>>().map(OptOuts)
    }
}

impl SqliteStore {
    fn notice_ids(&self, query: &str, values: impl rusqlite::Params) -> Result<Vec<NoticeId>> {
        let ids: Vec<String> = self.0.read(|connection| {
            let mut query = connection.prepare_cached(query)?;
            let ids = query.query_map(values, |row| row.get(0))?;
            ids.collect()
        })?;
        let ids = ids.iter().map(|id| NoticeId::parse(id));
        Ok(ids.collect::<std::result::Result<_, _>>()?)
    }
}
