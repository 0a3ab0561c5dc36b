//! What every place holds to where a queue puts wake-ups that were brought too often in vain.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::queue::SqliteQueue;
use relay::adapters::sqlite::store::SqliteStore;
use relay::app::ports::queue::{
    DeadLetterQueue, DeadWakeUp, Message, PageTurn, Queue, WakeUp, send_again,
};
use relay::app::ports::store::Notices;
use relay::domain::delivery::{Delivery, State};
use relay::domain::ids::{DeliveryId, NoticeId};
use relay::hosts::server::DATABASE;

use super::examples::{delivery, number};
use super::{Held, contract};

contract! { sqs, sqlite:
    what_is_put_aside_can_be_looked_at_again_and_again,
    what_is_sent_again_is_on_the_queue_and_not_aside,
    what_is_no_wake_up_stays_where_it_is,
}

/// A queue together with the place beside it.
#[async_trait]
trait Beside: DeadLetterQueue {
    fn queue(&self) -> &dyn Queue;

    /// Puts a message aside as the queue does.
    async fn bury(&self, message: &str);

    /// The deliveries whose wake-ups a worker gets now.
    async fn brings(&self) -> BTreeSet<String>;
}

async fn what_is_put_aside_can_be_looked_at_again_and_again(aside: &impl Beside) {
    assert!(aside.hold(100).await.unwrap().is_empty());
    for n in 0..12 {
        aside.bury(&wake_up(n)).await;
    }
    for _ in 0..2 {
        let seen = aside.hold(100).await.unwrap();
        assert_eq!(names(&seen).len(), 12);
        aside.release(&seen).await.unwrap();
    }
    let some = aside.hold(3).await.unwrap();
    assert_eq!(some.len(), 3);
    aside.release(&some).await.unwrap();
    assert!(aside.brings().await.is_empty());
}

async fn what_is_sent_again_is_on_the_queue_and_not_aside(aside: &impl Beside) {
    for n in 0..3 {
        aside.bury(&wake_up(n)).await;
    }
    let (meant, others) = {
        let seen = aside.hold(100).await.unwrap();
        let is_meant = |seen: &DeadWakeUp| name(seen) == "in-1";
        seen.into_iter().partition::<Vec<_>, _>(is_meant)
    };
    let (queue, now) = (aside.queue(), Timestamp::now());
    send_again(aside, queue, &meant[0], now).await.unwrap();
    aside.release(&others).await.unwrap();
    assert_eq!(aside.brings().await, ["in-1".to_owned()].into());
    let left = aside.hold(100).await.unwrap();
    assert_eq!(names(&left), ["in-0".to_owned(), "in-2".to_owned()].into());
}

async fn what_is_no_wake_up_stays_where_it_is(aside: &impl Beside) {
    aside.bury("{\"deliver\": 1}").await;
    let seen = aside.hold(100).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].wake_up, None);
    let refused = send_again(aside, aside.queue(), &seen[0], Timestamp::now()).await;
    assert!(refused.unwrap_err().to_string().contains("no wake-up"));
    aside.release(&seen).await.unwrap();
    assert_eq!(aside.hold(100).await.unwrap().len(), 1);
    assert!(aside.brings().await.is_empty());
}

fn wake_up(n: u32) -> String {
    let long_ago = "2026-01-01T00:00:00Z".parse().unwrap();
    let delivery = DeliveryId::parse(&format!("in-{n}")).unwrap();
    let wake_up = WakeUp::new(&delivery, long_ago, long_ago);
    serde_json::to_string(&wake_up).unwrap()
}

fn name(aside: &DeadWakeUp) -> String {
    let wake_up = aside.wake_up.as_ref().expect("a wake-up");
    wake_up.delivery.to_string()
}

fn names(asides: &[DeadWakeUp]) -> BTreeSet<String> {
    asides.iter().map(name).collect()
}

struct OneMachine {
    queue: SqliteQueue,
    store: SqliteStore,
}

async fn sqlite() -> Held<OneMachine> {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join(DATABASE)).unwrap();
    let held = OneMachine {
        queue: SqliteQueue::on(database.clone()),
        store: SqliteStore::on(database),
    };
    Held {
        held,
        folder: Some(folder),
    }
}

#[async_trait]
impl DeadLetterQueue for OneMachine {
    async fn hold(&self, most: usize) -> anyhow::Result<Vec<DeadWakeUp>> {
        self.queue.hold(most).await
    }

    async fn release(&self, asides: &[DeadWakeUp]) -> anyhow::Result<()> {
        self.queue.release(asides).await
    }

    async fn remove(&self, aside: &DeadWakeUp) -> anyhow::Result<()> {
        self.queue.remove(aside).await
    }
}

#[async_trait]
impl Beside for OneMachine {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    /// As its worker does: a wake-up whose delivery is in the store, or else a page.
    async fn bury(&self, message: &str) {
        let message = match serde_json::from_str(message) {
            Ok(wake_up) => Message::Delivery(wake_up),
            Err(_) => Message::Page(PageTurn {
                notice: NoticeId::of(&number(100), "april"),
                page: 0,
                due: Timestamp::now(),
                group: None,
            }),
        };
        if let Some(id) = message.delivery() {
            let delivery = Delivery {
                id: id.clone(),
                state: State::Waiting { due: message.due() },
                ..delivery(1)
            };
            let deliveries = std::slice::from_ref(&delivery);
            self.store.spawn(deliveries).await.unwrap();
        }
        self.queue.bury(&message).await.unwrap();
    }

    async fn brings(&self) -> BTreeSet<String> {
        let buried = self.queue.buried().unwrap();
        let (due, _) = self
            .queue
            .due(Timestamp::now(), 100, 100, |name| buried.contains(name))
            .unwrap();
        due.iter().map(Message::name).collect()
    }
}

#[cfg(feature = "aws")]
use on_sqs::sqs;

#[cfg(feature = "aws")]
mod on_sqs {
    use aws_sdk_sqs::Client;
    use relay::adapters::aws::sqs::{SqsDeadLetterQueue, SqsQueue};

    use super::*;
    use crate::support::moto;

    pub struct Sqs {
        aside: SqsDeadLetterQueue,
        client: Client,
        dead: String,
        queue: SqsQueue,
        queue_url: String,
    }

    pub async fn sqs() -> Held<Sqs> {
        let config = moto::config(moto::url()).await;
        let (dead, queue_url) = (moto::queue(&config).await, moto::queue(&config).await);
        let client = Client::new(&config);
        let held = Sqs {
            aside: SqsDeadLetterQueue::new(client.clone(), &dead),
            queue: SqsQueue::new(client.clone(), &queue_url, None),
            client,
            dead,
            queue_url,
        };
        Held { held, folder: None }
    }

    #[async_trait]
    impl DeadLetterQueue for Sqs {
        async fn hold(&self, most: usize) -> anyhow::Result<Vec<DeadWakeUp>> {
            self.aside.hold(most).await
        }

        async fn release(&self, asides: &[DeadWakeUp]) -> anyhow::Result<()> {
            self.aside.release(asides).await
        }

        async fn remove(&self, aside: &DeadWakeUp) -> anyhow::Result<()> {
            self.aside.remove(aside).await
        }
    }

    #[async_trait]
    impl Beside for Sqs {
        fn queue(&self) -> &dyn Queue {
            &self.queue
        }

        async fn bury(&self, message: &str) {
            let send = self.client.send_message().queue_url(&self.dead);
            send.message_body(message).send().await.unwrap();
        }

        async fn brings(&self) -> BTreeSet<String> {
            let receive = self.client.receive_message().queue_url(&self.queue_url);
            let received = receive.max_number_of_messages(10).send().await.unwrap();
            let wake_ups = received.messages().iter().map(|message| {
                let wake_up: WakeUp = serde_json::from_str(message.body().unwrap()).unwrap();
                wake_up.delivery.to_string()
            });
            wake_ups.collect()
        }
    }
}
