//! Who opted out of a line's texts.

use rusqlite::Connection;

use super::{one, to_json};
use crate::adapters::sqlite::statements::{execute, rows};
use crate::app::ports::store::Result;
use crate::domain::opt_out::{Change, OptOuts};
use crate::domain::phone::PhoneNumber;

/// Returns how many rows it changed.
pub fn change(connection: &Connection, line: &PhoneNumber, change: &Change) -> Result<usize> {
    let (line, number) = (line.expose(), change.number.expose());
    match &change.to {
        Some(to) => execute(
            connection,
            "INSERT INTO opt_outs (line, number, opt_out) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [line, number, &to_json(to)?],
        ),
        None => execute(
            connection,
            "DELETE FROM opt_outs WHERE line = ? AND number = ?",
            [line, number],
        ),
    }
}

/// Of these numbers, those that opted out.
pub fn among<'n>(
    connection: &Connection,
    line: &PhoneNumber,
    numbers: impl IntoIterator<Item = &'n PhoneNumber>,
) -> Result<OptOuts> {
    let query = "SELECT opt_out FROM opt_outs WHERE line = ? AND number = ?";
    let mut opt_outs = OptOuts::default();
    for number in numbers {
        let opt_out = one(connection, query, [line.expose(), number.expose()])?;
        opt_outs.0.extend(opt_out.map(|out| (number.clone(), out)));
    }
    Ok(opt_outs)
}

pub fn all(connection: &Connection, line: &PhoneNumber) -> Result<OptOuts> {
    let query = "SELECT number, opt_out FROM opt_outs WHERE line = ?";
    let rows: Vec<(String, String)> = rows(connection, query, [line.expose()])?;
    rows.into_iter()
        .map(|(number, json)| Ok((PhoneNumber::parse(&number)?, super::parse(&json)?)))
        .collect::<Result<_>>()
        .map(OptOuts)
}
