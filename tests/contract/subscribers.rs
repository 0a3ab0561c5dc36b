//! What every store holds to about who subscribed to a line's topics.

use crate::support::records::Records as _;
use std::collections::BTreeSet;

use futures::future::join_all;
use relay::app::ports::store::{Recorded, Store};
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::{
    Change, Consent, How, HowLeft, Leaving, Subscriber, To, Unchanged,
};

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, line, memory, number, record, sid, sqlite};

contract! { dynamodb, sqlite, memory:
    who_joins_is_listed_until_they_leave,
    what_is_on_record_stays_after_leaving,
    topics_and_lines_are_each_their_own,
    subscribers_come_in_pages_by_number,
    more_changes_than_one_request_can_carry,
    changes_of_one_number_happen_one_after_the_other,
    of_many_who_change_the_same_number_at_once_nobody_is_lost,
    a_record_takes_its_subscriptions_along,
    a_record_that_was_there_changes_no_subscription,
    a_decision_knows_the_senders_subscriptions,
    who_subscribed_stays_so_when_the_line_comes_back,
}

const EVENTS: &str = "events";
const NOBODY: [u32; 0] = [];

fn joins(topic: &str, n: u32, second: i64) -> Change {
    Change {
        topic: topic.to_owned(),
        number: number(n),
        to: To::In(Consent {
            at: after(second),
            how: How::Keyword(sid(n)),
        }),
    }
}

fn leaves(topic: &str, n: u32, second: i64) -> Change {
    let how = HowLeft::Hand;
    Change {
        to: To::Out(Leaving {
            at: after(second),
            how,
        }),
        ..joins(topic, n, 0)
    }
}

/// As it is when these changes were made one after the other.
fn subscriber(changes: &[Change]) -> Subscriber {
    let made = changes
        .iter()
        .fold(None, |before: Option<Subscriber>, change| {
            change.of(before.as_ref()).ok().or(before)
        });
    made.expect("somebody who joined")
}

async fn change(store: &impl Store, change: Change) -> Result<Subscriber, Unchanged> {
    let made = store.change_subscribers(&number(100), &[change]).await;
    made.unwrap().remove(0)
}

/// The last digits of everyone who gets the topic's notices, read in pages of this size.
async fn listed(store: &impl Store, line: &PhoneNumber, topic: &str, page: usize) -> Vec<u32> {
    let (mut all, mut last): (Vec<u32>, Option<PhoneNumber>) = (Vec::new(), None);
    loop {
        let found = store.subscribers(line, topic, last.as_ref(), page).await;
        let found = found.unwrap();
        let is_last = found.len() < page;
        assert!(found.len() <= page && found.iter().all(Subscriber::is_active));
        all.extend(
            found
                .iter()
                .map(|s| s.number.expose()[8..].parse::<u32>().unwrap()),
        );
        last = found.into_iter().next_back().map(|s| s.number).or(last);
        if is_last {
            return all;
        }
    }
}

async fn who_joins_is_listed_until_they_leave(store: &impl Store) {
    let line = number(100);
    assert_eq!(listed(store, &line, EVENTS, 10).await, NOBODY);
    let joined = change(store, joins(EVENTS, 107, 1)).await;
    assert_eq!(joined, Ok(subscriber(&[joins(EVENTS, 107, 1)])));
    let again = change(store, joins(EVENTS, 107, 2)).await;
    assert_eq!(again, Err(Unchanged::IsIn), "the first consent stays");
    let found = store.subscribers(&line, EVENTS, None, 10).await.unwrap();
    assert_eq!(found, [subscriber(&[joins(EVENTS, 107, 1)])]);

    assert!(change(store, leaves(EVENTS, 107, 3)).await.is_ok());
    let again = change(store, leaves(EVENTS, 107, 4)).await;
    assert_eq!(again, Err(Unchanged::IsOut));
    assert_eq!(listed(store, &line, EVENTS, 10).await, NOBODY);
    let old = change(store, joins(EVENTS, 107, 3)).await;
    assert_eq!(old, Err(Unchanged::LeftSince(after(3))));

    assert!(change(store, joins(EVENTS, 107, 5)).await.is_ok());
    assert_eq!(listed(store, &line, EVENTS, 10).await, [107]);
}

async fn what_is_on_record_stays_after_leaving(store: &impl Store) {
    let (line, who) = (number(100), number(107));
    assert_eq!(store.subscriber(&line, EVENTS, &who).await.unwrap(), None);
    let changes = [joins(EVENTS, 107, 1), leaves(EVENTS, 107, 9)];
    for made in changes.clone() {
        change(store, made).await.unwrap();
    }
    let kept = store.subscriber(&line, EVENTS, &who).await.unwrap();
    assert_eq!(kept, Some(subscriber(&changes)));
    let kept = kept.unwrap();
    assert_eq!(kept.consent.at, after(1));
    assert_eq!(kept.left.map(|left| left.at), Some(after(9)));
    let other = store.subscriber(&line, "maintenance", &who).await;
    assert_eq!(other.unwrap(), None);
}

async fn topics_and_lines_are_each_their_own(store: &impl Store) {
    let (here, there) = (number(100), number(101));
    for topic in ["maintenance", EVENTS, "event"] {
        change(store, joins(topic, 107, 1)).await.unwrap();
    }
    let elsewhere = [joins(EVENTS, 108, 1)];
    store.change_subscribers(&there, &elsewhere).await.unwrap()[0]
        .as_ref()
        .unwrap();
    assert_eq!(listed(store, &here, EVENTS, 10).await, [107]);
    assert_eq!(listed(store, &there, EVENTS, 10).await, [108]);
    change(store, leaves(EVENTS, 107, 2)).await.unwrap();
    assert_eq!(listed(store, &here, "event", 10).await, [107]);
    let on_record = store.subscriptions_of(&here, &number(107)).await.unwrap();
    let topics = on_record.iter().map(|s| (s.topic.as_str(), s.is_active()));
    assert_eq!(
        topics.collect::<Vec<_>>(),
        [("event", true), (EVENTS, false), ("maintenance", true)]
    );
    let nothing = store.subscriptions_of(&there, &number(107)).await.unwrap();
    assert_eq!(nothing, []);
}

async fn subscribers_come_in_pages_by_number(store: &impl Store) {
    let line = number(100);
    // In no order, and every third one leaves again.
    let numbers = (0..31).map(|n| 200 + n * 7 % 31);
    let mut changes: Vec<_> = numbers.clone().map(|n| joins(EVENTS, n, 1)).collect();
    changes.extend(numbers.filter(|n| n % 3 == 0).map(|n| leaves(EVENTS, n, 2)));
    store.change_subscribers(&line, &changes).await.unwrap();
    let expected: Vec<u32> = (200..231).filter(|n| n % 3 != 0).collect();
    for page in [1, 2, 7, expected.len(), 100] {
        assert_eq!(listed(store, &line, EVENTS, page).await, expected, "{page}");
    }
    let after = store
        .subscribers(&line, EVENTS, Some(&number(229)), 5)
        .await;
    assert_eq!(after.unwrap().len(), 1);
    let beyond = store
        .subscribers(&line, EVENTS, Some(&number(230)), 5)
        .await;
    assert_eq!(beyond.unwrap(), []);
    assert_eq!(store.subscribers(&line, EVENTS, None, 0).await.unwrap(), []);
}

async fn more_changes_than_one_request_can_carry(store: &impl Store) {
    let line = number(100);
    let changes: Vec<_> = (0..60).map(|n| joins(EVENTS, 200 + n, 1)).collect();
    let made = store.change_subscribers(&line, &changes).await.unwrap();
    let numbers = made.iter().map(|made| &made.as_ref().unwrap().number);
    assert!(numbers.eq(changes.iter().map(|change| &change.number)));
    assert_eq!(listed(store, &line, EVENTS, 100).await.len(), 60);
    let again = store.change_subscribers(&line, &changes).await.unwrap();
    assert!(again.iter().all(|made| *made == Err(Unchanged::IsIn)));
    assert_eq!(store.change_subscribers(&line, &[]).await.unwrap(), []);
}

async fn changes_of_one_number_happen_one_after_the_other(store: &impl Store) {
    let changes = [
        joins(EVENTS, 107, 1),
        joins(EVENTS, 107, 2),
        joins("maintenance", 107, 3),
        leaves(EVENTS, 107, 4),
        joins(EVENTS, 108, 5),
        joins(EVENTS, 107, 6),
    ];
    let made = store.change_subscribers(&number(100), &changes).await;
    let made: Vec<bool> = made.unwrap().iter().map(Result::is_ok).collect();
    assert_eq!(made, [true, false, true, true, true, true]);
    let kept = store.subscriber(&number(100), EVENTS, &number(107)).await;
    assert_eq!(kept.unwrap(), Some(subscriber(&[joins(EVENTS, 107, 6)])));
    assert_eq!(listed(store, &number(100), EVENTS, 9).await, [107, 108]);
}

async fn of_many_who_change_the_same_number_at_once_nobody_is_lost(store: &impl Store) {
    let line = number(100);
    let topics: Vec<String> = (0..4).map(|n| format!("topic-{n}")).collect();
    let joined = join_all(topics.iter().map(|topic| async {
        let changes: Vec<_> = (0..3).map(|n| joins(topic, 107 + n, 1)).collect();
        store.change_subscribers(&line, &changes).await.unwrap()
    }));
    assert!(joined.await.iter().flatten().all(Result::is_ok));
    let same = join_all((0..4).map(|n| change(store, joins(EVENTS, 107, n))));
    let first: Vec<_> = same.await.into_iter().filter_map(Result::ok).collect();
    let kept = store.subscriptions_of(&line, &number(107)).await.unwrap();
    assert_eq!(first, kept[..1], "one of them was the first, and stays");
    let kept: BTreeSet<String> = kept.into_iter().map(|s| s.topic).collect();
    assert!(topics.iter().all(|topic| kept.contains(topic)), "{kept:?}");
}

async fn a_record_takes_its_subscriptions_along(store: &impl Store) {
    let line = number(100);
    let changes = [joins(EVENTS, 107, 1), leaves(EVENTS, 107, 2)];
    for n in [1, 2] {
        let mut record = record(n as u32);
        let now = subscriber(&changes[..n]);
        record.subscriptions = vec![now.clone(), subscriber(&[joins("maintenance", 107, 1)])];
        assert_eq!(store.record(&record, &[]).await.unwrap(), Recorded::New);
        let kept = store.subscriber(&line, EVENTS, &number(107)).await;
        assert_eq!(kept.unwrap(), Some(now));
        let listed = listed(store, &line, EVENTS, 9).await;
        assert_eq!(listed.len(), 2 - n);
        let kept = store.inbound(&sid(n as u32)).await.unwrap();
        assert_eq!(kept, Some(record));
    }
    assert_eq!(listed(store, &line, "maintenance", 9).await, [107]);
}

async fn a_record_that_was_there_changes_no_subscription(store: &impl Store) {
    store.record(&record(1), &[]).await.unwrap();
    let mut again = record(1);
    again.subscriptions = vec![subscriber(&[joins(EVENTS, 107, 1)])];
    assert_eq!(store.record(&again, &[]).await.unwrap(), Recorded::Already);
    assert_eq!(listed(store, &number(100), EVENTS, 9).await, NOBODY);
}

async fn a_decision_knows_the_senders_subscriptions(store: &impl Store) {
    let line = line(100);
    store.put_line(&line).await.unwrap();
    for made in [
        joins(EVENTS, 107, 1),
        joins("maintenance", 107, 1),
        leaves(EVENTS, 107, 2),
        joins(EVENTS, 108, 1),
    ] {
        change(store, made).await.unwrap();
    }
    let known = |from: Option<u32>| async move {
        let from = from.map(number);
        let (line, sid) = (number(100), sid(1));
        let known = store.for_inbound(&line, &sid, from.as_ref()).await;
        let subscriptions = known.unwrap().subscriptions;
        let topics = subscriptions
            .into_iter()
            .map(|s| (s.topic.clone(), s.is_active()));
        topics.collect::<Vec<_>>()
    };
    let expected = [(EVENTS, false), ("maintenance", true)];
    let expected = expected.map(|(topic, active)| (topic.to_owned(), active));
    assert_eq!(known(Some(107)).await, expected);
    assert_eq!(known(Some(109)).await, []);
    assert_eq!(known(None).await, []);
}

async fn who_subscribed_stays_so_when_the_line_comes_back(store: &impl Store) {
    let line = line(100);
    store.put_line(&line).await.unwrap();
    change(store, joins(EVENTS, 107, 1)).await.unwrap();
    store.remove_line(&line.number).await.unwrap();
    store.put_line(&line).await.unwrap();
    assert_eq!(listed(store, &line.number, EVENTS, 9).await, [107]);
}
