//! What every store holds to about texts: records, deliveries, and which of them are due.

use crate::support::records::Records as _;
use futures::future::join_all;
use jiff::Timestamp;
use relay::app::ports::store::{Recorded, Saved, Store};
use relay::domain::delivery::{Attempt, Delivery, GaveUp, Outcome, Replay, State};
use relay::domain::ids::DeliveryId;
use relay::domain::inbound::sms::Media;
use relay::domain::sms::part::Part;

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
    a_message_belongs_to_the_first_delivery_that_asks,
    asking_whose_a_message_is_makes_it_nobodys,
    what_is_due_comes_longest_due_first,
    only_so_many_as_wanted_are_due,
    a_delivery_is_due_by_its_last_save_alone,
    an_overdue_delivery_is_put_off_once_and_stays_as_it_is,
    of_ten_who_put_a_delivery_off_one_did,
    what_is_not_overdue_is_not_put_off,
    what_gave_up_is_listed_longest_ago_first,
    a_replayed_delivery_is_a_dead_letter_no_more,
    what_a_step_spawns_is_kept_with_it,
    what_was_spawned_before_stays_as_it_is,
    a_save_that_comes_too_late_spawns_nothing,
    of_ten_saves_at_once_one_spawns,
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
        of: 1,
        began: now(),
        outcome: Outcome::Pending,
        since: now(),
        sid: Some(sid(7)),
        via: None,
        disproved: None,
        since_backup: None,
    };
    delivery.attempts.push(attempt);
    for state in [
        State::Sending { lease: after(60) },
        State::Unknown {
            ask: after(90),
            asked: 1,
        },
        State::Accepted {
            ask: None,
            asked: 0,
        },
        State::Delivered,
    ] {
        delivery.version += 1;
        delivery.state = state;
        assert_eq!(store.save(&delivery, &[]).await.unwrap(), Saved::Yes);
        let read = store.delivery(&delivery.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&delivery));
    }
}

async fn of_two_saves_of_one_version_one_wins(store: &impl Store) {
    let delivery = recorded(store, 1).await;
    let first = Delivery {
        version: 1,
        state: State::Accepted {
            ask: None,
            asked: 0,
        },
        ..delivery.clone()
    };
    let second = Delivery {
        version: 1,
        state: State::Delivered,
        ..delivery
    };
    assert_eq!(store.save(&first, &[]).await.unwrap(), Saved::Yes);
    assert_eq!(store.save(&second, &[]).await.unwrap(), Saved::Outdated);
    // Not even the same save twice: each claims an attempt.
    assert_eq!(store.save(&first, &[]).await.unwrap(), Saved::Outdated);
    assert_eq!(store.delivery(&first.id).await.unwrap(), Some(first));
}

async fn of_ten_saves_at_once_one_wins(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    delivery.version += 1;
    let saved = join_all((0..10).map(|_| store.save(&delivery, &[]))).await;
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
        assert_eq!(store.save(&unknown, &[]).await.unwrap(), Saved::Outdated);
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

/// Whoever lowers the number of shards loses nothing that was written before.
#[cfg(feature = "aws")]
#[tokio::test]
async fn what_is_due_is_found_whatever_the_number_of_shards_was_when_it_was_written() {
    use relay::adapters::aws::dynamodb::DynamoStore;

    use crate::support::moto;

    let config = moto::config(moto::url()).await;
    let table = moto::table(&config).await;
    let store = |shards: &str| {
        let client = aws_sdk_dynamodb::Client::new(&config);
        DynamoStore::new(client, &table).spread_over(shards.parse().unwrap())
    };
    let (few, many) = (store("8"), store("64"));
    for n in 0..40 {
        let due = State::Waiting { due: after(0) };
        let delivery = Delivery {
            state: due,
            ..delivery(n)
        };
        let written_by = if n % 2 == 0 { &few } else { &many };
        written_by.record(&record(n), &[delivery]).await.unwrap();
    }
    assert_eq!(many.due_before(after(60), 100).await.unwrap().len(), 40);
    let at_once = few.due_before(after(60), 100).await.unwrap();
    assert!((20..40).contains(&at_once.len()), "{}", at_once.len());
    let mut found = std::collections::BTreeSet::new();
    for minute in 1..=8 {
        found.extend(few.due_before(after(60 * minute), 100).await.unwrap());
    }
    assert_eq!(found.len(), 40);
    for wrong in ["0", "7", "9", "65", "128", "many"] {
        let error = wrong.parse::<relay::adapters::aws::dynamodb::Shards>();
        let error = error.unwrap_err().to_string();
        assert!(error.contains("8, 16, 32 or 64"), "{error}");
    }
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
        (
            State::Unknown {
                ask: after(5),
                asked: 0,
            },
            true,
            true,
        ),
        (
            State::Accepted {
                ask: None,
                asked: 0,
            },
            false,
            false,
        ),
        (State::Waiting { due: after(1) }, true, true),
        (State::Delivered, false, false),
    ] {
        delivery.version += 1;
        delivery.state = state;
        store.save(&delivery, &[]).await.unwrap();
        let is_due = async |before| store.due_before(before, 10).await.unwrap().contains(&id);
        assert_eq!(is_due(after(10)).await, due_soon, "{:?}", delivery.state);
        assert_eq!(is_due(after(100)).await, due_late, "{:?}", delivery.state);
    }
}

async fn a_message_belongs_to_the_first_delivery_that_asks(store: &impl Store) {
    let (one, other) = (delivery(1).id, delivery(2).id);
    let sent = sid(7);
    let asks = [&one, &other, &one, &other].map(|id| store.claim_message(id, &sent, now()));
    let asked = join_all(asks).await;
    let owns: Vec<bool> = asked.into_iter().map(Result::unwrap).collect();
    assert_eq!(owns[0], owns[2]);
    assert_eq!(owns[1], owns[3]);
    assert_ne!(owns[0], owns[1]);
    assert!(store.claim_message(&other, &sid(8), now()).await.unwrap());
}

async fn asking_whose_a_message_is_makes_it_nobodys(store: &impl Store) {
    let (one, other) = (delivery(1).id, delivery(2).id);
    assert_eq!(store.owner_of(&sid(7)).await.unwrap(), None);
    assert!(store.claim_message(&one, &sid(7), now()).await.unwrap());
    assert!(!store.claim_message(&other, &sid(7), now()).await.unwrap());
    assert_eq!(store.owner_of(&sid(7)).await.unwrap(), Some(one));
    assert_eq!(store.owner_of(&sid(8)).await.unwrap(), None);
}

async fn an_overdue_delivery_is_put_off_once_and_stays_as_it_is(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    let id = delivery.id.clone();
    assert!(store.put_off(&id, after(1), after(600)).await.unwrap());
    assert!(!store.put_off(&id, after(1), after(601)).await.unwrap());
    assert!(store.due_before(after(600), 10).await.unwrap().is_empty());
    let due = store.due_before(after(601), 10).await.unwrap();
    assert_eq!(due, std::slice::from_ref(&id));
    let read = store.delivery(&id).await.unwrap();
    assert_eq!(read.as_ref(), Some(&delivery));

    // Whoever works on it is not hindered, and its own word counts again.
    delivery.version += 1;
    delivery.state = State::Waiting { due: after(5) };
    assert_eq!(store.save(&delivery, &[]).await.unwrap(), Saved::Yes);
    assert_eq!(store.due_before(after(10), 10).await.unwrap(), [id]);
}

async fn of_ten_who_put_a_delivery_off_one_did(store: &impl Store) {
    let id = recorded(store, 1).await.id;
    let tried = (0..10).map(|n| store.put_off(&id, after(1), after(600 + n)));
    let did = join_all(tried).await.into_iter();
    assert_eq!(did.filter(|did| *did.as_ref().unwrap()).count(), 1);
}

async fn what_is_not_overdue_is_not_put_off(store: &impl Store) {
    let unknown = delivery(2).id;
    assert!(!store.put_off(&unknown, after(1), after(60)).await.unwrap());
    assert_eq!(store.delivery(&unknown).await.unwrap(), None);

    let mut delivery = recorded(store, 1).await;
    let id = delivery.id.clone();
    assert!(!store.put_off(&id, now(), after(60)).await.unwrap());
    assert_eq!(store.due_before(after(1), 10).await.unwrap().len(), 1);
    delivery.version += 1;
    delivery.state = State::Delivered;
    store.save(&delivery, &[]).await.unwrap();
    assert!(!store.put_off(&id, after(99), after(100)).await.unwrap());
    assert!(store.due_before(after(999), 10).await.unwrap().is_empty());
}

/// Saves a delivery as one that gave up.
async fn give_up(store: &impl Store, delivery: &mut Delivery, at: Timestamp) {
    delivery.version += 1;
    delivery.state = State::GaveUp {
        because: GaveUp::NobodyLeft,
    };
    delivery.gave_up = Some(at);
    assert_eq!(store.save(delivery, &[]).await.unwrap(), Saved::Yes);
}

async fn what_gave_up_is_listed_longest_ago_first(store: &impl Store) {
    let mut expected = Vec::new();
    for n in (0..12).rev() {
        let mut delivery = recorded(store, n).await;
        give_up(store, &mut delivery, after(n.into())).await;
        expected.insert(0, delivery.id);
    }
    recorded(store, 100).await;
    let listed = async |before, limit| store.gave_up_before(before, limit).await.unwrap();
    assert_eq!(listed(after(1000), 100).await, expected);
    assert_eq!(listed(after(5), 100).await, expected[..5]);
    assert_eq!(listed(after(1000), 3).await, expected[..3]);
    assert!(listed(after(1000), 0).await.is_empty());
    assert!(listed(now(), 100).await.is_empty());
    // Nobody but people looks at them.
    let due = store.due_before(after(1000), 100).await.unwrap();
    assert_eq!(due, [delivery(100).id]);
}

async fn a_replayed_delivery_is_a_dead_letter_no_more(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    give_up(store, &mut delivery, after(1)).await;
    // A save that comes too late does not bring it back to life.
    let late = Delivery {
        gave_up: None,
        ..delivery.clone()
    };
    assert_eq!(store.save(&late, &[]).await.unwrap(), Saved::Outdated);
    let id = delivery.id.clone();
    let is_dead = async || {
        !store
            .gave_up_before(after(999), 9)
            .await
            .unwrap()
            .is_empty()
    };
    let is_due = async || !store.due_before(after(999), 9).await.unwrap().is_empty();
    assert!(is_dead().await && !is_due().await);

    delivery.version += 1;
    delivery.gave_up = None;
    delivery.state = State::Waiting { due: after(500) };
    delivery.replays.push(Replay {
        at: after(500),
        attempts: 0,
        resumed: true,
    });
    assert_eq!(store.save(&delivery, &[]).await.unwrap(), Saved::Yes);
    assert!(!is_dead().await && is_due().await);
    assert_eq!(store.delivery(&id).await.unwrap(), Some(delivery.clone()));

    give_up(store, &mut delivery, after(700)).await;
    assert!(is_dead().await && !is_due().await);
}

/// A delivery that somebody else's step spawned, by number.
fn spawned(n: u32, body: &str) -> Delivery {
    Delivery {
        id: DeliveryId::parse(&format!("spawned-{n}")).unwrap(),
        body: body.to_owned(),
        ..delivery(n)
    }
}

async fn what_a_step_spawns_is_kept_with_it(store: &impl Store) {
    let mut cause = recorded(store, 1).await;
    cause.version += 1;
    cause.state = State::Delivered;
    let new = [spawned(1, "one"), spawned(2, "two")];
    assert_eq!(store.save(&cause, &new).await.unwrap(), Saved::Yes);
    assert_eq!(store.delivery(&cause.id).await.unwrap(), Some(cause));
    for new in &new {
        assert_eq!(store.delivery(&new.id).await.unwrap().as_ref(), Some(new));
    }
    // Nobody needs a wake-up to find them.
    let mut due = store.due_before(after(1), 10).await.unwrap();
    due.sort();
    assert_eq!(due, new.map(|new| new.id));
}

async fn what_was_spawned_before_stays_as_it_is(store: &impl Store) {
    let (mut one, mut other) = (recorded(store, 1).await, recorded(store, 2).await);
    let mut first = spawned(1, "first");
    one.version += 1;
    assert_eq!(
        store
            .save(&one, std::slice::from_ref(&first))
            .await
            .unwrap(),
        Saved::Yes
    );
    first.version += 1;
    first.state = State::Delivered;
    assert_eq!(store.save(&first, &[]).await.unwrap(), Saved::Yes);

    other.version += 1;
    let new = [spawned(1, "second"), spawned(2, "another")];
    assert_eq!(store.save(&other, &new).await.unwrap(), Saved::Yes);
    assert_eq!(store.delivery(&other.id).await.unwrap(), Some(other));
    assert_eq!(store.delivery(&first.id).await.unwrap(), Some(first));
    let another = store.delivery(&new[1].id).await.unwrap();
    assert_eq!(another.as_ref(), Some(&new[1]));
}

async fn a_save_that_comes_too_late_spawns_nothing(store: &impl Store) {
    let mut late = recorded(store, 1).await;
    late.version += 1;
    assert_eq!(store.save(&late, &[]).await.unwrap(), Saved::Yes);
    let new = spawned(1, "late");
    let saved = store.save(&late, std::slice::from_ref(&new)).await;
    assert_eq!(saved.unwrap(), Saved::Outdated);
    assert_eq!(store.delivery(&new.id).await.unwrap(), None);
    let unknown = Delivery {
        version: 1,
        ..delivery(2)
    };
    let saved = store.save(&unknown, std::slice::from_ref(&new)).await;
    assert_eq!(saved.unwrap(), Saved::Outdated);
    assert_eq!(store.delivery(&new.id).await.unwrap(), None);
}

async fn of_ten_saves_at_once_one_spawns(store: &impl Store) {
    let mut cause = recorded(store, 1).await;
    cause.version += 1;
    let saves = (0..10).map(async |n| {
        let mine = spawned(n, "mine");
        (
            store
                .save(&cause, std::slice::from_ref(&mine))
                .await
                .unwrap(),
            mine,
        )
    });
    let mut won = 0;
    for (saved, mine) in join_all(saves).await {
        let kept = store.delivery(&mine.id).await.unwrap();
        assert_eq!(kept.is_some(), saved == Saved::Yes, "{}", mine.id);
        won += u32::from(saved == Saved::Yes);
    }
    assert_eq!(won, 1);
}
