//! All that is kept of a text.

use rusqlite::{Connection, params};

use super::rows::Row;
use super::{execute, opt_outs, overrides, subscribers, threads, to_json};
use crate::app::ports::store::{Planned, Result};
use crate::domain::phone::PhoneNumber;

/// As the tables take it.
pub struct Rows {
    sid: String,
    record: String,
    deliveries: Vec<Row>,
    opt_out: Option<opt_outs::Change>,
    subscribers: Vec<subscribers::Row>,
    duty: Option<overrides::Set>,
    threads: Option<threads::Row>,
}

impl Rows {
    pub fn of(line: &PhoneNumber, planned: &Planned) -> Result<Self> {
        let Planned {
            record,
            deliveries,
            threads,
        } = planned;
        let opt_out = record.opt_out.as_ref();
        let opt_out = opt_out.map(|change| opt_outs::Change::of(line, change));
        let subscribers = record.subscriptions.iter();
        let subscribers = subscribers.map(|new| subscribers::Row::of(line, new));
        let duty = record.duty.as_ref();
        let duty = duty.map(|set| overrides::Set::of(line, &set.person, set.to.as_ref()));
        let threads = threads.as_ref();
        let threads = threads.map(|threads| threads::Row::of(line, threads));
        Ok(Self {
            sid: record.sms.sid.to_string(),
            record: to_json(record)?,
            deliveries: deliveries.iter().map(Row::of).collect::<Result<_>>()?,
            opt_out: opt_out.transpose()?,
            subscribers: subscribers.collect::<Result<_>>()?,
            duty: duty.transpose()?,
            threads: threads.transpose()?,
        })
    }

    pub fn insert(self, connection: &Connection) -> rusqlite::Result<()> {
        execute(
            connection,
            "INSERT INTO inbounds (sid, record) VALUES (?, ?)",
            params![self.sid, self.record],
        )?;
        for row in self.deliveries {
            row.insert(connection)?;
        }
        if let Some(change) = self.opt_out {
            change.make(connection)?;
        }
        for subscriber in self.subscribers {
            subscriber.put(connection)?;
        }
        if let Some(set) = self.duty {
            set.make(connection)?;
        }
        if let Some(threads) = self.threads {
            threads.put(connection)?;
        }
        Ok(())
    }
}
