//! One run: the relay's handlers as futures that a seeded scheduler polls step by step, so that
//! workers and webhooks interleave at every await, and die at any.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt;
use http::Response;
use jiff::Timestamp;
use relay::audit::Record;
use relay::audit::fallback::Fallback;
use relay::clock::{Clock, ManualClock};
use relay::delivery::DeliveryId;
use relay::functions::{delivery_status, inbound_sms, retry_worker};
use relay::inbound::MessageSid;
use relay::line::Line;
use relay::relay::Relay;
use relay::twilio::client::Client;
use relay::twilio::sandbox::{NoReply, Number, Power, Sandbox, Webhook, WebhookId, demo_account};
use relay::twilio::status::Status;

use super::Mistake;
use super::faulty::{FaultyAudit, FaultyCredentials, FaultyQueue, FaultyStore};
use super::network::{Connection, Network};
use super::script::{Event, Platform, Script};
use super::time::Time;
use super::weather::{Fault, Weather};
use crate::memory::{MemoryAudit, MemoryQueue, MemoryStore, Received};

/// How long Twilio waits for the answer to a webhook.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// With good weather, everything is over by then: a delivery's deadline is an hour.
const OVER_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);
/// Far more than any run takes.
const MOST_STEPS: usize = 200_000;

pub struct World {
    pub line: Line,
    pub sandbox: Arc<Sandbox>,
    pub store: Arc<MemoryStore>,
    pub weather: Arc<Weather>,
    /// Texts whose webhook was answered with 200.
    pub acknowledged: BTreeSet<MessageSid>,
    /// News that was answered with 200.
    pub told: Vec<News>,
    /// Deliveries over which a handler died or failed: some of their records may be missing.
    pub disturbed: BTreeSet<DeliveryId>,
    /// What was seen to go wrong while it ran.
    pub violations: Vec<String>,
    pub texts: usize,
    audit: Arc<MemoryAudit>,
    printed: Printed,
    queue: Arc<MemoryQueue>,
    relay: Arc<Relay>,
    network: Arc<Network>,
    time: Arc<Time>,
    platform: Platform,
    mistake: Option<Mistake>,
    tasks: Vec<Task>,
    agenda: BTreeMap<(Timestamp, usize), Happening>,
    happenings: usize,
    /// The machine is suspended, or starting again.
    still_until: Timestamp,
    calm_since: Option<Timestamp>,
    bad_for: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub delivery: DeliveryId,
    pub attempt: u32,
    pub sid: MessageSid,
    pub status: Status,
}

struct Task {
    what: What,
    future: Pin<Box<dyn Future<Output = Done>>>,
    ready: Timestamp,
    limit: Option<Timestamp>,
}

enum What {
    Wake(Received),
    Sweep,
    /// `None` for a copy, or for one that Twilio no longer waits for.
    Text(Option<WebhookId>, MessageSid),
    Status(Option<WebhookId>, News),
}

enum Done {
    Woken(anyhow::Result<()>),
    Swept,
    Answered(Response<String>),
}

enum Happening {
    Planned(Event),
    Sweep,
    Webhook(Webhook, Option<WebhookId>),
    GivesUpWaiting(WebhookId),
    Switch(usize, Power),
    Suspend(Duration),
    Jump(Duration),
    GoodWeather,
}

/// Where the fallback prints records that the audit did not take.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl World {
    pub fn new(seed: u64, mistake: Option<Mistake>, trace: bool) -> Self {
        let mut dice = Rng::with_seed(seed);
        let script = Script::write(&mut dice);
        let clock = Arc::new(ManualClock::at(script.start));
        let account = Arc::new(demo_account());
        let sandbox = Arc::new(Sandbox::new(account.clone(), clock.clone()));
        let setup = Number {
            sms_url: Some(script.sms_url.clone()),
            ..Number::default()
        };
        sandbox.set_number(script.line.number.clone(), setup);
        let time = Time::new(clock, script.ahead);
        let weather = Weather::new(time.clone(), dice, trace);
        let store = Arc::new(MemoryStore::default());
        let queue = Arc::new(MemoryQueue::default());
        let audit = Arc::new(MemoryAudit::default());
        let printed = Printed::default();
        let network = Network::new(sandbox.clone(), weather.clone(), mistake);
        let faulty_audit = FaultyAudit {
            behind: audit.clone(),
            weather: weather.clone(),
            mistake,
        };
        let relay = Relay {
            store: Arc::new(FaultyStore {
                behind: store.clone(),
                weather: weather.clone(),
                mistake,
            }),
            queue: Arc::new(FaultyQueue {
                behind: queue.clone(),
                weather: weather.clone(),
                mistake,
                longest_delay: (script.platform == Platform::Lambda)
                    .then_some(Duration::from_secs(900)),
            }),
            audit: Arc::new(Fallback::new(
                faulty_audit,
                time.clone() as Arc<dyn Clock>,
                "Relay",
                Box::new(printed.clone()),
            )),
            credentials: Arc::new(FaultyCredentials {
                behind: account,
                weather: weather.clone(),
            }),
            twilio: Client::new(
                Box::new(Connection(network.clone())),
                "https://api.twilio.com",
            ),
            clock: time.clone(),
            chance: weather.clone(),
        };
        let put = relay.store.put_line(&script.line);
        put.now_or_never()
            .expect("memory does not wait")
            .expect("it does not fail");
        let mut world = Self {
            line: script.line.clone(),
            sandbox,
            store,
            weather,
            acknowledged: BTreeSet::new(),
            told: Vec::new(),
            disturbed: BTreeSet::new(),
            violations: Vec::new(),
            texts: 0,
            audit,
            printed,
            queue,
            relay: Arc::new(relay),
            network,
            time,
            platform: script.platform,
            mistake,
            tasks: Vec::new(),
            agenda: BTreeMap::new(),
            happenings: 0,
            still_until: script.start,
            calm_since: None,
            bad_for: script.bad_for,
        };
        world.plan(script);
        world
    }

    fn plan(&mut self, script: Script) {
        for (at, event) in script.events {
            self.put_down(at, Happening::Planned(event));
        }
        self.put_down(SWEEP_EVERY, Happening::Sweep);
        self.put_down(script.bad_for, Happening::GoodWeather);
        let weather = Arc::clone(&self.weather);
        for person in 0..self.line.people.len() {
            for (fault, power) in [
                (Fault::PhoneOff, Power::Off),
                (Fault::PhoneSilent, Power::Silent),
            ] {
                // A phone that is off is no rarity.
                if weather.one_in(12) {
                    weather.count(fault);
                    self.put_down(weather.up_to(60), Happening::Switch(person, power));
                    if weather.one_in(2) {
                        let on = Happening::Switch(person, Power::On);
                        self.put_down(Duration::from_secs(60) + weather.up_to(600), on);
                    }
                }
            }
        }
        if self.platform == Platform::OneMachine && weather.one_in(4) {
            self.put_down(weather.up_to(100), Happening::Suspend(weather.up_to(400)));
        }
        if weather.one_in(4) {
            self.put_down(weather.up_to(100), Happening::Jump(weather.up_to(300)));
        }
    }

    fn put_down(&mut self, after: Duration, happening: Happening) {
        self.happenings += 1;
        let at = self.time.now() + after;
        self.agenda.insert((at, self.happenings), happening);
    }

    /// Runs until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..MOST_STEPS {
            self.let_things_happen();
            if let Some(task) = self.pick_task() {
                self.poll(task);
                continue;
            }
            if self.is_over() {
                return;
            }
            let Some(next) = self.next_instant() else {
                return self.violated("stuck: nothing will ever happen again".to_owned());
            };
            self.time.set(next.max(self.time.now()));
        }
        self.violated(format!("stuck: no rest after {MOST_STEPS} steps"));
    }

    fn is_over(&mut self) -> bool {
        let to_come = |happening: &Happening| {
            matches!(happening, Happening::Planned(_) | Happening::Webhook(..))
        };
        let is_idle = self.tasks.is_empty()
            && !self.agenda.values().any(to_come)
            && self.queue.next_due().is_none()
            && self.sandbox.next_due().is_none()
            && self.network.next_arrival().is_none()
            && self.weather.next_late().is_none();
        let due = self.store.next_due();
        if is_idle && due.is_none() {
            return true;
        }
        let late = self
            .calm_since
            .is_some_and(|since| since + OVER_WITHIN < self.time.now());
        if late {
            self.violated(format!(
                "stuck: not at rest long after the faults, due {due:?}"
            ));
        }
        late
    }

    fn next_instant(&self) -> Option<Timestamp> {
        let tasks = self
            .tasks
            .iter()
            .map(|task| task.ready.max(self.still_until));
        [
            self.agenda.first_key_value().map(|((at, _), _)| *at),
            self.queue.next_due().map(|at| at.max(self.still_until)),
            self.sandbox.next_due(),
            self.network.next_arrival(),
            self.weather.next_late(),
        ]
        .into_iter()
        .flatten()
        .chain(tasks)
        .min()
    }

    fn let_things_happen(&mut self) {
        let now = self.time.now();
        self.weather.write_late();
        self.network.arrive();
        while let Some(entry) = self.agenda.first_entry() {
            if now < entry.key().0 {
                break;
            }
            let happening = entry.remove();
            self.happen(happening);
        }
        if self.sandbox.next_due().is_some_and(|at| at <= now) {
            for webhook in self.sandbox.due(now) {
                self.call(webhook);
            }
        }
        if self.still_until <= now && self.queue.next_due().is_some_and(|at| at <= now) {
            for received in self.queue.receive(now, 10) {
                self.receive(received);
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Planned(Event::Text(from, text)) => {
                let sid = self.sandbox.text(&from, &self.line.number, text);
                self.texts += 1;
                self.weather.tell(|| {
                    format!(
                        "{from:?} texts, {}",
                        sid.expect("a number of the sandbox's")
                    )
                });
            }
            Happening::Planned(Event::Override(person, to)) => {
                let set = self
                    .relay
                    .store
                    .set_override(&self.line.number, &person, to.as_ref());
                let set = set.now_or_never().expect("memory does not wait");
                set.expect("it does not fail");
                self.weather.tell(|| format!("{person} is set {to:?}"));
            }
            Happening::Sweep => {
                self.put_down(SWEEP_EVERY, Happening::Sweep);
                if self.mistake != Some(Mistake::ForgetsWakeUps) {
                    let relay = Arc::clone(&self.relay);
                    self.start(What::Sweep, async move {
                        let _ = retry_worker::sweep(&relay).await;
                        Done::Swept
                    });
                }
            }
            Happening::Webhook(webhook, id) => self.answer(&webhook, id),
            Happening::GivesUpWaiting(id) => self.give_up_waiting(id),
            Happening::Switch(person, power) => {
                let person = &self.line.people[person];
                self.sandbox.switch(&person.number, power);
                self.weather
                    .tell(|| format!("{}'s phone: {power:?}", person.name));
            }
            Happening::Suspend(time) => {
                self.weather.count(Fault::Suspended);
                self.still_until = self.time.now() + time;
            }
            // A clock that is wrong for the very time of a request cannot tell how long that was
            // under way; so the jump waits for a moment without one.
            Happening::Jump(by) if self.network.is_busy() => {
                self.put_down(Duration::from_secs(1), Happening::Jump(by));
            }
            Happening::Jump(by) => {
                self.weather.count(Fault::ClockJump);
                self.time.jump(by);
            }
            Happening::GoodWeather => {
                self.weather
                    .tell(|| "from here on, nothing goes wrong".to_owned());
                self.weather.calm();
                self.sandbox.clear_faults();
                self.calm_since = Some(self.time.now());
            }
        }
    }

    /// Twilio makes a webhook.
    fn call(&mut self, webhook: Webhook) {
        let weather = Arc::clone(&self.weather);
        let id = webhook.id;
        let is_status = webhook.url.contains("/twilio/status/");
        if is_status && weather.strikes(Fault::CallbackLost) {
            return self.sandbox.unanswered(id, NoReply::TimedOut);
        }
        if !is_status && weather.strikes(Fault::WebhookUnreachable) {
            return self.sandbox.unanswered(id, NoReply::NoConnection);
        }
        let twice = match is_status {
            true => weather.strikes(Fault::CallbackTwice),
            false => weather.strikes(Fault::WebhookTwice),
        };
        if twice {
            let copy = Happening::Webhook(webhook.clone(), None);
            self.put_down(weather.up_to(10), copy);
        }
        if is_status && weather.strikes(Fault::CallbackLate) {
            let seconds = weather.pick(&[2, 90, 1200]);
            let late = Happening::Webhook(webhook, None);
            self.put_down(weather.up_to(seconds), late);
            self.sandbox.unanswered(id, NoReply::TimedOut);
        } else {
            self.answer(&webhook, Some(id));
        }
    }

    fn answer(&mut self, webhook: &Webhook, id: Option<WebhookId>) {
        let what = match news_of(webhook) {
            Some(news) => What::Status(id, news),
            None => {
                let sid = field(webhook, "MessageSid").expect("every webhook names its message");
                What::Text(
                    id,
                    MessageSid::parse(&sid).expect("the sandbox's SIDs are SIDs"),
                )
            }
        };
        if let Some(id) = id {
            self.put_down(WEBHOOK_TIMEOUT, Happening::GivesUpWaiting(id));
        }
        let relay = Arc::clone(&self.relay);
        let request = webhook.request().expect("a well-formed webhook");
        let is_text = matches!(what, What::Text(..));
        self.start(what, async move {
            Done::Answered(match is_text {
                true => inbound_sms::handle(&relay, request).await,
                false => delivery_status::handle(&relay, request).await,
            })
        });
    }

    fn give_up_waiting(&mut self, id: WebhookId) {
        let waits = |task: &&mut Task| match &task.what {
            What::Text(webhook, _) | What::Status(webhook, _) => *webhook == Some(id),
            _ => false,
        };
        if let Some(task) = self.tasks.iter_mut().find(waits) {
            if let What::Text(webhook, _) | What::Status(webhook, _) = &mut task.what {
                *webhook = None;
            }
            self.sandbox.unanswered(id, NoReply::TimedOut);
        }
    }

    /// A worker gets a wake-up.
    fn receive(&mut self, received: Received) {
        if self.weather.strikes(Fault::WakeUpShared) {
            let soon = self.time.now() + self.weather.up_to(20);
            self.queue.put_back(&received, soon);
        }
        let relay = Arc::clone(&self.relay);
        let wake_up = received.wake_up.clone();
        self.start(What::Wake(received), async move {
            Done::Woken(retry_worker::wake(&relay, &wake_up).await)
        });
    }

    fn start(&mut self, what: What, future: impl Future<Output = Done> + 'static) {
        self.weather.tell(|| format!("{what} begins"));
        let seconds = match what {
            What::Wake(_) | What::Sweep => 30,
            What::Text(..) | What::Status(..) => 8,
        };
        let now = self.time.now();
        self.tasks.push(Task {
            what,
            future: Box::pin(future),
            ready: now,
            limit: (self.platform == Platform::Lambda).then(|| now + Duration::from_secs(seconds)),
        });
    }

    fn pick_task(&self) -> Option<usize> {
        let now = self.time.now();
        if now < self.still_until {
            return None;
        }
        let is_ready = |task: &Task| task.ready <= now;
        let ready = self.tasks.iter().filter(|task| is_ready(task)).count();
        let chosen = match ready {
            0 => return None,
            1 => 0,
            _ => self.weather.draw(0..ready as u32) as usize,
        };
        let mut ready = (0..self.tasks.len()).filter(|at| is_ready(&self.tasks[*at]));
        ready.nth(chosen)
    }

    fn poll(&mut self, at: usize) {
        let now = self.time.now();
        let task = &mut self.tasks[at];
        if task.limit.is_some_and(|limit| limit <= now) {
            self.weather.count(Fault::TimeLimit);
            return self.dies(at);
        }
        let crash = match task.what {
            What::Wake(_) => Fault::WorkerCrash,
            What::Sweep => Fault::SweepCrash,
            What::Text(..) | What::Status(..) => Fault::WebhookCrash,
        };
        if self.weather.strikes(crash) {
            return self.crash(at);
        }
        let mut context = Context::from_waker(Waker::noop());
        let polled = catch_unwind(AssertUnwindSafe(|| task.future.as_mut().poll(&mut context)));
        let earliest = self.time.take_earliest();
        match polled {
            Ok(Poll::Pending) => {
                let ready = earliest.expect("whoever waits waits for a time");
                task.ready = task.limit.map_or(ready, |limit| ready.min(limit));
            }
            Ok(Poll::Ready(done)) => {
                let task = self.tasks.swap_remove(at);
                self.done(task.what, done);
            }
            Err(_) => {
                let what = &self.tasks[at].what;
                self.violations.push(format!("panic: {what}"));
                self.dies(at);
            }
        }
    }

    fn crash(&mut self, at: usize) {
        if self.platform == Platform::Lambda {
            return self.dies(at);
        }
        while !self.tasks.is_empty() {
            self.dies(0);
        }
        self.queue.recover(self.time.now());
        self.still_until = self.time.now() + self.weather.up_to(10);
    }

    /// A handler ends at the await at which it is. Its wake-up comes again by itself.
    fn dies(&mut self, at: usize) {
        let Task { what, .. } = self.tasks.swap_remove(at);
        self.weather.tell(|| format!("{what} dies"));
        self.disturbed.extend(what.delivery());
        if let What::Text(Some(id), _) | What::Status(Some(id), _) = what {
            self.sandbox.unanswered(id, NoReply::TimedOut);
        }
    }

    fn done(&mut self, what: What, done: Done) {
        match (&what, done) {
            (What::Wake(received), Done::Woken(result)) => {
                self.weather.tell(|| format!("{what} ends: {result:?}"));
                let soon = self.time.now() + self.weather.up_to(20);
                match result {
                    Ok(()) if self.weather.strikes(Fault::WakeUpAgain) => {
                        self.queue.put_back(received, soon);
                    }
                    Ok(()) => self.queue.acknowledge(received),
                    Err(_) => {
                        self.disturbed.extend(what.delivery());
                        if self.platform == Platform::OneMachine {
                            let wait = Duration::from_secs(1 << received.receives.min(8));
                            self.queue.put_back(received, self.time.now() + wait);
                        }
                    }
                }
            }
            (What::Text(id, _) | What::Status(id, _), Done::Answered(response)) => {
                let status = response.status().as_u16();
                self.weather.tell(|| format!("{what} ends: {status}"));
                match &what {
                    _ if status != 200 => self.disturbed.extend(what.delivery()),
                    What::Text(_, sid) => drop(self.acknowledged.insert(sid.clone())),
                    What::Status(_, news) => self.told.push(news.clone()),
                    _ => {}
                }
                match id {
                    Some(id) if self.weather.strikes(Fault::WebhookAnswerLost) => {
                        self.sandbox.unanswered(*id, NoReply::TimedOut);
                    }
                    Some(id) => self.sandbox.answered(*id, status, response.body()),
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// Whether nothing goes wrong any more by the time at which Twilio is asked for the last time
    /// about a message of which nothing was heard.
    pub fn is_calm_in_time(&self) -> bool {
        self.bad_for <= Duration::from_secs(25 * 60)
    }

    fn violated(&mut self, what: String) {
        self.weather.tell(|| format!("VIOLATION: {what}"));
        self.violations.push(what);
    }

    /// Everything that the audit has or the fallback printed, by time; none twice.
    pub fn audit(&self) -> Vec<Record> {
        let printed = self.printed.0.lock().unwrap();
        let printed = printed.split(|byte| *byte == b'\n').filter_map(|line| {
            let line: serde_json::Value = serde_json::from_slice(line).ok()?;
            serde_json::from_value(line.get("audit")?.clone()).ok()
        });
        let mut records: Vec<Record> = Vec::new();
        for record in self.audit.records().into_iter().chain(printed) {
            if !records.contains(&record) {
                records.push(record);
            }
        }
        records.sort_by_key(|record| record.at);
        records
    }
}

impl What {
    fn delivery(&self) -> Option<DeliveryId> {
        match self {
            What::Wake(received) => Some(received.wake_up.delivery.clone()),
            What::Sweep => None,
            What::Text(_, sid) => Some(DeliveryId::of_inbound(sid)),
            What::Status(_, news) => Some(news.delivery.clone()),
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = |text: &str| text[text.len() - 4..].to_owned();
        match self {
            What::Wake(received) => {
                write!(f, "worker on {}", end(received.wake_up.delivery.as_str()))
            }
            What::Sweep => write!(f, "sweep"),
            What::Text(_, sid) => write!(f, "webhook of text {}", end(sid.as_str())),
            What::Status(
                _,
                News {
                    delivery,
                    attempt,
                    status,
                    ..
                },
            ) => {
                write!(
                    f,
                    "callback {status:?} of {}/{attempt}",
                    end(delivery.as_str())
                )
            }
        }
    }
}

/// What a status callback says.
fn news_of(webhook: &Webhook) -> Option<News> {
    let (_, names) = webhook.url.split_once("/twilio/status/")?;
    let (delivery, attempt) = names.split_once('/')?;
    Some(News {
        delivery: DeliveryId::parse(delivery).ok()?,
        attempt: attempt.parse().ok()?,
        sid: MessageSid::parse(&field(webhook, "MessageSid")?).ok()?,
        status: Status::parse(&field(webhook, "MessageStatus")?)?,
    })
}

fn field(webhook: &Webhook, name: &str) -> Option<String> {
    form_urlencoded::parse(webhook.body.as_bytes())
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.into_owned())
}
