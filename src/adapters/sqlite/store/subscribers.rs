//! Who subscribed to a line's topics.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::{SqliteStore, execute, one, parse, to_json};
use crate::app::ports::store::{Result, Subscribers};
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::{Change, Subscriber, Unchanged};

/// Left to itself, SQLite reads all of the line's subscribers, since they stand in the order asked for.
pub(super) const OF_NUMBER: &str =
    "SELECT subscriber FROM subscribers INDEXED BY subscribers_number
     WHERE line = ? AND number = ? ORDER BY topic";

const ONE: &str = "SELECT subscriber FROM subscribers WHERE line = ? AND topic = ? AND number = ?";

#[async_trait]
impl Subscribers for SqliteStore {
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>> {
        let after = after.map_or("", PhoneNumber::expose);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<String> = self.0.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT subscriber FROM subscribers
                 WHERE line = ? AND topic = ? AND number > ? AND is_active
                 ORDER BY number LIMIT ?",
            )?;
            let rows = query.query_map(params![line.expose(), topic, after, limit], |row| {
                row.get(0)
            })?;
            rows.collect()
        })?;
        rows.iter().map(|json| parse(json)).collect()
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        let rows = self.0.read(|connection| of(connection, line, number))?;
        rows.iter().map(|json| parse(json)).collect()
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>> {
        let (line, changes) = (line.clone(), changes.to_vec());
        let made = self.0.write(move |connection| {
            let mut all = Vec::with_capacity(changes.len());
            for change in &changes {
                all.push(match make(connection, &line, change)? {
                    Ok(made) => made,
                    Err(unreadable) => return Ok(Err(unreadable)),
                });
            }
            Ok(Ok(all))
        });
        made.await?
    }
}

/// The outer error is SQLite's, the inner one that of a record that cannot be read.
fn make(
    connection: &Connection,
    line: &PhoneNumber,
    change: &Change,
) -> rusqlite::Result<Result<std::result::Result<Subscriber, Unchanged>>> {
    let key = [line.expose(), &change.topic, change.number.expose()];
    let before = one(connection, ONE, key)?.map(|json| parse(&json));
    let made = match before.transpose() {
        Ok(before) => change.of(before.as_ref()),
        Err(unreadable) => return Ok(Err(unreadable)),
    };
    let row = made.as_ref().ok().map(|made| Row::of(line, made));
    match row.transpose() {
        Ok(Some(row)) => row.put(connection).map(|_| Ok(made)),
        Ok(None) => Ok(Ok(made)),
        Err(unwritable) => Ok(Err(unwritable)),
    }
}

/// What is on record of a number, as it stands in the table.
pub fn of(
    connection: &Connection,
    line: &PhoneNumber,
    number: &PhoneNumber,
) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare_cached(OF_NUMBER)?;
    let rows = query.query_map([line.expose(), number.expose()], |row| row.get(0))?;
    rows.collect()
}

/// A subscriber as the table takes it.
pub struct Row {
    line: String,
    topic: String,
    number: String,
    is_active: bool,
    json: String,
}

impl Row {
    pub fn of(line: &PhoneNumber, subscriber: &Subscriber) -> Result<Self> {
        Ok(Self {
            line: line.expose().to_owned(),
            topic: subscriber.topic.clone(),
            number: subscriber.number.expose().to_owned(),
            is_active: subscriber.is_active(),
            json: to_json(subscriber)?,
        })
    }

    pub fn put(&self, connection: &Connection) -> rusqlite::Result<usize> {
        let Self {
            line,
            topic,
            number,
            is_active,
            json,
        } = self;
        execute(
            connection,
            "INSERT INTO subscribers (line, topic, number, is_active, subscriber)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE
             SET is_active = excluded.is_active, subscriber = excluded.subscriber",
            params![line, topic, number, is_active, json],
        )
    }
}
