//! Deliveries as the tables hold them.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::to_json;
use crate::adapters::sqlite::statements::execute;
use crate::app::ports::store::Result;
use crate::domain::delivery::Delivery;
use crate::domain::notice::RecipientStatus;

pub struct Row {
    id: String,
    version: i64,
    /// Whether it is one of many texts.
    bulk: bool,
    due: Option<i64>,
    gave_up: Option<i64>,
    /// The notice that it brings, and how its recipient stands.
    of_notice: Option<(String, String)>,
    json: String,
}

impl Row {
    pub fn of(delivery: &Delivery) -> Result<Self> {
        let notice = delivery.purpose.notice();
        Ok(Self {
            id: delivery.id.to_string(),
            version: delivery.version.try_into()?,
            bulk: delivery.id.notice().is_some(),
            due: delivery.due().map(Timestamp::as_millisecond),
            gave_up: delivery.gave_up.map(Timestamp::as_millisecond),
            of_notice: notice
                .map(|notice| (notice.to_string(), RecipientStatus::of(delivery).name())),
            json: to_json(delivery)?,
        })
    }

    /// Fails if there is one of the same id.
    pub fn insert(&self, connection: &Connection) -> Result<()> {
        execute(
            connection,
            "INSERT INTO deliveries (id, version, bulk, due, delivery) VALUES (?, ?, ?, ?, ?)",
            params![self.id, self.version, self.bulk, self.due, self.json],
        )?;
        if self.gave_up.is_some() {
            self.list_if_given_up(connection)?;
        }
        self.count(connection)
    }

    /// Leaves one of the same id as it is.
    pub fn insert_if_absent(&self, connection: &Connection) -> Result<()> {
        let new = execute(
            connection,
            "INSERT INTO deliveries (id, version, bulk, due, delivery) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            params![self.id, self.version, self.bulk, self.due, self.json],
        )?;
        if new > 0 {
            self.count(connection)?;
        }
        Ok(())
    }

    /// Replaces the version before. Returns whether there was that.
    pub fn replace(&self, connection: &Connection) -> Result<bool> {
        let replaced = execute(
            connection,
            "UPDATE deliveries SET version = ?2, due = ?3, delivery = ?4 WHERE id = ?1 AND version = ?2 - 1",
            params![self.id, self.version, self.due, self.json],
        )?;
        if replaced == 0 {
            return Ok(false);
        }
        self.list_if_given_up(connection)?;
        self.count(connection)?;
        Ok(true)
    }

    fn list_if_given_up(&self, connection: &Connection) -> Result<usize> {
        match self.gave_up {
            Some(at) => execute(
                connection,
                "INSERT INTO given_up (id, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
                params![self.id, at],
            ),
            None => execute(connection, "DELETE FROM given_up WHERE id = ?", [&self.id]),
        }
    }

    fn count(&self, connection: &Connection) -> Result<()> {
        let Some((notice, standing)) = &self.of_notice else {
            return Ok(());
        };
        execute(
            connection,
            "INSERT INTO recipients (notice, delivery, standing) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET standing = excluded.standing",
            params![notice, self.id, standing],
        )
        .map(drop)
    }
}
