use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::*;
use crate::adapters::files::audit::FileAudit;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::notices::{self, Answer};
use crate::app::ports::event_bus::NoBus;
use crate::app::ports::queue::{Queue, WakeUp};
use crate::clock::{SystemChance, SystemClock};
use crate::domain::delivery::source::Source;
use crate::domain::delivery::{Delivery, Purpose};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::config;
use crate::domain::notice::to_recipient;
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

#[tokio::test]
async fn a_customers_text_passes_a_notice_that_has_taken_all_places_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join(DATABASE)).unwrap();
    let queue = SqliteQueue::on(database.clone());
    let (waiting, mut has_waiting) = watch::channel(0);
    let (urgent, mut is_there) = watch::channel(false);
    let relay = Arc::new(Relay {
        store: Arc::new(SqliteStore::on(database)),
        queue: Arc::new(queue.clone()),
        audit: Arc::new(FileAudit::open(&folder.path().join(AUDIT)).unwrap()),
        credentials: Arc::new(Arc::new(demo_account())),
        twilio: Client::new(Box::new(Slow { waiting, urgent }), "https://api.twilio.com"),
        bus: Arc::new(NoBus),
        clock: Arc::new(SystemClock),
        chance: Arc::new(SystemChance),
    });
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
    let Answer::Accepted(notice) = accepted.unwrap() else {
        panic!("it is the first");
    };

    let (_stop, stopped) = watch::channel(false);
    let load = LoadGauge::none(std::time::Instant::now());
    let worker = tokio::spawn(run(Arc::clone(&relay), queue.clone(), load, stopped));
    let share = CONCURRENCY / SHARE_OF_MANY;
    let taken = has_waiting.wait_for(|waiting| *waiting >= share);
    tokio::time::timeout(PATIENCE, taken)
        .await
        .unwrap()
        .unwrap();

    let (now, body) = (relay.now(), "are you open?".to_owned());
    let sid = MessageSid::parse(&("SM".to_owned() + &"1".repeat(32))).unwrap();
    let number = line.people[0].number.clone();
    let delivery = Delivery {
        id: DeliveryId::of_inbound(&sid),
        purpose: Purpose::Relay,
        ..to_recipient(&notice, &line, number, body, now, now)
    };
    relay
        .store
        .spawn(std::slice::from_ref(&delivery))
        .await
        .unwrap();
    let wake_up = WakeUp {
        delivery: delivery.id,
        asked: now,
        due: now,
    };
    queue.send(&wake_up, now).await.unwrap();
    let came = is_there.wait_for(|is_there| *is_there);
    tokio::time::timeout(PATIENCE, came).await.unwrap().unwrap();
    assert_eq!(*has_waiting.borrow(), share, "the rest of the notice waits");
    worker.abort();
}
