//! What one machine has in place of a queue: its store says what is due.

use jiff::Timestamp;
use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::queue::SqliteQueue;
use relay::adapters::sqlite::store::SqliteStore;
use relay::app::ports::queue::{DeadLetterQueue, Message, PageTurn, Queue, WakeUp};
use relay::app::ports::store::Notices;
use relay::domain::delivery::{Delivery, Limit, Slowed, State};
use relay::domain::ids::DeliveryId;
use relay::domain::notice::Notice;
use relay::hosts::server::DATABASE;

use super::examples::{after, delivery, now, number};
use super::notices::notice;

struct Machine {
    queue: SqliteQueue,
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join(DATABASE)).unwrap();
        Self {
            queue: SqliteQueue::on(database.clone()),
            store: SqliteStore::on(database),
            _folder: folder,
        }
    }

    /// What is due then, by its names, with at most so many texts and so many of them to many.
    fn due(&self, now: Timestamp, limit: usize, bulk_limit: usize) -> Vec<String> {
        let (due, _) = self.queue.due(now, limit, bulk_limit, |_| false).unwrap();
        due.iter().map(Message::name).collect()
    }

    /// Texts of these ids, each due as many seconds after the start.
    async fn keep(&self, deliveries: &[(&DeliveryId, i64)]) {
        let deliveries = deliveries.iter().map(|(id, due)| Delivery {
            id: (*id).clone(),
            state: State::Waiting { due: after(*due) },
            ..delivery(1)
        });
        let deliveries: Vec<_> = deliveries.collect();
        self.store.spawn(&deliveries).await.unwrap();
    }
}

fn text(n: u32) -> DeliveryId {
    delivery(n).id
}

/// A text of a notice.
fn one_of_many(n: u32) -> DeliveryId {
    DeliveryId::of_notice(&notice("april").id, "salt", &number(n))
}

fn names(ids: &[&DeliveryId]) -> Vec<String> {
    ids.iter().map(|id| id.to_string()).collect()
}

#[tokio::test]
async fn the_longest_due_comes_first_and_texts_to_many_come_last() {
    let machine = Machine::new();
    let (one, two, three) = (text(1), text(2), text(3));
    let (many, more) = (one_of_many(1), one_of_many(2));
    machine
        .keep(&[(&more, 3), (&two, 8), (&many, 1), (&one, 7), (&three, 60)])
        .await;
    let page = Notice {
        page_due: after(2),
        ..notice("may")
    };
    machine.store.accept_notice(&page).await.unwrap();
    let page = DeliveryId::parse(&page.id.to_string()).unwrap();

    let all = names(&[&one, &two, &many, &page, &more]);
    assert_eq!(machine.due(after(10), 100, 100), all);
    assert_eq!(machine.due(after(10), 1, 100), all[..1]);
    assert_eq!(machine.due(after(10), 100, 2), all[..4]);
    assert_eq!(machine.due(after(10), 3, 2), all[..3]);
    assert_eq!(machine.due(after(10), 100, 0), all[..2]);
    assert!(machine.due(now(), 100, 100).is_empty());
}

#[tokio::test]
async fn what_somebody_is_at_work_on_is_left_to_them() {
    let machine = Machine::new();
    let (one, two, three) = (text(1), text(2), text(3));
    machine.keep(&[(&one, 1), (&two, 2), (&three, 3)]).await;
    let is_taken = |name: &str| name == one.as_str();
    let due = machine.queue.due(after(10), 1, 1, is_taken).unwrap();
    // More waits for a free place, not for time.
    let wake_up = WakeUp::new(&two, after(10), after(10));
    assert_eq!(due, (vec![Message::Delivery(wake_up)], None));
}

#[tokio::test]
async fn when_more_is_due_is_said_to_the_millisecond() {
    let machine = Machine::new();
    let next = |due: i64| Some(Timestamp::from_millisecond(due + 1).unwrap());
    let asked = |bulk_limit| {
        let asked = machine.queue.due(now(), 9, bulk_limit, |_| false);
        asked.unwrap().1
    };
    assert_eq!(asked(9), None);
    machine.keep(&[(&text(1), 60), (&one_of_many(1), 30)]).await;
    assert_eq!(asked(9), next(after(30).as_millisecond()));
    assert_eq!(asked(0), next(after(60).as_millisecond()));
    // It is not brought a moment early, and is there when it was said.
    assert!(machine.due(after(30), 9, 9).is_empty());
    let then = next(after(30).as_millisecond()).unwrap();
    assert_eq!(machine.due(then, 9, 9).len(), 1);
}

#[tokio::test]
async fn a_page_is_brought_with_its_number() {
    let machine = Machine::new();
    let mut notice = notice("may");
    machine.store.accept_notice(&notice).await.unwrap();
    for page in 0..3 {
        let (due, _) = machine.queue.due(after(60), 9, 9, |_| false).unwrap();
        let turn = PageTurn {
            notice: notice.id,
            page,
            due: after(60),
            group: None,
        };
        assert_eq!(due, [Message::Page(turn)]);
        notice.page += 1;
        notice.version += 1;
        machine.store.save_notice(&notice).await.unwrap();
    }
}

#[tokio::test]
async fn the_bell_rings_once_what_was_to_be_written_before_is_there() {
    let machine = Machine::new();
    for n in 0..20 {
        let text = delivery(n);
        let wake_up = WakeUp::new(&text.id, now(), now());
        // Side by side, as a text is taken in.
        let kept = machine.store.spawn(std::slice::from_ref(&text));
        let rung = machine.queue.send(&wake_up, now());
        let look = async {
            machine.queue.rung().await;
            machine.due(after(1), 99, 99)
        };
        let (kept, rung, due) = futures::join!(kept, rung, look);
        kept.and(rung).unwrap();
        assert!(due.contains(&text.id.to_string()), "{n}");
    }
}

#[tokio::test]
async fn a_text_that_waits_for_the_one_before_it_is_due_once_it_is_woken() {
    let machine = Machine::new();
    let waits = |n: u32, by: Limit| Delivery {
        slowed: vec![Slowed::new(by, now(), after(60))],
        state: State::Waiting { due: after(60) },
        ..delivery(n)
    };
    let (second, slowed) = (waits(1, Limit::Order), waits(2, Limit::Pair));
    let both = [second.clone(), slowed];
    machine.store.spawn(&both).await.unwrap();
    assert!(machine.due(after(1), 9, 9).is_empty());
    for text in &both {
        let wake_up = WakeUp::new(&text.id, now(), now());
        machine.queue.send(&wake_up, now()).await.unwrap();
    }
    // Of the other one the wake-up is outdated: it would be taken again and again.
    assert_eq!(machine.due(after(1), 9, 9), [second.id.to_string()]);
}

#[tokio::test]
async fn a_dead_letter_is_kept_once() {
    let machine = Machine::new();
    let wake_up = WakeUp::new(&text(1), now(), now());
    let page = PageTurn {
        notice: notice("may").id,
        page: 3,
        due: now(),
        group: None,
    };
    for message in [Message::Delivery(wake_up.clone()), Message::Page(page)] {
        machine.queue.bury(&message).await.unwrap();
        machine.queue.bury(&message).await.unwrap();
    }
    let buried = machine.queue.buried().unwrap();
    let names = [text(1).to_string(), notice("may").id.to_string()];
    assert_eq!(buried, names.into());
    let dead = machine.queue.hold(9).await.unwrap();
    let wake_ups: Vec<_> = dead.into_iter().map(|dead| dead.wake_up).collect();
    assert_eq!(wake_ups, [Some(wake_up), None]);
}
