//! What every store holds to about texts: records, deliveries, and which of them are due.

use futures::future::join_all;
use relay::delivery::{Attempt, Delivery, DeliveryId, Outcome, Part, State};
use relay::inbound::Media;
use relay::store::{Recorded, Saved, Store};

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, delivery, memory, now, record, recorded, sid, sqlite};

contract! { dynamodb, sqlite, memory:
    a_record_is_read_back_whole,
    the_first_record_of_a_sid_stays,
    of_twenty_records_of_one_sid_one_is_new,
    a_record_is_kept_whole_or_not_at_all,
    a_text_as_large_as_twilio_sends_is_kept,
    a_delivery_is_saved_and_read_back_whole,
    of_two_saves_of_one_version_one_wins,
    of_ten_saves_at_once_one_wins,
    an_unknown_delivery_cannot_be_saved,
    what_is_due_comes_longest_due_first,
    only_so_many_as_wanted_are_due,
    a_delivery_is_due_by_its_last_save_alone,
}

async fn a_record_is_read_back_whole(store: &impl Store) {
    let (record, delivery) = (record(1), delivery(1));
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), None);
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), None);
    let recorded = store.record(&record, std::slice::from_ref(&delivery)).await;
    assert_eq!(recorded.unwrap(), Recorded::New);
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), Some(record));
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), Some(delivery));
    assert_eq!(store.inbound(&sid(2)).await.unwrap(), None);
}

async fn the_first_record_of_a_sid_stays(store: &impl Store) {
    let first = record(1);
    assert_eq!(
        store.record(&first, &[delivery(1)]).await.unwrap(),
        Recorded::New
    );
    let mut second = record(1);
    second.sms.body = "another".to_owned();
    assert_eq!(
        store.record(&second, &[delivery(2)]).await.unwrap(),
        Recorded::Already
    );
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), Some(first));
    assert_eq!(store.delivery(&delivery(2).id).await.unwrap(), None);
}

async fn of_twenty_records_of_one_sid_one_is_new(store: &impl Store) {
    let (record, deliveries) = (record(1), [delivery(1)]);
    let recorded = join_all((0..20).map(|_| store.record(&record, &deliveries))).await;
    let new = recorded
        .into_iter()
        .filter(|recorded| *recorded.as_ref().unwrap() == Recorded::New)
        .count();
    assert_eq!(new, 1);
}

async fn a_record_is_kept_whole_or_not_at_all(store: &impl Store) {
    store.record(&record(1), &[delivery(1)]).await.unwrap();
    let mine = delivery(2);
    let not_mine = delivery(1);
    assert!(
        store
            .record(&record(2), &[mine.clone(), not_mine])
            .await
            .is_err()
    );
    assert_eq!(store.inbound(&sid(2)).await.unwrap(), None);
    assert_eq!(store.delivery(&mine.id).await.unwrap(), None);
}

async fn a_text_as_large_as_twilio_sends_is_kept(store: &impl Store) {
    let mut record = record(1);
    record.sms.body = "🚐".repeat(16 * 1024);
    record.sms.media = (0..10)
        .map(|n| Media {
            url: format!("https://api.twilio.com/{n}/{}", "m".repeat(2_000)),
            content_type: "image/jpeg".to_owned(),
        })
        .collect();
    let mut delivery = delivery(1);
    delivery.body = record.sms.body.clone();
    delivery.parts = vec![Part {
        body: delivery.body.clone(),
        media: Vec::new(),
    }];
    store
        .record(&record, std::slice::from_ref(&delivery))
        .await
        .unwrap();
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), Some(record));
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), Some(delivery));
}

async fn a_delivery_is_saved_and_read_back_whole(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    let attempt = Attempt {
        number: 1,
        to: delivery.to.clone(),
        part: 0,
        began: now(),
        outcome: Outcome::Pending,
        since: now(),
        sid: Some(sid(7)),
    };
    delivery.attempts.push(attempt);
    for state in [
        State::Sending { lease: after(60) },
        State::Unknown { ask: after(90) },
        State::Accepted,
        State::Delivered,
    ] {
        delivery.version += 1;
        delivery.state = state;
        assert_eq!(store.save(&delivery).await.unwrap(), Saved::Yes);
        let read = store.delivery(&delivery.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&delivery));
    }
}

async fn of_two_saves_of_one_version_one_wins(store: &impl Store) {
    let delivery = recorded(store, 1).await;
    let first = Delivery {
        version: 1,
        state: State::Accepted,
        ..delivery.clone()
    };
    let second = Delivery {
        version: 1,
        state: State::Delivered,
        ..delivery
    };
    assert_eq!(store.save(&first).await.unwrap(), Saved::Yes);
    assert_eq!(store.save(&second).await.unwrap(), Saved::Outdated);
    // Not even the same save twice: each claims an attempt.
    assert_eq!(store.save(&first).await.unwrap(), Saved::Outdated);
    assert_eq!(store.delivery(&first.id).await.unwrap(), Some(first));
}

async fn of_ten_saves_at_once_one_wins(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    delivery.version += 1;
    let saved = join_all((0..10).map(|_| store.save(&delivery))).await;
    let won = saved
        .into_iter()
        .filter(|saved| *saved.as_ref().unwrap() == Saved::Yes)
        .count();
    assert_eq!(won, 1);
}

async fn an_unknown_delivery_cannot_be_saved(store: &impl Store) {
    for version in [0, 1] {
        let unknown = Delivery {
            version,
            ..delivery(1)
        };
        assert_eq!(store.save(&unknown).await.unwrap(), Saved::Outdated);
    }
    assert_eq!(store.delivery(&delivery(1).id).await.unwrap(), None);
}

async fn what_is_due_comes_longest_due_first(store: &impl Store) {
    // Enough of them that every part of a divided index has some.
    let expected: Vec<DeliveryId> = (0..24).map(|n| delivery(n).id).collect();
    for n in (0..24).rev() {
        let due = State::Waiting {
            due: after(n.into()),
        };
        let delivery = Delivery {
            state: due,
            ..delivery(n)
        };
        store.record(&record(n), &[delivery]).await.unwrap();
    }
    assert_eq!(store.due_before(after(24), 100).await.unwrap(), expected);
    assert_eq!(
        store.due_before(after(10), 100).await.unwrap(),
        expected[..10]
    );
    assert!(store.due_before(now(), 100).await.unwrap().is_empty());
}

async fn only_so_many_as_wanted_are_due(store: &impl Store) {
    for n in 0..10 {
        let due = State::Waiting {
            due: after(n.into()),
        };
        let delivery = Delivery {
            state: due,
            ..delivery(n)
        };
        store.record(&record(n), &[delivery]).await.unwrap();
    }
    let first: Vec<DeliveryId> = (0..3).map(|n| delivery(n).id).collect();
    assert_eq!(store.due_before(after(100), 3).await.unwrap(), first);
    assert!(store.due_before(after(100), 0).await.unwrap().is_empty());
}

async fn a_delivery_is_due_by_its_last_save_alone(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    let id = delivery.id.clone();
    for (state, due_soon, due_late) in [
        (State::Sending { lease: after(60) }, false, true),
        (State::Unknown { ask: after(5) }, true, true),
        (State::Accepted, false, false),
        (State::Waiting { due: after(1) }, true, true),
        (State::Delivered, false, false),
    ] {
        delivery.version += 1;
        delivery.state = state;
        store.save(&delivery).await.unwrap();
        let is_due = async |before| store.due_before(before, 10).await.unwrap().contains(&id);
        assert_eq!(is_due(after(10)).await, due_soon, "{:?}", delivery.state);
        assert_eq!(is_due(after(100)).await, due_late, "{:?}", delivery.state);
    }
}
