//! Wake-ups: "look at this delivery then". A wake-up carries no state, so a lost one costs time (a
//! sweep finds what is due) and a repeated one costs nothing.

#[cfg(feature = "machine")]
pub mod sqlite;
#[cfg(feature = "aws")]
pub mod sqs;

use std::time::Duration;

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

/// How long a queue must wait before it brings the wake-up.
pub fn delay(wake_up: &WakeUp, now: Timestamp) -> Duration {
    wake_up
        .due
        .duration_since(now)
        .try_into()
        .unwrap_or(Duration::ZERO)
}
