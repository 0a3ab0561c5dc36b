//! Who opted out of a line's texts.

use rusqlite::{Connection, params};

use super::{execute, parse, to_json};
use crate::machine::Database;
use crate::opt_out::{self, OptOuts};
use crate::phone::PhoneNumber;
use crate::store::Result;

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

/// Those of `numbers` who opted out.
pub fn among(database: &Database, line: &PhoneNumber, numbers: &[&PhoneNumber]) -> Result<OptOuts> {
    let numbers = to_json(&numbers)?;
    read(
        database,
        "SELECT number, opt_out FROM opt_outs
         WHERE line = ? AND number IN (SELECT value FROM json_each(?))",
        params![line.expose(), numbers],
    )
}

pub fn all(database: &Database, line: &PhoneNumber) -> Result<OptOuts> {
    read(
        database,
        "SELECT number, opt_out FROM opt_outs WHERE line = ?",
        params![line.expose()],
    )
}

/// Those of the line's people and the sender who opted out, as they stand in the table.
pub fn of_people_and(
    connection: &Connection,
    line: &PhoneNumber,
    from: Option<&str>,
) -> rusqlite::Result<Vec<(String, String)>> {
    rows(
        connection,
        "SELECT number, opt_out FROM opt_outs
         WHERE line = ?1 AND (number = ?2 OR number IN (
             SELECT people.value ->> 'number'
             FROM lines, json_each(lines.line, '$.people') AS people
             WHERE lines.number = ?1))",
        params![line.expose(), from],
    )
}

pub fn parsed(rows: Vec<(String, String)>) -> Result<OptOuts> {
    rows.into_iter()
        .map(|(number, json)| Ok((PhoneNumber::parse(&number)?, parse(&json)?)))
        .collect::<Result<_>>()
        .map(OptOuts)
}

fn read(database: &Database, query: &str, values: impl rusqlite::Params) -> Result<OptOuts> {
    parsed(database.read(|connection| rows(connection, query, values))?)
}

fn rows(
    connection: &Connection,
    query: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut query = connection.prepare_cached(query)?;
    let rows = query.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
