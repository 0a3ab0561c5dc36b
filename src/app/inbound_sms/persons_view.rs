//! What is read for a person's text besides what is read for every text: their conversations, and what
//! of them is on their phone.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join_all, try_join3};
use jiff::Timestamp;

use super::from_owner;
use super::from_person::PersonsView;
use super::text::Text;
use crate::app::ports::store::{ForInbound, MOST_ALIKE, Store};
use crate::domain::command::{Command, Given};
use crate::domain::conversation::{
    Candidate, Conversation, OnReplyNumber, ReplyNumber, Stranger, addressed, digits_alike,
};
use crate::domain::line::{Line, Person};
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Known;
use crate::domain::subscriber::Subscriber;

/// How many conversations are looked at closely. With more, it is asked anyway.
const MOST_CLOSELY: usize = 10;

/// Nothing is read for the text of a customer. The owner's question is answered by what waits for anybody.
pub async fn read(
    store: &dyn Store,
    line: &Line,
    stored: &ForInbound,
    text: &Text,
) -> anyhow::Result<PersonsView> {
    let number = text.sms.from.phone();
    let Some(person) = number.and_then(|number| line.person_with(number)) else {
        return Ok(PersonsView {
            conversations: if from_owner::asks(line, &text.sms) {
                all(store, line).await?
            } else {
                Vec::new()
            },
            ..PersonsView::default()
        });
    };
    let question = stored.person.question.as_ref();
    let choices = question.into_iter().flat_map(|question| &question.choices);
    let offered = choices.map(|choice| choice.customer.clone());
    let reply_number = stored.person.on(&text.sms.to);
    let reply_number = reply_number.filter(|known| line.reply_numbers.contains(&known.number));
    let theirs = reply_number.map(|known| std::iter::once(&known.customer).chain(&known.before));
    let theirs = theirs.into_iter().flatten().cloned();
    let offered: BTreeSet<PhoneNumber> = offered.chain(theirs).collect();
    let offered = Vec::from_iter(offered);
    let other_lines = other_lines(store, line, person, stored, text);
    let (theirs, offered, (named, stranger)) = try_join3(
        store.conversations(&line.number, &stored.customers),
        store.conversations(&line.number, &offered),
        whom_it_names(store, line, person, text),
    )
    .await?;
    let (conversations, on_number, other_lines) = try_join3(
        with_last_texts(store, &person.number, theirs),
        on_number(store, &person.number, reply_number, &offered),
        other_lines,
    )
    .await?;
    Ok(PersonsView {
        conversations,
        named,
        stranger,
        offered,
        on_number,
        other_lines,
    })
}

/// The person's other lines, if the text may be AWAY or BACK: these hold on all of them. Where the person
/// has another PIN, the text proves nothing.
async fn other_lines(
    store: &dyn Store,
    line: &Line,
    person: &Person,
    stored: &ForInbound,
    text: &Text,
) -> anyhow::Result<Vec<(Line, Known)>> {
    let given = Given::of(&text.sms, person, text.received, line);
    let given = given.and_then(|given| given.command?.ok());
    let asked = stored.person.question.as_ref();
    let mut commands = given
        .iter()
        .chain(asked.and_then(|asked| asked.command.as_ref()));
    if !commands.any(|command| matches!(command, Command::Away(_) | Command::Back)) {
        return Ok(Vec::new());
    }
    let is_theirs = |other: &Line| {
        let same = other.person_with(&person.number);
        let may = same.is_some_and(|same| same.pin.is_none() || same.pin == person.pin);
        may && other.number != line.number
    };
    let lines = store.lines().await?.into_iter().filter(is_theirs);
    let known = lines.map(async |other| {
        let found = store.for_inbound(&other.number, &text.sms.sid, Some(&person.number));
        let known = found.await?.known(text.now);
        anyhow::Ok((other, known))
    });
    try_join_all(known).await
}

/// Those of all people of the line, as far as lists are looked at closely.
async fn all(store: &dyn Store, line: &Line) -> anyhow::Result<Vec<Candidate>> {
    let people = line.people.iter();
    let lists = people.map(|person| store.customers_of(&line.number, &person.number, MOST_CLOSELY));
    let customers: BTreeSet<PhoneNumber> =
        try_join_all(lists).await?.into_iter().flatten().collect();
    let customers: Vec<PhoneNumber> = customers.into_iter().collect();
    let conversations = store.conversations(&line.number, &customers).await?;
    let candidates = conversations.into_iter().map(|conversation| Candidate {
        conversation,
        texts: Vec::new(),
    });
    Ok(candidates.collect())
}

/// What a reply number stands for, with its last texts on the phone and the first one.
async fn on_number(
    store: &dyn Store,
    person: &PhoneNumber,
    number: Option<&ReplyNumber>,
    known: &[Conversation],
) -> anyhow::Result<Option<OnReplyNumber>> {
    let of = |customer: &PhoneNumber| known.iter().find(|c| c.customer == *customer).cloned();
    let Some((number, conversation)) = number.and_then(|it| Some((it, of(&it.customer)?))) else {
        return Ok(None);
    };
    let participant = conversation.participant(person);
    let mut ids = participant.map_or(Vec::new(), |participant| participant.texts.clone());
    if !ids.contains(&number.text) {
        ids.push(number.text.clone());
    }
    let texts = store.deliveries(&ids).await?;
    Ok(Some(OnReplyNumber {
        before: number.before.as_ref().and_then(of),
        number: number.clone(),
        is: Candidate {
            conversation,
            texts,
        },
    }))
}

/// The conversations that it may name, or the number that nobody has written from.
async fn whom_it_names(
    store: &dyn Store,
    line: &Line,
    person: &Person,
    text: &Text,
) -> anyhow::Result<(Vec<Conversation>, Option<Stranger>)> {
    let named = named(store, line, person, text).await?;
    let in_front = addressed(&text.sms.body);
    let number = in_front.and_then(|(digits, _)| digits.whole_number(line.country()));
    let is_stranger = |number: &PhoneNumber| {
        *number != line.number
            && line.person_with(number).is_none()
            && named.iter().all(|known| known.customer != *number)
    };
    let stranger = match number.filter(is_stranger) {
        Some(number) => Some(stranger(store, line, number, text.now).await?),
        None => None,
    };
    Ok((named, stranger))
}

/// What has to be known of a number that has not written before it is written to.
async fn stranger(
    store: &dyn Store,
    line: &Line,
    number: PhoneNumber,
    now: Timestamp,
) -> anyhow::Result<Stranger> {
    let (subscriptions, sending, alike) = try_join3(
        store.subscriptions_of(&line.number, &number),
        store.for_sending(&line.number, &number),
        store.customers_alike(&line.number, digits_alike(&number), MOST_ALIKE),
    )
    .await?;
    Ok(Stranger {
        is_subscriber: subscriptions.iter().any(Subscriber::is_active),
        has_opted_out: sending.opt_out.is_some(),
        conversation: Conversation::new(number, &alike, now),
    })
}

/// The conversations whose customers' numbers end in the digits that the text begins with, or in those
/// of its command.
async fn named(
    store: &dyn Store,
    line: &Line,
    person: &Person,
    text: &Text,
) -> anyhow::Result<Vec<Conversation>> {
    let in_front = addressed(&text.sms.body).map(|(digits, _)| digits.ascii());
    let given = Given::of(&text.sms, person, text.received, line);
    let command = given.and_then(|given| given.command?.ok());
    let by_command = command.as_ref().and_then(Command::names).map(str::to_owned);
    let digits = in_front.into_iter().chain(by_command);
    let named = try_join_all(digits.map(async |digits| {
        let last_four = &digits[digits.len().saturating_sub(4)..];
        let alike = store.customers_alike(&line.number, last_four, 4 * MOST_ALIKE);
        let alike = alike.await?.into_iter();
        let named = alike.filter(|customer| customer.expose().ends_with(&digits));
        anyhow::Ok(named.collect::<Vec<_>>())
    }));
    let mut named = named.await?.concat();
    named.sort();
    named.dedup();
    store.conversations(&line.number, &named).await
}

async fn with_last_texts(
    store: &dyn Store,
    person: &PhoneNumber,
    conversations: Vec<Conversation>,
) -> anyhow::Result<Vec<Candidate>> {
    let known = |conversation: &Conversation| {
        let participant = conversation.participant(person);
        participant.map_or(Vec::new(), |participant| participant.texts.clone())
    };
    let ids: Vec<_> = conversations
        .iter()
        .take(MOST_CLOSELY)
        .flat_map(known)
        .collect();
    let texts = store.deliveries(&ids).await?.into_iter();
    let mut texts: BTreeMap<_, _> = texts.map(|text| (text.id.clone(), text)).collect();
    let candidates = conversations.into_iter().map(|conversation| Candidate {
        texts: known(&conversation)
            .iter()
            .filter_map(|id| texts.remove(id))
            .collect(),
        conversation,
    });
    Ok(candidates.collect())
}
