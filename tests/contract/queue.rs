//! What every queue holds to.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use relay::app::ports::queue::{Message, PageTurn, Queue, WakeUp};
use relay::clock::{Clock, ManualClock};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;

use super::examples::number;
use super::{Held, contract};
use crate::support::memory::{MemoryQueue, Received};

contract! { sqs, _, memory:
    a_wake_up_comes_as_it_was_sent,
    every_wake_up_comes,
    what_is_acknowledged_does_not_come_again,
    what_is_not_acknowledged_comes_again,
    a_wake_up_waits_until_it_is_due,
    a_wake_up_may_be_due_long_ago_or_in_a_month,
    many_wake_ups_come_each_once,
    a_page_comes_as_it_was_asked_for,
    an_urgent_wake_up_comes_before_many_others,
}

/// A queue as its worker sees it. On AWS that is Lambda, which is not here.
#[async_trait]
trait Served: Queue {
    type Receipt: Send + Sync;

    fn now(&self) -> Timestamp;

    /// Lets time pass.
    async fn pass(&self, time: Duration);

    async fn receive(&self) -> Vec<(Message, Self::Receipt)>;

    async fn acknowledge(&self, receipt: &Self::Receipt);

    /// Says that the wake-up could not be dealt with.
    async fn fail(&self, receipt: &Self::Receipt);
}

async fn a_wake_up_comes_as_it_was_sent(queue: &impl Served) {
    assert!(queue.receive().await.is_empty());
    let sent = wake_up("in-1", queue.now(), SignedDuration::ZERO);
    queue.send(&sent, queue.now()).await.unwrap();
    let received = queue.receive().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].0, Message::Delivery(sent));
}

async fn every_wake_up_comes(queue: &impl Served) {
    let mut expected: Vec<String> = (0..20).map(|n| format!("in-{n:02}")).collect();
    for id in &expected {
        let sent = wake_up(id, queue.now(), SignedDuration::ZERO);
        queue.send(&sent, queue.now()).await.unwrap();
    }
    // The same delivery twice is two wake-ups.
    let again = wake_up("in-00", queue.now(), SignedDuration::ZERO);
    queue.send(&again, queue.now()).await.unwrap();
    expected.insert(0, "in-00".to_owned());

    let mut came = Vec::new();
    loop {
        let received = queue.receive().await;
        if received.is_empty() {
            break;
        }
        for (message, receipt) in received {
            queue.acknowledge(&receipt).await;
            came.push(message.name());
        }
    }
    came.sort_unstable();
    assert_eq!(came, expected);
}

async fn what_is_acknowledged_does_not_come_again(queue: &impl Served) {
    let sent = wake_up("in-1", queue.now(), SignedDuration::ZERO);
    queue.send(&sent, queue.now()).await.unwrap();
    let (_, receipt) = queue.receive().await.remove(0);
    assert!(
        queue.receive().await.is_empty(),
        "somebody is working on it"
    );
    queue.acknowledge(&receipt).await;
    assert!(queue.receive().await.is_empty());
}

async fn what_is_not_acknowledged_comes_again(queue: &impl Served) {
    let sent = wake_up("in-1", queue.now(), SignedDuration::ZERO);
    queue.send(&sent, queue.now()).await.unwrap();
    for _ in 0..3 {
        let (message, receipt) = queue.receive().await.remove(0);
        assert_eq!(message, Message::Delivery(sent.clone()));
        queue.fail(&receipt).await;
    }
}

async fn a_wake_up_waits_until_it_is_due(queue: &impl Served) {
    let now = queue.now();
    let sent = wake_up("in-1", now, SignedDuration::from_secs(1));
    queue.send(&sent, now).await.unwrap();
    assert!(queue.receive().await.is_empty());
    queue.pass(Duration::from_millis(1100)).await;
    let received = queue.receive().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].0, Message::Delivery(sent));
}

async fn a_wake_up_may_be_due_long_ago_or_in_a_month(queue: &impl Served) {
    let now = queue.now();
    let month = SignedDuration::from_hours(30 * 24);
    queue
        .send(&wake_up("in-late", now, -month), now)
        .await
        .unwrap();
    queue
        .send(&wake_up("in-future", now, month), now)
        .await
        .unwrap();
    let received = queue.receive().await;
    let came: Vec<_> = received.iter().map(|(message, _)| message.name()).collect();
    assert_eq!(came, ["in-late"]);
}

fn notice() -> NoticeId {
    NoticeId::of(&number(100), "april")
}

async fn many_wake_ups_come_each_once(queue: &impl Served) {
    let now = queue.now();
    let ids = (0..25).map(|n| format!("{}-{n:020}", notice()));
    let sent: Vec<_> = ids
        .map(|id| wake_up(&id, now, SignedDuration::ZERO))
        .collect();
    queue.send_many(&sent, now).await.unwrap();
    queue.send_many(&[], now).await.unwrap();
    let mut came = Vec::new();
    loop {
        let received = queue.receive().await;
        if received.is_empty() {
            break;
        }
        for (message, receipt) in received {
            queue.acknowledge(&receipt).await;
            came.push(message.name());
        }
    }
    came.sort_unstable();
    let sent: Vec<_> = sent.iter().map(|w| w.delivery.to_string()).collect();
    assert_eq!(came, sent);
}

async fn a_page_comes_as_it_was_asked_for(queue: &impl Served) {
    let now = queue.now();
    let turn = PageTurn {
        notice: notice(),
        page: 37,
        due: now,
        group: None,
    };
    queue.turn_page(&turn, now).await.unwrap();
    let received = queue.receive().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].0, Message::Page(turn));
}

async fn an_urgent_wake_up_comes_before_many_others(queue: &impl Served) {
    let now = queue.now();
    let ids = (0..8).map(|n| format!("{}-{n:020}", notice()));
    let many: Vec<_> = ids
        .map(|id| wake_up(&id, now, SignedDuration::ZERO))
        .collect();
    queue.send_many(&many, now).await.unwrap();
    let urgent = wake_up("in-1", now, SignedDuration::ZERO);
    queue.send(&urgent, now).await.unwrap();
    let received = queue.receive().await;
    assert_eq!(received[0].0, Message::Delivery(urgent));
}

fn wake_up(id: &str, now: Timestamp, delay: SignedDuration) -> WakeUp {
    WakeUp::new(&DeliveryId::parse(id).unwrap(), now + delay, now)
}

struct InMemory {
    queue: MemoryQueue,
    clock: ManualClock,
}

async fn memory() -> Held<InMemory> {
    let clock = ManualClock::at("2026-11-23T18:00:00Z".parse().unwrap());
    let queue = MemoryQueue::default();
    InMemory { queue, clock }.into()
}

#[async_trait]
impl Queue for InMemory {
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
        self.queue.enqueue(messages, now).await
    }
}

#[async_trait]
impl Served for InMemory {
    type Receipt = Received;

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn receive(&self) -> Vec<(Message, Received)> {
        let received = self.queue.receive(self.now(), 10);
        received
            .into_iter()
            .map(|r| (r.message.clone(), r))
            .collect()
    }

    async fn acknowledge(&self, receipt: &Received) {
        self.queue.acknowledge(receipt);
    }

    async fn fail(&self, receipt: &Received) {
        self.queue.put_back(receipt, self.now());
    }
}

#[cfg(feature = "aws")]
use on_sqs::sqs;

#[cfg(feature = "aws")]
mod on_sqs {
    use aws_sdk_sqs::Client;
    use aws_sdk_sqs::types::MessageSystemAttributeName as Attribute;
    use relay::adapters::aws::sqs::SqsQueue;
    use relay::app::ports::queue::Group;

    use super::*;
    use crate::support::moto;

    pub struct Sqs {
        queue: SqsQueue,
        client: Client,
        urls: [String; 2],
    }

    pub async fn sqs() -> Held<Sqs> {
        let config = moto::config(moto::url()).await;
        let (url, bulk) = (moto::queue(&config).await, moto::queue(&config).await);
        let client = Client::new(&config);
        let held = Sqs {
            queue: SqsQueue::new(client.clone(), &url, Some(bulk.clone())),
            client,
            urls: [url, bulk],
        };
        Held { held, folder: None }
    }

    pub struct Receipt {
        url: String,
        handle: String,
    }

    /// Without it SQS brings whatever came first, and one line's flood stands before all others.
    #[tokio::test]
    async fn what_is_sent_is_in_the_group_of_its_line() {
        let sqs = sqs().await.held;
        let now = Timestamp::now();
        let (quiet, busy) = (Group::of_line(&number(100)), Group::of_line(&number(101)));
        let page = PageTurn {
            notice: notice(),
            page: 0,
            due: now,
            group: Some(busy.clone()),
        };
        let text = |id: &str| wake_up(id, now, SignedDuration::ZERO);
        let many = |n: u32| text(&format!("{}-{n:020}", notice())).in_group(busy.clone());
        sqs.send(&text("in-1").in_group(quiet.clone()), now)
            .await
            .unwrap();
        sqs.send(&text("in-2"), now).await.unwrap();
        sqs.turn_page(&page, now).await.unwrap();
        sqs.send_many(&[many(1), many(2)], now).await.unwrap();

        let mut groups = Vec::new();
        for url in &sqs.urls {
            let receive = sqs.client.receive_message().queue_url(url);
            let receive = receive.message_system_attribute_names(Attribute::MessageGroupId);
            let received = receive.max_number_of_messages(10).send().await.unwrap();
            groups.extend(received.messages().iter().map(|message| {
                let attributes = message.attributes().cloned().unwrap_or_default();
                attributes.get(&Attribute::MessageGroupId).cloned()
            }));
        }
        let group = |group: &Group| Some(group.as_str().to_owned());
        let expected = [
            group(&quiet),
            None,
            group(&busy),
            group(&busy),
            group(&busy),
        ];
        assert_eq!(groups, expected);
    }

    #[async_trait]
    impl Queue for Sqs {
        async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
            self.queue.enqueue(messages, now).await
        }
    }

    #[async_trait]
    impl Served for Sqs {
        type Receipt = Receipt;

        fn now(&self) -> Timestamp {
            Timestamp::now()
        }

        /// The queue's clock is moto's own.
        async fn pass(&self, time: Duration) {
            tokio::time::sleep(time).await;
        }

        async fn receive(&self) -> Vec<(Message, Receipt)> {
            let mut came = Vec::new();
            for url in &self.urls {
                let receive = self.client.receive_message().queue_url(url);
                let received = receive.max_number_of_messages(10).send().await.unwrap();
                came.extend(received.messages().iter().map(|message| {
                    let read = serde_json::from_str(message.body().unwrap()).unwrap();
                    let handle = message.receipt_handle().unwrap().to_owned();
                    let url = url.clone();
                    (read, Receipt { url, handle })
                }));
            }
            came
        }

        async fn acknowledge(&self, receipt: &Receipt) {
            let delete = self.client.delete_message().queue_url(&receipt.url);
            let delete = delete.receipt_handle(&receipt.handle);
            delete.send().await.unwrap();
        }

        async fn fail(&self, receipt: &Receipt) {
            let change = self.client.change_message_visibility();
            let change = change.queue_url(&receipt.url).visibility_timeout(0);
            let change = change.receipt_handle(&receipt.handle);
            change.send().await.unwrap();
        }
    }
}
