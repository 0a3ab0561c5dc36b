//! A world to hold conversations in: the relay with its embedded parts, the sandbox, and phones,
//! all in one process on a clock that only the test moves. Nothing sleeps.
//!
//! A world that goes out of scope fails its test if a delivery is still on its way or a phone has a
//! text that nobody read.

mod bus;
mod call;
mod faults;
mod phone;
mod programs;

pub use bus::Listeners;
pub use call::Call;
pub use faults::{CallWeather, Faults, path_of_request};
pub use phone::Phone;
pub use programs::{LIMITED_CALLER, Said};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use relay::adapters::files::audit::FileAudit;
use relay::adapters::files::kept_texts::SpoolFile;
use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::store::SqliteStore;
use relay::app::ports::alerts::NoAlerts;
use relay::app::ports::audit::Record;
use relay::app::ports::credentials::{CredentialsSource, RefreshReason};
use relay::app::ports::kept_texts::FallbackContext;
use relay::app::ports::queue::Message;
use relay::app::ports::store::Store;
use relay::app::relay::{PublicUrls, Relay};
use relay::app::{
    delivery_status, inbound_fallback, inbound_sms, inbound_voice, outbound_notifier, retry_worker,
};
use relay::clock::{Clock, FixedChance, ManualClock};
use relay::domain::credentials::Credentials;
use relay::domain::duty::Override;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::ids::{CallSid, DeliveryId};
use relay::domain::line::{Line, config};
use relay::domain::phone::{PhoneNumber, Sender};
use relay::hosts::server::kept;
use relay::hosts::server::kept::Left;
use relay::sandbox::{InProcess, NoReply, Number, Sandbox, Webhook, demo_account};
use relay::twilio::client::Client;
use relay::twilio::voice::{AWAITED, TOLD, VOICE_PATH};

use crate::support::hooked_store::HookedStore;
use crate::support::memory::{MemoryQueue, MemoryStore};

/// A Monday morning in San Diego: Sergio is on duty.
pub const IN_HOURS: &str = "2026-11-23T10:00:00-08:00";

/// The file of the texts that the fallback kept.
const KEPT: &str = "kept-texts.jsonl";

pub struct World {
    pub clock: Arc<ManualClock>,
    pub sandbox: Arc<Sandbox>,
    pub line: Line,
    pub faults: Arc<Faults>,
    pub listeners: Arc<Listeners>,
    /// How far Twilio's clock is behind.
    behind: Duration,
    relay: Arc<Relay>,
    credentials: Arc<Replaceable>,
    /// Whether another process answers each request.
    restarts: AtomicBool,
    queue: Arc<MemoryQueue>,
    kept: SpoolFile,
    folder: tempfile::TempDir,
    /// How far each phone's screen was read.
    read: Mutex<BTreeMap<Sender, usize>>,
    /// Statuses that webhooks were answered with.
    answers: Mutex<Vec<u16>>,
    /// When calls that are due were looked at last.
    swept: Mutex<Timestamp>,
    /// A store in memory outlives the process, too.
    in_memory: Option<Arc<dyn Store>>,
    /// What Twilio asked about calls and was answered, if somebody watches.
    exchanges: Mutex<Option<Vec<Exchange>>>,
    /// What may change requests and answers, if anything does.
    between: OnceLock<Arc<dyn Between>>,
}

/// A request of Twilio's, and the answer.
#[derive(Clone)]
pub struct Exchange {
    pub url: String,
    pub status: u16,
    pub body: String,
    pub webhook: Webhook,
}

/// What stands between Twilio and the relay, so that either is told something else.
pub trait Between: Send + Sync {
    fn asked(&self, request: http::Request<bytes::Bytes>) -> http::Request<bytes::Bytes>;
    fn answered(&self, asked: &http::Request<bytes::Bytes>, document: String) -> String;
}

/// Between two looks at calls that are due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl World {
    /// A world with the example line, at an instant in RFC 3339.
    pub async fn at(instant: &str) -> Self {
        Self::with(example(), instant).await
    }

    pub async fn with(line: Line, instant: &str) -> Self {
        Self::build(line, instant, Duration::ZERO, None).await
    }

    /// The same, with a store that takes very many texts quickly.
    pub async fn in_memory(line: Line, instant: &str) -> Self {
        Self::on(Arc::new(MemoryStore::default()), line, instant).await
    }

    /// The same with a store that outlives the process.
    pub async fn on(store: Arc<dyn Store>, line: Line, instant: &str) -> Self {
        Self::build(line, instant, Duration::ZERO, Some(store)).await
    }

    pub fn puts_between(&self, between: Arc<dyn Between>) {
        assert!(self.between.set(between).is_ok(), "something is there");
    }

    /// Twilio's clock and the relay's do not agree.
    pub async fn with_twilios_clock_behind(by: Duration) -> Self {
        Self::build(example(), IN_HOURS, by, None).await
    }

    /// The store is on a disk if none is given.
    async fn build(
        line: Line,
        instant: &str,
        behind: Duration,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(
            instant.parse().expect("an instant in RFC 3339"),
        ));
        let sandbox = Arc::new(Sandbox::new(
            Arc::new(demo_account()),
            Arc::new(Behind {
                clock: clock.clone(),
                by: behind,
            }),
        ));
        let setup = Number {
            sms_url: Some(format!("{}/twilio/sms", line.public_url)),
            ..takes_calls(&line)
        };
        for number in line.numbers() {
            sandbox.set_number(number.clone(), setup.clone());
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let faults = Arc::new(Faults::default());
        let listeners = Arc::new(Listeners::default());
        let queue = Arc::new(MemoryQueue::default());
        let in_memory = store.clone();
        let store = store.unwrap_or_else(|| on_disk(&folder));
        let credentials = Arc::new(Replaceable::new(programs::account()));
        let own = Own {
            queue: &queue,
            clock: &clock,
            sandbox: &sandbox,
            faults: &faults,
            bus: &listeners,
            credentials: &credentials,
        };
        let relay = start(&folder, store, own);
        relay
            .store
            .put_line(&line)
            .await
            .expect("the line is stored");
        let kept = SpoolFile::open(&folder.path().join(KEPT)).expect("a file for kept texts");
        Self {
            clock,
            sandbox,
            line,
            faults,
            listeners,
            behind,
            relay,
            credentials,
            restarts: AtomicBool::default(),
            queue,
            kept,
            folder,
            read: Mutex::default(),
            answers: Mutex::default(),
            swept: Mutex::new(Timestamp::MIN),
            in_memory,
            exchanges: Mutex::default(),
            between: OnceLock::new(),
        }
    }

    /// Twilio has the relay's fallback URL.
    pub fn set_fallback_url(&self) {
        let url = |path: &str| Some(format!("{}{path}", self.line.public_url));
        let setup = Number {
            sms_url: url("/twilio/sms"),
            sms_fallback_url: url("/twilio/fallback"),
            voice_fallback_url: url("/twilio/voice/fallback"),
            ..takes_calls(&self.line)
        };
        self.sandbox.set_number(self.line.number.clone(), setup);
    }

    /// What the fallback kept goes to the main path, and everything happens that follows at once.
    pub async fn take_kept(&self) -> Left {
        let left = kept::take(&self.relay, &self.kept)
            .await
            .expect("the kept texts are read");
        self.advance(seconds(5)).await;
        left
    }

    /// The same, and no time passes.
    pub async fn take_kept_now(&self) -> Left {
        let left = kept::take(&self.relay, &self.kept).await;
        left.expect("the kept texts are read")
    }

    /// What the fallback kept is gone.
    pub fn forget_kept(&self) {
        let file = self.folder.path().join(KEPT);
        std::fs::write(file, "").expect("the kept texts");
    }

    /// How many texts the fallback keeps.
    pub fn kept(&self) -> usize {
        let text = std::fs::read_to_string(self.folder.path().join(KEPT));
        text.expect("the kept texts").lines().count()
    }

    /// The process ends and another one begins, with the same files and queue.
    pub async fn restart(&mut self) {
        self.relay = self.another_process();
        self.kept = SpoolFile::open(&self.folder.path().join(KEPT)).expect("the kept texts");
        self.queue.recover(self.clock.now());
    }

    fn another_process(&self) -> Arc<Relay> {
        let own = Own {
            queue: &self.queue,
            clock: &self.clock,
            sandbox: &self.sandbox,
            faults: &self.faults,
            bus: &self.listeners,
            credentials: &self.credentials,
        };
        let store = self.in_memory.clone();
        let store = store.unwrap_or_else(|| on_disk(&self.folder));
        start(&self.folder, store, own)
    }

    /// From now on each request comes to a process that was just started.
    pub fn restarts_before_each_request(&self) {
        self.restarts.store(true, Ordering::SeqCst);
    }

    /// From now on the relay has these credentials.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.credentials.replace(credentials);
    }

    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    pub fn phone(&self, sender: &str) -> Phone<'_> {
        Phone::new(self, Sender::parse(sender))
    }

    pub fn customer(&self) -> Phone<'_> {
        self.phone("+16195550107")
    }

    pub fn sergio(&self) -> Phone<'_> {
        self.phone(self.line.people[0].number.expose())
    }

    pub fn backup(&self) -> Phone<'_> {
        self.phone(self.line.people[1].number.expose())
    }

    /// Whoever is alerted.
    pub fn owner(&self) -> Phone<'_> {
        let alert = self.line.policy.alert.as_ref();
        self.phone(alert.expect("a line with an alert").expose())
    }

    pub async fn set_override(&self, person: &str, to: Override) {
        self.relay
            .store
            .set_override(&self.line.number, person, Some(&to))
            .await
            .expect("the override is set");
    }

    /// Lets everything happen that is due now.
    pub async fn settle(&self) {
        // Boxed, as tests that wait in many places would need a large stack.
        Box::pin(self.settle_now()).await;
    }

    async fn settle_now(&self) {
        // Endless loops between the relay and the sandbox would hang the test without a word.
        for _ in 0..10_000 {
            let webhooks = self.sandbox.due(self.clock.now() - self.behind);
            let wake_ups = self.queue.receive(self.clock.now(), 100);
            let looked_at = Box::pin(self.look_at_calls()).await;
            if webhooks.is_empty() && wake_ups.is_empty() && looked_at == 0 {
                return;
            }
            if self.faults.works_side_by_side() {
                let all = webhooks.into_iter().map(|webhook| self.bring(webhook));
                Box::pin(futures::future::join_all(all)).await;
            } else {
                for webhook in webhooks {
                    self.bring(webhook).await;
                }
            }
            for received in wake_ups {
                match Box::pin(retry_worker::work_on(&self.relay, &received.message)).await {
                    Ok(()) => {
                        self.queue.acknowledge(&received);
                        assert!(!self.is_still_due(&received.message).await, "{received:?}");
                    }
                    Err(_) => {
                        let again = self.clock.now() + seconds(10);
                        self.queue.put_back(&received, again);
                    }
                }
            }
        }
        panic!("the world does not come to rest");
    }

    /// Twilio's request reaches the relay, and the answer Twilio.
    async fn bring(&self, webhook: Webhook) {
        let request = webhook.request().expect("a well-formed webhook");
        let path = request.uri().path().to_owned();
        if self.faults.is_unreachable(&path) {
            self.sandbox.unanswered(webhook.id, NoReply::NoConnection);
            return;
        }
        let answered = faults::in_request(&path, self.answer(request)).await;
        let Some(response) = answered else {
            self.sandbox.unanswered(webhook.id, NoReply::NoConnection);
            return;
        };
        let status = response.status().as_u16();
        self.answers.lock().unwrap().push(status);
        if let Some(exchanges) = &mut *self.exchanges.lock().unwrap() {
            exchanges.push(Exchange {
                url: webhook.url.clone(),
                status,
                body: response.body().clone(),
                webhook: webhook.clone(),
            });
        }
        if self.faults.answers_late(&path) {
            self.sandbox.unanswered(webhook.id, NoReply::TimedOut);
        } else {
            let kind = response.headers().get("content-type");
            let kind = kind.and_then(|kind| kind.to_str().ok());
            let body = response.body();
            self.sandbox.answered_with(webhook.id, status, kind, body);
        }
    }

    /// The same request comes once more, from whomever; returns the answer.
    pub async fn asks_again(&self, webhook: &Webhook) -> http::Response<String> {
        let request = webhook.request().expect("a well-formed webhook");
        let path = request.uri().path().to_owned();
        let answered = faults::in_request(&path, self.answer(request)).await;
        answered.expect("nobody dies")
    }

    /// Looks at the calls that are due, at most once a second. Returns how many there were.
    async fn look_at_calls(&self) -> usize {
        let now = self.clock.now();
        {
            let mut swept = self.swept.lock().unwrap();
            if self.sandbox.calls().is_empty() || now < *swept + LOOK_EVERY {
                return 0;
            }
            *swept = now;
        }
        let looked_at = inbound_voice::sweep(&self.relay, 100).await;
        looked_at.expect("the store says which calls are due")
    }

    /// When a call is looked at next.
    async fn next_look(&self) -> Option<Timestamp> {
        if self.sandbox.calls().is_empty() {
            return None;
        }
        let due = self.calls_to_look_at(1).await.pop()?;
        let first = self.relay.store.call(&due).await.ok()??.due? + LOOK_EVERY;
        Some(first.max(*self.swept.lock().unwrap() + LOOK_EVERY))
    }

    async fn calls_to_look_at(&self, most: usize) -> Vec<CallSid> {
        let far = self.clock.now() + minutes(30 * 24 * 60);
        let due = self.relay.store.calls_due_before(far, most).await;
        due.expect("the store is read")
    }

    /// Whether the store says that what was worked on is due: one machine, which asks its store,
    /// would be at it for ever.
    async fn is_still_due(&self, message: &Message) -> bool {
        let store = &self.relay.store;
        let due = match message {
            Message::Delivery(wake_up) => {
                let delivery = store.delivery(&wake_up.delivery).await;
                let delivery = delivery.expect("the store is read");
                delivery.and_then(|delivery| delivery.due())
            }
            Message::Page(turn) => {
                let notice = store.notice(turn.notice).await.expect("the store is read");
                let notice = notice.filter(|notice| notice.page == turn.page);
                notice.and_then(|notice| notice.due())
            }
        };
        due.is_some_and(|due| due < self.clock.now())
    }

    /// Lets time pass, with everything that happens meanwhile at its instant.
    pub async fn advance(&self, by: Duration) {
        let end = self.clock.now() + by;
        loop {
            self.settle().await;
            let next = [
                self.sandbox.next_due().map(|due| due + self.behind),
                self.queue.next_due(),
                self.next_look().await,
            ];
            match next.into_iter().flatten().min() {
                Some(next) if next <= end => self.clock.set(next.max(self.clock.now())),
                _ => break,
            }
        }
        self.clock.set(end);
        self.settle().await;
    }

    /// Whatever is on the queue is gone.
    pub fn lose_wake_ups(&self) {
        use relay::clock::Clock;
        let far = self.clock.now() + minutes(24 * 60);
        for received in self.queue.receive(far, 1000) {
            self.queue.acknowledge(&received);
        }
    }

    /// What an HTTP server or API Gateway would do with a request.
    pub async fn answer(&self, request: http::Request<bytes::Bytes>) -> http::Response<String> {
        let Some(between) = self.between.get() else {
            return self.handle(request).await;
        };
        let request = between.asked(request);
        let asked = request.clone();
        let answer = self.handle(request).await;
        answer.map(|document| between.answered(&asked, document))
    }

    async fn handle(&self, request: http::Request<bytes::Bytes>) -> http::Response<String> {
        let restarts = self.restarts.load(Ordering::SeqCst);
        let relay = if restarts {
            &self.another_process()
        } else {
            &self.relay
        };
        match request.uri().path() {
            "/twilio/sms" => inbound_sms::handle(relay, request).await,
            "/twilio/fallback"
            | "/twilio/voice/fallback"
            | "/twilio/voice/fallback/recorded"
            | "/twilio/voice/fallback/recording" => {
                let context = FallbackContext {
                    spool: Arc::new(self.kept.clone()),
                    room: Arc::default(),
                    credentials: Arc::clone(&relay.credentials),
                    clock: self.clock.clone(),
                };
                inbound_fallback::handle_any(&context, request).await
            }
            path if path.starts_with(VOICE_PATH) || path.starts_with("/v/") => {
                let response = inbound_voice::handle(relay, request).await;
                response.map(|body| String::from_utf8_lossy(&body).into_owned())
            }
            path if path.starts_with("/twilio/") => delivery_status::handle(relay, request).await,
            _ => outbound_notifier::http::handle(relay, request).await,
        }
    }

    /// From now on it is put down what Twilio is answered.
    pub fn watches_exchanges(&self) {
        *self.exchanges.lock().unwrap() = Some(Vec::new());
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap().clone().unwrap_or_default()
    }

    /// The statuses that Twilio's webhooks were answered with since the last look.
    pub fn answers(&self) -> Vec<u16> {
        std::mem::take(&mut self.answers.lock().unwrap())
    }

    /// The audit so far.
    pub fn audit(&self) -> Vec<Record> {
        let text =
            std::fs::read_to_string(self.folder.path().join("audit.jsonl")).expect("an audit");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a record"))
            .collect()
    }

    /// The audit of one text, as `kind outcome person` words.
    pub fn story(&self, sid: &MessageSid) -> Vec<String> {
        let records = self
            .audit()
            .into_iter()
            .filter(|record| record.message_sid.as_ref() == Some(sid));
        records
            .map(|record| {
                let kind = serde_json::to_value(record.kind).unwrap();
                let words = [
                    kind.as_str(),
                    record.outcome.as_deref(),
                    record.to_person.as_deref(),
                ];
                words.into_iter().flatten().collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    /// The text of everything that the relay keeps outside its store: nothing private may be there.
    pub fn audit_text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("audit.jsonl")).unwrap_or_default()
    }

    /// Deliveries for which something is on the queue that could still happen. The wake-up for a
    /// report that came stays there until it is due, and does nothing.
    fn on_its_way(&self) -> Vec<DeliveryId> {
        use futures::executor::block_on;
        let far = self.clock.now() + minutes(24 * 60);
        let received = self.queue.receive(far, 1000);
        let ids = received
            .iter()
            .filter_map(|received| received.message.delivery().cloned());
        ids.filter(|id| {
            let delivery = block_on(self.relay.store.delivery(id)).expect("the store is read");
            delivery.is_none_or(|delivery| delivery.due().is_some())
        })
        .collect()
    }

    fn unread(&self, sender: &Sender) -> usize {
        let read = self
            .read
            .lock()
            .unwrap()
            .get(sender)
            .copied()
            .unwrap_or_default();
        self.sandbox
            .screen(sender)
            .iter()
            .filter(|entry| !entry.sent)
            .count()
            - read
    }
}

/// The example's line, at a public address.
pub fn example() -> Line {
    let mut line = config::example(443).remove(0);
    line.public_url = "https://relay.example.com".to_owned();
    // The tests of unanswered customers set a time; in the others nothing comes an hour later.
    line.policy.answer_within = None;
    line
}

/// What a line's number has for calls.
fn takes_calls(line: &Line) -> Number {
    let voice = format!("{}{VOICE_PATH}", line.public_url);
    Number {
        voice_url: Some(format!("{voice}{AWAITED}")),
        status_callback: Some(format!("{voice}/end{TOLD}")),
        ..Number::default()
    }
}

/// Twilio's clock.
struct Behind {
    clock: Arc<ManualClock>,
    by: Duration,
}

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        self.clock.now() - self.by
    }
}

fn on_disk(folder: &tempfile::TempDir) -> Arc<dyn Store> {
    let database = Database::open(&folder.path().join("relay.db")).expect("a database");
    Arc::new(SqliteStore::on(database))
}

/// What outlives a process.
struct Own<'a> {
    queue: &'a Arc<MemoryQueue>,
    clock: &'a Arc<ManualClock>,
    sandbox: &'a Arc<Sandbox>,
    faults: &'a Arc<Faults>,
    bus: &'a Arc<Listeners>,
    credentials: &'a Arc<Replaceable>,
}

fn start(folder: &tempfile::TempDir, store: Arc<dyn Store>, own: Own) -> Arc<Relay> {
    let relay = Relay {
        store: Arc::new(HookedStore(faults::Failing {
            behind: store,
            faults: Arc::clone(own.faults),
        })),
        queue: own.queue.clone(),
        audit: Arc::new(FileAudit::open(&folder.path().join("audit.jsonl")).expect("an audit")),
        public_urls: PublicUrls::default(),
        credentials: own.credentials.clone(),
        twilio: Client::new(
            Box::new(InProcess(Arc::clone(own.sandbox))),
            "https://api.twilio.com",
        ),
        bus: own.bus.clone(),
        alerts: Arc::new(NoAlerts),
        clock: own.clock.clone(),
        chance: Arc::new(FixedChance(0.5)),
    };
    Arc::new(relay)
}

/// The relay's credentials, which a rotation replaces.
struct Replaceable(Mutex<Arc<Credentials>>);

impl Replaceable {
    fn new(credentials: Credentials) -> Self {
        Self(Mutex::new(Arc::new(credentials)))
    }

    fn replace(&self, credentials: Credentials) {
        *self.0.lock().unwrap() = Arc::new(credentials);
    }
}

#[async_trait]
impl CredentialsSource for Replaceable {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn newer(&self, _: &Credentials, _: RefreshReason) -> Option<Arc<Credentials>> {
        None
    }
}

impl World {
    /// What is not finished yet.
    pub fn unfinished(&self) -> Vec<String> {
        let mut unfinished = Vec::new();
        for delivery in self.on_its_way() {
            unfinished.push(format!("something is still on its way: {delivery:?}"));
        }
        if self.kept() > 0 {
            unfinished.push("a text is still kept".to_owned());
        }
        let calls = futures::executor::block_on(self.calls_to_look_at(10));
        if !calls.is_empty() {
            unfinished.push(format!("a call is still looked after: {calls:?}"));
        }
        unfinished
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A simulation reads and reports all of it itself.
        if std::thread::panicking() || self.exchanges.lock().unwrap().is_some() {
            return;
        }
        assert_eq!(self.unfinished(), [""; 0]);
        for phone in self.sandbox.phones() {
            assert_eq!(
                self.unread(&phone),
                0,
                "{phone:?} has a text that nobody expected"
            );
        }
    }
}

pub fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number in E.164 form")
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant in RFC 3339")
}
