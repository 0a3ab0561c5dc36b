//! Checkpoints: what is in the write-ahead log goes into the database, so that the log begins anew.
//! A thread of its own does nearly all of that, for otherwise some texts would wait until thousands
//! of pages are written; the thread that writes does the rest when the log gets long, since a log
//! that is written to all the time would never be at its end.
//!
//! Source: SQLite, "Write-Ahead Logging", sections 2.3 and 6 ("Avoiding Excessively Large WAL
//! Files").

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, TrySendError};
use std::time::Duration;

use rusqlite::Connection;

/// How long another process may hold the database before a write is given up.
pub(super) const LOCKED_AT_MOST: Duration = Duration::from_secs(2);

/// How many writes there are between two checkpoints.
const WRITES: usize = 500;

/// How many pages of 4 KiB the log may have before the rest of a checkpoint is done between two
/// groups of writes.
const LONG: i64 = 2 * 1000;

/// How long the log's file may stay, in bytes, after it was longer.
const KEPT: i64 = 64 * 1024 * 1024;

pub(crate) struct Checkpoints {
    wanted: mpsc::SyncSender<()>,
    /// How many pages the log had at the last checkpoint; 0 once the writer knows.
    pages: Arc<AtomicI64>,
    writes: usize,
}

impl Checkpoints {
    /// Takes over from `writer`'s own checkpoints.
    pub fn beside(writer: &Connection, path: &Path) -> rusqlite::Result<Self> {
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        writer.pragma_update(None, "journal_size_limit", KEPT)?;
        // What an earlier run left, or a hundred that were killed before they got to it.
        checkpoint(writer);
        let connection = Connection::open(path)?;
        connection.busy_timeout(LOCKED_AT_MOST)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // One that waits is enough.
        let (wanted, requests) = mpsc::sync_channel(1);
        let pages = Arc::new(AtomicI64::new(0));
        let found = Arc::clone(&pages);
        let work = move || {
            while requests.recv().is_ok() {
                found.store(checkpoint(&connection), Ordering::Relaxed);
            }
        };
        std::thread::Builder::new()
            .name("checkpoints".into())
            .spawn(work)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(Self {
            wanted,
            pages,
            writes: 0,
        })
    }

    /// `writes` were committed, and `writer` has no transaction open.
    pub fn after(&mut self, writes: usize, writer: &Connection) {
        if self.pages.load(Ordering::Relaxed) >= LONG {
            self.pages.store(0, Ordering::Relaxed);
            checkpoint(writer);
        }
        self.writes += writes;
        if self.writes >= WRITES {
            self.writes = 0;
            // If one is under way or waits already, it does this one's work.
            if self.wanted.try_send(()) == Err(TrySendError::Disconnected(())) {
                checkpoint(writer);
            }
        }
    }
}

/// Brings into the database what no reader needs in the log any more, and waits for nobody. Returns
/// how many pages the log has.
fn checkpoint(connection: &Connection) -> i64 {
    let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1));
    // It could not: the next one may.
    pages.unwrap_or_else(|error| {
        tracing::warn!(%error, "the database's log could not be worked off");
        0
    })
}

/// How long a rewriting waits for its turn.
const REWRITE_WITHIN: Duration = Duration::from_secs(30);

/// Writes the whole database anew, without free pages, and empties the log.
pub(super) fn rewrite(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(REWRITE_WITHIN)?;
    connection.execute_batch("VACUUM")?;
    truncate(path)
}

/// Empties the log, after nearly all of it was worked off without holding up anybody.
pub(super) fn truncate(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(LOCKED_AT_MOST)?;
    checkpoint(&connection);
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let why = "somebody reads in the log all the time".to_owned();
        return Err(rusqlite::Error::SqliteFailure(code, Some(why)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::sqlite::database::Database;

    #[tokio::test]
    async fn a_log_that_is_written_to_all_the_time_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.db");
        let database = Database::open(&path).unwrap();
        let create = "CREATE TABLE notes (note BLOB)";
        database.write(|c| c.execute_batch(create)).await.unwrap();
        // Two pages each, five times as many as the log may have.
        let insert = "INSERT INTO notes VALUES (zeroblob(6000))";
        for _ in 0..100 {
            let writes = (0..100).map(|_| database.write(|c| c.execute(insert, [])));
            futures::future::try_join_all(writes).await.unwrap();
        }
        let log = folder.path().join("relay.db-wal");
        let pages = log.metadata().unwrap().len() / 4096;
        assert!(pages < 3 * LONG as u64, "{pages} pages");
    }
}
