//! What every store holds to about conversations, the lists of persons, and what is known of them.

use std::collections::BTreeMap;

use futures::future::join_all;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use relay::app::ports::store::{
    Changed, Kept, MOST_CUSTOMERS, OnAnotherLine, Planned, Saved, Store,
};
use relay::domain::command::Change;
use relay::domain::conversation::{Block, Blocker, Conversation, PersonState, Waits};
use relay::domain::duty::{Override, Presence};
use relay::domain::ids::DeliveryId;
use relay::domain::phone::PhoneNumber;

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, line, memory, now, number, record, sid, sqlite};

contract! { dynamodb, sqlite, memory:
    a_conversation_is_kept_with_the_text_that_changes_it,
    of_two_texts_that_change_the_same_the_second_is_told,
    a_text_that_comes_again_changes_nothing,
    a_conversation_is_saved_by_whoever_knows_its_last_version,
    those_who_wait_come_first_in_a_persons_list_and_the_latest_before_the_others,
    a_list_names_each_customer_once_however_often_they_write,
    many_customers_texts_at_once_are_all_kept,
    customers_whose_numbers_end_alike_are_found_by_four_digits,
    a_block_comes_with_the_conversation_and_is_listed_until_it_is_taken_back,
    what_is_known_of_a_person_is_kept_apart_from_their_conversations,
    what_is_known_of_a_person_is_saved_by_whoever_knows_its_last_version,
    what_is_read_for_a_customers_text_does_not_grow_with_the_customers,
    a_text_changes_its_writers_duty_on_other_lines_too,
}

/// A conversation of this customer in which Sergio takes part.
fn conversation(customer: PhoneNumber, active: Timestamp, waits: bool) -> Conversation {
    let mut conversation = Conversation::new(customer, &[], active);
    conversation.joins(&number(110), &DeliveryId::of_inbound(&sid(1)));
    conversation.waits = waits.then(|| Waits::since(active));
    conversation
}

fn planned(n: u32, conversations: Vec<Changed>) -> Planned {
    Planned {
        on_other_lines: Vec::new(),
        record: record(n),
        deliveries: Vec::new(),
        conversations,
        person: None,
    }
}

async fn saves(
    store: &impl Store,
    before: Option<Conversation>,
    after: Conversation,
) -> Conversation {
    let changed = Changed::new(before, after);
    let saved = store.save_conversation(&line(100).number, &changed).await;
    assert_eq!(saved.unwrap(), Saved::Yes);
    changed.after
}

async fn customers(store: &impl Store) -> Vec<PhoneNumber> {
    let line = line(100).number;
    let customers = store
        .customers_of(&line, &number(110), MOST_CUSTOMERS)
        .await;
    customers.unwrap()
}

async fn a_conversation_is_kept_with_the_text_that_changes_it(store: &impl Store) {
    let line = line(100).number;
    let changed = Changed::new(None, conversation(number(107), now(), true));
    let kept = store
        .take_in(&line, &planned(1, vec![changed.clone()]))
        .await;
    assert_eq!(kept.unwrap(), Kept::New);
    let from = number(107);
    let found = store
        .for_inbound(&line, &sid(2), Some(&from))
        .await
        .unwrap();
    assert_eq!(found.conversation, Some(changed.after.clone()));
    let other = PhoneNumber::parse("+18585550107").unwrap();
    let others = store
        .for_inbound(&line, &sid(9), Some(&other))
        .await
        .unwrap();
    assert_eq!(others.conversation, None);
    assert_eq!(others.alike, std::slice::from_ref(&from));
    let known = store
        .conversations(&line, &[number(108), from.clone()])
        .await;
    assert_eq!(known.unwrap(), [changed.after]);
    // Who writes as a person finds their list.
    let found = store
        .for_inbound(&line, &sid(2), Some(&number(110)))
        .await
        .unwrap();
    assert_eq!(found.customers, [from]);
    assert_eq!(
        (found.conversation, found.person),
        (None, PersonState::default())
    );
    let other = number(999);
    assert_eq!(
        store.customers_of(&other, &number(110), 5).await.unwrap(),
        []
    );
}

async fn of_two_texts_that_change_the_same_the_second_is_told(store: &impl Store) {
    let line = line(100).number;
    let first = Changed::new(None, conversation(number(107), now(), true));
    let texts = (0..5).map(|n| planned(n, vec![first.clone()]));
    let texts: Vec<Planned> = texts.collect();
    let kept = join_all(texts.iter().map(|text| store.take_in(&line, text))).await;
    let kept: Vec<Kept> = kept.into_iter().map(Result::unwrap).collect();
    assert_eq!(kept.iter().filter(|kept| **kept == Kept::New).count(), 1);
    assert_eq!(
        kept.iter().filter(|kept| **kept == Kept::Outdated).count(),
        4
    );
    // Nothing of the others is there.
    let mut there = 0;
    for n in 0..5 {
        there += usize::from(store.inbound(&sid(n)).await.unwrap().is_some());
    }
    assert_eq!(there, 1);
}

async fn many_customers_texts_at_once_are_all_kept(store: &impl Store) {
    // The emulated DynamoDB takes one after the other: more at once would wait for it longer than
    // clients do.
    let kept = kept_at_once(store, 200, 4).await;
    // None is told that somebody else was first: they share nothing that is written.
    assert_eq!(kept, [Kept::New; 200]);
}

#[cfg(feature = "aws")]
#[tokio::test]
async fn texts_are_kept_while_dynamodb_throttles() {
    let store = super::examples::throttling_dynamodb(10).await;
    assert_eq!(kept_at_once(&*store, 25, 25).await, [Kept::New; 25]);
}

/// What becomes of so many customers' first texts.
async fn kept_at_once(store: &impl Store, texts: u32, at_once: usize) -> Vec<Kept> {
    let line = line(100).number;
    let texts = (0..texts).map(|n| {
        let customer = PhoneNumber::parse(&format!("+1{}5550107", 200 + n)).unwrap();
        let first = Changed::new(None, conversation(customer, now(), true));
        planned(n, vec![first])
    });
    let texts: Vec<Planned> = texts.collect();
    let kept = stream::iter(&texts).map(|text| store.take_in(&line, text));
    kept.buffered(at_once).map(Result::unwrap).collect().await
}

async fn a_text_that_comes_again_changes_nothing(store: &impl Store) {
    let line = line(100).number;
    let first = Changed::new(None, conversation(number(107), now(), true));
    let text = planned(1, vec![first.clone()]);
    assert_eq!(store.take_in(&line, &text).await.unwrap(), Kept::New);
    assert_eq!(store.take_in(&line, &text).await.unwrap(), Kept::Already);
    let next = Changed::new(
        Some(first.after.clone()),
        conversation(number(107), after(60), false),
    );
    let again = planned(1, vec![next]);
    assert_eq!(store.take_in(&line, &again).await.unwrap(), Kept::Already);
    let known = store.conversations(&line, &[number(107)]).await.unwrap();
    assert_eq!(known, [first.after]);
}

async fn a_conversation_is_saved_by_whoever_knows_its_last_version(store: &impl Store) {
    let line = line(100).number;
    let first = saves(store, None, conversation(number(107), now(), true)).await;
    let stale = Changed::new(None, conversation(number(107), now(), false));
    assert_eq!(
        store.save_conversation(&line, &stale).await.unwrap(),
        Saved::Outdated
    );
    let next = Changed::new(Some(first), conversation(number(107), after(60), false));
    let saves = (0..5).map(|_| store.save_conversation(&line, &next));
    let saved = join_all(saves).await.into_iter().map(Result::unwrap);
    assert_eq!(saved.filter(|saved| *saved == Saved::Yes).count(), 1);
    let known = store.conversations(&line, &[number(107)]).await.unwrap();
    assert_eq!(known, [next.after]);
}

async fn those_who_wait_come_first_in_a_persons_list_and_the_latest_before_the_others(
    store: &impl Store,
) {
    for (n, seconds, waits) in [(1, 10, false), (2, 20, true), (3, 30, false), (4, 5, true)] {
        saves(store, None, conversation(number(n), after(seconds), waits)).await;
    }
    let customers = customers(store).await;
    assert_eq!(customers, [2, 4, 3, 1].map(number));
    let line = line(100).number;
    let first = store.customers_of(&line, &number(110), 1).await.unwrap();
    assert_eq!(first, [number(2)]);
}

async fn a_list_names_each_customer_once_however_often_they_write(store: &impl Store) {
    let mut known = saves(store, None, conversation(number(107), now(), true)).await;
    for seconds in 1..4 {
        let next = conversation(number(107), after(seconds), seconds % 2 == 0);
        known = saves(store, Some(known), next).await;
    }
    assert_eq!(customers(store).await, [number(107)]);
    let mut nobodys = known.clone();
    nobodys.participants.clear();
    saves(store, Some(known), nobodys).await;
    assert_eq!(customers(store).await, []);
}

async fn customers_whose_numbers_end_alike_are_found_by_four_digits(store: &impl Store) {
    let line = line(100).number;
    let alike = ["+16195550107", "+18585550107", "+526641230107"];
    let alike = alike.map(|text| PhoneNumber::parse(text).unwrap());
    for customer in alike.iter().chain([&number(108)]) {
        saves(store, None, conversation(customer.clone(), now(), true)).await;
    }
    let mut found = store.customers_alike(&line, "0107", 10).await.unwrap();
    found.sort();
    assert_eq!(found, alike);
    assert_eq!(
        store.customers_alike(&line, "0107", 2).await.unwrap().len(),
        2
    );
    assert_eq!(store.customers_alike(&line, "0199", 10).await.unwrap(), []);
}

async fn a_block_comes_with_the_conversation_and_is_listed_until_it_is_taken_back(
    store: &impl Store,
) {
    let (line, other) = (line(100).number, number(101));
    let by = [Blocker::Hand, Blocker::Person("Sergio".to_owned())];
    let mut listed = BTreeMap::new();
    for (n, by) in (107..).zip(by) {
        let before = saves(store, None, conversation(number(n), now(), true)).await;
        let mut blocked = before.clone();
        let since = after(5);
        blocked.block(Block { since, by });
        listed.insert(number(n), blocked.blocked.clone().unwrap());
        saves(store, Some(before), blocked).await;
    }
    assert_eq!(store.blocked(&line).await.unwrap(), listed);
    assert_eq!(store.blocked(&other).await.unwrap(), BTreeMap::new());
    let (sid, from) = (sid(1), number(107));
    let found = store.for_inbound(&line, &sid, Some(&from)).await.unwrap();
    let conversation = found.conversation.unwrap();
    assert_eq!(conversation.blocked.as_ref(), listed.get(&from));
    // What else changes leaves the list as it is.
    let mut later = conversation.clone();
    later.active = after(60);
    let later = saves(store, Some(conversation), later).await;
    assert_eq!(store.blocked(&line).await.unwrap(), listed);
    let free = Conversation {
        blocked: None,
        ..later.clone()
    };
    saves(store, Some(later), free).await;
    listed.remove(&from);
    assert_eq!(store.blocked(&line).await.unwrap(), listed);
}

async fn what_is_known_of_a_person_is_kept_apart_from_their_conversations(store: &impl Store) {
    let (line, sergio) = (line(100).number, number(110));
    let state = |version| PersonState {
        version,
        ..PersonState::default()
    };
    let text = |n, version| Planned {
        person: Some((sergio.clone(), state(version))),
        ..planned(n, Vec::new())
    };
    assert_eq!(store.take_in(&line, &text(1, 1)).await.unwrap(), Kept::New);
    assert_eq!(
        store.take_in(&line, &text(2, 1)).await.unwrap(),
        Kept::Outdated
    );
    assert_eq!(store.take_in(&line, &text(2, 2)).await.unwrap(), Kept::New);
    assert_eq!(store.person_state(&line, &sergio).await.unwrap(), state(2));
    assert_eq!(
        store.person_state(&line, &number(111)).await.unwrap(),
        state(0)
    );
}

async fn what_is_known_of_a_person_is_saved_by_whoever_knows_its_last_version(store: &impl Store) {
    let (line, sergio) = (line(100).number, number(110));
    let known = async || store.person_state(&line, &sergio).await.unwrap();
    let mut state = PersonState {
        version: 1,
        ..PersonState::default()
    };
    let text = DeliveryId::of_inbound(&sid(1));
    state.assign(&number(150), &number(107), &text, now());
    let saves = (0..5).map(|_| store.save_person_state(&line, &sergio, &state));
    let saved = join_all(saves).await.into_iter().map(Result::unwrap);
    assert_eq!(saved.filter(|saved| *saved == Saved::Yes).count(), 1);
    assert_eq!(known().await, state);
    let sending = store.for_sending(&line, &sergio).await.unwrap();
    assert_eq!(sending.person, state);
    // A text of the person's that was planned before is planned again.
    let text = Planned {
        person: Some((sergio.clone(), state.clone())),
        ..planned(1, Vec::new())
    };
    assert_eq!(store.take_in(&line, &text).await.unwrap(), Kept::Outdated);
    let next = PersonState {
        version: 2,
        ..state
    };
    let saved = store.save_person_state(&line, &sergio, &next).await;
    assert_eq!((saved.unwrap(), known().await), (Saved::Yes, next));
}

/// As much as there is to read, and no more: each conversation stands by itself.
async fn what_is_read_for_a_customers_text_does_not_grow_with_the_customers(store: &impl Store) {
    let line = line(100).number;
    let mut sizes = Vec::new();
    for n in 1..=200 {
        let customer = number(1000 + n);
        saves(store, None, conversation(customer.clone(), now(), true)).await;
        if n == 10 || n == 200 {
            let found = store
                .for_inbound(&line, &sid(n), Some(&customer))
                .await
                .unwrap();
            sizes.push(format!("{found:?}").len());
        }
    }
    assert_eq!(sizes[0], sizes[1]);
}

async fn a_text_changes_its_writers_duty_on_other_lines_too(store: &impl Store) {
    let change = |to: Option<&Override>| Change {
        person: "Sergio".to_owned(),
        to: to.cloned(),
    };
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    let text = |n, to: Option<&Override>| {
        let mut planned = planned(n, Vec::new());
        planned.record.duty = Some(change(to));
        planned.on_other_lines = vec![OnAnotherLine {
            line: line(101).number,
            name: "other".to_owned(),
            change: change(to),
        }];
        planned
    };
    let overrides = async |n| store.overrides(&line(n).number).await.unwrap().0;
    for n in [100, 101] {
        store.put_line(&line(n)).await.unwrap();
    }
    store
        .take_in(&line(100).number, &text(1, Some(&away)))
        .await
        .unwrap();
    for n in [100, 101] {
        assert_eq!(overrides(n).await.get("Sergio"), Some(&away));
    }
    // The same text again.
    let again = store.take_in(&line(100).number, &text(1, None)).await;
    assert_eq!(again.unwrap(), Kept::Already);
    assert_eq!(overrides(101).await.len(), 1);
    store
        .take_in(&line(100).number, &text(2, None))
        .await
        .unwrap();
    assert!(overrides(100).await.is_empty() && overrides(101).await.is_empty());
}
