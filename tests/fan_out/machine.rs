//! The relay on one machine, on a clock that jumps to whatever is next.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use relay::audit::file::FileAudit;
use relay::clock::{Clock, FixedChance, ManualClock};
use relay::functions::{notices, retry_worker};
use relay::invitation::NoBus;
use relay::line::config;
use relay::machine::{AUDIT, DATABASE, Database};
use relay::notice::{Counts, NoticeId, Source, payload};
use relay::queue::Message;
use relay::queue::sqlite::{Received, SqliteQueue};
use relay::relay::Relay;
use relay::store::sqlite::SqliteStore;
use relay::subscriber::{Change, Consent, How, To};
use relay::twilio::client::Client;
use relay::twilio::sandbox::demo_account;
use serde_json::json;

use super::phones::{Phones, Twilio, phone};

/// How many messages are worked on side by side.
const AT_ONCE: usize = 32;

/// How long after its time a sweep finds what is lost, and a little more.
const SWEPT_AFTER: Duration = Duration::from_secs(61);

/// What is due within so much time is worked on together.
const TICK: Duration = Duration::from_millis(500);

/// The most awaits that a page gets to before it is cut off: it writes five times.
const MOST_AWAITS: u32 = 6;

/// What goes wrong with pages, of a hundred.
pub struct Trouble {
    pub cut_off: u32,
    pub lost: u32,
    /// With this page alone, counting from 0; at most a dozen times then.
    pub only_page: Option<u64>,
    pub seed: u64,
}

impl Trouble {
    pub fn of(seed: u64) -> Self {
        Self {
            cut_off: 30,
            lost: 2,
            only_page: None,
            seed,
        }
    }
}

/// What it took.
#[derive(Default)]
pub struct Done {
    pub pages: u32,
    pub cut_off: u32,
    pub lost: u32,
    pub took: Duration,
    /// After each tenth, in MiB.
    pub memory: Vec<u64>,
    pub most_memory: u64,
}

pub struct Machine {
    relay: Relay,
    queue: SqliteQueue,
    clock: Arc<ManualClock>,
    pub phones: Arc<Phones>,
    notice: NoticeId,
    subscribers: u32,
    _folder: tempfile::TempDir,
}

impl Machine {
    /// With so many subscribers and a notice to them.
    pub async fn with(subscribers: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join(DATABASE)).unwrap();
        let queue = SqliteQueue::on(database.clone());
        let clock = Arc::new(ManualClock::at("2026-11-23T18:00:00Z".parse().unwrap()));
        let phones = Phones::none_yet(subscribers);
        let twilio = Twilio {
            phones: Arc::clone(&phones),
            taken: AtomicU32::new(0),
        };
        let relay = Relay {
            store: Arc::new(SqliteStore::on(database)),
            queue: Arc::new(queue.clone()),
            audit: Arc::new(FileAudit::open(&folder.path().join(AUDIT)).unwrap()),
            credentials: Arc::new(Arc::new(demo_account())),
            twilio: Client::new(Box::new(twilio), "https://api.twilio.com"),
            bus: Arc::new(NoBus),
            clock: clock.clone(),
            chance: Arc::new(FixedChance(0.5)),
        };
        let mut line = config::example(443).remove(0);
        line.public_url = "https://relay.example.com".to_owned();
        line.notices.segments_a_minute = 120_000;
        relay.store.put_line(&line).await.unwrap();
        let joins = |n| Change {
            topic: "events".to_owned(),
            number: phone(n),
            to: To::In(Consent {
                at: clock.now(),
                how: How::Hand(None),
            }),
        };
        for some in (0..subscribers).collect::<Vec<_>>().chunks(1_000) {
            let changes: Vec<_> = some.iter().map(|n| joins(*n)).collect();
            let changed = relay.store.change_subscribers(&line.number, &changes);
            changed.await.unwrap();
        }
        let request = json!({
            "topic": "events", "template": "event_published", "subject": "zurek",
            "data": {"name": "Zurek", "starts": "2026-12-16T18:00:00-08:00"},
            "idempotency_key": "zurek-1",
        });
        let request = payload::notice(request.to_string().as_bytes()).unwrap();
        let accepted = notices::accept(&relay, &request, Source::Shell).await;
        let notices::Answer::Accepted(notice) = accepted.unwrap() else {
            panic!("it is the first");
        };
        Self {
            relay,
            queue,
            clock,
            phones,
            notice: notice.id,
            subscribers,
            _folder: folder,
        }
    }

    pub async fn counts(&self) -> Counts {
        self.relay.store.counts(self.notice).await.unwrap()
    }

    /// Works until every phone has it.
    pub async fn send_to_all(&self, trouble: Trouble) -> Done {
        let (began, mut done) = (Instant::now(), Done::default());
        let random = Mutex::new(fastrand::Rng::with_seed(trouble.seed));
        let fate = Fate { trouble, random };
        loop {
            let received = self.queue.receive(self.clock.now(), AT_ONCE).await.unwrap();
            if received.is_empty() && !self.pass_time().await {
                break;
            }
            let worked = stream::iter(received).map(|received| self.work_on(received, &fate));
            let worked: Vec<_> = worked.buffer_unordered(AT_ONCE).collect().await;
            for what in worked.into_iter().flatten() {
                match what {
                    Page::Turned => done.pages += 1,
                    Page::CutOff => done.cut_off += 1,
                    Page::Lost => done.lost += 1,
                }
                self.measure(&mut done).await;
            }
            assert!(
                began.elapsed() < Duration::from_secs(3_600),
                "it does not end"
            );
        }
        done.took = began.elapsed();
        done.most_memory = memory("VmHWM:");
        done
    }

    /// To when something is due, or to the next sweep if nothing is. `false` once all is done.
    async fn pass_time(&self) -> bool {
        let notice = self.relay.store.notice(self.notice).await.unwrap().unwrap();
        if !notice.state.is_open() {
            let counts = self.counts().await;
            if counts.waiting + counts.sending == 0 {
                return false;
            }
        }
        let swept = self.clock.now() + SWEPT_AFTER;
        match self.queue.next_due().unwrap() {
            Some(due) if due <= swept => self.clock.set(due.max(self.clock.now() + TICK)),
            _ => {
                self.clock.set(swept);
                retry_worker::sweep(&self.relay).await.unwrap();
            }
        }
        true
    }

    async fn work_on(&self, received: Received, fate: &Fate) -> Option<Page> {
        let (relay, queue) = (&self.relay, &self.queue);
        let Message::Page(turn) = &received.message else {
            retry_worker::work_on(relay, &received.message)
                .await
                .unwrap();
            queue.acknowledge(&received).await.unwrap();
            return None;
        };
        if fate.is_lost(turn.page) {
            queue.acknowledge(&received).await.unwrap();
            return Some(Page::Lost);
        }
        let awaits = fate.awaits(turn.page, received.receives);
        let work = retry_worker::work_on(relay, &received.message);
        match cut_off_after(awaits.unwrap_or(u32::MAX), work).await {
            Some(worked) => {
                worked.unwrap();
                queue.acknowledge(&received).await.unwrap();
                Some(Page::Turned)
            }
            None => {
                let now = relay.now();
                queue
                    .put_back(&received, now, Duration::ZERO)
                    .await
                    .unwrap();
                Some(Page::CutOff)
            }
        }
    }

    /// Once for each tenth of the recipients.
    async fn measure(&self, done: &mut Done) {
        let notice = self.relay.store.notice(self.notice).await.unwrap().unwrap();
        let reached = notice.spawned * 10 / u64::from(self.subscribers);
        if done.memory.len() < reached as usize {
            done.memory.push(memory("VmRSS:"));
        }
    }
}

/// What became of a page's turn.
enum Page {
    Turned,
    CutOff,
    Lost,
}

struct Fate {
    trouble: Trouble,
    random: Mutex<fastrand::Rng>,
}

impl Fate {
    fn strikes(&self, page: u64, of_a_hundred: u32) -> bool {
        let is_meant = self.trouble.only_page.is_none_or(|only| only == page);
        is_meant && self.random.lock().unwrap().u32(..100) < of_a_hundred
    }

    fn is_lost(&self, page: u64) -> bool {
        self.strikes(page, self.trouble.lost)
    }

    /// After how many awaits it is cut off, if it is. A queue brings a message for a dozen times.
    fn awaits(&self, page: u64, receives: u32) -> Option<u32> {
        let strikes = receives < 10 && self.strikes(page, self.trouble.cut_off);
        strikes.then(|| self.random.lock().unwrap().u32(1..=MOST_AWAITS))
    }
}

/// Drops the work when it waits for that many times; `None` then.
async fn cut_off_after<T>(awaits: u32, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), awaits);
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Of this process, in MiB.
///
/// Source: proc_pid_status(5).
fn memory(entry: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(entry));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
