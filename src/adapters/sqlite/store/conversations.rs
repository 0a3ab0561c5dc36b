//! Conversations, the lists of those who take part in them, and what is known of persons.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{at_most, one, parse, to_json};
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::store::{Changed, Listing, Result};
use crate::domain::conversation::{Block, Conversation, PersonState, digits_alike};
use crate::domain::phone::PhoneNumber;

pub fn of(
    connection: &Connection,
    line: &PhoneNumber,
    customer: &PhoneNumber,
) -> Result<Option<Conversation>> {
    let query = "SELECT conversation FROM conversations WHERE line = ? AND customer = ?";
    one(connection, query, [line.expose(), customer.expose()])
}

pub fn alike(
    connection: &Connection,
    line: &PhoneNumber,
    digits: &str,
    limit: usize,
) -> Result<Vec<PhoneNumber>> {
    let query = "SELECT customer FROM conversations
                 WHERE line = ? AND digits = ? LIMIT ?";
    customers(
        connection,
        query,
        params![line.expose(), digits, at_most(limit)],
    )
}

pub fn of_person(
    connection: &Connection,
    line: &PhoneNumber,
    person: &PhoneNumber,
    limit: usize,
) -> Result<Vec<PhoneNumber>> {
    let query = "SELECT customer FROM participants WHERE line = ? AND person = ?
                 ORDER BY waits DESC, at DESC LIMIT ?";
    let values = params![line.expose(), person.expose(), at_most(limit)];
    customers(connection, query, values)
}

/// Asked by people alone, and so without an index.
pub fn blocked(
    connection: &Connection,
    line: &PhoneNumber,
) -> Result<BTreeMap<PhoneNumber, Block>> {
    let query = "SELECT customer, conversation -> '$.blocked' FROM conversations
                 WHERE line = ? AND conversation ->> '$.blocked' IS NOT NULL";
    let found: Vec<(String, String)> = rows(connection, query, [line.expose()])?;
    let blocked = found.into_iter();
    blocked
        .map(|(customer, block)| Ok((PhoneNumber::parse(&customer)?, parse(&block)?)))
        .collect()
}

fn customers(
    connection: &Connection,
    query: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<PhoneNumber>> {
    let found: Vec<(String,)> = rows(connection, query, values)?;
    let numbers = found
        .into_iter()
        .map(|(number,)| Ok(PhoneNumber::parse(&number)?));
    numbers.collect()
}

/// A conversation that changes, as the tables hold it.
pub struct Row {
    customer: PhoneNumber,
    version: i64,
    json: String,
    gone: Vec<Listing>,
    new: Vec<Listing>,
}

impl Row {
    pub fn of(changed: &Changed) -> Result<Self> {
        let (gone, new) = changed.listings();
        Ok(Self {
            customer: changed.after.customer.clone(),
            version: changed.after.version.try_into()?,
            json: to_json(&changed.after)?,
            gone,
            new,
        })
    }

    /// Whether the conversation is still as it was when it was read.
    pub fn is_next(&self, connection: &Connection, line: &PhoneNumber) -> Result<bool> {
        let query = "SELECT version FROM conversations WHERE line = ? AND customer = ?";
        let key = [line.expose(), self.customer.expose()];
        let version: Option<i64> = value(connection, query, key)?;
        Ok(version.unwrap_or_default() == self.version - 1)
    }

    pub fn put(&self, connection: &Connection, line: &PhoneNumber) -> Result<()> {
        execute(
            connection,
            "INSERT INTO conversations (line, customer, digits, version, conversation)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET version = excluded.version, conversation = excluded.conversation",
            params![
                line.expose(),
                self.customer.expose(),
                digits_alike(&self.customer),
                self.version,
                self.json
            ],
        )?;
        self.leave_lists(connection, line)?;
        for listing in &self.new {
            let statement = "INSERT INTO participants (line, person, waits, at, customer)
                             VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
            execute(connection, statement, columns(line, listing))?;
        }
        Ok(())
    }

    /// Removes the conversation and its places in lists, and the reply numbers that stand for it.
    pub fn remove(&self, connection: &Connection, line: &PhoneNumber) -> Result<()> {
        let statement = "DELETE FROM conversations WHERE line = ? AND customer = ?";
        execute(
            connection,
            statement,
            [line.expose(), self.customer.expose()],
        )?;
        self.leave_lists(connection, line)?;
        let query = "SELECT person, state FROM persons WHERE line = ?";
        let persons: Vec<(String, String)> = rows(connection, query, [line.expose()])?;
        for (person, json) in persons {
            let mut state: PersonState = parse(&json)?;
            let before = state.reply_numbers.clone();
            state
                .reply_numbers
                .retain(|known| known.customer != self.customer);
            for known in &mut state.reply_numbers {
                known.before = known
                    .before
                    .take()
                    .filter(|before| *before != self.customer);
            }
            if state.reply_numbers != before {
                state.version += 1;
                put_person_state(connection, line, &PhoneNumber::parse(&person)?, &state)?;
            }
        }
        Ok(())
    }

    fn leave_lists(&self, connection: &Connection, line: &PhoneNumber) -> Result<()> {
        for listing in &self.gone {
            let statement = "DELETE FROM participants
                             WHERE line = ? AND person = ? AND waits = ? AND at = ? AND customer = ?";
            execute(connection, statement, columns(line, listing))?;
        }
        Ok(())
    }
}

fn columns<'l>(
    line: &'l PhoneNumber,
    listing: &'l Listing,
) -> (&'l str, &'l str, bool, i64, &'l str) {
    let Listing {
        person,
        customer,
        rank,
    } = listing;
    let at = rank.at.as_millisecond();
    (
        line.expose(),
        person.expose(),
        rank.waits,
        at,
        customer.expose(),
    )
}

pub fn person_state(
    connection: &Connection,
    line: &PhoneNumber,
    person: &PhoneNumber,
) -> Result<PersonState> {
    let query = "SELECT state FROM persons WHERE line = ? AND person = ?";
    let json: Option<String> = value(connection, query, [line.expose(), person.expose()])?;
    json.map_or_else(|| Ok(PersonState::default()), |json| parse(&json))
}

/// `false`, and nothing is changed, if somebody else saved it first.
pub fn put_person_state(
    connection: &Connection,
    line: &PhoneNumber,
    person: &PhoneNumber,
    state: &PersonState,
) -> Result<bool> {
    let version = i64::try_from(state.version)?;
    let put = execute(
        connection,
        "INSERT INTO persons (line, person, version, state) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state
         WHERE version = ?3 - 1",
        params![line.expose(), person.expose(), version, to_json(state)?],
    )?;
    Ok(put == 1)
}
