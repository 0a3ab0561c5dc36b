//! Wake-ups: "look at this delivery then". A wake-up carries no state, so a lost one costs time (a
//! sweep finds what is due) and a repeated one costs nothing.

#[cfg(feature = "machine")]
pub mod sqlite;
#[cfg(feature = "aws")]
pub mod sqs;

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::DeliveryId;

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

    /// Puts it on the queue again, due now. It may stay here too, if something fails over it.
    async fn send_again(&self, aside: &Aside, now: Timestamp) -> anyhow::Result<()>;
}

/// How long a wake-up that was put aside is held for somebody who looks at it.
pub const HELD: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// `None` if the message cannot be read as one.
    pub wake_up: Option<WakeUp>,
    /// What the queue knows it by.
    handle: String,
}

impl Aside {
    fn readable(&self) -> anyhow::Result<&WakeUp> {
        self.wake_up
            .as_ref()
            .context("the message is no wake-up, and no worker could do anything with it")
    }
}

/// How long a queue must wait before it brings the wake-up.
pub fn delay(wake_up: &WakeUp, now: Timestamp) -> Duration {
    wake_up
        .due
        .duration_since(now)
        .try_into()
        .unwrap_or(Duration::ZERO)
}
