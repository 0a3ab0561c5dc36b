use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use relay::app::ports::queue::{Message, Queue};

/// A queue that brings a wake-up again until it is acknowledged.
#[derive(Default)]
pub struct MemoryQueue(Mutex<WakeUps>);

#[derive(Default)]
struct WakeUps {
    count: u64,
    waiting: BTreeMap<u64, Waiting>,
}

struct Waiting {
    message: Message,
    visible: Timestamp,
    receives: u32,
}

/// A wake-up to be acknowledged.
#[derive(Debug, Clone)]
pub struct Received {
    pub message: Message,
    pub receives: u32,
    id: u64,
}

/// How long a receiver may work on a wake-up before it comes again.
const VISIBLE_AGAIN: Duration = Duration::from_secs(3 * 60);

impl MemoryQueue {
    pub fn put_message(&self, message: Message, visible: Timestamp) {
        let mut queue = self.0.lock().unwrap();
        queue.count += 1;
        let id = queue.count;
        let waiting = Waiting {
            message,
            visible,
            receives: 0,
        };
        queue.waiting.insert(id, waiting);
    }

    /// At most `most` messages that are due, the one sent first first; those of texts to many come
    /// last.
    pub fn receive(&self, now: Timestamp, most: usize) -> Vec<Received> {
        let mut queue = self.0.lock().unwrap();
        let due = queue.waiting.iter_mut().filter(|(_, w)| w.visible <= now);
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(_, waiting)| waiting.message.is_bulk());
        due.into_iter()
            .take(most)
            .map(|(id, waiting)| {
                waiting.visible = now + VISIBLE_AGAIN;
                waiting.receives += 1;
                Received {
                    message: waiting.message.clone(),
                    receives: waiting.receives,
                    id: *id,
                }
            })
            .collect()
    }

    /// Loses all.
    pub fn clear(&self) {
        self.0.lock().unwrap().waiting.clear();
    }

    /// The wake-up was dealt with and shall not come again.
    pub fn acknowledge(&self, received: &Received) {
        self.0.lock().unwrap().waiting.remove(&received.id);
    }

    /// The wake-up was not dealt with, or not for certain, and shall come again at `visible`.
    pub fn put_back(&self, received: &Received, visible: Timestamp) {
        if let Some(waiting) = self.0.lock().unwrap().waiting.get_mut(&received.id) {
            waiting.visible = visible;
        }
    }

    /// Makes every wake-up visible that somebody was working on.
    pub fn recover(&self, now: Timestamp) {
        for waiting in self.0.lock().unwrap().waiting.values_mut() {
            if waiting.receives > 0 {
                waiting.visible = waiting.visible.min(now);
            }
        }
    }

    /// When the next wake-up is due; `None` if there is none.
    pub fn next_due(&self) -> Option<Timestamp> {
        let queue = self.0.lock().unwrap();
        queue.waiting.values().map(|w| w.visible).min()
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
        for message in messages {
            self.put_message(message.clone(), message.due().max(now));
        }
        Ok(())
    }
}
