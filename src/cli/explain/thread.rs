//! What else was written in the thread of a text.

use jiff::Timestamp;
use serde::Serialize;

use super::story::Shown;
use crate::app::ports::store::Store;
use crate::cli::candidates::{BOLD, DIM};
use crate::cli::output::{Unwritten, tell};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::routing::Rule;
use crate::domain::thread::Link;
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

/// How many texts are shown before the one that is explained, and after it.
const MOST: usize = 20;

#[derive(Debug, Serialize)]
pub struct ThreadTold {
    customer: String,
    opened: Timestamp,
    /// Who has it, if it is known still.
    #[serde(skip_serializing_if = "Option::is_none")]
    has: Option<String>,
    /// What was written, oldest first.
    texts: Vec<TextTold>,
}

#[derive(Debug, Serialize)]
struct TextTold {
    at: Timestamp,
    message_sid: MessageSid,
    /// The person's name, or the customer.
    by: String,
    what: String,
}

/// The thread of a text, if it belongs to one.
pub async fn of(
    store: &dyn Store,
    record: &InboundRecord,
    line: Option<&Line>,
    shown: Shown,
) -> anyhow::Result<Option<ThreadTold>> {
    let Some(link) = &record.thread else {
        return Ok(None);
    };
    let threads = store.threads(&record.sms.to).await?;
    let known = threads.of(&link.customer);
    let known = known.filter(|thread| thread.opened == link.opened);
    let mut texts = match known {
        Some(known) => later(store, record, &known.last).await?,
        None => Vec::new(),
    };
    texts.push(record.clone());
    texts.extend(before(store, link).await?);
    texts.reverse();
    Ok(Some(ThreadTold {
        customer: shown.number(&link.customer),
        opened: link.opened,
        has: known.map(|thread| thread.has.clone()),
        texts: texts.iter().map(|text| told(text, line)).collect(),
    }))
}

/// The texts after this one, newest first.
async fn later(
    store: &dyn Store,
    record: &InboundRecord,
    last: &MessageSid,
) -> anyhow::Result<Vec<InboundRecord>> {
    let mut texts = Vec::new();
    let mut next = Some(last.clone());
    while let Some(sid) = next.filter(|sid| *sid != record.sms.sid) {
        let Some(text) = store.inbound(&sid).await? else {
            break;
        };
        next = text.thread.as_ref().and_then(|link| link.previous.clone());
        texts.push(text);
    }
    Ok(texts.split_off(texts.len().saturating_sub(MOST)))
}

/// The texts before it, newest first.
async fn before(store: &dyn Store, link: &Link) -> anyhow::Result<Vec<InboundRecord>> {
    let mut texts: Vec<InboundRecord> = Vec::new();
    let mut next = link.previous.clone();
    while let Some(sid) = next.filter(|_| texts.len() < MOST) {
        let Some(text) = store.inbound(&sid).await? else {
            break;
        };
        let before = text.thread.as_ref();
        let before = before.filter(|before| before.opened == link.opened);
        next = before.and_then(|before| before.previous.clone());
        match before {
            Some(_) => texts.push(text),
            None => break,
        }
    }
    Ok(texts)
}

fn told(record: &InboundRecord, line: Option<&Line>) -> TextTold {
    let person = record.sms.from.phone();
    let person = person.and_then(|number| line?.person_with(number));
    let what = match (record.decision.rule, &record.decision.to_person) {
        (_, Some(to)) => format!("wrote, for {to}"),
        (Rule::Answer | Rule::TaggedAnswer, _) => "answered the customer".to_owned(),
        (Rule::Choice, _) => "said that a text that waited was for the customer".to_owned(),
        (Rule::Passed, _) => "passed the thread on".to_owned(),
        (Rule::Claimed, _) => "took the thread on".to_owned(),
        _ => "wrote".to_owned(),
    };
    TextTold {
        at: record.received,
        message_sid: record.sms.sid.clone(),
        by: person
            .map_or("the customer", |p| p.name.as_str())
            .to_owned(),
        what,
    }
}

pub fn print(thread: &ThreadTold, of: &MessageSid, zone: &TimeZone) -> Result<(), Unwritten> {
    let has = thread.has.as_deref().map(printable);
    let has = has.map_or(String::new(), |has| format!(", {has} has it"));
    tell!("\n{DIM}its thread{DIM:#} with {}{has}", thread.customer)?;
    for text in &thread.texts {
        let time = zone.at(text.at).strftime("%H:%M:%S");
        let mark = if text.message_sid == *of { "→" } else { " " };
        tell!(
            "{mark} {DIM}{time}{DIM:#}  {BOLD}{}{BOLD:#} {}  {DIM}{}{DIM:#}",
            printable(&text.by),
            printable(&text.what),
            text.message_sid
        )?;
    }
    Ok(())
}
