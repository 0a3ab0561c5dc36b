//! The paces at which texts may go.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::execute;
use crate::adapters::sqlite::database::Database;
use crate::app::ports::store::Result;
use crate::domain::pace::{self, Claim, Key, Rate};

/// A pace whose time has passed is as good as none, and goes with the next claim of any.
pub async fn claim_slot(
    database: &Database,
    key: &Key,
    rate: Rate,
    patience: Duration,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let key = key.expose().to_owned();
    let claimed = database.write(move |connection| {
        let before = params![now.as_millisecond()];
        execute(connection, "DELETE FROM paces WHERE tat <= ?", before)?;
        let tat: Option<i64> = connection
            .prepare_cached("SELECT tat FROM paces WHERE key = ?")?
            .query_row([&key], |row| row.get(0))
            .optional()?;
        let tat = tat.and_then(|tat| Timestamp::from_millisecond(tat).ok());
        let Some(Claim { tat, slot }) = pace::claim(tat, now, rate, patience) else {
            return Ok(None);
        };
        execute(
            connection,
            "INSERT INTO paces (key, tat) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET tat = excluded.tat",
            params![key, tat.as_millisecond()],
        )?;
        Ok(Some(slot))
    });
    claimed.await
}
