//! One step of a delivery, applied: the one place where a step is saved, woken for, recorded and
//! heeded, whoever has it taken (the worker, a status callback, a withdrawal, a replay).

use anyhow::bail;
use futures::future::join;
use jiff::Timestamp;

use super::Relay;
use crate::app::ports::audit::HashKey;
use crate::app::ports::queue::WakeUp;
use crate::domain::delivery::{Delivery, Effect, Event, step};

/// How often others may save a delivery first before it is given up for now.
pub const MOST_TRIES: usize = 8;

/// A step that was saved, and what is left to do because of it.
pub struct Advanced {
    /// As the step left it.
    pub delivery: Delivery,
    /// Whether the step changed it.
    pub changed: bool,
    pub effects: Vec<Effect>,
    /// What it brought about.
    pub spawned: Vec<Delivery>,
    pub at: Timestamp,
}

impl Relay {
    /// Takes one step of a delivery: saves what it changes, with the deliveries that it brings
    /// about, and wakes those. `None` if somebody else saved the delivery first; then nothing has
    /// happened. The records of it are [`Relay::record_step`]'s.
    pub async fn advance(
        &self,
        delivery: &Delivery,
        event: Event,
    ) -> anyhow::Result<Option<Advanced>> {
        let now = self.now();
        let (mut after, effects) = step(delivery.clone(), event, now, self.chance.draw());
        let changed = after != *delivery;
        let mut spawned = Vec::new();
        if changed {
            after.version += 1;
            match self.save(&after, &effects, now).await? {
                Some(new) => spawned = new,
                None => return Ok(None),
            }
        }
        self.watch(&after, &effects);
        self.wake_spawned(&spawned, now).await;
        self.wake_next(&after, &effects, now).await;
        Ok(Some(Advanced {
            delivery: after,
            changed,
            effects,
            spawned,
            at: now,
        }))
    }

    /// Takes the step that `event_of` asks for, however often somebody else saves first, then wakes
    /// the delivery for what follows and tells the audit. Returns the delivery as it is then; `None`
    /// if it is gone. Where `event_of` asks for nothing, nothing happens.
    pub async fn settle(
        &self,
        mut delivery: Delivery,
        key: &HashKey,
        event_of: impl Fn(&Delivery) -> Option<Event>,
    ) -> anyhow::Result<Option<Delivery>> {
        let id = delivery.id.clone();
        for _ in 0..MOST_TRIES {
            let Some(event) = event_of(&delivery) else {
                return Ok(Some(delivery));
            };
            if let Some(advanced) = self.advance(&delivery, event).await? {
                let records = self.record_step(&advanced, key).await;
                let (woken, ()) = join(self.wake(&advanced), self.report(records)).await;
                woken?;
                return Ok(Some(advanced.delivery));
            }
            match self.store.delivery(&id).await? {
                Some(saved) => delivery = saved,
                None => return Ok(None),
            }
        }
        bail!("delivery {id} was saved by others {MOST_TRIES} times in a row")
    }

    /// Wakes the delivery for what follows.
    pub async fn wake(&self, advanced: &Advanced) -> anyhow::Result<()> {
        let Some(due) = advanced.due() else {
            return Ok(());
        };
        let wake_up = WakeUp::of(&advanced.delivery, due, advanced.at);
        self.queue.send(&wake_up, advanced.at).await
    }
}

impl Advanced {
    /// When the delivery wants to be woken. After a step that changed nothing, a wake-up of the first
    /// time may be missing, so one that is overdue is woken again.
    fn due(&self) -> Option<Timestamp> {
        if !self.changed {
            return self.delivery.due().filter(|due| *due <= self.at);
        }
        self.effects.iter().find_map(|effect| match effect {
            Effect::Wake { due } => Some(*due),
            _ => None,
        })
    }
}
