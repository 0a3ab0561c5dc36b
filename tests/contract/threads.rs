//! What every store holds to about a line's threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use jiff::Timestamp;
use relay::app::ports::store::{Kept, Planned, Planning, Saved, Store};
use relay::domain::inbound_record::InboundRecord;
use relay::domain::thread::{Held, Threads, What};

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{delivery, line, memory, record, sid, sqlite};

contract! { dynamodb, sqlite, memory:
    threads_are_kept_with_the_text_that_changes_them,
    a_text_is_planned_by_what_is_true_when_it_is_kept,
    texts_at_once_all_leave_their_mark,
    a_text_that_comes_again_changes_nothing,
    threads_are_saved_by_whoever_knows_their_last_version,
    a_line_that_comes_back_has_no_threads,
}

/// Leaves the text's mark in the threads, so that it can be told whether it was lost.
fn marked(record: &InboundRecord, threads: &Threads) -> Planned {
    let mut threads = threads.clone();
    threads.version += 1;
    threads.held.push(Held {
        sid: record.sms.sid.clone(),
        person: "Sergio".to_owned(),
        what: What::Pass,
        choices: Vec::new(),
        asked: Timestamp::UNIX_EPOCH,
        round: 0,
        repeated: 0,
        answered: 0,
        doubts: None,
        chosen: None,
    });
    Planned {
        record: record.clone(),
        deliveries: Vec::new(),
        threads: Some(threads),
    }
}

fn planning(record: &InboundRecord) -> Planning {
    let record = record.clone();
    Arc::new(move |threads| marked(&record, threads))
}

async fn takes_in(store: &impl Store, n: u32, seen: &Threads) -> Kept {
    let record = record(n);
    let (line, sid) = (&record.sms.to, &record.sms.sid);
    let kept = store.take_in(line, sid, seen, planning(&record)).await;
    kept.unwrap()
}

fn version(n: u64) -> Threads {
    Threads {
        version: n,
        ..Threads::default()
    }
}

async fn threads_are_kept_with_the_text_that_changes_them(store: &impl Store) {
    let line = line(100).number;
    assert_eq!(store.threads(&line).await.unwrap(), Threads::default());
    let planned = marked(&record(1), &Threads::default());
    let kept = takes_in(store, 1, &Threads::default()).await;
    assert_eq!(kept, Kept::New(Box::new(planned.clone())));
    let threads = planned.threads.unwrap();
    assert_eq!(store.threads(&line).await.unwrap(), threads);
    let known = store.for_inbound(&line, &sid(2), None).await.unwrap();
    assert_eq!(known.threads, threads);
    let other = super::examples::number(999);
    assert_eq!(store.threads(&other).await.unwrap(), Threads::default());
}

async fn a_text_is_planned_by_what_is_true_when_it_is_kept(store: &impl Store) {
    takes_in(store, 1, &Threads::default()).await;
    // What was read before the first one was kept.
    let Kept::New(planned) = takes_in(store, 2, &Threads::default()).await else {
        panic!("the second was not kept");
    };
    let threads = planned.threads.unwrap();
    assert_eq!((threads.version, threads.held.len()), (2, 2));
    // And a plan that does not change them asks for no version.
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let plan: Planning = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Planned {
            record: record(3),
            deliveries: vec![delivery(3)],
            threads: None,
        }
    });
    let line = line(100).number;
    let kept = store.take_in(&line, &sid(3), &threads, plan).await.unwrap();
    assert!(matches!(kept, Kept::New(_)));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(store.threads(&line).await.unwrap(), threads);
    assert_eq!(
        store.delivery(&delivery(3).id).await.unwrap(),
        Some(delivery(3))
    );
}

async fn texts_at_once_all_leave_their_mark(store: &impl Store) {
    let seen = Threads::default();
    let kept = join_all((0..6).map(|n| takes_in(store, n, &seen))).await;
    assert!(kept.iter().all(|kept| matches!(kept, Kept::New(_))));
    let threads = store.threads(&line(100).number).await.unwrap();
    assert_eq!((threads.version, threads.held.len()), (6, 6));
}

async fn a_text_that_comes_again_changes_nothing(store: &impl Store) {
    takes_in(store, 1, &Threads::default()).await;
    let line = line(100).number;
    let threads = store.threads(&line).await.unwrap();
    for seen in [Threads::default(), threads.clone()] {
        assert_eq!(takes_in(store, 1, &seen).await, Kept::Already);
    }
    assert_eq!(store.threads(&line).await.unwrap(), threads);
}

async fn threads_are_saved_by_whoever_knows_their_last_version(store: &impl Store) {
    let line = line(100).number;
    let save = async |n| store.save_threads(&line, &version(n)).await.unwrap();
    assert_eq!(save(2).await, Saved::Outdated);
    assert_eq!(save(1).await, Saved::Yes);
    assert_eq!(save(1).await, Saved::Outdated);
    assert_eq!(save(2).await, Saved::Yes);
    assert_eq!(store.threads(&line).await.unwrap(), version(2));
    let saved = join_all((0..5).map(|_| save(3))).await;
    assert_eq!(
        saved.iter().filter(|saved| **saved == Saved::Yes).count(),
        1
    );
}

async fn a_line_that_comes_back_has_no_threads(store: &impl Store) {
    let line = line(100);
    store.put_line(&line).await.unwrap();
    store.save_threads(&line.number, &version(1)).await.unwrap();
    store.put_line(&line).await.unwrap();
    assert_eq!(store.threads(&line.number).await.unwrap(), version(1));
    store.remove_line(&line.number).await.unwrap();
    store.put_line(&line).await.unwrap();
    assert_eq!(store.threads(&line.number).await.unwrap(), version(0));
}
