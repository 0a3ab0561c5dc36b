//! Wake-ups: "look at this delivery then". A wake-up carries no state, so a lost one costs time (a
//! sweep finds what is due) and a repeated one costs nothing.
//!
//! There are two queues: texts to many go through one of their own, so that no customer's text waits
//! behind them. Which one it is, a delivery's id says.

mod bulk;
mod group;

pub use bulk::{Message, PageTurn};
pub use group::Group;

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::DeliveryId;
use crate::domain::phone::PhoneNumber;

/// The message on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    pub delivery: DeliveryId,
    /// When it was asked for. A young wake-up may overtake the record of its delivery.
    pub asked: Timestamp,
    /// When it is wanted.
    pub due: Timestamp,
    /// Who shares the worker with others, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

#[async_trait]
pub trait Queue: Send + Sync {
    /// Brings each message to a worker at its `due` time. One for which the queue cannot wait so long is
    /// left to the sweep, which finds whatever is due. With an error, some may have been sent.
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()>;

    /// Sends one wake-up.
    async fn send(&self, wake_up: &WakeUp, now: Timestamp) -> anyhow::Result<()> {
        self.enqueue(&[Message::Delivery(wake_up.clone())], now)
            .await
    }

    /// Sends many wake-ups.
    async fn send_many(&self, wake_ups: &[WakeUp], now: Timestamp) -> anyhow::Result<()> {
        let messages: Vec<_> = wake_ups.iter().cloned().map(Message::Delivery).collect();
        self.enqueue(&messages, now).await
    }

    /// Asks for the next page of a notice.
    async fn turn_page(&self, turn: &PageTurn, now: Timestamp) -> anyhow::Result<()> {
        self.enqueue(&[Message::Page(turn.clone())], now).await
    }
}

/// Wake-ups that failed too often and were set apart. Their deliveries are still in the store, and
/// the sweep wakes those that are due, so nothing is lost with them.
#[async_trait]
pub trait DeadLetterQueue: Send + Sync {
    /// Takes hold of at most `limit` of them: others do not see them until they are released or
    /// [`HELD_FOR`] is over.
    async fn hold(&self, limit: usize) -> anyhow::Result<Vec<DeadWakeUp>>;

    /// Leaves them where they were, for others to see.
    async fn release(&self, dead: &[DeadWakeUp]) -> anyhow::Result<()>;

    /// Takes it away, now that it is on its queue again.
    async fn remove(&self, dead: &DeadWakeUp) -> anyhow::Result<()>;
}

/// The queue of lines whose days are to be compared with Twilio's list.
#[async_trait]
pub trait LineQueue: Send + Sync {
    /// Brings each of them to somebody who compares it. With an error, some may have been sent.
    async fn compare(&self, lines: &[PhoneNumber]) -> anyhow::Result<()>;
}

/// The message on that queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareLine {
    pub line: PhoneNumber,
}

/// How long somebody has hold of a dead wake-up.
pub const HELD_FOR: Duration = Duration::from_secs(120);

/// A wake-up that failed too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadWakeUp {
    /// `None` if the message is no delivery's.
    pub wake_up: Option<WakeUp>,
    /// What the queue knows it by.
    pub handle: String,
}

/// Puts a dead wake-up back on its queue, due now. First it is sent, then removed: two are better
/// than none.
pub async fn send_again(
    from: &dyn DeadLetterQueue,
    to: &dyn Queue,
    dead: &DeadWakeUp,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut wake_up = dead
        .wake_up
        .clone()
        .context("the message is no wake-up, and no worker could do anything with it")?;
    wake_up.due = now;
    to.send(&wake_up, now).await?;
    from.remove(dead).await
}

/// How long the queue must wait before it brings the message.
pub fn delay(message: &Message, now: Timestamp) -> Duration {
    let delay = message.due().duration_since(now);
    delay.try_into().unwrap_or(Duration::ZERO)
}
