//! What a copy of an earlier time has to know before it is worked on.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::Row;
use super::{DELIVERY, SqliteStore, one};
use crate::adapters::sqlite::statements::{execute, rows};
use crate::app::ports::store::Result;
use crate::domain::delivery::{Delivery, Event, Restoration, step};

/// How many deliveries are changed in one transaction.
const GROUP: usize = 200;

/// What was marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marked {
    /// Deliveries that were not finished: Twilio is asked about them before they go on.
    pub open: usize,
}

impl SqliteStore {
    /// Every delivery that is not finished is asked about before it goes on, and each line's texts since then
    /// are asked for.
    pub async fn mark_restored(&self, restoration: Restoration) -> Result<Marked> {
        let Restoration { since, at } = restoration;
        let open = "SELECT id FROM deliveries WHERE due IS NOT NULL UNION SELECT id FROM given_up";
        let open: Vec<(String,)> = self.read(|connection| rows(connection, open, []))?;
        let mut marked = Marked::default();
        for group in open.chunks(GROUP) {
            let group = group.to_vec();
            marked.open += self
                .write(move |connection| {
                    let mut changed = 0;
                    for (id,) in &group {
                        changed += usize::from(mark(connection, id, restoration)?);
                    }
                    Ok(changed)
                })
                .await?;
        }
        self.write(move |connection| {
            // A line whose texts were never asked for has them asked for from then on.
            execute(
                connection,
                "INSERT INTO caught_up (line, at) SELECT number, ?1 FROM lines WHERE true
                 ON CONFLICT DO UPDATE SET at = min(at, excluded.at)",
                [since.as_millisecond()],
            )?;
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS restorations (since INTEGER NOT NULL, at INTEGER NOT NULL)",
            )?;
            execute(
                connection,
                "INSERT INTO restorations (since, at) VALUES (?, ?)",
                params![since.as_millisecond(), at.as_millisecond()],
            )
        })
        .await?;
        Ok(marked)
    }

    pub(super) fn last_restoration(&self) -> Result<Option<Restoration>> {
        self.read(|connection| {
            // Few databases were ever restored.
            if !connection.table_exists(None, "restorations")? {
                return Ok(None);
            }
            let query = "SELECT since, at FROM restorations ORDER BY at DESC LIMIT 1";
            let found: Option<(i64, i64)> = connection
                .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((since, at)) = found else {
                return Ok(None);
            };
            Ok(Some(Restoration {
                since: Timestamp::from_millisecond(since)?,
                at: Timestamp::from_millisecond(at)?,
            }))
        })
    }
}

fn mark(connection: &Connection, id: &str, restoration: Restoration) -> Result<bool> {
    let Some(before) = one::<Delivery>(connection, DELIVERY, [id])? else {
        return Ok(false);
    };
    let event = Event::Restored {
        since: restoration.since,
    };
    let (mut after, _) = step(before.clone(), event, restoration.at, 0.0);
    if after == before {
        return Ok(false);
    }
    after.version += 1;
    Row::of(&after)?.replace(connection)
}
