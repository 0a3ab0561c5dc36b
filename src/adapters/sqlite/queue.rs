//! The queue in the one-machine mode's SQLite file. Like SQS it brings a wake-up again until it is
//! acknowledged, and puts it aside as a dead letter when that does not help.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokio::sync::Notify;

use crate::adapters::sqlite::database::Database;
use crate::app::ports::queue::{Aside, Message, PageTurn, PutAside, Queue, WakeUp};

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
        self.database
            .write(move |connection| connection.execute(sql, [now]))
            .await?;
        Ok(())
    }

    /// At most `most` messages that are due: those of texts to many if there is room for them after
    /// the others, the longest waiting first.
    pub async fn receive(&self, now: Timestamp, most: usize) -> anyhow::Result<Vec<Received>> {
        let mut received = self.receive_from(Lane::Urgent, now, most).await?;
        let left = most - received.len();
        received.extend(self.receive_from(Lane::Bulk, now, left).await?);
        Ok(received)
    }

    /// The same from one of the two.
    pub async fn receive_from(
        &self,
        lane: Lane,
        now: Timestamp,
        most: usize,
    ) -> anyhow::Result<Vec<Received>> {
        let again = (now + VISIBLE_AGAIN).as_millisecond();
        let (now, most) = (now.as_millisecond(), i64::try_from(most)?);
        if most == 0 || !self.has_visible(lane, now)? {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64, String, u32)> = self
            .database
            .write(move |connection| {
                let mut query = connection.prepare_cached(
                    "UPDATE wake_ups SET visible = ?2, received = received + 1
                     WHERE id IN (SELECT id FROM wake_ups WHERE bulk = ?4 AND visible <= ?1
                                  ORDER BY visible, id LIMIT ?3)
                     RETURNING id, wake_up, received",
                )?;
                let rows = query.query_map(params![now, again, most, lane.is_bulk()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
                let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
                let (received, dead) = rows.into_iter().partition(|(_, _, n)| *n <= MOST_RECEIVES);
                put_aside(connection, dead, now)?;
                Ok(received)
            })
            .await?;
        let mut received = rows
            .into_iter()
            .map(|(id, json, receives)| {
                Ok(Received {
                    message: serde_json::from_str(&json)?,
                    receives,
                    id,
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        received.sort_by_key(|received| received.id);
        Ok(received)
    }

    /// The wake-up was dealt with and shall not come again.
    pub async fn acknowledge(&self, received: &Received) -> anyhow::Result<()> {
        let id = received.id;
        self.database
            .write(move |c| {
                c.prepare_cached("DELETE FROM wake_ups WHERE id = ?")?
                    .execute([id])
            })
            .await?;
        Ok(())
    }

    /// The wake-up could not be dealt with and shall come again after `delay`.
    pub async fn put_back(
        &self,
        received: &Received,
        now: Timestamp,
        delay: Duration,
    ) -> anyhow::Result<()> {
        let (id, visible) = (received.id, (now + delay).as_millisecond());
        let sql = "UPDATE wake_ups SET visible = ? WHERE id = ?";
        self.database
            .write(move |connection| connection.execute(sql, params![visible, id]))
            .await?;
        Ok(())
    }

    /// When the next message is due; `None` if there is none.
    pub fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        let lanes = [
            self.next_due_in(Lane::Urgent)?,
            self.next_due_in(Lane::Bulk)?,
        ];
        Ok(lanes.into_iter().flatten().min())
    }

    /// The same of one of the two.
    pub fn next_due_in(&self, lane: Lane) -> anyhow::Result<Option<Timestamp>> {
        let visible: Option<i64> = self.database.read(|connection| {
            connection
                .prepare_cached("SELECT min(visible) FROM wake_ups WHERE bulk = ?")?
                .query_row([lane.is_bulk()], |row| row.get(0))
        })?;
        Ok(visible.map(Timestamp::from_millisecond).transpose()?)
    }

    /// How many wake-ups became dead letters.
    pub fn dead_letters(&self) -> anyhow::Result<u32> {
        self.database.read(|connection| {
            connection.query_row("SELECT count(*) FROM dead_letters", [], |row| row.get(0))
        })
    }

    /// Returns once a wake-up was put on the queue by this process.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// A look before the write: an idle relay shall not touch the disk.
    fn has_visible(&self, lane: Lane, now: i64) -> anyhow::Result<bool> {
        self.database.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM wake_ups WHERE bulk = ? AND visible <= ?)",
                )?
                .query_row(params![lane.is_bulk(), now], |row| row.get(0))
        })
    }

    async fn put(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
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

/// The two queues in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Urgent,
    Bulk,
}

impl Lane {
    fn is_bulk(self) -> bool {
        self == Lane::Bulk
    }
}

/// Makes dead letters of wake-ups that were brought often enough. Only of those that would be brought
/// now: to look for more would take the longer the more are waiting.
fn put_aside(
    connection: &Connection,
    dead: Vec<(i64, String, u32)>,
    now: i64,
) -> rusqlite::Result<()> {
    for (id, wake_up, _) in dead {
        connection
            .prepare_cached("INSERT INTO dead_letters (id, wake_up, died) VALUES (?, ?, ?)")?
            .execute(params![id, wake_up, now])?;
        connection
            .prepare_cached("DELETE FROM wake_ups WHERE id = ?")?
            .execute([id])?;
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
    async fn send(&self, wake_up: &WakeUp, now: Timestamp) -> anyhow::Result<()> {
        self.send_many(std::slice::from_ref(wake_up), now).await
    }

    async fn send_many(&self, wake_ups: &[WakeUp], now: Timestamp) -> anyhow::Result<()> {
        let messages: Vec<_> = wake_ups.iter().cloned().map(Message::Delivery).collect();
        self.put(&messages, now).await
    }

    async fn turn_page(&self, turn: &PageTurn, now: Timestamp) -> anyhow::Result<()> {
        self.put(&[Message::Page(turn.clone())], now).await
    }
}

#[async_trait]
impl PutAside for SqliteQueue {
    async fn look(&self, most: usize) -> anyhow::Result<Vec<Aside>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows: Vec<(i64, String)> = self.database.read(|connection| {
            let mut query = connection
                .prepare_cached("SELECT id, wake_up FROM dead_letters ORDER BY id LIMIT ?")?;
            let rows = query.query_map([most], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })?;
        let asides = rows.into_iter().map(|(id, json)| Aside {
            wake_up: serde_json::from_str(&json).ok(),
            handle: id.to_string(),
        });
        Ok(asides.collect())
    }

    /// Nothing is held: rows do not go away by being looked at.
    async fn leave(&self, _: &[Aside]) -> anyhow::Result<()> {
        Ok(())
    }

    async fn remove(&self, aside: &Aside) -> anyhow::Result<()> {
        let id: i64 = aside.handle.parse()?;
        let sql = "DELETE FROM dead_letters WHERE id = ?";
        self.database
            .write(move |connection| connection.execute(sql, [id]))
            .await?;
        Ok(())
    }
}
