//! The queue of the one-machine mode, which keeps no wake-ups: the store's tables say what is due, so
//! none gets lost.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::queue::{DeadLetterQueue, DeadWakeUp, Message, PageTurn, Queue, WakeUp};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, NoticeId};

#[derive(Clone)]
pub struct SqliteQueue {
    database: Database,
}

pub(super) const URGENT: &str =
    "SELECT id, due FROM deliveries WHERE bulk = 0 AND due IS NOT NULL ORDER BY due";
pub(super) const BULK: &str = "SELECT id, due FROM deliveries WHERE bulk = 1 AND due IS NOT NULL
     UNION ALL SELECT id, due FROM notices WHERE due IS NOT NULL ORDER BY due";
const OLDEST: &str = "SELECT due FROM deliveries WHERE bulk = 0 AND due IS NOT NULL
     AND id NOT IN (SELECT name FROM dead_letters) ORDER BY due LIMIT 1";
const DUE_LATER: &str = "SELECT delivery FROM deliveries WHERE id = ? AND due > ?";
const PUT_FORWARD: &str = "UPDATE deliveries SET due = ?2 WHERE id = ?1 AND due > ?2";
const PAGE: &str = "SELECT notice ->> 'page' FROM notices WHERE id = ?";

impl SqliteQueue {
    pub fn on(database: Database) -> Self {
        Self { database }
    }

    /// What is due, the longest due first, but for what `is_taken` by its name, and when more will
    /// be due. Of texts to many there are at most `bulk_limit`, after the others.
    pub fn due(
        &self,
        now: Timestamp,
        limit: usize,
        bulk_limit: usize,
        is_taken: impl Fn(&str) -> bool,
    ) -> anyhow::Result<(Vec<Message>, Option<Timestamp>)> {
        let (mut due, mut next) = (Vec::new(), None);
        self.database.read(|connection| {
            for (query, most) in [(URGENT, limit), (BULK, bulk_limit)] {
                let limit = limit.min(due.len() + most);
                let mut query = connection.prepare_cached(query)?;
                let mut rows = query.query([])?;
                while due.len() < limit
                    && let Some(row) = rows.next()?
                {
                    // Whole milliseconds, rounded down: it is due for certain once that one is over.
                    let at = Timestamp::from_millisecond(row.get::<_, i64>(1)? + 1)?;
                    if now < at {
                        next = next.into_iter().chain([at]).min();
                        break;
                    }
                    let name = row.get_ref(0)?.as_str()?;
                    if !is_taken(name) {
                        due.push(message(connection, name, now)?);
                    }
                }
            }
            anyhow::Ok((due, next))
        })
    }

    /// Since when the oldest text is due that is not one of many, nor was tried too often in vain; it
    /// may be due later.
    pub fn oldest_due(&self) -> anyhow::Result<Option<Timestamp>> {
        let due: Option<i64> = self.database.read(|c| value(c, OLDEST, []))?;
        Ok(due.map(Timestamp::from_millisecond).transpose()?)
    }

    /// Makes a dead letter of what was tried too often in vain.
    pub async fn bury(&self, message: &Message) -> anyhow::Result<()> {
        let (name, json) = (message.name(), serde_json::to_string(message)?);
        let sql = "INSERT INTO dead_letters (name, message) VALUES (?, ?) ON CONFLICT DO NOTHING";
        self.database
            .write(move |connection| execute(connection, sql, [name, json]).map(drop))
            .await
    }

    /// The names of the dead letters.
    pub fn buried(&self) -> anyhow::Result<HashSet<String>> {
        let sql = "SELECT name FROM dead_letters";
        let names: Vec<(String,)> = self.database.read(|c| rows(c, sql, []))?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// Returns once something may be due that was not before.
    pub async fn rung(&self) {
        self.database.changed().await;
    }
}

/// A message about the delivery or the notice of this name, due now.
fn message(connection: &Connection, name: &str, now: Timestamp) -> anyhow::Result<Message> {
    let Ok(notice) = NoticeId::parse(name) else {
        let delivery = DeliveryId::parse(name)?;
        return Ok(Message::Delivery(WakeUp::new(&delivery, now, now)));
    };
    let page: Option<u32> = value(connection, PAGE, [name])?;
    Ok(Message::Page(PageTurn {
        notice,
        page: page.unwrap_or_default().into(),
        due: now,
        group: None,
    }))
}

#[async_trait]
impl Queue for SqliteQueue {
    /// What is due when its record says so needs nothing: the store has it, or is about to, and rings then.
    /// A text that waits for the one before it is due at once. Any other early wake-up is outdated.
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
        for message in messages.iter().filter(|message| message.due() <= now) {
            let Some(id) = message.delivery().map(DeliveryId::to_string) else {
                continue;
            };
            let due = message.due().as_millisecond();
            let later = |c: &Connection| value::<String>(c, DUE_LATER, params![id, due]);
            let Some(json) = self.database.read(later)? else {
                continue;
            };
            if serde_json::from_str::<Delivery>(&json)?.waits_for_order() {
                let put_forward =
                    move |c: &Connection| execute(c, PUT_FORWARD, params![id, due]).map(drop);
                self.database.write(put_forward).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl DeadLetterQueue for SqliteQueue {
    async fn hold(&self, limit: usize) -> anyhow::Result<Vec<DeadWakeUp>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT name, message FROM dead_letters ORDER BY rowid LIMIT ?";
        let rows: Vec<(String, String)> = self.database.read(|c| rows(c, sql, [limit]))?;
        let dead = rows.into_iter().map(|(name, json)| DeadWakeUp {
            wake_up: serde_json::from_str(&json).ok(),
            handle: name,
        });
        Ok(dead.collect())
    }

    /// Nobody has hold of them: rows do not go away by being looked at.
    async fn release(&self, _: &[DeadWakeUp]) -> anyhow::Result<()> {
        Ok(())
    }

    async fn remove(&self, dead: &DeadWakeUp) -> anyhow::Result<()> {
        let name = dead.handle.clone();
        let sql = "DELETE FROM dead_letters WHERE name = ?";
        self.database
            .write(move |connection| execute(connection, sql, [name]).map(drop))
            .await
    }
}
