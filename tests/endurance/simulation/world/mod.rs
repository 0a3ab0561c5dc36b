//! One run: the relay's handlers as futures that a seeded scheduler polls step by step, so that
//! workers and webhooks interleave at every await, and die at any.

mod happenings;
mod notices;
mod people;
mod restore;
mod setup;
mod tasks;
mod twilio;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use relay::app::ports::audit::Record;
use relay::app::relay::Relay;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::line::Line;
use relay::sandbox::Sandbox;

use super::mistakes::Mistake;
use super::network::Network;
use super::script::Platform;
use super::time::Time;
use super::weather::Weather;
use crate::support::memory::{MemoryAudit, MemoryQueue, MemoryStore};
use happenings::Happening;
use notices::Telling;
use people::People;
pub use people::answer;
pub use restore::Backup;
pub use tasks::News;
use tasks::Task;

/// With good weather, everything is over by then: a delivery's deadline is an hour.
const OVER_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);
/// Far more than any run takes.
const MOST_STEPS: usize = 1_000_000;

pub struct World {
    /// Every version of every line, with when it was pushed by the true time.
    pub lines: Vec<(Timestamp, Line)>,
    pub sandbox: Arc<Sandbox>,
    pub store: Arc<MemoryStore>,
    pub weather: Arc<Weather>,
    /// Texts whose webhook was answered with 200.
    pub acknowledged: BTreeSet<MessageSid>,
    /// Texts of which Twilio knows that a webhook failed.
    pub complained: BTreeSet<MessageSid>,
    /// News that was answered with 200.
    pub told: Vec<News>,
    /// Deliveries over which a handler died, or did not hear of a save: the audit may lack what
    /// that was to write.
    pub disturbed: BTreeSet<DeliveryId>,
    /// The notices, if it is a run with some.
    pub telling: Telling,
    /// Those at their phones, if it is a run with some.
    pub people: People,
    /// What was seen to go wrong while it ran.
    pub violations: Vec<String>,
    pub texts: usize,
    /// The backup, if it is a run with one.
    pub backup: Backup,
    /// Whether the relay's times are in the order of events: its clock never went back, and there
    /// was only one.
    pub is_in_order: bool,
    /// Each handler runs on a machine of its own, whose clock is a little wrong.
    clocks_differ: bool,
    audit: Arc<MemoryAudit>,
    printed: Printed,
    queue: Arc<MemoryQueue>,
    relay: Arc<Relay>,
    network: Arc<Network>,
    time: Arc<Time>,
    platform: Platform,
    mistake: Option<Mistake>,
    unheard: Arc<Mutex<BTreeSet<DeliveryId>>>,
    tasks: Vec<Task>,
    agenda: BTreeMap<(Timestamp, usize), Happening>,
    happenings: usize,
    /// The machine is suspended, or starting again.
    still_until: Timestamp,
    calm_since: Option<Timestamp>,
    /// How often the owner replays what is dead once all is at rest.
    replays_to_come: u32,
}

/// Where the fallback prints records that the audit did not take.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl World {
    /// Runs until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..MOST_STEPS {
            self.let_things_happen();
            if let Some(task) = self.pick_task() {
                self.poll(task);
                continue;
            }
            if self.is_over() {
                return;
            }
            let Some(next) = self.next_instant() else {
                return self.violated("stuck: nothing will ever happen again".to_owned());
            };
            self.time.set(next.max(self.time.now()));
        }
        self.violated(format!("stuck: no rest after {MOST_STEPS} steps"));
    }

    fn is_over(&mut self) -> bool {
        let is_idle = self.tasks.is_empty()
            && !self.agenda.values().any(Happening::has_to_come)
            && self.queue.next_due().is_none()
            && self.sandbox.next_due().is_none()
            && self.network.next_arrival().is_none()
            && self.weather.next_late().is_none();
        // What is due in a week is left to the sweep.
        let far = self.time.now() + Duration::from_secs(24 * 60 * 60);
        let due = self.store.next_due().filter(|due| *due < far);
        if is_idle && due.is_none() {
            return !self.is_replayed_once_more();
        }
        let late = self
            .calm_since
            .is_some_and(|since| since + self.over_within(OVER_WITHIN) < self.time.now());
        if late {
            let busy = [
                ("tasks", !self.tasks.is_empty()),
                ("agenda", self.agenda.values().any(Happening::has_to_come)),
                ("queue", self.queue.next_due().is_some()),
                ("Twilio", self.sandbox.next_due().is_some()),
            ];
            let busy = busy.iter().filter(|(_, is_busy)| *is_busy);
            let busy: Vec<&str> = busy.map(|(what, _)| *what).collect();
            self.violated(format!(
                "stuck: not at rest long after the faults, due {due:?}, left: {busy:?}"
            ));
        }
        late
    }

    /// Now that all is at rest, the owner may want the dead letters tried again.
    fn is_replayed_once_more(&mut self) -> bool {
        let is_dead = |delivery: &relay::domain::delivery::Delivery| delivery.gave_up.is_some();
        if self.replays_to_come == 0 || !self.store.deliveries().iter().any(is_dead) {
            return false;
        }
        self.replays_to_come -= 1;
        self.calm_since = self.calm_since.map(|_| self.time.now());
        self.put_down(Duration::ZERO, Happening::Replay);
        true
    }

    fn next_instant(&self) -> Option<Timestamp> {
        let tasks = self
            .tasks
            .iter()
            .map(|task| task.ready.max(self.still_until));
        [
            self.agenda.first_key_value().map(|((at, _), _)| *at),
            self.queue.next_due().map(|at| at.max(self.still_until)),
            self.sandbox.next_due(),
            self.network.next_arrival(),
            self.weather.next_late(),
        ]
        .into_iter()
        .flatten()
        .chain(tasks)
        .min()
    }

    fn let_things_happen(&mut self) {
        let now = self.time.now();
        self.weather.write_late();
        self.network.arrive();
        while let Some(entry) = self.agenda.first_entry() {
            if now < entry.key().0 {
                break;
            }
            let happening = entry.remove();
            self.happen(happening);
        }
        if self.sandbox.next_due().is_some_and(|at| at <= now) {
            for webhook in self.sandbox.due(now) {
                self.call(webhook);
            }
            self.look_at_phones();
        }
        if self.still_until <= now && self.queue.next_due().is_some_and(|at| at <= now) {
            for received in self.queue.receive(now, 10) {
                self.receive(received);
            }
        }
    }

    fn violated(&mut self, what: String) {
        self.weather.tell(|| format!("VIOLATION: {what}"));
        self.violations.push(what);
    }

    /// Everything that the audit has or the fallback printed, by time; none twice.
    pub fn audit(&self) -> Vec<Record> {
        let printed = self.printed.0.lock().unwrap();
        let printed = printed.split(|byte| *byte == b'\n').filter_map(|line| {
            let line: serde_json::Value = serde_json::from_slice(line).ok()?;
            serde_json::from_value(line.get("audit")?.clone()).ok()
        });
        let mut found: Vec<Record> = self.audit.records();
        found.extend(printed);
        found.sort_by_key(|record| record.at);
        let mut records: Vec<Record> = Vec::new();
        for record in found {
            let mut at_once = records.iter().rev().take_while(|r| r.at == record.at);
            if !at_once.any(|known| *known == record) {
                records.push(record);
            }
        }
        records
    }
}
