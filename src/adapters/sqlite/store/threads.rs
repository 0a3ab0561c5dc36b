//! A line's threads: one row, since one value is decided upon and changed as a whole.

use rusqlite::{Connection, OptionalExtension, params};

use super::{execute, one, parse, to_json};
use crate::app::ports::store::Result;
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::Threads;

/// The threads as the table takes them.
pub struct Row {
    line: String,
    version: i64,
    json: String,
}

impl Row {
    pub fn of(line: &PhoneNumber, threads: &Threads) -> Result<Self> {
        Ok(Self {
            line: line.expose().to_owned(),
            version: threads.version.try_into()?,
            json: to_json(threads)?,
        })
    }

    /// Whatever is there.
    pub fn put(self, connection: &Connection) -> rusqlite::Result<()> {
        execute(
            connection,
            "INSERT INTO threads (line, version, threads) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET version = excluded.version, threads = excluded.threads",
            params![self.line, self.version, self.json],
        )
        .map(drop)
    }

    /// Replaces the version before; none is version zero. Returns whether it was that.
    pub fn replace(self, connection: &Connection) -> rusqlite::Result<bool> {
        let is_next = version(connection, &self.line)? + 1 == self.version;
        if is_next {
            self.put(connection)?;
        }
        Ok(is_next)
    }
}

pub fn of(connection: &Connection, line: &PhoneNumber) -> rusqlite::Result<Option<String>> {
    let threads = "SELECT threads FROM threads WHERE line = ?";
    one(connection, threads, [line.expose()])
}

pub fn version_of(connection: &Connection, line: &PhoneNumber) -> rusqlite::Result<u64> {
    version(connection, line.expose()).map(|version| version.try_into().unwrap_or_default())
}

fn version(connection: &Connection, line: &str) -> rusqlite::Result<i64> {
    let version = connection
        .prepare_cached("SELECT version FROM threads WHERE line = ?")?
        .query_row([line], |row| row.get(0))
        .optional()?;
    Ok(version.unwrap_or_default())
}

pub fn parsed(json: Option<String>) -> Result<Threads> {
    json.map_or_else(|| Ok(Threads::default()), |json| parse(&json))
}
