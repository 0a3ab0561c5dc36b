//! The relay with the store of one machine and a queue that can lose wake-ups, on a clock that jumps to
//! whatever is next.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use relay::adapters::files::audit::FileAudit;
use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::store::SqliteStore;
use relay::app::notices::PAGE;
use relay::app::ports::alerts::NoAlerts;
use relay::app::ports::event_bus::NoBus;
use relay::app::ports::queue::Message;
use relay::app::relay::{PublicUrls, Relay};
use relay::app::{notices, retry_worker};
use relay::clock::{Clock, FixedChance, ManualClock};
use relay::domain::delivery::source::Source;
use relay::domain::ids::NoticeId;
use relay::domain::line::config;
use relay::domain::notice::{Counts, Notice};
use relay::domain::opt_out;
use relay::domain::opt_out::OptOut;
use relay::domain::phone::PhoneNumber;
use relay::domain::request as payload;
use relay::domain::subscriber::{Change, Consent, How, To};
use relay::hosts::server::{AUDIT, DATABASE};
use relay::sandbox::demo_account;
use relay::twilio::client::Client;
use serde_json::json;

use super::figures::Figures;
use super::phones::{Phones, Twilio, phone};
use super::trouble::{Fate, Trouble, cut_off_after};
use crate::support::memory::{MemoryQueue, Received};

/// How many messages are worked on side by side.
const AT_ONCE: usize = 32;

/// How long after its time a sweep finds what is lost, and a little more.
const SWEPT_AFTER: Duration = Duration::from_secs(61);

/// What is due within so much time is worked on together.
const TICK: Duration = Duration::from_millis(500);

/// How often the counts are looked at while it runs.
const LOOKS: usize = 50;

pub struct Machine {
    relay: Relay,
    queue: Arc<MemoryQueue>,
    clock: Arc<ManualClock>,
    pub phones: Arc<Phones>,
    line: PhoneNumber,
    notice: NoticeId,
    subscribers: usize,
    /// Who opted out while it ran.
    opted_out: Mutex<BTreeSet<usize>>,
    _folder: tempfile::TempDir,
}

impl Machine {
    /// With so many subscribers and a notice to them.
    pub async fn with(subscribers: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join(DATABASE)).unwrap();
        let queue = Arc::new(MemoryQueue::default());
        let clock = Arc::new(ManualClock::at("2026-11-23T18:00:00Z".parse().unwrap()));
        let phones = Phones::none_yet(subscribers);
        let twilio = Twilio(Arc::clone(&phones));
        let relay = Relay {
            store: Arc::new(SqliteStore::on(database)),
            queue: queue.clone(),
            audit: Arc::new(FileAudit::open(&folder.path().join(AUDIT)).unwrap()),
            public_urls: PublicUrls::default(),
            credentials: Arc::new(Arc::new(demo_account())),
            twilio: Client::new(Box::new(twilio), "https://api.twilio.com"),
            bus: Arc::new(NoBus),
            alerts: Arc::new(NoAlerts),
            clock: clock.clone(),
            chance: Arc::new(FixedChance(0.5)),
        };
        let mut line = config::example(443).remove(0);
        line.public_url = "https://relay.example.com".to_owned();
        line.notices.segments_a_minute = 120_000;
        line.policy.most_segments_a_day = 10_000_000;
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
            line: line.number,
            notice: notice.id,
            subscribers,
            opted_out: Mutex::default(),
            _folder: folder,
        }
    }

    /// The notice as it stands, as whoever asks for it is told.
    pub async fn standing(&self) -> (Notice, Counts) {
        let standing = notices::standing(&self.relay, self.notice).await;
        standing.unwrap().expect("there is the notice")
    }

    pub fn opted_out(&self) -> BTreeSet<usize> {
        self.opted_out.lock().unwrap().clone()
    }

    /// Works until every phone has it whose owner wants it.
    pub async fn send_to_all(&self, trouble: Trouble) -> Figures {
        let (began, mut figures) = (Instant::now(), Figures::begin());
        let fate = Fate::of(trouble);
        let mut pages_to_a_look = 0;
        loop {
            let received = self.queue.receive(self.clock.now(), AT_ONCE);
            if received.is_empty() && !self.pass_time().await {
                break;
            }
            let worked = stream::iter(received).map(|received| self.work_on(received, &fate));
            let worked: Vec<_> = worked.buffer_unordered(AT_ONCE).collect().await;
            for what in worked {
                figures.count(what);
                pages_to_a_look -= i64::from(what == What::Page);
            }
            if pages_to_a_look < 0 {
                pages_to_a_look = (self.subscribers / PAGE / LOOKS) as i64;
                let passed = self.counts_add_up().await;
                figures.measure(passed * 10 / self.subscribers);
            }
            assert!(
                began.elapsed() < Duration::from_secs(3_600),
                "it does not end"
            );
        }
        figures.end();
        figures
    }

    /// What is told of the notice is right at this moment. Returns how many recipients the fan-out
    /// has passed.
    async fn counts_add_up(&self) -> usize {
        let (notice, counts) = self.standing().await;
        let pages = usize::try_from(notice.page).unwrap();
        let most = |pages: usize| (pages * PAGE).min(self.subscribers);
        // Of the page that is turned now, or broke off, some may be there.
        let total = usize::try_from(counts.total()).unwrap();
        let expected = most(pages)..=most(pages + 1);
        assert!(expected.contains(&total), "{total} after {pages} pages");
        let (texts, told) = (self.phones.texts(), counts.accepted + counts.delivered);
        assert!(
            (told..=told + counts.sending).contains(&texts),
            "{texts} texts came, and it says {counts:?}"
        );
        most(pages)
    }

    /// To when something is due, or to the next sweep if nothing is. `false` once all is done.
    async fn pass_time(&self) -> bool {
        let swept = self.clock.now() + SWEPT_AFTER;
        if let Some(due) = self.queue.next_due()
            && due <= swept
        {
            self.clock.set(due.max(self.clock.now() + TICK));
            return true;
        }
        let (notice, counts) = self.standing().await;
        if !notice.state.is_open() && counts.waiting + counts.sending == 0 {
            return false;
        }
        self.clock.set(swept);
        retry_worker::sweep(&self.relay).await.unwrap();
        true
    }

    async fn work_on(&self, received: Received, fate: &Fate) -> What {
        let message = &received.message;
        if fate.loses(message) {
            self.queue.acknowledge(&received);
            return What::LostPage;
        }
        let awaits = fate.cuts_off(&received).unwrap_or(u32::MAX);
        let work = retry_worker::work_on(&self.relay, message);
        if let Some(worked) = cut_off_after(awaits, work).await {
            worked.unwrap();
            self.queue.acknowledge(&received);
            return match message {
                Message::Page(_) => What::Page,
                Message::Delivery(_) => What::Text,
            };
        }
        self.queue.put_back(&received, self.clock.now());
        let Message::Page(turn) = message else {
            return What::TextCutOff;
        };
        let first = usize::try_from(turn.page).unwrap() * PAGE;
        let recipients = self.subscribers.saturating_sub(first).min(PAGE);
        if let Some(n) = fate.opts_out(recipients) {
            self.opts_out(first + n).await;
        }
        What::PageCutOff
    }

    async fn opts_out(&self, n: usize) {
        let change = opt_out::Change {
            number: phone(n),
            to: Some(OptOut {
                since: self.clock.now(),
                by: opt_out::Cause::Hand,
            }),
            of_person: false,
        };
        let changed = self.relay.store.change_opt_out(&self.line, &change).await;
        changed.unwrap();
        self.opted_out.lock().unwrap().insert(n);
    }
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    Page,
    PageCutOff,
    LostPage,
    Text,
    TextCutOff,
}
