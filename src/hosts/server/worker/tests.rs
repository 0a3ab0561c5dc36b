use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use tokio::task::JoinHandle;

use super::*;
use crate::adapters::files::audit::FileAudit;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::notices::{self, Answer};
use crate::app::ports::alerts::NoAlerts;
use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::app::ports::event_bus::NoBus;
use crate::app::ports::queue::{DeadLetterQueue, Queue, WakeUp};
use crate::app::ports::store::Notices;
use crate::app::relay::PublicUrls;
use crate::clock::{SystemChance, SystemClock};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::source::Source;
use crate::domain::delivery::{Delivery, Purpose, Recipient};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::line::{Line, config};
use crate::domain::request;
use crate::hosts::server::{AUDIT, DATABASE};
use crate::sandbox::demo_account;
use crate::twilio::api::{NoAnswer, Transport};
use crate::twilio::client::Client;

/// Far longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Twilio that never answers, but for texts that are urgent.
struct Slow {
    /// How many requests wait for an answer.
    waiting: watch::Sender<usize>,
    urgent: watch::Sender<bool>,
}

const URGENT: &str = "are+you+open";

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        if !body.contains(URGENT) {
            self.waiting.send_modify(|waiting| *waiting += 1);
            return futures::future::pending().await;
        }
        self.urgent.send_replace(true);
        let sid = format!("SM{}", "0".repeat(32));
        let answer = Response::builder().status(201);
        let answer = answer.body(json!({ "sid": sid }).to_string().into());
        answer.map_err(|error| NoAnswer::NotSent(error.to_string()))
    }
}

/// Credentials that cannot be read.
struct Unreadable {
    /// How often somebody wanted them.
    asked: watch::Sender<usize>,
}

#[async_trait]
impl CredentialsSource for Unreadable {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        self.asked.send_modify(|asked| *asked += 1);
        anyhow::bail!("they cannot be read")
    }

    async fn newer(&self, _: &Credentials, _: RefreshReason) -> Option<Arc<Credentials>> {
        None
    }
}

/// A relay in this folder, and its queue.
fn relay(
    folder: &Path,
    twilio: Slow,
    credentials: impl CredentialsSource + 'static,
) -> (Arc<Relay>, SqliteQueue) {
    let database = Database::open(&folder.join(DATABASE)).unwrap();
    let queue = SqliteQueue::on(database.clone());
    let relay = Relay {
        store: Arc::new(SqliteStore::on(database)),
        queue: Arc::new(queue.clone()),
        audit: Arc::new(FileAudit::open(&folder.join(AUDIT)).unwrap()),
        credentials: Arc::new(credentials),
        public_urls: PublicUrls::default(),
        twilio: Client::new(Box::new(twilio), "https://api.twilio.com"),
        bus: Arc::new(NoBus),
        alerts: Arc::new(NoAlerts),
        clock: Arc::new(SystemClock),
        chance: Arc::new(SystemChance),
    };
    (Arc::new(relay), queue)
}

/// Works in the background until it is aborted.
fn works(relay: &Arc<Relay>, queue: &SqliteQueue) -> JoinHandle<()> {
    let (relay, queue) = (Arc::clone(relay), queue.clone());
    let load = LoadGauge::none(std::time::Instant::now());
    tokio::spawn(async move {
        let (_stop, stopped) = watch::channel(false);
        let pulse = Pulse::starts(std::time::Instant::now());
        run(relay, queue, load, pulse, stopped).await;
    })
}

/// A customer's text for the first of the line's people, due now.
fn text(line: &Line, body: &str, now: Timestamp) -> Delivery {
    let sid = MessageSid::parse(&("SM".to_owned() + &"1".repeat(32))).unwrap();
    let (id, to) = (DeliveryId::of_inbound(&sid), Recipient::of(&line.people[0]));
    let words = (body.to_owned(), Vec::new());
    Delivery::new(line, id, Purpose::Relay, to, words, now)
}

async fn set_on_its_way(relay: &Relay, queue: &SqliteQueue, text: &Delivery) {
    let now = relay.now();
    relay.store.spawn(std::slice::from_ref(text)).await.unwrap();
    let wake_up = WakeUp::new(&text.id, now, now);
    queue.send(&wake_up, now).await.unwrap();
}

#[tokio::test]
async fn a_customers_text_passes_a_notice_that_has_taken_all_places_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let (waiting, mut has_waiting) = watch::channel(0);
    let (urgent, mut is_there) = watch::channel(false);
    let twilio = Slow { waiting, urgent };
    let (relay, queue) = relay(folder.path(), twilio, Arc::new(demo_account()));
    let mut line = config::example(443).remove(0);
    line.notices.quiet_hours = None;
    line.notices.segments_a_minute = 1_000_000;
    relay.store.put_line(&line).await.unwrap();
    let numbers = (0..300).map(|n| format!("+1619555{:04}", 2000 + n));
    let request = json!({
        "topic": "events", "template": "event_published", "idempotency_key": "zurek-1",
        "data": {"name": "Zurek", "starts": "2026-12-16T18:00:00-08:00"},
        "audience": {"numbers": numbers.collect::<Vec<_>>()},
    });
    let request = request::notice(request.to_string().as_bytes()).unwrap();
    let accepted = notices::accept(&relay, &request, Source::Shell).await;
    assert!(matches!(accepted.unwrap(), Answer::Accepted(_)));

    let worker = works(&relay, &queue);
    let share = CONCURRENCY / SHARE_OF_MANY;
    let taken = has_waiting.wait_for(|waiting| *waiting >= share);
    tokio::time::timeout(PATIENCE, taken)
        .await
        .unwrap()
        .unwrap();

    let text = text(&line, "are you open?", relay.now());
    set_on_its_way(&relay, &queue, &text).await;
    let came = is_there.wait_for(|is_there| *is_there);
    tokio::time::timeout(PATIENCE, came).await.unwrap().unwrap();
    assert_eq!(*has_waiting.borrow(), share, "the rest of the notice waits");
    worker.abort();
}

#[tokio::test]
async fn what_is_due_when_the_worker_begins_is_found_without_a_wake_up() {
    let folder = tempfile::tempdir().unwrap();
    let (urgent, mut is_there) = watch::channel(false);
    let waiting = watch::channel(0).0;
    let twilio = Slow { waiting, urgent };
    let (relay, queue) = relay(folder.path(), twilio, Arc::new(demo_account()));
    let line = config::example(443).remove(0);
    let text = text(&line, "are you open?", relay.now());
    relay.store.spawn(&[text]).await.unwrap();
    let worker = works(&relay, &queue);
    let came = is_there.wait_for(|is_there| *is_there);
    tokio::time::timeout(PATIENCE, came).await.unwrap().unwrap();
    worker.abort();
}

#[tokio::test]
async fn a_text_that_fails_again_and_again_is_tried_after_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let (asked, mut has_asked) = watch::channel(0);
    let (waiting, urgent) = (watch::channel(0).0, watch::channel(false).0);
    let twilio = Slow { waiting, urgent };
    let (relay, queue) = relay(folder.path(), twilio, Unreadable { asked });
    let line = config::example(443).remove(0);
    let worker = works(&relay, &queue);
    let text = text(&line, "are you open?", relay.now());
    let began = Instant::now();
    set_on_its_way(&relay, &queue, &text).await;
    let tried = has_asked.wait_for(|asked| *asked >= 2);
    tokio::time::timeout(PATIENCE, tried)
        .await
        .unwrap()
        .unwrap();
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert_eq!(*has_asked.borrow(), 2);
    worker.abort();
}

/// A queue with these deliveries in its store.
async fn queue_of(folder: &Path, deliveries: &[Delivery]) -> SqliteQueue {
    let database = Database::open(&folder.join(DATABASE)).unwrap();
    let store = SqliteStore::on(database.clone());
    store.spawn(deliveries).await.unwrap();
    SqliteQueue::on(database)
}

#[tokio::test]
async fn what_fails_comes_again_after_longer_and_longer_pauses_and_is_a_dead_letter_at_last() {
    let folder = tempfile::tempdir().unwrap();
    let line = config::example(443).remove(0);
    let mut now: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
    let text = text(&line, "are you open?", now - Duration::from_secs(1));
    let queue = queue_of(folder.path(), &[text]).await;
    let mut desk = Desk::default();
    let second = Duration::from_secs(1);
    for pause in [2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256, 256] {
        assert!(queue.hold(1).await.unwrap().is_empty());
        let (due, _) = desk.take(&queue, CONCURRENCY, now).unwrap();
        assert_eq!(due.len(), 1);
        assert!(desk.take(&queue, CONCURRENCY, now).unwrap().0.is_empty());
        let failed = Err(anyhow!("in vain"));
        desk.put_back(&queue, &due[0], failed, now).await;
        now += Duration::from_secs(pause);
        let early = desk.take(&queue, CONCURRENCY, now - second).unwrap();
        assert_eq!(early, (Vec::new(), Some(now)));
    }
    let dead = queue.hold(9).await.unwrap();
    assert_eq!(dead.len(), 1);
    queue.remove(&dead[0]).await.unwrap();
    let (due, _) = desk.take(&queue, CONCURRENCY, now - second).unwrap();
    assert_eq!(due.len(), 1, "whoever has it replayed does not wait");
    desk.put_back(&queue, &due[0], Ok(()), now).await;
    assert!(desk.at_work.is_empty() && desk.failed.is_empty());
}

#[tokio::test]
async fn a_notice_that_fails_as_a_whole_leaves_room_for_a_customers_text() {
    let folder = tempfile::tempdir().unwrap();
    let line = config::example(443).remove(0);
    let now: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
    let before = now - Duration::from_secs(1);
    let notice = NoticeId::of(&line.number, "april");
    let texts = (0..MOST_PAUSES).map(|n| Delivery {
        id: DeliveryId::parse(&format!("{notice}-{n:020}")).unwrap(),
        ..text(&line, "Zurek", before)
    });
    let texts: Vec<_> = texts.collect();
    let queue = queue_of(folder.path(), &texts).await;
    let mut desk = Desk::default();
    loop {
        let (due, _) = desk.take(&queue, CONCURRENCY, now).unwrap();
        if due.is_empty() {
            break;
        }
        for message in due {
            let failed = Err(anyhow!("in vain"));
            desk.put_back(&queue, &message, failed, now).await;
        }
    }
    assert_eq!(desk.failed.len(), MOST_PAUSES / SHARE_OF_MANY);
    let urgent = text(&line, "are you open?", before);
    drop(queue);
    let queue = queue_of(folder.path(), std::slice::from_ref(&urgent)).await;
    let (due, _) = desk.take(&queue, CONCURRENCY, now).unwrap();
    assert_eq!(due[0].delivery(), Some(&urgent.id));
    assert_eq!(due.len(), 1);
    let later = now + Duration::from_secs(2);
    let (due, _) = desk.take(&queue, CONCURRENCY, later).unwrap();
    assert_eq!(due.len(), CONCURRENCY / SHARE_OF_MANY, "it is tried again");
}
