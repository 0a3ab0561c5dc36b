//! The machine is lost, and another one goes on from a backup.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use relay::app::missed_texts;
use relay::app::ports::queue::{Message, WakeUp};
use relay::domain::delivery::Restoration;

use super::World;
use super::happenings::Happening;
use super::tasks::{Done, What};
use crate::support::memory::Tables;

pub const CATCHES_UP_EVERY: Duration = Duration::from_secs(120);

/// How long before the backup Twilio's lists are read from: as `relay restore` does, for clocks that were
/// wrong.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(60);

/// Longer than any clock is wrong.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(20 * 60);

#[derive(Default)]
pub struct Backup {
    copy: Option<(Timestamp, Tables)>,
    down_until: Timestamp,
    since: Timestamp,
    lost: bool,
    /// Whether it was put in place.
    pub is_restored: bool,
    /// How many texts had come that are not in it.
    pub missing: usize,
    /// A relay that does not know that it was restored.
    pub is_naive: bool,
}

impl World {
    /// Makes a backup at a random moment, and has it restored at a later one.
    pub fn plan_backup(&mut self, is_naive: bool) {
        self.backup.is_naive = is_naive;
        let longest = self.weather.pick(&[30, 200, 900]);
        let made = self.weather.up_to(longest);
        let age = self.weather.pick(&[5, 60, 600, 3600]);
        let lost = made + self.weather.up_to(age);
        let away = Duration::from_secs(60) + self.weather.up_to(1800);
        self.put_down(made, Happening::BackUp);
        self.put_down(lost, Happening::Lost);
        self.put_down(lost + away, Happening::Restore);
        self.backup.down_until = self.time.now() + lost + away;
    }

    /// Whether the one machine is gone and the other is not there yet.
    pub(crate) fn is_down(&self) -> bool {
        let now = self.time.now();
        self.backup.lost && now < self.backup.down_until
    }

    pub(crate) fn back_up(&mut self) {
        self.weather.tell(|| "a backup".to_owned());
        self.backup.copy = Some((self.relay.now(), self.store.copy()));
    }

    pub(crate) fn is_lost(&mut self) {
        self.weather.tell(|| "the machine is lost".to_owned());
        while !self.tasks.is_empty() {
            self.dies(0);
        }
        self.weather.forget_late();
        self.backup.lost = true;
        self.still_until = self.backup.down_until;
    }

    pub(crate) fn restore(&mut self) {
        let Some((made, copy)) = self.backup.copy.take() else {
            return self.violated("stuck: there is no backup".to_owned());
        };
        self.weather.tell(|| format!("restored from {made}"));
        while !self.tasks.is_empty() {
            self.dies(0);
        }
        let before = self.store.inbounds().len();
        let restoration = Restoration {
            since: made - CLOCKS_DIFFER,
            at: self.relay.now(),
        };
        self.store.replace(if self.backup.is_naive {
            copy
        } else {
            copy.restored(restoration)
        });
        self.backup.since = restoration.since;
        self.backup.missing = before.saturating_sub(self.store.inbounds().len());
        self.backup.is_restored = true;
        for (_, line) in self.lines.clone() {
            let put = self.store_behind().put_line(&line).now_or_never();
            put.expect("memory does not wait")
                .expect("it does not fail");
        }
        let now = self.relay.now();
        let far = now + Duration::from_secs(30 * 24 * 60 * 60);
        self.queue.clear();
        for (due, id) in self.store.tables().overdue(far) {
            let due = due.max(now);
            let wake_up = Message::Delivery(WakeUp::new(&id, due, now));
            // The queue is by the true time.
            let wait = due.duration_since(now);
            self.queue.put_message(wake_up, self.time.now() + wait);
        }
        self.told.clear();
        self.unheard.lock().unwrap().clear();
        self.is_in_order = false;
        self.catch_up();
    }

    fn store_behind(&self) -> &dyn relay::app::ports::store::Store {
        &*self.store
    }

    /// A clock that is behind believes that they are not to be asked for yet.
    pub(crate) fn catch_up_later(&mut self) {
        if self.time.now() < self.backup.down_until + CAUGHT_UP_WITHIN {
            self.put_down(CATCHES_UP_EVERY, Happening::CatchUp);
        }
    }

    /// As the one machine does at its start, and every two minutes.
    pub(crate) fn catch_up(&mut self) {
        let (relay, since) = (Arc::clone(&self.relay), self.backup.since);
        self.start(What::CatchUp, async move {
            let caught_up = async {
                for line in relay.store.lines().await? {
                    missed_texts::take_in(&relay, &line, since, relay.now()).await?;
                }
                anyhow::Ok(())
            };
            Done::CaughtUp(caught_up.await)
        });
    }
}
