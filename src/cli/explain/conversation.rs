//! What else was written in the conversation of a text.

use jiff::Timestamp;
use serde::Serialize;

use super::call::called_by;
use super::moment::Shown;
use crate::app::ports::store::Store;
use crate::cli::candidates::{BOLD, DIM};
use crate::cli::output::{Unwritten, tell};
use crate::domain::conversation::{Conversation, Link};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::routing::Rule;
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

/// How many texts are shown before the one that is explained, and after it.
const MOST: usize = 20;

#[derive(Debug, Serialize)]
pub struct ConversationTold {
    pub customer: String,
    opened: Timestamp,
    /// Who has it, if it is known still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    /// What was written, oldest first.
    pub texts: Vec<TextTold>,
}

#[derive(Debug, Serialize)]
pub struct TextTold {
    pub at: Timestamp,
    pub message_sid: MessageSid,
    /// The person's name, or the customer.
    pub by: String,
    pub what: String,
}

/// The conversation of a text, if it belongs to one.
pub async fn of(
    store: &dyn Store,
    record: &InboundRecord,
    line: Option<&Line>,
    shown: Shown,
) -> anyhow::Result<Option<ConversationTold>> {
    let Some(link) = &record.conversation else {
        return Ok(None);
    };
    let customer = std::slice::from_ref(&link.customer);
    // The line may have been taken out since.
    let number = line.map_or(&record.sms.to, |line| &line.number);
    let mut known = store.conversations(number, customer).await?;
    let known = known.pop().filter(|known| known.opened == link.opened);
    let last = known.as_ref().and_then(|known| known.last.clone());
    let later = back(store, link, last, Some(&record.sms.sid), usize::MAX).await?;
    let before = back(store, link, link.previous.clone(), None, MOST).await?;
    let later = &later[later.len().saturating_sub(MOST)..];
    let newest_first = later.iter().chain([record]).chain(&before);
    let mut texts = Vec::new();
    for text in newest_first.rev() {
        let call = match text.sms.sid.call() {
            Some(call) => store.call(&call).await?,
            None => None,
        };
        let by = call.as_ref().and_then(called_by);
        texts.push(told(text, line, by));
    }
    Ok(Some(ConversationTold {
        customer: shown.number(&link.customer),
        opened: link.opened,
        has: has(known.as_ref(), line),
        texts,
    }))
}

/// The conversation's texts from one back to another, newest first; at most so many, and none that is not
/// kept any more or is of what the customer wrote long before.
async fn back(
    store: &dyn Store,
    link: &Link,
    from: Option<MessageSid>,
    to: Option<&MessageSid>,
    most: usize,
) -> anyhow::Result<Vec<InboundRecord>> {
    let (mut texts, mut next) = (Vec::new(), from);
    while let Some(sid) = next
        && to != Some(&sid)
        && texts.len() < most
        && let Some(text) = store.inbound(&sid).await?
        && let Some(of) = &text.conversation
        && of.opened == link.opened
    {
        next = of.previous.clone();
        texts.push(text);
    }
    Ok(texts)
}

fn has(conversation: Option<&Conversation>, line: Option<&Line>) -> Option<String> {
    let person = line?.person_with(conversation?.has.as_ref()?)?;
    Some(person.name.clone())
}

/// `called_by` is the person, if it is the entry of a call that a person made.
fn told(record: &InboundRecord, line: Option<&Line>, called_by: Option<String>) -> TextTold {
    let number = record.sms.from.phone();
    let person = number.and_then(|number| line?.person_with(number));
    let wrote = match &record.decision.to_person {
        Some(_) if called_by.is_some() && record.decision.rule == Rule::Talked => {
            "called the customer, and they talked".to_owned()
        }
        Some(to) if record.decision.rule == Rule::Talked => format!("called and talked with {to}"),
        Some(_) if called_by.is_some() => "called the customer, who was not reached".to_owned(),
        Some(to) if record.decision.rule == Rule::NotReached => {
            format!("was called by {to} and not reached")
        }
        Some(to) if record.sms.sid.call().is_some() => format!("called; {to} was told"),
        Some(to) => format!("wrote, for {to}"),
        None => "wrote".to_owned(),
    };
    let what = match record.decision.rule {
        Rule::Answer | Rule::TaggedAnswer => "answered the customer",
        Rule::WroteFirst => "wrote to the customer first",
        Rule::Choice => "said that a text that waited was for the customer",
        Rule::Passed => "passed the customer on",
        Rule::Claimed => "took the customer on",
        Rule::Done => "said that the customer waits no longer",
        Rule::BlockByText => "blocked the customer, or took that back",
        Rule::CallByText => "asked to call the customer",
        Rule::Reaction => "reacted to a text",
        _ => wrote.as_str(),
    };
    TextTold {
        at: record.received,
        message_sid: record.sms.sid.clone(),
        by: called_by
            .or_else(|| person.map(|person| person.name.clone()))
            .unwrap_or_else(|| "the customer".to_owned()),
        what: what.to_owned(),
    }
}

pub fn print(
    conversation: &ConversationTold,
    of: &MessageSid,
    zone: &TimeZone,
) -> Result<(), Unwritten> {
    let has = conversation.has.as_deref().map(printable);
    let has = has.map_or(String::new(), |has| format!(", {has} has it"));
    tell!(
        "\n{DIM}its conversation{DIM:#} with {}{has}",
        conversation.customer
    )?;
    for text in &conversation.texts {
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
