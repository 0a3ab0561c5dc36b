//! Removes what is too old to be kept, a small group of rows at a time: a text that comes meanwhile waits for
//! one group at most. Texts, deliveries and calls stand in the order in which they came, so that none of the
//! younger ones are read.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{SqliteStore, calls, conversations, parse, rows::Row, to_json};
use crate::adapters::sqlite::statements::{execute, rows, value};
use crate::app::ports::store::{Changed, Result, Store};
use crate::domain::call::Call;
use crate::domain::conversation::{Conversation, PersonState};
use crate::domain::delivery::Delivery;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::notice::Notice;
use crate::domain::phone::PhoneNumber;
use crate::domain::retention::{
    Fate, Limits, call_without_words, conversation_without_words, delivery_without_words,
    inbound_without_words,
};

/// How many rows are looked at at once.
const GROUP: i64 = 200;

/// How many rows are changed in one transaction: each is on some pages of its own, since SIDs come in no
/// order, and all that is written waits for them.
pub(super) const AT_ONCE: usize = 25;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Of how many records only the words went.
    pub words: usize,
    pub texts: usize,
    pub deliveries: usize,
    pub conversations: usize,
    pub notices: usize,
    pub calls: usize,
    pub voicemails: usize,
}

/// By number, a line's reply numbers too.
struct Lines {
    limits: HashMap<PhoneNumber, Limits>,
    others: Limits,
}

impl Lines {
    fn of(&self, number: &PhoneNumber) -> Limits {
        self.limits.get(number).copied().unwrap_or(self.others)
    }

    fn all(&self) -> impl Iterator<Item = &Limits> {
        self.limits.values().chain([&self.others])
    }

    fn are_far_from(&self, created: Timestamp) -> bool {
        self.all().all(|limits| limits.are_far_from(created))
    }
}

/// Rows that were looked at.
struct Group {
    /// The last one's; `None` if there is none.
    last: Option<i64>,
    /// Nothing behind it can be old.
    is_young: bool,
    changes: Vec<Change>,
}

enum Change {
    Inbound(String),
    InboundWords(String, String),
    Delivery(Box<Delivery>),
    DeliveryWords(Row),
    Conversation(PhoneNumber, conversations::Row),
    ConversationWords(PhoneNumber, conversations::Row),
    Question(PhoneNumber, PhoneNumber, PersonState),
    Call(Box<Call>),
    CallWords(calls::Row),
    LineCalls(calls::LiveRow),
}

type Look = fn(&Connection, i64, &Lines, Timestamp) -> Result<Group>;

impl SqliteStore {
    /// Removes it with a pause after each group. What is cut off goes on with the next time.
    pub async fn remove_old(&self, now: Timestamp, pause: Duration) -> Result<Removed> {
        let (mut limits, mut removed) = (HashMap::new(), Removed::default());
        for line in self.lines().await? {
            let all = line.numbers();
            limits.extend(all.map(|number| (number.clone(), Limits::of(&line, now))));
        }
        let others = Limits::of_no_line(now);
        let lines = Lines { limits, others };
        let looks: [Look; 6] = [
            inbounds,
            deliveries,
            old_conversations,
            questions,
            old_calls,
            line_calls,
        ];
        for look in looks {
            let mut after = i64::MIN;
            loop {
                let group = self.read(|connection| look(connection, after, &lines, now))?;
                let Some(last) = group.last else { break };
                let mut changes = group.changes;
                while !changes.is_empty() {
                    let rest = changes.split_off(changes.len().min(AT_ONCE));
                    let some = std::mem::replace(&mut changes, rest);
                    removed += self
                        .write(move |connection| make(connection, &some))
                        .await?;
                    tokio::time::sleep(pause).await;
                }
                if group.is_young {
                    break;
                }
                after = last;
                tokio::time::sleep(pause).await;
            }
        }
        removed.notices = self.remove_notices(&lines, pause).await?;
        removed.voicemails = self.remove_voicemails(now, pause).await?;
        self.0.truncate_log().await?;
        Ok(removed)
    }

    /// One at a time: each is long, and is overwritten.
    async fn remove_voicemails(&self, now: Timestamp, pause: Duration) -> Result<usize> {
        let first = "DELETE FROM voicemails WHERE token IN
             (SELECT token FROM voicemails WHERE until <= ? ORDER BY until LIMIT 1)";
        let mut removed = 0;
        loop {
            let gone = self.write(move |c| execute(c, first, [now.as_millisecond()]));
            match gone.await? {
                0 => return Ok(removed),
                gone => removed += gone,
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// A notice has as many rows as recipients, and goes after those.
    async fn remove_notices(&self, lines: &Lines, pause: Duration) -> Result<usize> {
        let mut old = Vec::new();
        let mut after = i64::MIN;
        loop {
            let query = "SELECT rowid, notice FROM notices WHERE rowid > ? ORDER BY rowid LIMIT ?";
            let found: Vec<(i64, String)> = self.read(|c| rows(c, query, (after, GROUP)))?;
            let Some((last, _)) = found.last() else { break };
            after = *last;
            let notices = found.iter().filter_map(|(_, json)| read::<Notice>(json));
            let gone = notices.filter(|notice| lines.of(&notice.from).notice(notice) == Fate::Goes);
            old.extend(gone.map(|notice| notice.id.to_string()));
            tokio::time::sleep(pause).await;
        }
        for id in &old {
            while !self.remove_part_of_notice(id.clone()).await? {
                tokio::time::sleep(pause).await;
            }
        }
        Ok(old.len())
    }

    /// `true` once all of it is gone.
    async fn remove_part_of_notice(&self, id: String) -> Result<bool> {
        let some = "DELETE FROM recipients WHERE notice = ?1 AND delivery IN
             (SELECT delivery FROM recipients WHERE notice = ?1 LIMIT ?2)";
        self.write(move |connection| {
            let gone = execute(connection, some, (&id, GROUP))?;
            if i64::try_from(gone)? == GROUP {
                return Ok(false);
            }
            execute(connection, "DELETE FROM notices WHERE id = ?", [&id])?;
            Ok(true)
        })
        .await
    }
}

impl std::ops::AddAssign for Removed {
    fn add_assign(&mut self, more: Self) {
        self.words += more.words;
        self.texts += more.texts;
        self.deliveries += more.deliveries;
        self.conversations += more.conversations;
        self.notices += more.notices;
        self.calls += more.calls;
        self.voicemails += more.voicemails;
    }
}

/// `None` of a record that cannot be read: it must not keep the others for ever.
fn read<T: serde::de::DeserializeOwned>(json: &str) -> Option<T> {
    parse(json)
        .inspect_err(|error| tracing::warn!("too old or not, it stays: {error:#}"))
        .ok()
}

fn inbounds(connection: &Connection, after: i64, lines: &Lines, now: Timestamp) -> Result<Group> {
    let query = "SELECT rowid, record FROM inbounds WHERE rowid > ? ORDER BY rowid LIMIT ?";
    let found: Vec<(i64, String)> = rows(connection, query, (after, GROUP))?;
    let mut group = Group::of(&found);
    for record in found
        .iter()
        .filter_map(|(_, json)| read::<InboundRecord>(json))
    {
        if lines.are_far_from(record.received) {
            continue;
        }
        group.is_young = false;
        let line = line_of(connection, &record.sms.to)?;
        let customer = record.conversation.as_ref().map(|link| &link.customer);
        let conversation = conversation(connection, &line, customer)?;
        let sid = record.sms.sid.to_string();
        match lines.of(&line).inbound(&record, conversation.as_ref()) {
            Fate::Stays => {}
            Fate::Goes => group.changes.push(Change::Inbound(sid)),
            Fate::LosesWords => {
                let json = to_json(&inbound_without_words(record, now))?;
                group.changes.push(Change::InboundWords(sid, json));
            }
        }
    }
    Ok(group)
}

fn deliveries(connection: &Connection, after: i64, lines: &Lines, _: Timestamp) -> Result<Group> {
    let query = "SELECT rowid, delivery FROM deliveries WHERE rowid > ? ORDER BY rowid LIMIT ?";
    let found: Vec<(i64, String)> = rows(connection, query, (after, GROUP))?;
    let mut group = Group::of(&found);
    for delivery in found.iter().filter_map(|(_, json)| read::<Delivery>(json)) {
        if lines.are_far_from(delivery.created) {
            continue;
        }
        group.is_young = false;
        let customer = delivery.in_conversation.as_ref().map(|c| &c.customer);
        let conversation = conversation(connection, &delivery.from, customer)?;
        let limits = lines.of(&delivery.from);
        match limits.delivery(&delivery, conversation.as_ref()) {
            Fate::Stays => {}
            Fate::Goes => group.changes.push(Change::Delivery(Box::new(delivery))),
            Fate::LosesWords => {
                let row = Row::of(&delivery_without_words(delivery))?;
                group.changes.push(Change::DeliveryWords(row));
            }
        }
    }
    Ok(group)
}

fn old_conversations(
    connection: &Connection,
    after: i64,
    lines: &Lines,
    _: Timestamp,
) -> Result<Group> {
    let query = "SELECT rowid, line, conversation FROM conversations
                 WHERE rowid > ? ORDER BY rowid LIMIT ?";
    let found: Vec<(i64, String, String)> = rows(connection, query, (after, GROUP))?;
    let mut group = Group::all(found.last().map(|(last, ..)| *last));
    for (_, line, json) in &found {
        let (line, Some(before)) = (PhoneNumber::parse(line)?, read::<Conversation>(json)) else {
            continue;
        };
        group
            .changes
            .extend(match lines.of(&line).conversation(&before) {
                Fate::Stays => None,
                Fate::Goes => {
                    let after = Conversation {
                        participants: Vec::new(),
                        ..before.clone()
                    };
                    let row = conversations::Row::of(&Changed::new(Some(before), after))?;
                    Some(Change::Conversation(line, row))
                }
                Fate::LosesWords => {
                    let after = conversation_without_words(before.clone());
                    let row = conversations::Row::of(&Changed::new(Some(before), after))?;
                    Some(Change::ConversationWords(line, row))
                }
            });
    }
    Ok(group)
}

fn old_calls(connection: &Connection, after: i64, lines: &Lines, _: Timestamp) -> Result<Group> {
    let query = "SELECT rowid, call FROM calls WHERE rowid > ? ORDER BY rowid LIMIT ?";
    let found: Vec<(i64, String)> = rows(connection, query, (after, GROUP))?;
    let mut group = Group::of(&found);
    for call in found.iter().filter_map(|(_, json)| read::<Call>(json)) {
        if lines.are_far_from(call.opened) {
            continue;
        }
        group.is_young = false;
        match lines.of(&call.line).call(&call) {
            Fate::Stays => {}
            Fate::Goes => group.changes.push(Change::Call(Box::new(call))),
            Fate::LosesWords => {
                let row = calls::Row::of(&call_without_words(call))?;
                group.changes.push(Change::CallWords(row));
            }
        }
    }
    Ok(group)
}

/// As many as there are lines, and so all at once.
fn line_calls(connection: &Connection, _: i64, lines: &Lines, _: Timestamp) -> Result<Group> {
    let query = "SELECT line, calls FROM line_calls";
    let found: Vec<(String, String)> = rows(connection, query, [])?;
    let mut group = Group::all(Some(i64::MAX));
    for (line, json) in &found {
        let line = PhoneNumber::parse(line)?;
        let left = read(json).and_then(|calls| lines.of(&line).line_calls(&calls));
        if let Some(left) = left {
            let row = calls::LiveRow::of(&line, &left)?;
            group.changes.push(Change::LineCalls(row));
        }
    }
    group.is_young = true;
    Ok(group)
}

/// As many as people are behind the lines, and so all at once.
fn questions(connection: &Connection, _: i64, lines: &Lines, _: Timestamp) -> Result<Group> {
    let query = "SELECT line, person, state FROM persons";
    let found: Vec<(String, String, String)> = rows(connection, query, [])?;
    let mut group = Group::all(Some(i64::MAX));
    for (line, person, json) in &found {
        let (line, person) = (PhoneNumber::parse(line)?, PhoneNumber::parse(person)?);
        let Some(state) = read::<PersonState>(json) else {
            continue;
        };
        if lines.of(&line).is_question_over(&state) {
            let state = PersonState {
                question: None,
                version: state.version + 1,
                ..state
            };
            group.changes.push(Change::Question(line, person, state));
        }
    }
    group.is_young = true;
    Ok(group)
}

impl Group {
    /// As young as can be until an old one is found.
    fn of(found: &[(i64, String)]) -> Self {
        Self {
            last: found.last().map(|(last, _)| *last),
            is_young: true,
            changes: Vec::new(),
        }
    }

    /// Rows that stand in no order of time.
    fn all(last: Option<i64>) -> Self {
        Self {
            last,
            is_young: false,
            changes: Vec::new(),
        }
    }
}

/// Makes those changes that nobody was quicker than.
fn make(connection: &Connection, changes: &[Change]) -> Result<Removed> {
    let mut removed = Removed::default();
    for change in changes {
        match change {
            Change::Inbound(sid) => {
                removed.texts += execute(connection, "DELETE FROM inbounds WHERE sid = ?", [sid])?;
            }
            Change::InboundWords(sid, json) => {
                let statement = "UPDATE inbounds SET record = ?2 WHERE sid = ?1";
                removed.words += execute(connection, statement, [sid, json])?;
            }
            Change::Delivery(delivery) => {
                removed.deliveries += usize::from(remove_delivery(connection, delivery)?);
            }
            Change::DeliveryWords(row) => removed.words += usize::from(row.replace(connection)?),
            Change::Conversation(line, row) => {
                if row.is_next(connection, line)? {
                    row.remove(connection, line)?;
                    removed.conversations += 1;
                }
            }
            Change::ConversationWords(line, row) => {
                if row.is_next(connection, line)? {
                    row.put(connection, line)?;
                    removed.words += 1;
                }
            }
            Change::Question(line, person, state) => {
                let put = conversations::put_person_state(connection, line, person, state)?;
                removed.words += usize::from(put);
            }
            Change::Call(call) => {
                let is_gone = calls::remove(connection, call.sid.as_str(), call.version)?;
                removed.calls += usize::from(is_gone);
            }
            Change::CallWords(row) => removed.words += usize::from(row.put(connection)?),
            Change::LineCalls(row) => {
                if row.is_next(connection)? {
                    row.put(connection)?;
                }
            }
        }
    }
    Ok(removed)
}

/// With what leads to it from Twilio's names of its messages. `false` if somebody saved it meanwhile.
fn remove_delivery(connection: &Connection, delivery: &Delivery) -> Result<bool> {
    let version = i64::try_from(delivery.version)?;
    let statement = "DELETE FROM deliveries WHERE id = ? AND version = ?";
    let is_gone = execute(connection, statement, (delivery.id.as_str(), version))? == 1;
    if is_gone {
        for sid in delivery.attempts.iter().filter_map(|a| a.sid.as_ref()) {
            execute(connection, "DELETE FROM sent WHERE sid = ?", [sid.as_str()])?;
        }
    }
    Ok(is_gone)
}

/// The line whose number, or reply number, it is; itself if it is nobody's any more.
fn line_of(connection: &Connection, number: &PhoneNumber) -> Result<PhoneNumber> {
    let query = "SELECT line FROM reply_numbers WHERE number = ?";
    let line: Option<String> = value(connection, query, [number.expose()])?;
    line.map_or_else(|| Ok(number.clone()), |line| Ok(PhoneNumber::parse(&line)?))
}

fn conversation(
    connection: &Connection,
    line: &PhoneNumber,
    customer: Option<&PhoneNumber>,
) -> Result<Option<Conversation>> {
    match customer {
        Some(customer) => conversations::of(connection, line, customer),
        None => Ok(None),
    }
}
