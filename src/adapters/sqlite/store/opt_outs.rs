//! Who opted out of a line's texts.

use rusqlite::{Connection, params};

use super::{execute, one, parse, to_json};
use crate::adapters::sqlite::database::Database;
use crate::app::ports::store::Result;
use crate::domain::opt_out::{self, OptOuts};
use crate::domain::phone::PhoneNumber;

/// A change as the table takes it.
pub struct Change {
    line: String,
    number: String,
    to: Option<String>,
}

impl Change {
    pub fn of(line: &PhoneNumber, change: &opt_out::Change) -> Result<Self> {
        Ok(Self {
            line: line.expose().to_owned(),
            number: change.number.expose().to_owned(),
            to: change.to.as_ref().map(to_json).transpose()?,
        })
    }

    /// Returns how many rows it changed.
    pub fn make(self, connection: &Connection) -> rusqlite::Result<usize> {
        let Self { line, number, to } = self;
        match to {
            Some(json) => execute(
                connection,
                "INSERT INTO opt_outs (line, number, opt_out) VALUES (?, ?, ?)
                 ON CONFLICT DO NOTHING",
                params![line, number, json],
            ),
            None => execute(
                connection,
                "DELETE FROM opt_outs WHERE line = ? AND number = ?",
                params![line, number],
            ),
        }
    }
}

/// Of one number, as it stands in the table.
pub fn of(
    connection: &Connection,
    line: &PhoneNumber,
    number: &PhoneNumber,
) -> rusqlite::Result<Option<String>> {
    one(
        connection,
        "SELECT opt_out FROM opt_outs WHERE line = ? AND number = ?",
        [line.expose(), number.expose()],
    )
}

pub fn all(database: &Database, line: &PhoneNumber) -> Result<OptOuts> {
    read(
        database,
        "SELECT number, opt_out FROM opt_outs WHERE line = ?",
        params![line.expose()],
    )
}

fn read(database: &Database, query: &str, values: impl rusqlite::Params) -> Result<OptOuts> {
    let rows: Vec<(String, String)> = database.read(|connection| {
        let mut query = connection.prepare_cached(query)?;
        let rows = query.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    })?;
    rows.into_iter()
        .map(|(number, json)| Ok((PhoneNumber::parse(&number)?, parse(&json)?)))
        .collect::<Result<_>>()
        .map(OptOuts)
}
