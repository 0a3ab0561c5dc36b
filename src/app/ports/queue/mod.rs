//! Wake-ups: "look at this delivery then". A wake-up carries no state, so a lost one costs time (a
//! sweep finds what is due) and a repeated one costs nothing.
//!
//! There are two queues: texts to many go through one of their own, so that no customer's text waits
//! behind them. Which one it is, a delivery's id says.

mod bulk;

pub use bulk::{Message, PageTurn};

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::DeliveryId;

/// The message on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    pub delivery: DeliveryId,
    /// When it was asked for. A young wake-up may overtake the record of its delivery.
    pub asked: Timestamp,
    /// When it is wanted. Queues that cannot wait that long bring it early; the worker then sends
    /// it on its way again.
    pub due: Timestamp,
}

#[async_trait]
pub trait Queue: Send + Sync {
    /// Brings `wake_up` to a worker at its `due` time or, where the queue cannot wait so long, as
    /// late as it can.
    async fn send(&self, wake_up: &WakeUp, now: Timestamp) -> anyhow::Result<()>;

    /// Sends many at once, all of texts to many. With an error, some may have been sent.
    async fn send_many(&self, wake_ups: &[WakeUp], now: Timestamp) -> anyhow::Result<()>;

    /// Brings the next page of a notice to a worker, at its `due` time as above.
    async fn turn_page(&self, turn: &PageTurn, now: Timestamp) -> anyhow::Result<()>;
}

/// Wake-ups that were brought too often in vain and put aside. Their deliveries are still in the
/// store, and those that are due are woken by the sweep, so nothing is lost with them.
#[async_trait]
pub trait PutAside: Send + Sync {
    /// At most `most` of them, held for whoever asked until they are left or that takes more
    /// than [`HELD`].
    async fn look(&self, most: usize) -> anyhow::Result<Vec<Aside>>;

    /// Leaves them where they were.
    async fn leave(&self, asides: &[Aside]) -> anyhow::Result<()>;

    /// Takes it away, now that it is on the queue again.
    async fn remove(&self, aside: &Aside) -> anyhow::Result<()>;
}

/// How long a wake-up that was put aside is held for somebody who looks at it.
pub const HELD: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// `None` if the message is no delivery's.
    pub wake_up: Option<WakeUp>,
    /// What the queue knows it by.
    pub handle: String,
}

/// Puts a wake-up back on its queue, due now. First it is sent, then removed: two are better than
/// none.
pub async fn send_again(
    from: &dyn PutAside,
    to: &dyn Queue,
    aside: &Aside,
    now: Timestamp,
) -> anyhow::Result<()> {
    let wake_up = aside
        .wake_up
        .clone()
        .context("the message is no wake-up, and no worker could do anything with it")?;
    to.send(
        &WakeUp {
            due: now,
            ..wake_up
        },
        now,
    )
    .await?;
    from.remove(aside).await
}

/// How long a queue must wait before it brings the wake-up.
pub fn delay(wake_up: &WakeUp, now: Timestamp) -> Duration {
    until(wake_up.due, now)
}

pub fn until(due: Timestamp, now: Timestamp) -> Duration {
    due.duration_since(now).try_into().unwrap_or(Duration::ZERO)
}
