use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{SqliteStore, all, at_most, one, saved, to_json};
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::store::{
    Calls, ForCall, Result, Saved, TokenDigest, Voicemail, check_sound,
};
use crate::domain::call::{Call, LineCalls};
use crate::domain::ids::{CallSid, MessageSid};
use crate::domain::phone::PhoneNumber;

pub(super) const CALL: &str = "SELECT call FROM calls WHERE sid = ?";
const LINE_CALLS: &str = "SELECT calls FROM line_calls WHERE line = ?";
pub(super) const DUE: &str = "SELECT sid FROM calls WHERE due < ? ORDER BY due LIMIT ?";
pub(super) const OF_LINE: &str = "SELECT call FROM calls WHERE line = ? AND opened >= ?
     ORDER BY opened DESC, sid DESC LIMIT ?";

#[async_trait]
impl Calls for SqliteStore {
    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall> {
        self.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let inbound = self.inbound(connection, to, &MessageSid::of_call(sid), from)?;
            let line = inbound.line.as_ref().map_or(to, |line| &line.number);
            let live = one(connection, LINE_CALLS, [line.expose()])?.unwrap_or_default();
            let call = one(connection, CALL, [sid.as_str()])?;
            transaction.commit()?;
            Ok(ForCall {
                inbound,
                call,
                live,
            })
        })
    }

    async fn call(&self, sid: &CallSid) -> Result<Option<Call>> {
        self.one(CALL, sid.as_str())
    }

    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved> {
        let row = Row::of(call)?;
        let live = live.map(|live| LiveRow::of(&call.line, live)).transpose()?;
        let is_saved = self.write(move |connection| {
            if let Some(live) = &live
                && !live.is_next(connection)?
            {
                return Ok(false);
            }
            let is_saved = row.put(connection)?;
            if let Some(live) = live.filter(|_| is_saved) {
                live.put(connection)?;
            }
            Ok(is_saved)
        });
        Ok(saved(is_saved.await?))
    }

    async fn calls_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<CallSid>> {
        self.ids(DUE, (instant.as_millisecond(), at_most(limit)))
    }

    async fn calls_of(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Call>> {
        let of = (line.expose(), since.as_millisecond(), at_most(limit));
        self.read(|connection| all(connection, OF_LINE, of))
    }

    async fn keep_voicemail(
        &self,
        token: &TokenDigest,
        sound: &[u8],
        until: Timestamp,
    ) -> Result<()> {
        check_sound(sound)?;
        let (token, sound) = (token.as_str().to_owned(), sound.to_vec());
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO voicemails (token, until, sound) VALUES (?, ?, ?)
                 ON CONFLICT DO UPDATE SET until = excluded.until, sound = excluded.sound",
                params![token, until.as_millisecond(), sound],
            )
            .map(drop)
        })
        .await
    }

    async fn voicemail(&self, token: &TokenDigest, now: Timestamp) -> Result<Option<Voicemail>> {
        let query = "SELECT sound, until FROM voicemails WHERE token = ? AND until > ?";
        let of = (token.as_str(), now.as_millisecond());
        let found: Vec<(Vec<u8>, i64)> = self.read(|connection| rows(connection, query, of))?;
        let found = found.into_iter().next().map(|(sound, until)| {
            let until = Timestamp::from_millisecond(until)?;
            Ok(Voicemail { sound, until })
        });
        found.transpose()
    }

    async fn voicemail_call(&self, token: &TokenDigest) -> Result<Option<CallSid>> {
        let query = "SELECT call FROM voicemails WHERE token = ?";
        let of = [token.as_str()];
        let sid: Option<Option<String>> = self.read(|connection| value(connection, query, of))?;
        Ok(sid.flatten().map(CallSid::try_from).transpose()?)
    }

    async fn remove_voicemail(&self, token: &TokenDigest) -> Result<()> {
        let token = token.as_str().to_owned();
        self.write(move |connection| {
            execute(
                connection,
                "DELETE FROM voicemails WHERE token = ?",
                [token],
            )
            .map(drop)
        })
        .await
    }
}

/// A call as the tables hold it.
pub(super) struct Row {
    sid: String,
    version: i64,
    line: String,
    opened: i64,
    due: Option<i64>,
    /// What leads to its voicemail.
    token: Option<TokenDigest>,
    json: String,
}

impl Row {
    pub(super) fn of(call: &Call) -> Result<Self> {
        Ok(Self {
            sid: call.sid.to_string(),
            version: call.version.try_into()?,
            line: call.line.expose().to_owned(),
            opened: call.opened.as_millisecond(),
            due: call.due.map(Timestamp::as_millisecond),
            token: TokenDigest::of_call(call),
            json: to_json(call)?,
        })
    }

    /// Replaces the version before, which a first one has not. Returns whether that was so.
    pub(super) fn put(&self, connection: &Connection) -> Result<bool> {
        let put = if self.version == 1 {
            execute(
                connection,
                "INSERT INTO calls (sid, version, line, opened, due, call)
                 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                params![
                    self.sid,
                    self.version,
                    self.line,
                    self.opened,
                    self.due,
                    self.json
                ],
            )?
        } else {
            execute(
                connection,
                "UPDATE calls SET version = ?2, due = ?3, call = ?4
                 WHERE sid = ?1 AND version = ?2 - 1",
                params![self.sid, self.version, self.due, self.json],
            )?
        };
        if let Some(token) = self.token.as_ref().filter(|_| put == 1) {
            execute(
                connection,
                "INSERT INTO voicemails (token, call) VALUES (?, ?)
                 ON CONFLICT DO UPDATE SET call = excluded.call",
                [token.as_str(), &self.sid],
            )?;
        }
        Ok(put == 1)
    }
}

/// The calls of a line that go on, as the table holds them.
pub(super) struct LiveRow {
    line: String,
    version: i64,
    json: String,
}

impl LiveRow {
    pub(super) fn of(line: &PhoneNumber, live: &LineCalls) -> Result<Self> {
        Ok(Self {
            line: line.expose().to_owned(),
            version: live.version.try_into()?,
            json: to_json(live)?,
        })
    }

    pub(super) fn is_next(&self, connection: &Connection) -> Result<bool> {
        let query = "SELECT version FROM line_calls WHERE line = ?";
        let stored: Option<i64> = value(connection, query, [&self.line])?;
        Ok(self.version == stored.unwrap_or_default() + 1)
    }

    pub(super) fn put(&self, connection: &Connection) -> Result<()> {
        execute(
            connection,
            "INSERT INTO line_calls (line, version, calls) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET version = excluded.version, calls = excluded.calls",
            params![self.line, self.version, self.json],
        )
        .map(drop)
    }
}

/// With its voicemail. `false` if somebody saved it meanwhile.
pub(super) fn remove(connection: &Connection, sid: &str, version: u64) -> Result<bool> {
    let statement = "DELETE FROM calls WHERE sid = ? AND version = ?";
    let is_gone = execute(connection, statement, (sid, i64::try_from(version)?))? == 1;
    if is_gone {
        execute(connection, "DELETE FROM voicemails WHERE call = ?", [sid])?;
    }
    Ok(is_gone)
}
