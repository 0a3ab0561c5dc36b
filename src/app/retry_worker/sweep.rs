//! What is overdue: its wake-up got lost, or was wanted later than a queue can wait.
//!
//! Every text of a customer has a reminder, which is wanted in an hour, so there is as much to be woken as
//! there were texts an hour ago. Nearly all of it is settled by the wake-up and costs the sweep a tenth of a
//! request; only what is still there a minute later is put off.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::app::ports::queue::{Group, WakeUp};
use crate::app::relay::Relay;
use crate::app::{inbound_voice, notices};
use crate::domain::ids::DeliveryId;

/// How long a delivery may be overdue before a sweep wakes it: until then its wake-up may be on its way.
const OVERDUE: Duration = Duration::from_secs(60);

/// How long a delivery is overdue that the sweep of a minute ago has woken already, in vain.
const STILL_OVERDUE: Duration = Duration::from_secs(130);

/// How long a sweep leaves such a delivery alone. One that cannot be worked on would otherwise get a further
/// wake-up every minute, each of which comes again until it is a dead letter.
const WOKEN_FOR: Duration = Duration::from_secs(10 * 60);

/// The most that one sweep wakes; the next one wakes the rest.
const SWEEP: usize = 30_000;

/// The most notices whose pages one sweep has turned.
const NOTICES: usize = 500;

/// How many get their wake-ups together.
const TOGETHER: usize = 100;

/// How many are put off side by side.
const AT_ONCE: usize = 16;

/// For how long a sweep begins further wake-ups.
const FOR: Duration = Duration::from_secs(20);

/// The most calls that one sweep looks at.
const CALLS: usize = 100;

/// Wakes deliveries and notices that are overdue, and looks at calls that are due. Returns how many.
pub async fn sweep(relay: &Relay) -> anyhow::Result<usize> {
    let deliveries = deliveries(relay).await?;
    let calls = inbound_voice::sweep(relay, CALLS).await?;
    Ok(deliveries + calls + notices::sweep(relay, OVERDUE, NOTICES).await?)
}

async fn deliveries(relay: &Relay) -> anyhow::Result<usize> {
    let now = relay.now();
    let overdue = relay.store.overdue(now - OVERDUE, SWEEP).await?;
    let earlier = overdue.partition_point(|(due, _)| *due < now - STILL_OVERDUE);
    let (earlier, new) = overdue.split_at(earlier);
    let mut woken = 0;
    // The new ones first: there is no end to the others while the worker is out of order.
    for (some, is_new) in [(new, true), (earlier, false)] {
        for some in some.chunks(TOGETHER) {
            if now + FOR < relay.now() {
                tracing::warn!(
                    overdue = overdue.len(),
                    woken,
                    "a sweep had no time for all that is overdue"
                );
                return Ok(woken);
            }
            let wake_up =
                |(_, id): &(_, DeliveryId)| WakeUp::new(id, now, now).in_group(Group::sweep());
            let wake_ups: Vec<_> = some.iter().map(wake_up).collect();
            // In this order: whoever is killed in between leaves some that are woken twice, and none that
            // nobody looks after for a while.
            relay.queue.send_many(&wake_ups, now).await?;
            woken += if is_new {
                some.len()
            } else {
                put_off(relay, some, now).await?
            };
        }
    }
    if woken > 0 {
        tracing::info!(deliveries = woken, "woke overdue deliveries");
    }
    Ok(woken)
}

/// Returns how many were still overdue.
async fn put_off(
    relay: &Relay,
    some: &[(Timestamp, DeliveryId)],
    now: Timestamp,
) -> anyhow::Result<usize> {
    let (before, until) = (now - STILL_OVERDUE, now + WOKEN_FOR);
    let putting = some
        .iter()
        .map(|(_, id)| relay.store.put_off(id, before, until));
    let putting: Vec<_> = putting.collect();
    let done = stream::iter(putting).buffer_unordered(AT_ONCE);
    let done: Vec<bool> = done.try_collect().await?;
    Ok(done.into_iter().filter(|is_done| *is_done).count())
}
