//! The queue in the one-machine mode's SQLite file. Like SQS it brings a wake-up again until it is
//! acknowledged, and makes a dead letter of it when that does not help.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Params, params};
use tokio::sync::Notify;

use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::queue::{DeadLetterQueue, DeadWakeUp, Message, Queue};

/// How long a receiver may work on a wake-up before it comes again.
const VISIBLE_AGAIN: Duration = Duration::from_secs(5 * 60);

/// How often a wake-up is brought before it becomes a dead letter.
const MOST_RECEIVES: u32 = 12;

#[derive(Clone)]
pub struct SqliteQueue {
    database: Database,
    /// Rings when a wake-up was put on the queue.
    bell: Arc<Notify>,
}

/// The two queues in one table, as its column `bulk` tells them apart.
const URGENT: bool = false;
const BULK: bool = true;

/// A message to be acknowledged.
#[derive(Debug, Clone)]
pub struct Received {
    pub message: Message,
    pub receives: u32,
    id: i64,
}

impl SqliteQueue {
    pub fn on(database: Database) -> Self {
        Self {
            database,
            bell: Arc::new(Notify::new()),
        }
    }

    /// Makes every wake-up visible that an earlier process was working on when it ended.
    pub async fn recover(&self, now: Timestamp) -> anyhow::Result<()> {
        let now = now.as_millisecond();
        let sql = "UPDATE wake_ups SET visible = ?1 WHERE received > 0 AND visible > ?1";
        self.execute(sql, [now]).await
    }

    async fn execute(
        &self,
        sql: &'static str,
        values: impl Params + Send + 'static,
    ) -> anyhow::Result<()> {
        self.database
            .write(move |connection| execute(connection, sql, values).map(drop))
            .await
    }

    /// At most `limit` messages that are due, the longest waiting first. Those of texts to many come
    /// after the others, and are at most `bulk_limit`.
    pub async fn receive(
        &self,
        now: Timestamp,
        limit: usize,
        bulk_limit: usize,
    ) -> anyhow::Result<Vec<Received>> {
        let mut received = self.receive_from(URGENT, now, limit).await?;
        let left = (limit - received.len()).min(bulk_limit);
        received.extend(self.receive_from(BULK, now, left).await?);
        Ok(received)
    }

    async fn receive_from(
        &self,
        lane: bool,
        now: Timestamp,
        limit: usize,
    ) -> anyhow::Result<Vec<Received>> {
        let again = (now + VISIBLE_AGAIN).as_millisecond();
        let (now, limit) = (now.as_millisecond(), i64::try_from(limit)?);
        if limit == 0 || !self.has_visible(lane, now)? {
            return Ok(Vec::new());
        }
        let sql = "UPDATE wake_ups SET visible = ?2, received = received + 1
             WHERE id IN (SELECT id FROM wake_ups WHERE bulk = ?4 AND visible <= ?1
                          ORDER BY visible, id LIMIT ?3)
             RETURNING id, wake_up, received";
        let rows = self.database.write(move |connection| {
            let rows = rows(connection, sql, params![now, again, limit, lane])?;
            let (received, dead): (Vec<(i64, String, u32)>, _) =
                rows.into_iter().partition(|(_, _, n)| *n <= MOST_RECEIVES);
            bury(connection, dead, now).map(|()| received)
        });
        let received = rows.await?.into_iter().map(|(id, json, receives)| {
            let message = serde_json::from_str(&json)?;
            Ok(Received {
                message,
                receives,
                id,
            })
        });
        let mut received = received.collect::<anyhow::Result<Vec<_>>>()?;
        received.sort_by_key(|received| received.id);
        Ok(received)
    }

    /// The wake-up was dealt with and shall not come again.
    pub async fn acknowledge(&self, received: &Received) -> anyhow::Result<()> {
        self.execute("DELETE FROM wake_ups WHERE id = ?", [received.id])
            .await
    }

    /// The wake-up could not be dealt with and shall come again after `delay`.
    pub async fn put_back(
        &self,
        received: &Received,
        now: Timestamp,
        delay: Duration,
    ) -> anyhow::Result<()> {
        let sql = "UPDATE wake_ups SET visible = ? WHERE id = ?";
        let visible = (now + delay).as_millisecond();
        self.execute(sql, [visible, received.id]).await
    }

    /// When the next message becomes due that is not due at `now`; `None` if there is none. Those of
    /// texts to many count only `with_bulk`.
    pub fn next_due(&self, now: Timestamp, with_bulk: bool) -> anyhow::Result<Option<Timestamp>> {
        let sql = "SELECT min(next) FROM (
             SELECT min(visible) AS next FROM wake_ups WHERE bulk = 0 AND visible > ?1
             UNION ALL
             SELECT min(visible) FROM wake_ups WHERE bulk = ?2 AND visible > ?1)";
        let values = params![now.as_millisecond(), with_bulk];
        let visible: Option<Option<i64>> = self.database.read(|c| value(c, sql, values))?;
        let visible = visible.flatten().map(Timestamp::from_millisecond);
        Ok(visible.transpose()?)
    }

    /// Returns once a wake-up was put on the queue by this process.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// A look before the write: an idle relay shall not touch the disk.
    fn has_visible(&self, lane: bool, now: i64) -> anyhow::Result<bool> {
        let sql = "SELECT 1 FROM wake_ups WHERE bulk = ? AND visible <= ? LIMIT 1";
        let found: Option<i64> = self.database.read(|c| value(c, sql, params![lane, now]))?;
        Ok(found.is_some())
    }
}

/// Makes dead letters of wake-ups that were brought often enough. Only of those that would be brought
/// now: to look for more would take the longer the more are waiting.
fn bury(connection: &Connection, dead: Vec<(i64, String, u32)>, now: i64) -> anyhow::Result<()> {
    for (id, wake_up, _) in dead {
        let insert = "INSERT INTO dead_letters (id, wake_up, died) VALUES (?, ?, ?)";
        execute(connection, insert, params![id, wake_up, now])?;
        execute(connection, "DELETE FROM wake_ups WHERE id = ?", [id])?;
    }
    Ok(())
}

/// Milliseconds since 1970, rounded up: a wake-up that came a moment early would come in vain.
fn at_or_after(instant: Timestamp) -> i64 {
    let floor = instant.as_millisecond();
    if instant.subsec_nanosecond() % 1_000_000 == 0 {
        floor
    } else {
        floor + 1
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
        let rows = messages.iter().map(|message| {
            let visible = at_or_after(message.due().max(now));
            Ok((serde_json::to_string(message)?, visible, message.is_bulk()))
        });
        let rows = rows.collect::<anyhow::Result<Vec<_>>>()?;
        let sql = "INSERT INTO wake_ups (wake_up, visible, bulk) VALUES (?, ?, ?)";
        self.database
            .write(move |connection| {
                let mut insert = connection.prepare_cached(sql)?;
                rows.iter().try_for_each(|(json, visible, bulk)| {
                    insert.execute(params![json, visible, bulk]).map(drop)
                })
            })
            .await?;
        self.bell.notify_one();
        Ok(())
    }
}

#[async_trait]
impl DeadLetterQueue for SqliteQueue {
    async fn hold(&self, limit: usize) -> anyhow::Result<Vec<DeadWakeUp>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT id, wake_up FROM dead_letters ORDER BY id LIMIT ?";
        let rows: Vec<(i64, String)> = self.database.read(|c| rows(c, sql, [limit]))?;
        let dead = rows.into_iter().map(|(id, json)| DeadWakeUp {
            wake_up: serde_json::from_str(&json).ok(),
            handle: id.to_string(),
        });
        Ok(dead.collect())
    }

    /// Nobody has hold of them: rows do not go away by being looked at.
    async fn release(&self, _: &[DeadWakeUp]) -> anyhow::Result<()> {
        Ok(())
    }

    async fn remove(&self, dead: &DeadWakeUp) -> anyhow::Result<()> {
        let id: i64 = dead.handle.parse()?;
        self.execute("DELETE FROM dead_letters WHERE id = ?", [id])
            .await
    }
}
