use std::path::Path;

use anyhow::bail;
use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::app::ports::credentials::RefreshReason;
use crate::app::ports::store::Notices;
use crate::clock::ManualClock;
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{Delivery, Purpose, Recipient};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::config::{self, AlertWays};
use crate::hosts::server::DATABASE;
use crate::sandbox::demo_account;

struct Unreadable;

#[async_trait]
impl CredentialsSource for Unreadable {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        bail!("they cannot be read")
    }

    async fn newer(&self, _: &Credentials, _: RefreshReason) -> Option<Arc<Credentials>> {
        None
    }
}

fn sources(folder: &Path, clock: Arc<dyn Clock>) -> Sources {
    let integrity = Integrity::of(&folder.join(DATABASE)).unwrap();
    let database = Database::open(&folder.join(DATABASE)).unwrap();
    Sources {
        folder: folder.into(),
        queue: SqliteQueue::on(database.clone()),
        database,
        integrity,
        credentials: Arc::new(Arc::new(demo_account())),
        account: TwilioAccount::default(),
        alerts: OwnerAlerts::by(AlertWays::default()),
        worker: Pulse::starts(Instant::now()),
        clock,
    }
}

fn here() -> (TempDir, Sources, Arc<ManualClock>) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-23T19:00:00Z".parse().unwrap()));
    let sources = sources(folder.path(), clock.clone());
    (folder, sources, clock)
}

fn tried(went_well: bool) -> Trial {
    Trial(Mutex::new(Tried {
        began: None,
        went_well: Some(went_well),
    }))
}

/// What there is when what is tried goes well.
fn found(sources: &Sources, now: Instant) -> Vec<Reason> {
    sources.reasons(&tried(true), &tried(true), now)
}

#[tokio::test]
async fn a_relay_that_works_is_ready_a_moment_after_its_start() {
    let (_folder, sources, _) = here();
    let readiness = Readiness::unknown(Instant::now());
    let (_stop, stopped) = watch::channel(false);
    let looking = tokio::spawn(readiness.clone().keep_looking(sources, stopped));
    let look = async {
        while !readiness.reasons(Instant::now()).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let wait = Duration::from_secs(5);
    tokio::time::timeout(wait, look).await.expect("it is ready");
    looking.abort();
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_found() {
    let (_folder, sources, _) = here();
    let readiness = Readiness::unknown(Instant::now());
    let (_stop, stopped) = watch::channel(false);
    let sources = Sources {
        credentials: Arc::new(Unreadable),
        ..sources
    };
    let looking = tokio::spawn(readiness.clone().keep_looking(sources, stopped));
    let look = async {
        while readiness.reasons(Instant::now()) != [Reason::NoCredentials] {
            tokio::task::yield_now().await;
        }
    };
    let wait = Duration::from_secs(5);
    tokio::time::timeout(wait, look).await.expect("it is found");
    looking.abort();
}

#[tokio::test]
async fn what_was_looked_at_long_ago_says_nothing() {
    let now = Instant::now();
    let readiness = Readiness::unknown(now);
    assert_eq!(readiness.reasons(now), [Reason::NotLookedYet]);
    let later = now + PATIENCE + Duration::from_millis(1);
    assert_eq!(readiness.reasons(later), [Reason::LooksHang]);
}

#[tokio::test]
async fn a_write_that_hangs_is_told_from_one_that_fails() {
    let (_folder, sources, _) = here();
    let now = Instant::now();
    let hangs = Trial(Mutex::new(Tried {
        began: Some(now),
        went_well: Some(true),
    }));
    assert_eq!(sources.reasons(&hangs, &tried(true), now), []);
    let later = now + PATIENCE + Duration::from_millis(1);
    sources.worker.beat(later);
    let reasons = sources.reasons(&hangs, &tried(true), later);
    assert_eq!(reasons, [Reason::WriteHangs]);
    let reasons = sources.reasons(&tried(false), &tried(true), later);
    assert_eq!(reasons, [Reason::CannotWrite]);
}

#[tokio::test]
async fn a_worker_that_does_not_look_for_work_is_found() {
    let (_folder, sources, _) = here();
    let later = Instant::now() + PATIENCE + Duration::from_secs(1);
    assert_eq!(found(&sources, later), [Reason::WorkerStuck]);
    sources.worker.beat(later);
    assert_eq!(found(&sources, later), []);
}

#[tokio::test]
async fn a_text_that_is_due_for_long_is_found_but_for_a_dead_letter() {
    let (_folder, sources, clock) = here();
    let line = config::example(4000).remove(0);
    let store = crate::adapters::sqlite::store::SqliteStore::on(sources.database.clone());
    let sid = MessageSid::parse(&("SM".to_owned() + &"1".repeat(32))).unwrap();
    let (id, to) = (DeliveryId::of_inbound(&sid), Recipient::of(&line.people[0]));
    let words = ("Hello".to_owned(), Vec::new());
    let text = Delivery::new(&line, id.clone(), Purpose::Relay, to, words, clock.now());
    store.spawn(&[text]).await.unwrap();
    clock.advance(DUE_FOR);
    assert_eq!(found(&sources, Instant::now()), []);
    clock.advance(Duration::from_secs(1));
    assert_eq!(found(&sources, Instant::now()), [Reason::Overdue]);
    let wake_up = crate::app::ports::queue::WakeUp::new(&id, clock.now(), clock.now());
    let message = crate::app::ports::queue::Message::Delivery(wake_up);
    sources.queue.bury(&message).await.unwrap();
    assert_eq!(found(&sources, Instant::now()), []);
}

#[tokio::test]
async fn trouble_with_the_disk_counts_for_a_while() {
    let (_folder, sources, _) = here();
    let read_only = |c: &rusqlite::Connection| c.execute_batch("PRAGMA max_page_count = 1");
    sources.database.write(read_only).await.unwrap();
    let fills = "CREATE TABLE notes AS SELECT hex(zeroblob(1000000)) AS note";
    let full = sources.database.write(|c| c.execute_batch(fills)).await;
    assert!(full.is_err());
    let now = Instant::now();
    assert_eq!(found(&sources, now), [Reason::CannotWrite]);
    let later = now + TROUBLE_COUNTS;
    sources.worker.beat(later);
    assert_eq!(found(&sources, later), []);
}

#[test]
fn what_lasts_for_a_minute_is_alerted() {
    let (mut lasting, now) = (Lasting::default(), Instant::now());
    let mut note = |reasons: &[Reason], seconds| -> Vec<String> {
        let now = now + Duration::from_secs(seconds);
        lasting
            .note(reasons, now)
            .map(|alert| alert.cause)
            .collect()
    };
    let refused = [Reason::Refused];
    assert!(note(&refused, 0).is_empty());
    assert!(note(&refused, 59).is_empty());
    assert!(note(&[], 60).is_empty(), "it is over");
    assert!(note(&[Reason::Refused, Reason::AlertsFail], 61).is_empty());
    assert!(note(&[Reason::Damaged, Reason::Refused, Reason::AlertsFail], 120).is_empty());
    let both = note(&[Reason::Damaged, Reason::Refused, Reason::AlertsFail], 121);
    assert_eq!(both, ["Refused"]);
}

#[test]
fn a_disk_that_does_not_say_how_large_it_is_is_not_full() {
    assert!(!has_no_room(Path::new("/proc")));
    assert!(!has_no_room(Path::new("/there/is/no/such/folder")));
}

#[test]
fn the_least_room_is_what_the_reason_says() {
    let words = Reason::DiskFull.in_words();
    assert!(words.contains(&format!("{} MiB", LEAST_ROOM / 1024 / 1024)));
    let words = Reason::Overdue.in_words();
    assert!(words.contains(&format!("{} minutes", DUE_FOR.as_secs() / 60)));
}
