//! The worker of the one-machine mode: what Lambda's event source does on AWS, with the same code
//! behind it.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use futures::FutureExt;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::parts::asked;
use super::pressure::LoadGauge;
use super::readiness::Pulse;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::app::ports::queue::Message;
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

/// The longest time without a look at what is due: a command in another process, such as
/// `relay notify`, stores something and does not ring.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The pause after what is due could not be read.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// How often something is tried in vain before it is a dead letter. It is tried further all the same.
const MOST_TRIES: u32 = 12;

/// The longest pause after a try in vain is this power of two, in seconds.
const LONGEST_PAUSE: u32 = 8;

/// How many may pause after a try in vain before nothing more is begun: then it is not they that are
/// at fault, and each of them is passed over at every look.
const MOST_PAUSES: usize = 1000;

/// Works until `stop` says so, then finishes what it has begun.
pub(super) async fn run(
    relay: Arc<Relay>,
    queue: SqliteQueue,
    load: LoadGauge,
    pulse: Pulse,
    mut stop: watch::Receiver<bool>,
) {
    let mut busy = JoinSet::new();
    let mut desk = Desk::default();
    while !*stop.borrow() {
        let places = if load.is_high(Instant::now().into_std()) {
            CONCURRENCY_UNDER_LOAD
        } else {
            CONCURRENCY
        };
        let pause = match desk.take(&queue, places, relay.now()) {
            Ok((due, next)) => {
                pulse.beat(Instant::now().into_std());
                for message in due {
                    busy.spawn(work(Arc::clone(&relay), message));
                }
                let wait = next.map(|next| next.duration_since(relay.now()));
                wait.map_or(LOOK_EVERY, |wait| wait.try_into().unwrap_or_default())
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "what is due cannot be read");
                DATABASE_PAUSE
            }
        };
        let pause = pause.clamp(Duration::from_millis(1), LOOK_EVERY);
        tokio::select! {
            () = asked(&mut stop) => break,
            () = queue.rung() => {}
            () = tokio::time::sleep(pause) => {}
            Some(Ok((message, done))) = busy.join_next() => {
                desk.put_back(&queue, &message, done, relay.now()).await;
            }
        }
    }
    busy.join_all().await;
}

async fn work(relay: Arc<Relay>, message: Message) -> (Message, anyhow::Result<()>) {
    let done = AssertUnwindSafe(retry_worker::work_on(&relay, &message))
        .catch_unwind()
        .await;
    (message, done.unwrap_or_else(|_| Err(anyhow!("panicked"))))
}

/// What this process has taken of what is due, by its names, so that nothing is taken twice.
#[derive(Default)]
struct Desk {
    /// Whether it is about texts to many.
    at_work: HashMap<String, bool>,
    failed: HashMap<String, Failed>,
}

/// What was tried in vain.
#[derive(Default)]
struct Failed {
    tries: u32,
    /// Until when it is left alone.
    until: Timestamp,
}

impl Failed {
    fn pauses(&self, now: Timestamp) -> bool {
        now < self.until
    }

    fn is_dead(&self) -> bool {
        self.tries >= MOST_TRIES
    }
}

impl Desk {
    /// Takes what is due and has a free place. Returns also when more will be due.
    fn take(
        &mut self,
        queue: &SqliteQueue,
        places: usize,
        now: Timestamp,
    ) -> anyhow::Result<(Vec<Message>, Option<Timestamp>)> {
        if self.failed.values().any(Failed::is_dead) {
            let buried = queue.buried()?;
            // Whoever had one replayed wants it tried now.
            self.failed
                .retain(|name, failed| !failed.is_dead() || buried.contains(name));
        }
        let pauses = self.failed.values().filter(|failed| failed.pauses(now));
        let room = MOST_PAUSES.saturating_sub(pauses.clone().count());
        let room_for_many = room.saturating_sub(MOST_PAUSES / SHARE_OF_MANY);
        let many = self.at_work.values().filter(|is_bulk| **is_bulk).count();
        let free = places.saturating_sub(self.at_work.len());
        let free_for_many = (places / SHARE_OF_MANY).saturating_sub(many);
        let (limit, bulk_limit) = (free.min(room), free_for_many.min(room_for_many));
        let (due, next) = queue.due(now, limit, bulk_limit, |name| {
            let failed = self.failed.get(name);
            self.at_work.contains_key(name) || failed.is_some_and(|failed| failed.pauses(now))
        })?;
        let ends = pauses.map(|failed| failed.until);
        let next = next.into_iter().chain(ends).min();
        for message in &due {
            self.at_work.insert(message.name(), message.is_bulk());
        }
        Ok((due, next))
    }

    /// Somebody has worked on it. What failed is left alone for longer and longer.
    async fn put_back(
        &mut self,
        queue: &SqliteQueue,
        message: &Message,
        done: anyhow::Result<()>,
        now: Timestamp,
    ) {
        let name = message.name();
        self.at_work.remove(&name);
        let Err(error) = done else {
            self.failed.remove(&name);
            return;
        };
        tracing::error!(
            message = name,
            error = format!("{error:#}"),
            "a message could not be worked on; it comes again"
        );
        let failed = self.failed.entry(name).or_default();
        failed.tries += 1;
        failed.until = now + Duration::from_secs(1 << failed.tries.min(LONGEST_PAUSE));
        if failed.tries == MOST_TRIES
            && let Err(error) = queue.bury(message).await
        {
            tracing::error!(error = format!("{error:#}"), "a dead letter was not kept");
        }
    }
}

#[cfg(test)]
mod tests;
