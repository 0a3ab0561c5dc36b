//! The store in the one-machine mode's SQLite file.

mod notices;
mod opt_outs;
mod overrides;
mod paces;
mod parsed_lines;
mod planned;
mod rows;
mod signatures;
mod subscribers;
mod threads;

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::parsed_lines::ParsedLines;
use self::planned::Rows;
use self::rows::Row;
use crate::adapters::sqlite::database::Database;
use crate::app::ports::store::SignatureDigest;
use crate::app::ports::store::{ForInbound, ForSending, Kept, Planning, Result, Saved, Store};
use crate::domain::delivery::Delivery;
use crate::domain::duty::{Override, Overrides};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::opt_out::{self, OptOuts};
use crate::domain::pace;
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::Threads;

pub struct SqliteStore(Database, ParsedLines);

impl SqliteStore {
    pub fn on(database: Database) -> Self {
        Self(database, ParsedLines::default())
    }

    fn one<T: DeserializeOwned>(&self, query: &str, key: &str) -> Result<Option<T>> {
        self.0
            .read(|connection| one(connection, query, [key]))?
            .map(|json| parse(&json))
            .transpose()
    }

    /// The deliveries that `query` selects with an instant in milliseconds and a limit.
    fn ids_before(&self, query: &str, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let ids: Vec<String> = self.0.read(|connection| {
            let mut query = connection.prepare_cached(query)?;
            let ids =
                query.query_map(params![instant.as_millisecond(), limit], |row| row.get(0))?;
            ids.collect()
        })?;
        Ok(ids
            .iter()
            .map(|id| DeliveryId::parse(id))
            .collect::<std::result::Result<_, _>>()?)
    }
}

const INBOUND: &str = "SELECT record FROM inbounds WHERE sid = ?";
const HAS_INBOUND: &str = "SELECT sid FROM inbounds WHERE sid = ?";
const DELIVERY: &str = "SELECT delivery FROM deliveries WHERE id = ?";
const DUE: &str = "SELECT id FROM deliveries WHERE due < ? ORDER BY due LIMIT ?";
const LINE: &str = "SELECT line FROM lines WHERE number = ?";
const IS_LINE: &str = "SELECT number FROM lines WHERE number = ?";

#[async_trait]
impl Store for SqliteStore {
    async fn for_inbound(
        &self,
        number: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        let found = self.0.read(|connection| {
            // One transaction: each of its own would cost its own locks.
            let transaction = connection.unchecked_transaction()?;
            let line = one(connection, LINE, [number.expose()])?;
            let line = match line.map(|json| self.1.parsed(json)).transpose() {
                Ok(line) => line,
                Err(unreadable) => return Ok(Err(unreadable)),
            };
            let people = line.iter().flat_map(|line| &line.people);
            let opt_outs = people
                .map(|person| &person.number)
                .chain(from)
                .filter_map(|phone| {
                    let opt_out = opt_outs::of(connection, number, phone).transpose();
                    opt_out.map(|json| json.map(|json| (phone.clone(), json)))
                })
                .collect::<rusqlite::Result<Vec<_>>>()?;
            let own = from.map(|from| one(connection, IS_LINE, [from.expose()]));
            let own = own.transpose()?.flatten();
            let topics = from.map(|from| subscribers::of(connection, number, from));
            let topics = topics.transpose()?.unwrap_or_default();
            let overrides = overrides::of(connection, number)?;
            let threads = threads::of(connection, number)?;
            let earlier = one(connection, INBOUND, [sid.as_str()])?;
            transaction.commit()?;
            let sender = (opt_outs, topics, own);
            Ok(Ok((line, overrides, threads, sender, earlier)))
        })?;
        let (line, overrides, threads, (opt_outs, topics, own), earlier) = found?;
        let opt_outs = opt_outs
            .into_iter()
            .map(|(phone, json)| Ok((phone, parse(&json)?)));
        Ok(ForInbound {
            line,
            overrides: overrides::parsed(overrides)?,
            opt_outs: OptOuts(opt_outs.collect::<Result<_>>()?),
            subscriptions: topics
                .iter()
                .map(|json| parse(json))
                .collect::<Result<_>>()?,
            threads: threads::parsed(threads)?,
            from_own_line: own.is_some(),
            earlier: earlier.map(|json| parse(&json)).transpose()?,
        })
    }

    async fn take_in(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        seen: &Threads,
        plan: Planning,
    ) -> Result<Kept> {
        let (line, sid) = (line.clone(), sid.clone());
        let mut seen = Some(seen.clone());
        // Planned in the transaction, where nobody else changes the threads: with many texts at once
        // nobody has to do it again.
        let kept = self.0.write(move |connection| {
            if one(connection, HAS_INBOUND, [sid.as_str()])?.is_some() {
                return Ok(Ok(Kept::Already));
            }
            let version = threads::version_of(connection, &line)?;
            let current = match seen.take_if(|seen| seen.version == version) {
                Some(seen) => Ok(seen),
                None => threads::parsed(threads::of(connection, &line)?),
            };
            let planned = current.map(|threads| plan(&threads));
            match planned.and_then(|planned| Ok((Rows::of(&line, &planned)?, planned))) {
                Ok((rows, planned)) => {
                    rows.insert(connection)?;
                    Ok(Ok(Kept::New(Box::new(planned))))
                }
                Err(unreadable) => Ok(Err(unreadable)),
            }
        });
        kept.await?
    }

    async fn threads(&self, line: &PhoneNumber) -> Result<Threads> {
        threads::parsed(self.0.read(|connection| threads::of(connection, line))?)
    }

    async fn save_threads(&self, line: &PhoneNumber, threads: &Threads) -> Result<Saved> {
        let row = threads::Row::of(line, threads)?;
        let saved = self.0.write(move |connection| row.replace(connection));
        Ok(match saved.await? {
            true => Saved::Yes,
            false => Saved::Outdated,
        })
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.one(INBOUND, sid.as_str())
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.one(DELIVERY, id.as_str())
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let row = Row::of(delivery)?;
        let spawned = spawned.iter().map(Row::of).collect::<Result<Vec<_>>>()?;
        let saved = self
            .0
            .write(move |connection| {
                let saved = row.replace(connection)?;
                if saved {
                    for new in spawned {
                        new.insert_if_absent(connection)?;
                    }
                }
                Ok(saved)
            })
            .await?;
        Ok(if saved { Saved::Yes } else { Saved::Outdated })
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        _: Timestamp,
    ) -> Result<bool> {
        let (sid, delivery) = (sid.to_string(), delivery.to_string());
        self.0
            .write(move |connection| {
                execute(
                    connection,
                    "INSERT INTO sent (sid, delivery) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    params![sid, delivery],
                )?;
                let owner = "SELECT delivery FROM sent WHERE sid = ?";
                let owner: String = connection
                    .prepare_cached(owner)?
                    .query_row([&sid], |row| row.get(0))?;
                Ok(owner == delivery)
            })
            .await
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        let owner = "SELECT delivery FROM sent WHERE sid = ?";
        let owner = self
            .0
            .read(|connection| one(connection, owner, [sid.as_str()]))?;
        Ok(owner.map(DeliveryId::try_from).transpose()?)
    }

    async fn due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.ids_before(DUE, instant, limit)
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.ids_before(
            "SELECT id FROM given_up WHERE at < ? ORDER BY at LIMIT ?",
            instant,
            limit,
        )
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let id = id.to_string();
        let (before, until) = (before.as_millisecond(), until.as_millisecond());
        let put_off = self
            .0
            .write(move |connection| {
                execute(
                    connection,
                    "UPDATE deliveries SET due = ?3 WHERE id = ?1 AND due < ?2",
                    params![id, before, until],
                )
            })
            .await?;
        Ok(put_off == 1)
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        Ok(ForSending {
            opt_out: self
                .0
                .read(|connection| opt_outs::of(connection, line, to))?
                .map(|json| parse(&json))
                .transpose()?,
            line: self.line(line).await?,
        })
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        opt_outs::all(&self.0, line)
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        let change = opt_outs::Change::of(line, change)?;
        let changed = self.0.write(move |connection| change.make(connection));
        Ok(changed.await? == 1)
    }

    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        paces::claim_slot(&self.0, key, rate, patience, now).await
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        signatures::claim(&self.0, signature, until, now).await
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        let lines: Vec<String> = self.0.read(|connection| {
            let mut query = connection.prepare_cached("SELECT line FROM lines ORDER BY number")?;
            let lines = query.query_map([], |row| row.get(0))?;
            lines.collect()
        })?;
        lines.iter().map(|json| parse(json)).collect()
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        let line = self
            .0
            .read(|connection| one(connection, LINE, [number.expose()]))?;
        line.map(|json| self.1.parsed(json)).transpose()
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        let (number, json) = (
            line.number.expose().to_owned(),
            serde_json::to_string(line)?,
        );
        let people: Vec<&str> = line.people.iter().map(|p| p.name.as_str()).collect();
        let people = serde_json::to_string(&people)?;
        self.0
            .write(move |connection| {
                execute(
                    connection,
                    "DELETE FROM overrides WHERE line = ? AND person NOT IN (SELECT value FROM json_each(?))",
                    [&number, &people],
                )?;
                execute(
                    connection,
                    "INSERT INTO lines (number, line) VALUES (?, ?) ON CONFLICT DO UPDATE SET line = excluded.line",
                    params![number, json],
                )
            })
            .await?;
        Ok(())
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        let number = number.expose().to_owned();
        self.0
            .write(move |connection| {
                execute(
                    connection,
                    "DELETE FROM overrides WHERE line = ?",
                    [&number],
                )?;
                execute(
                    connection,
                    "DELETE FROM reconciled WHERE line = ?",
                    [&number],
                )?;
                execute(connection, "DELETE FROM threads WHERE line = ?", [&number])?;
                execute(connection, "DELETE FROM lines WHERE number = ?", [&number])
            })
            .await?;
        Ok(())
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        let day = "SELECT day FROM reconciled WHERE line = ?";
        let day = self
            .0
            .read(|connection| one(connection, day, [line.expose()]))?;
        Ok(day.map(|day| day.parse()).transpose()?)
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        let (line, day) = (line.expose().to_owned(), day.to_string());
        self.0
            .write(move |connection| {
                execute(
                    connection,
                    "INSERT INTO reconciled (line, day) VALUES (?, ?)
                     ON CONFLICT DO UPDATE SET day = excluded.day",
                    [line, day],
                )
            })
            .await?;
        Ok(())
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        overrides::parsed(self.0.read(|connection| overrides::of(connection, line))?)
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        let set = overrides::Set::of(line, person, to)?;
        self.0.write(move |connection| set.make(connection)).await
    }
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

fn one<const N: usize>(
    connection: &Connection,
    query: &str,
    key: [&str; N],
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(query)?
        .query_row(rusqlite::params_from_iter(key), |row| row.get(0))
        .optional()
}

fn execute(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    connection.prepare_cached(statement)?.execute(values)
}

#[cfg(test)]
mod tests;
