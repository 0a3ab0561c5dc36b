//! The worker of the one-machine mode: what Lambda's event source does on AWS, with the same code
//! behind it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::pressure::LoadGauge;
use crate::adapters::sqlite::queue::{Received, SqliteQueue};
use crate::app::relay::Relay;
use crate::app::retry_worker;

/// How many deliveries are worked on at once. Nearly all of that is waiting for Twilio: at a tenth of
/// a second for an answer this is room for a thousand texts a second.
const CONCURRENCY: usize = 128;

/// How many of these while webhooks crowd in. A text that is not acknowledged in time is lost to
/// Twilio's patience; one that waits here comes a little later.
const CONCURRENCY_UNDER_LOAD: usize = 4;

/// Of all places, every so-manieth may be taken by texts to many: a customer's text finds one free.
const SHARE_OF_MANY: usize = 2;

/// How often overdue deliveries are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The longest time without a look at the queue: a command in another process, such as `relay notify`,
/// puts something there and does not ring.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The pause after the queue itself failed.
const QUEUE_PAUSE: Duration = Duration::from_secs(1);

/// Works until `stop` says so, then finishes what it has begun.
pub(super) async fn run(
    relay: Arc<Relay>,
    queue: SqliteQueue,
    load: LoadGauge,
    mut stop: watch::Receiver<bool>,
) {
    let mut busy = JoinSet::new();
    let mut many = 0;
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() {
        let places = if load.is_high(Instant::now().into_std()) {
            CONCURRENCY_UNDER_LOAD
        } else {
            CONCURRENCY
        };
        let free = places.saturating_sub(busy.len());
        let free_for_many = (places / SHARE_OF_MANY).saturating_sub(many);
        let pause = match receive(&relay, &queue, free, free_for_many).await {
            Ok((received, next)) => {
                for received in received {
                    let is_bulk = received.message.is_bulk();
                    many += usize::from(is_bulk);
                    let working = work(Arc::clone(&relay), queue.clone(), received);
                    busy.spawn(working.map(move |()| is_bulk));
                }
                next
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the queue cannot be read");
                QUEUE_PAUSE
            }
        };
        tokio::select! {
            _ = stop.changed() => {}
            () = queue.rung() => {}
            () = tokio::time::sleep_until(Instant::now() + pause) => {}
            Some(done) = busy.join_next() => many -= usize::from(done.unwrap_or_default()),
            _ = sweep.tick() => {
                if let Err(error) = retry_worker::sweep(&relay).await {
                    tracing::error!(error = format!("{error:#}"), "overdue deliveries were not looked for");
                }
            }
        }
    }
    busy.join_all().await;
}

/// What is due and has a free place, and how long to wait for more.
async fn receive(
    relay: &Relay,
    queue: &SqliteQueue,
    free: usize,
    free_for_many: usize,
) -> anyhow::Result<(Vec<Received>, Duration)> {
    if free == 0 {
        return Ok((Vec::new(), LOOK_EVERY));
    }
    let now = relay.now();
    let received = queue.receive(now, free, free_for_many).await?;
    // What is due but was not received waits for a free place, not for time.
    let next = queue.next_due(now, free_for_many > 0)?;
    let wait = next.map(|due| due.duration_since(relay.now()));
    let wait = wait.map_or(LOOK_EVERY, |wait| wait.try_into().unwrap_or_default());
    Ok((received, wait.clamp(Duration::from_millis(1), LOOK_EVERY)))
}

async fn work(relay: Arc<Relay>, queue: SqliteQueue, received: Received) {
    let done = AssertUnwindSafe(retry_worker::work_on(&relay, &received.message))
        .catch_unwind()
        .await;
    let done = done.unwrap_or_else(|_| Err(anyhow!("panicked")));
    let settled = match done {
        Ok(()) => queue.acknowledge(&received).await,
        Err(error) => {
            let message = received.message.name();
            tracing::error!(
                message,
                error = format!("{error:#}"),
                "a message could not be worked on; it comes again"
            );
            let delay = Duration::from_secs(1 << received.receives.min(8));
            queue.put_back(&received, relay.now(), delay).await
        }
    };
    if let Err(error) = settled {
        tracing::error!(
            error = format!("{error:#}"),
            "a wake-up was not settled; it comes again"
        );
    }
}

#[cfg(test)]
mod tests;
