//! Who is away, or on duty, by hand or by their own word.

use rusqlite::{Connection, params};

use super::{execute, parse, to_json};
use crate::app::ports::store::Result;
use crate::domain::duty::{Override, Overrides};
use crate::domain::phone::PhoneNumber;

/// What a person's override is set to, as the table takes it; cleared with `None`.
pub struct Set {
    line: String,
    person: String,
    to: Option<String>,
}

impl Set {
    pub fn of(line: &PhoneNumber, person: &str, to: Option<&Override>) -> Result<Self> {
        Ok(Self {
            line: line.expose().to_owned(),
            person: person.to_owned(),
            to: to.map(to_json).transpose()?,
        })
    }

    pub fn make(self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { line, person, to } = self;
        match to {
            Some(json) => execute(
                connection,
                "INSERT INTO overrides (line, person, override) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET override = excluded.override",
                params![line, person, json],
            ),
            None => execute(
                connection,
                "DELETE FROM overrides WHERE line = ? AND person = ?",
                params![line, person],
            ),
        }
        .map(drop)
    }
}

/// A line's overrides, each with its person, as JSON.
pub fn of(connection: &Connection, line: &PhoneNumber) -> rusqlite::Result<Vec<(String, String)>> {
    let mut query =
        connection.prepare_cached("SELECT person, override FROM overrides WHERE line = ?")?;
    let rows = query.query_map([line.expose()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

pub fn parsed(rows: Vec<(String, String)>) -> Result<Overrides> {
    rows.into_iter()
        .map(|(person, json)| Ok((person, parse(&json)?)))
        .collect::<Result<_>>()
        .map(Overrides)
}
