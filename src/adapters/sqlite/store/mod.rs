//! The store in the one-machine mode's SQLite file.

mod calls;
mod conversations;
pub mod forget;
mod notices;
mod opt_outs;
mod parsed_lines;
pub mod restore;
pub mod retention;
mod rows;
mod subscribers;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::parsed_lines::ParsedLines;
use self::rows::Row;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::store::{
    Changed, ForInbound, ForSending, Kept, MOST_ALIKE, MOST_CUSTOMERS, Planned, Result, Saved,
    SignatureDigest, Store,
};
use crate::domain::command;
use crate::domain::conversation::{Block, Conversation, PersonState, digits_alike};
use crate::domain::delivery::{Delivery, Restoration};
use crate::domain::duty::{Override, Overrides};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::opt_out::{self, OptOuts};
use crate::domain::pace::{self, Budget, Claim, Slot, Spent};
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::Subscriber;

pub struct SqliteStore(Database, ParsedLines);

impl SqliteStore {
    pub fn on(database: Database) -> Self {
        Self(database, ParsedLines::default())
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.0.read(read)
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.write(write).await
    }

    fn one<T: DeserializeOwned>(&self, query: &str, key: &str) -> Result<Option<T>> {
        self.read(|connection| one(connection, query, [key]))
    }

    /// The ids that `query` selects.
    fn ids<T>(&self, query: &str, values: impl Params) -> Result<Vec<T>>
    where
        T: TryFrom<String, Error: std::error::Error + Send + Sync + 'static>,
    {
        let ids: Vec<(String,)> = self.read(|connection| rows(connection, query, values))?;
        ids.into_iter().map(|(id,)| Ok(T::try_from(id)?)).collect()
    }

    fn line_of(&self, connection: &Connection, number: &PhoneNumber) -> Result<Option<Line>> {
        let line = match value(connection, LINE, [number.expose()])? {
            Some(line) => Some(line),
            None => value(connection, LINE_OF_REPLY_NUMBER, [number.expose()])?,
        };
        line.map(|json| self.1.parsed(json)).transpose()
    }

    /// All that is to be known of a text, or of what is told of a call.
    fn inbound(
        &self,
        connection: &Connection,
        to: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        let line = self.line_of(connection, to)?;
        let number = line.as_ref().map_or(to, |line| &line.number);
        let people = line.iter().flat_map(|line| &line.people);
        let phones = people.map(|person| &person.number).chain(from);
        let opt_outs = opt_outs::among(connection, number, phones)?;
        let mut found = ForInbound {
            overrides: overrides(connection, number)?,
            earlier: one(connection, INBOUND, [sid.as_str()])?,
            line: None,
            opt_outs,
            subscriptions: Vec::new(),
            from_own_line: false,
            conversation: None,
            alike: Vec::new(),
            customers: Vec::new(),
            person: PersonState::default(),
        };
        if let Some(from) = from {
            found.subscriptions = subscribers::of(connection, number, from)?;
            found.from_own_line = value::<String>(connection, IS_OURS, [from.expose()])?.is_some();
            found.conversation = conversations::of(connection, number, from)?;
            // A tag is given once.
            if found.conversation.is_none() {
                let ends = digits_alike(from);
                found.alike = conversations::alike(connection, number, ends, MOST_ALIKE)?;
            }
            let is_person = |line: &Line| line.person_with(from).is_some();
            if line.as_ref().is_none_or(is_person) {
                found.customers =
                    conversations::of_person(connection, number, from, MOST_CUSTOMERS)?;
                found.person = conversations::person_state(connection, number, from)?;
            }
        }
        found.line = line;
        Ok(found)
    }
}

const INBOUND: &str = "SELECT record FROM inbounds WHERE sid = ?";
const HAS_INBOUND: &str = "SELECT sid FROM inbounds WHERE sid = ?";
const DELIVERY: &str = "SELECT delivery FROM deliveries WHERE id = ?";
const DUE: &str = "SELECT id, due FROM deliveries WHERE bulk = 0 AND due < ?1
     UNION ALL SELECT id, due FROM deliveries WHERE bulk = 1 AND due < ?1 ORDER BY due LIMIT ?2";
const GAVE_UP: &str = "SELECT id FROM given_up WHERE at < ? ORDER BY at LIMIT ?";
const LINE: &str = "SELECT line FROM lines WHERE number = ?";
const LINE_OF_REPLY_NUMBER: &str =
    "SELECT lines.line FROM reply_numbers JOIN lines ON lines.number = reply_numbers.line
     WHERE reply_numbers.number = ?";
const IS_OURS: &str = "SELECT number FROM lines WHERE number = ?1
     UNION ALL SELECT number FROM reply_numbers WHERE number = ?1";
const FORGET_REPLY_NUMBERS: &str = "DELETE FROM reply_numbers WHERE line = ?";
const OWNER: &str = "SELECT delivery FROM sent WHERE sid = ?";

/// How long before a day's end another one's ended, in milliseconds, for it to be over in every time
/// zone.
const KEEPS_SPENT: i64 = 3 * 24 * 3600 * 1000;

#[async_trait]
impl Store for SqliteStore {
    async fn for_inbound(
        &self,
        to: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        self.read(|connection| {
            // One transaction: each of its own would cost its own locks.
            let transaction = connection.unchecked_transaction()?;
            let found = self.inbound(connection, to, sid, from)?;
            transaction.commit()?;
            Ok(found)
        })
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        let (line, rows) = (line.clone(), Rows::of(line, planned)?);
        self.write(move |connection| rows.keep(connection, &line))
            .await
    }

    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>> {
        self.read(|connection| {
            let found = customers
                .iter()
                .map(|customer| conversations::of(connection, line, customer));
            Ok(found
                .collect::<Result<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect())
        })
    }

    async fn customers_alike(
        &self,
        line: &PhoneNumber,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        self.read(|connection| conversations::alike(connection, line, digits, limit))
    }

    async fn customers_of(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        self.read(|connection| conversations::of_person(connection, line, person, limit))
    }

    async fn person_state(&self, line: &PhoneNumber, person: &PhoneNumber) -> Result<PersonState> {
        self.read(|connection| conversations::person_state(connection, line, person))
    }

    async fn blocked(&self, line: &PhoneNumber) -> Result<BTreeMap<PhoneNumber, Block>> {
        self.read(|connection| conversations::blocked(connection, line))
    }

    async fn save_person_state(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        state: &PersonState,
    ) -> Result<Saved> {
        let (line, person, state) = (line.clone(), person.clone(), state.clone());
        let put = self.write(move |connection| {
            conversations::put_person_state(connection, &line, &person, &state)
        });
        Ok(saved(put.await?))
    }

    async fn save_conversation(&self, line: &PhoneNumber, changed: &Changed) -> Result<Saved> {
        let (line, row) = (line.clone(), conversations::Row::of(changed)?);
        let is_next = self.write(move |connection| {
            let is_next = row.is_next(connection, &line)?;
            if is_next {
                row.put(connection, &line)?;
            }
            Ok(is_next)
        });
        Ok(saved(is_next.await?))
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.one(INBOUND, sid.as_str())
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let row = Row::of(delivery)?;
        let spawned = spawned.iter().map(Row::of).collect::<Result<Vec<_>>>()?;
        let replaced = self.write(move |connection| {
            let replaced = row.replace(connection)?;
            for new in spawned.iter().filter(|_| replaced) {
                new.insert_if_absent(connection)?;
            }
            Ok(replaced)
        });
        Ok(saved(replaced.await?))
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        _: Timestamp,
    ) -> Result<bool> {
        let (sid, delivery) = (sid.to_string(), delivery.to_string());
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO sent (sid, delivery) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [&sid, &delivery],
            )?;
            Ok(value(connection, OWNER, [&sid])? == Some(delivery))
        })
        .await
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        Ok(self.ids(OWNER, [sid.as_str()])?.pop())
    }

    async fn overdue(
        &self,
        instant: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, DeliveryId)>> {
        let values = (instant.as_millisecond(), at_most(limit));
        let due: Vec<(String, i64)> = self.read(|connection| rows(connection, DUE, values))?;
        let due = due.into_iter().map(|(id, due)| {
            let due = Timestamp::from_millisecond(due)?;
            Ok((due, DeliveryId::parse(&id)?))
        });
        due.collect()
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.ids(GAVE_UP, (instant.as_millisecond(), at_most(limit)))
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let id = id.to_string();
        let put_off = self.write(move |connection| {
            execute(
                connection,
                "UPDATE deliveries SET due = ?3 WHERE id = ?1 AND due < ?2",
                params![id, before.as_millisecond(), until.as_millisecond()],
            )
        });
        Ok(put_off.await? == 1)
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        self.read(|connection| {
            Ok(ForSending {
                opt_out: opt_outs::among(connection, line, [to])?.0.remove(to),
                line: self.line_of(connection, line)?,
                person: conversations::person_state(connection, line, to)?,
            })
        })
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        self.read(|connection| opt_outs::all(connection, line))
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        let (line, change) = (line.clone(), change.clone());
        let changed = self.write(move |connection| opt_outs::change(connection, &line, &change));
        Ok(changed.await? == 1)
    }

    /// A pace whose time has passed is as good as none, and goes with the next claim of any.
    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Slot> {
        let key = key.expose().to_owned();
        self.write(move |connection| {
            let before = [now.as_millisecond()];
            execute(connection, "DELETE FROM paces WHERE tat <= ?", before)?;
            let tat = value(connection, "SELECT tat FROM paces WHERE key = ?", [&key])?;
            let tat = tat.and_then(|tat| Timestamp::from_millisecond(tat).ok());
            let Claim { tat, slot } = match pace::claim(tat, now, rate, patience) {
                Ok(claim) => claim,
                Err(slot) => return Ok(Slot::TooLate(slot)),
            };
            execute(
                connection,
                "INSERT INTO paces (key, tat) VALUES (?, ?)
                 ON CONFLICT DO UPDATE SET tat = excluded.tat",
                params![key, tat.as_millisecond()],
            )?;
            Ok(Slot::Taken(slot))
        })
        .await
    }

    /// Of days that are over nothing is kept.
    async fn spend(&self, budget: &Budget, segments: u32) -> Result<Spent> {
        let budget = budget.clone();
        self.write(move |connection| {
            let key = budget.key.expose().to_owned();
            let used = value(connection, "SELECT used FROM spent WHERE key = ?", [&key])?;
            let spent = budget.with(used.unwrap_or_default(), segments);
            let Spent::Yes { used } = spent else {
                return Ok(spent);
            };
            let over = budget.until.as_millisecond() - KEEPS_SPENT;
            execute(connection, "DELETE FROM spent WHERE until <= ?", [over])?;
            execute(
                connection,
                "INSERT INTO spent (key, used, until) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET used = excluded.used",
                params![key, used, budget.until.as_millisecond()],
            )?;
            Ok(spent)
        })
        .await
    }

    /// One whose time is over goes with the next claim of any.
    async fn claim_once(
        &self,
        key: &pace::Key,
        by: &DeliveryId,
        within: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        let (key, by) = (key.expose().to_owned(), by.to_string());
        let until = (now + within).as_millisecond();
        self.write(move |connection| {
            execute(
                connection,
                "DELETE FROM claims WHERE until <= ? OR ? < until",
                [now.as_millisecond(), until],
            )?;
            execute(
                connection,
                "INSERT INTO claims (key, by, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                params![key, by, until],
            )?;
            let owner: Option<String> =
                value(connection, "SELECT by FROM claims WHERE key = ?", [&key])?;
            Ok(owner.as_ref() == Some(&by))
        })
        .await
    }

    /// One whose time is over goes with the next claim of any.
    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let digest = signature.as_str().to_owned();
        let claimed = self.write(move |connection| {
            let before = [now.as_millisecond()];
            execute(
                connection,
                "DELETE FROM signatures WHERE until <= ?",
                before,
            )?;
            execute(
                connection,
                "INSERT INTO signatures (digest, until) VALUES (?, ?) ON CONFLICT DO NOTHING",
                params![digest, until.as_millisecond()],
            )
        });
        Ok(claimed.await? == 1)
    }

    async fn restoration(&self) -> Result<Option<Restoration>> {
        self.last_restoration()
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        self.read(|connection| all(connection, "SELECT line FROM lines ORDER BY number", []))
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        self.read(|connection| self.line_of(connection, number))
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        let (number, json) = (line.number.expose().to_owned(), to_json(line)?);
        let people: Vec<&str> = line.people.iter().map(|p| p.name.as_str()).collect();
        let people = to_json(&people)?;
        let reply_numbers = line.reply_numbers.clone();
        self.write(move |connection| {
            execute(
                connection,
                "DELETE FROM overrides WHERE line = ? AND person NOT IN (SELECT value FROM json_each(?))",
                [&number, &people],
            )?;
            execute(
                connection,
                "INSERT INTO lines (number, line) VALUES (?, ?) ON CONFLICT DO UPDATE SET line = excluded.line",
                [&number, &json],
            )?;
            execute(connection, FORGET_REPLY_NUMBERS, [&number])?;
            for reply_number in &reply_numbers {
                let statement = "INSERT INTO reply_numbers (number, line) VALUES (?, ?)
                                 ON CONFLICT DO UPDATE SET line = excluded.line";
                execute(connection, statement, [reply_number.expose(), &number])?;
            }
            Ok(())
        })
        .await
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        let number = number.expose().to_owned();
        self.write(move |connection| {
            for statement in [
                "DELETE FROM overrides WHERE line = ?",
                "DELETE FROM reconciled WHERE line = ?",
                "DELETE FROM caught_up WHERE line = ?",
                FORGET_REPLY_NUMBERS,
                "DELETE FROM lines WHERE number = ?",
            ] {
                execute(connection, statement, [&number])?;
            }
            Ok(())
        })
        .await
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        let query = "SELECT day FROM reconciled WHERE line = ?";
        let day = self.read(|connection| value::<String>(connection, query, [line.expose()]))?;
        Ok(day.map(|day| day.parse()).transpose()?)
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        let (line, day) = (line.expose().to_owned(), day.to_string());
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO reconciled (line, day) VALUES (?, ?)
                 ON CONFLICT DO UPDATE SET day = excluded.day",
                [line, day],
            )
            .map(drop)
        })
        .await
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        self.read(|connection| overrides(connection, line))
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        let (line, person, to) = (line.clone(), person.to_owned(), to.cloned());
        self.write(move |connection| set_override(connection, &line, &person, to.as_ref()))
            .await
    }
}

/// What is to be kept of a text, as the tables hold it: made before it is the turn of the one thread
/// that writes.
struct Rows {
    sid: String,
    record: String,
    deliveries: Vec<Row>,
    conversations: Vec<conversations::Row>,
    person: Option<(PhoneNumber, PersonState)>,
    opt_out: Option<opt_out::Change>,
    subscriptions: Vec<Subscriber>,
    duty: Vec<(PhoneNumber, command::Change)>,
}

impl Rows {
    fn of(line: &PhoneNumber, planned: &Planned) -> Result<Self> {
        let duty = planned.duty(line);
        let (record, conversations) = (&planned.record, planned.conversations.iter());
        Ok(Self {
            sid: record.sms.sid.to_string(),
            record: to_json(record)?,
            deliveries: planned
                .deliveries
                .iter()
                .map(Row::of)
                .collect::<Result<_>>()?,
            conversations: conversations
                .map(conversations::Row::of)
                .collect::<Result<_>>()?,
            person: planned.person.clone(),
            opt_out: record.opt_out.clone(),
            subscriptions: record.subscriptions.clone(),
            duty: duty
                .map(|(line, change)| (line.clone(), change.clone()))
                .collect(),
        })
    }

    /// Keeps all of it, or nothing.
    fn keep(&self, connection: &Connection, line: &PhoneNumber) -> Result<Kept> {
        if value::<String>(connection, HAS_INBOUND, [&self.sid])?.is_some() {
            return Ok(Kept::Already);
        }
        for conversation in &self.conversations {
            if !conversation.is_next(connection, line)? {
                return Ok(Kept::Outdated);
            }
        }
        // The first that writes anything, and only if it is the next.
        if let Some((person, state)) = &self.person
            && !conversations::put_person_state(connection, line, person, state)?
        {
            return Ok(Kept::Outdated);
        }
        execute(
            connection,
            "INSERT INTO inbounds (sid, record) VALUES (?, ?)",
            [&self.sid, &self.record],
        )?;
        for delivery in &self.deliveries {
            delivery.insert(connection)?;
        }
        if let Some(change) = &self.opt_out {
            opt_outs::change(connection, line, change)?;
        }
        for subscriber in &self.subscriptions {
            subscribers::put(connection, line, subscriber)?;
        }
        for (line, set) in &self.duty {
            set_override(connection, line, &set.person, set.to.as_ref())?;
        }
        for conversation in &self.conversations {
            conversation.put(connection, line)?;
        }
        Ok(Kept::New)
    }
}

fn overrides(connection: &Connection, line: &PhoneNumber) -> Result<Overrides> {
    let query = "SELECT person, override FROM overrides WHERE line = ?";
    let rows: Vec<(String, String)> = rows(connection, query, [line.expose()])?;
    rows.into_iter()
        .map(|(person, json)| Ok((person, parse(&json)?)))
        .collect::<Result<_>>()
        .map(Overrides)
}

fn set_override(
    connection: &Connection,
    line: &PhoneNumber,
    person: &str,
    to: Option<&Override>,
) -> Result<()> {
    match to {
        Some(to) => execute(
            connection,
            "INSERT INTO overrides (line, person, override) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET override = excluded.override",
            [line.expose(), person, &to_json(to)?],
        ),
        None => execute(
            connection,
            "DELETE FROM overrides WHERE line = ? AND person = ?",
            [line.expose(), person],
        ),
    }
    .map(drop)
}

fn saved(is_saved: bool) -> Saved {
    if is_saved {
        Saved::Yes
    } else {
        Saved::Outdated
    }
}

/// A limit as SQLite takes it.
fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn to_json(value: &impl Serialize) -> Result<String> {
    // Long enough for nearly every record at once.
    let mut json = Vec::with_capacity(2048);
    serde_json::to_writer(&mut json, value)?;
    Ok(String::from_utf8(json)?)
}

fn parse<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).context("the database holds a record that this version cannot read")
}

/// The record that `query` selects.
fn one<T: DeserializeOwned>(
    connection: &Connection,
    query: &str,
    values: impl Params,
) -> Result<Option<T>> {
    let json: Option<String> = value(connection, query, values)?;
    json.map(|json| parse(&json)).transpose()
}

/// The records that `query` selects.
fn all<T: DeserializeOwned>(
    connection: &Connection,
    query: &str,
    values: impl Params,
) -> Result<Vec<T>> {
    let rows: Vec<(String,)> = rows(connection, query, values)?;
    rows.iter().map(|(json,)| parse(json)).collect()
}

#[cfg(test)]
mod tests;
