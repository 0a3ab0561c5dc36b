//! Removes a customer who asks for it: the number, and what they and others wrote about it.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use super::retention::AT_ONCE;
use super::rows::Row;
use super::{SqliteStore, calls, conversations, one, parse, to_json};
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::store::{Changed, Result};
use crate::domain::call::Call;
use crate::domain::conversation::{Conversation, PersonState};
use crate::domain::delivery::{Delivery, State};
use crate::domain::forgetting::Forgotten;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::notice::Notice;
use crate::domain::phone::PhoneNumber;
use crate::domain::retention::delivery_without_words;

/// How many rows are looked at at once: texts go on meanwhile.
const GROUP: i64 = 200;

/// What the store has of a number.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub texts: Vec<String>,
    pub deliveries: Vec<String>,
    /// How many of the deliveries, notices and calls are not finished, or are dead letters.
    pub open: usize,
    /// How many of these are reminders for the case that nobody answers, which are for nobody any more.
    pub reminders: usize,
    /// Deliveries to others that have words of theirs.
    pub quoting: Vec<String>,
    pub notices: Vec<String>,
    pub calls: Vec<String>,
    /// The lines with a conversation.
    pub conversations: Vec<PhoneNumber>,
    pub is_blocked: bool,
    pub subscriptions: usize,
    /// The opt-outs, which stay.
    pub opt_outs: usize,
}

impl SqliteStore {
    /// Only looks.
    pub fn of_number(&self, number: &PhoneNumber) -> Result<(Found, Forgotten)> {
        let (mut found, mut gone) = (Found::default(), Forgotten::new(number.clone()));
        let key = [number.expose()];
        let lines = "SELECT line, conversation FROM conversations WHERE customer = ?";
        let talks: Vec<(String, String)> = self.read(|c| rows(c, lines, key))?;
        for (line, json) in talks {
            let conversation: Conversation = parse(&json)?;
            gone.has_tag(conversation.tag);
            // What is told of a call may be told of others' calls too.
            if conversation.texts.iter().all(|sid| sid.call().is_none()) {
                gone.wrote(&conversation.words.0);
            }
            found.is_blocked |= conversation.blocked.is_some();
            found.conversations.push(PhoneNumber::parse(&line)?);
        }
        self.each("inbounds", "sid", "record", |sid, json| {
            if gone.is_in(json) {
                let record: InboundRecord = parse(json)?;
                let is_theirs = record.sms.from.phone() == Some(number);
                if is_theirs && record.sms.sid.call().is_none() {
                    gone.wrote(&record.sms.body);
                }
                found.texts.push(sid);
            }
            Ok(())
        })?;
        self.each("calls", "sid", "call", |sid, json| {
            if gone.is_in(json) {
                let call: Call = parse(json)?;
                gone.called(&call);
                found.open += usize::from(call.due.is_some());
                found.calls.push(sid);
            }
            Ok(())
        })?;
        self.each("deliveries", "id", "delivery", |id, json| {
            let delivery: Delivery = parse(json)?;
            if gone.is_in(json) {
                found.open += usize::from(is_open(&delivery));
                found.reminders += usize::from(is_open(&delivery) && is_reminder(&delivery));
                found.deliveries.push(id);
            } else if delivery.has_words() && gone.is_quoted_by(&delivery) {
                // Without words it must not go out.
                if is_open(&delivery) {
                    found.open += 1;
                    found.reminders += usize::from(is_reminder(&delivery));
                    found.deliveries.push(id);
                } else {
                    found.quoting.push(id);
                }
            }
            Ok(())
        })?;
        self.each("notices", "id", "notice", |id, json| {
            if gone.is_in(json) {
                let notice: Notice = parse(json)?;
                found.open += usize::from(notice.state.is_open());
                found.notices.push(id);
            }
            Ok(())
        })?;
        for (table, count) in [
            ("subscribers", &mut found.subscriptions),
            ("opt_outs", &mut found.opt_outs),
        ] {
            let query = format!("SELECT count(*) FROM {table} WHERE number = ?");
            let counted: Option<i64> = self.read(|c| value(c, &query, key))?;
            *count = usize::try_from(counted.unwrap_or_default())?;
        }
        Ok((found, gone))
    }

    /// Shows each row of a table, a group at a time.
    fn each(
        &self,
        table: &str,
        name: &str,
        record: &str,
        mut look: impl FnMut(String, &str) -> Result<()>,
    ) -> Result<()> {
        let query = format!(
            "SELECT rowid, {name}, {record} FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?"
        );
        let mut after = i64::MIN;
        loop {
            let group: Vec<(i64, String, String)> =
                self.read(|c| rows(c, &query, (after, GROUP)))?;
            let Some((last, ..)) = group.last() else {
                return Ok(());
            };
            after = *last;
            for (_, name, json) in group {
                look(name, &json)?;
            }
        }
    }

    /// Carries it out, but for the opt-outs.
    pub async fn forget(
        &self,
        number: &PhoneNumber,
        found: &Found,
        gone: &Forgotten,
        now: Timestamp,
    ) -> Result<()> {
        let (of, key) = (gone.clone(), number.clone());
        let lines = found.conversations.clone();
        // First what later texts would be linked to.
        self.write(move |connection| {
            for line in &lines {
                if let Some(before) = conversations::of(connection, line, &key)? {
                    let after = Conversation {
                        participants: Vec::new(),
                        ..before.clone()
                    };
                    let row = conversations::Row::of(&Changed::new(Some(before), after))?;
                    row.remove(connection, line)?;
                }
            }
            forget_in_persons(connection, &of)?;
            forget_in_line_calls(connection, &of)?;
            let number = key.expose();
            execute(
                connection,
                "DELETE FROM participants WHERE customer = ?",
                [number],
            )?;
            execute(
                connection,
                "DELETE FROM subscribers WHERE number = ?",
                [number],
            )?;
            execute(
                connection,
                "DELETE FROM paces WHERE instr(key, ?) > 0",
                [number],
            )?;
            execute(
                connection,
                "DELETE FROM claims WHERE instr(key, ?) > 0",
                [number],
            )?;
            Ok(())
        })
        .await?;
        type Each = fn(&Connection, &str, &Forgotten, Timestamp) -> Result<()>;
        let all: [(&[String], Each); 5] = [
            (&found.deliveries, forget_delivery),
            (&found.quoting, forget_words),
            (&found.texts, forget_text),
            (&found.notices, forget_in_notice),
            (&found.calls, forget_call),
        ];
        for (names, each) in all {
            for group in names.chunks(AT_ONCE) {
                let (group, gone) = (group.to_vec(), gone.clone());
                self.write(move |connection| {
                    group
                        .iter()
                        .try_for_each(|name| each(connection, name, &gone, now))
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Writes the whole file anew, so that nothing of what was removed stays in free pages or in the log.
    pub async fn rewrite(&self) -> Result<()> {
        self.0.rewrite().await
    }
}

fn is_open(delivery: &Delivery) -> bool {
    delivery.due().is_some() || delivery.gave_up.is_some()
}

/// Whether it waits for the case that nobody answers, and nothing of it has left.
fn is_reminder(delivery: &Delivery) -> bool {
    let chase = delivery
        .in_conversation
        .as_ref()
        .is_some_and(|c| c.chase.is_some());
    chase && delivery.attempts.is_empty() && matches!(delivery.state, State::Waiting { .. })
}

fn forget_in_persons(connection: &Connection, gone: &Forgotten) -> Result<()> {
    let query = "SELECT line, person, state FROM persons";
    let persons: Vec<(String, String, String)> = rows(connection, query, [])?;
    for (line, person, json) in persons {
        let state: PersonState = parse(&json)?;
        if let Some(after) = gone.without(&state) {
            let (line, person) = (PhoneNumber::parse(&line)?, PhoneNumber::parse(&person)?);
            conversations::put_person_state(connection, &line, &person, &after)?;
        }
    }
    Ok(())
}

fn forget_in_line_calls(connection: &Connection, gone: &Forgotten) -> Result<()> {
    let all: Vec<(String, String)> = rows(connection, "SELECT line, calls FROM line_calls", [])?;
    for (line, json) in all {
        if let Some(after) = gone.not_in_calls(&parse(&json)?) {
            calls::LiveRow::of(&PhoneNumber::parse(&line)?, &after)?.put(connection)?;
        }
    }
    Ok(())
}

/// With what its caller said.
fn forget_call(connection: &Connection, sid: &str, _: &Forgotten, _: Timestamp) -> Result<()> {
    if let Some(call) = one::<Call>(connection, calls::CALL, [sid])? {
        calls::remove(connection, sid, call.version)?;
    }
    Ok(())
}

/// How its recipient stands in the count of a notice stays; the delivery's id says nothing of the number.
fn forget_delivery(connection: &Connection, id: &str, _: &Forgotten, _: Timestamp) -> Result<()> {
    let Some(delivery) = one::<Delivery>(connection, super::DELIVERY, [id])? else {
        return Ok(());
    };
    for sid in delivery.attempts.iter().filter_map(|a| a.sid.as_ref()) {
        execute(connection, "DELETE FROM sent WHERE sid = ?", [sid.as_str()])?;
    }
    for statement in [
        "DELETE FROM given_up WHERE id = ?",
        "DELETE FROM dead_letters WHERE name = ?",
        "DELETE FROM deliveries WHERE id = ?",
    ] {
        execute(connection, statement, [id])?;
    }
    Ok(())
}

/// Somebody may have had a dead letter replayed meanwhile: then it goes out.
fn forget_words(connection: &Connection, id: &str, _: &Forgotten, _: Timestamp) -> Result<()> {
    let delivery: Option<Delivery> = one(connection, super::DELIVERY, [id])?;
    if let Some(delivery) = delivery.filter(|delivery| !is_open(delivery)) {
        Row::of(&delivery_without_words(delivery))?.replace(connection)?;
    }
    Ok(())
}

fn forget_text(connection: &Connection, sid: &str, gone: &Forgotten, now: Timestamp) -> Result<()> {
    let Some(record) = one::<InboundRecord>(connection, super::INBOUND, [sid])? else {
        return Ok(());
    };
    match gone.left_of(record, now) {
        Some(left) => execute(
            connection,
            "UPDATE inbounds SET record = ?2 WHERE sid = ?1",
            [sid, &to_json(&left)?],
        )?,
        None => execute(connection, "DELETE FROM inbounds WHERE sid = ?", [sid])?,
    };
    Ok(())
}

fn forget_in_notice(
    connection: &Connection,
    id: &str,
    gone: &Forgotten,
    _: Timestamp,
) -> Result<()> {
    let query = "SELECT notice FROM notices WHERE id = ?";
    if let Some(notice) = one::<Notice>(connection, query, [id])? {
        let notice = gone.not_in(notice);
        let statement = "UPDATE notices SET version = ?2, subject = ?3, notice = ?4 WHERE id = ?1";
        let version = i64::try_from(notice.version)?;
        let json = to_json(&notice)?;
        execute(connection, statement, (id, version, notice.subject, json))?;
    }
    Ok(())
}

/// Takes texts that could not be used out of the file beside the database.
pub fn forget_in_file(path: &Path, number: &PhoneNumber) -> Result<()> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(());
    };
    let digits = number.expose().trim_start_matches('+');
    let left: String = text
        .split_inclusive('\n')
        .filter(|line| !line.contains(digits))
        .collect();
    if left != text {
        std::fs::write(path, left)?;
    }
    Ok(())
}
