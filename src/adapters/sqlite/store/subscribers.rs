//! Who subscribed to a line's topics.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::{SqliteStore, all, at_most, one, to_json};
use crate::adapters::sqlite::statements::execute;
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
        let query = "SELECT subscriber FROM subscribers
             WHERE line = ? AND topic = ? AND number > ? AND is_active
             ORDER BY number LIMIT ?";
        let values = params![line.expose(), topic, after, at_most(limit)];
        self.read(|connection| all(connection, query, values))
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        self.read(|connection| of(connection, line, number))
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>> {
        let (line, changes) = (line.clone(), changes.to_vec());
        self.write(move |connection| {
            let mut all = Vec::with_capacity(changes.len());
            for change in &changes {
                let key = [line.expose(), &change.topic, change.number.expose()];
                let before: Option<Subscriber> = one(connection, ONE, key)?;
                let made = change.of(before.as_ref());
                if let Ok(made) = &made {
                    put(connection, &line, made)?;
                }
                all.push(made);
            }
            Ok(all)
        })
        .await
    }
}

/// What is on record of a number.
pub fn of(
    connection: &Connection,
    line: &PhoneNumber,
    number: &PhoneNumber,
) -> Result<Vec<Subscriber>> {
    all(connection, OF_NUMBER, [line.expose(), number.expose()])
}

/// Whatever is there.
pub fn put(connection: &Connection, line: &PhoneNumber, subscriber: &Subscriber) -> Result<usize> {
    execute(
        connection,
        "INSERT INTO subscribers (line, topic, number, is_active, subscriber)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE
         SET is_active = excluded.is_active, subscriber = excluded.subscriber",
        params![
            line.expose(),
            subscriber.topic,
            subscriber.number.expose(),
            subscriber.is_active(),
            to_json(subscriber)?
        ],
    )
}
