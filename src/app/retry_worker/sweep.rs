//! What is overdue: its wake-up got lost, or was wanted later than a queue can wait.

use std::time::Duration;

use crate::app::notices;
use crate::app::ports::queue::WakeUp;
use crate::app::relay::Relay;

/// How long a delivery may be overdue before a sweep wakes it: until then its wake-up may be on its way.
const OVERDUE: Duration = Duration::from_secs(60);

/// How long a sweep leaves a delivery alone that it has woken. One that cannot be worked on would
/// otherwise get a further wake-up every minute, each of which comes again until it is a dead
/// letter.
const WOKEN_FOR: Duration = Duration::from_secs(10 * 60);

/// The most that one sweep wakes; the next one wakes the rest.
const SWEEP: usize = 500;

/// Wakes deliveries and notices that are overdue. Returns how many.
pub async fn sweep(relay: &Relay) -> anyhow::Result<usize> {
    let deliveries = deliveries(relay).await?;
    Ok(deliveries + notices::sweep(relay, OVERDUE, SWEEP).await?)
}

async fn deliveries(relay: &Relay) -> anyhow::Result<usize> {
    let now = relay.now();
    let overdue = relay.store.due_before(now - OVERDUE, SWEEP).await?;
    let mut woken = 0;
    for delivery in &overdue {
        let wake_up = WakeUp::new(delivery, now, now);
        // In this order: whoever is killed in between leaves one that is woken twice, and not one
        // that nobody looks after for a while.
        relay.queue.send(&wake_up, now).await?;
        let until = now + WOKEN_FOR;
        if relay.store.put_off(delivery, now - OVERDUE, until).await? {
            woken += 1;
        }
    }
    if woken > 0 {
        tracing::info!(deliveries = woken, "woke overdue deliveries");
    }
    Ok(woken)
}
