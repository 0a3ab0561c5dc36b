//! Statements that are compiled once, as store and queue run them.

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row};

/// The first column of the row that `query` selects.
pub fn value<T: FromSql>(
    connection: &Connection,
    query: &str,
    values: impl Params,
) -> anyhow::Result<Option<T>> {
    let mut query = connection.prepare_cached(query)?;
    Ok(query.query_row(values, |row| row.get(0)).optional()?)
}

/// The columns of the rows that `query` selects.
pub fn rows<T>(connection: &Connection, query: &str, values: impl Params) -> anyhow::Result<Vec<T>>
where
    T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
{
    let mut query = connection.prepare_cached(query)?;
    let rows = query.query_map(values, |row| row.try_into())?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Returns how many rows the statement changed.
pub fn execute(
    connection: &Connection,
    statement: &str,
    values: impl Params,
) -> anyhow::Result<usize> {
    Ok(connection.prepare_cached(statement)?.execute(values)?)
}
