//! Everything that the relay's functions work with, built once and passed first.

mod advance;
mod opt_outs;
mod owner;
mod public_urls;

pub use advance::MOST_TRIES;
pub use public_urls::PublicUrls;

use std::sync::Arc;

use futures::future::try_join_all;
use jiff::Timestamp;

use crate::app::ports::alerts::{Alert, Alerts};
use crate::app::ports::audit::{Audit, Record};
use crate::app::ports::credentials::CredentialsSource;
use crate::app::ports::event_bus::Bus;
use crate::app::ports::queue::{Group, Queue, WakeUp};
use crate::app::ports::store::{Saved, Store};
use crate::clock::{Chance, Clock};
use crate::domain::delivery::{Class, Delivery, Effect, Outcome, Purpose, State, spawned};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::InboundSms;
use crate::twilio::client::Client;

pub struct Relay {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub audit: Arc<dyn Audit>,
    pub credentials: Arc<dyn CredentialsSource>,
    pub public_urls: PublicUrls,
    pub twilio: Client,
    /// Where other systems hear of invitations that failed.
    pub bus: Arc<dyn Bus>,
    /// Where the owner hears of what no text can tell them.
    pub alerts: Arc<dyn Alerts>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}

impl Relay {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The inbound texts of these SIDs, in this order. One that is forgotten is left out.
    pub async fn texts(&self, sids: &[MessageSid]) -> anyhow::Result<Vec<InboundSms>> {
        let records = sids.iter().map(|sid| self.store.inbound(sid));
        let records = try_join_all(records).await?;
        let texts = records.into_iter().flatten().map(|record| record.sms);
        Ok(texts.collect())
    }

    /// The deliveries of these ids, in this order. One that is not there is left out.
    pub async fn deliveries(&self, ids: Vec<DeliveryId>) -> anyhow::Result<Vec<Delivery>> {
        let deliveries = ids.iter().map(|id| self.store.delivery(id));
        let deliveries = try_join_all(deliveries).await?;
        Ok(deliveries.into_iter().flatten().collect())
    }

    /// Puts records into the audit. A text never waits or fails for its record: what cannot be
    /// written is said in the log, and the text goes on.
    pub async fn report(&self, records: Vec<Record>) {
        if records.is_empty() {
            return;
        }
        if let Err(error) = self.audit.write(&records).await {
            tracing::error!(
                records = records.len(),
                error = format!("{error:#}"),
                "audit records were not kept"
            );
        }
    }

    /// Saves a delivery after its step, with the deliveries that it spawns. Returns those that are
    /// new; `None` if somebody else saved first.
    pub async fn save(
        &self,
        delivery: &Delivery,
        effects: &[Effect],
        now: Timestamp,
    ) -> anyhow::Result<Option<Vec<Delivery>>> {
        let mut new = Vec::new();
        for spawned in spawned(delivery, effects, now) {
            // Of these there is one for many texts; the others leave it alone.
            let is_shared = matches!(spawned.purpose, Purpose::Repair | Purpose::Busy);
            if !is_shared || self.store.delivery(&spawned.id).await?.is_none() {
                new.push(spawned);
            }
        }
        let saved = match self.store.save(delivery, &new).await {
            Ok(saved) => saved,
            // A claim counts only with its answer: another worker's could look the same.
            Err(error) if matches!(delivery.state, State::Sending { .. }) => return Err(error),
            // If only the answer was lost, what follows from the step must not be lost with it. By
            // the step's time in it, the save is told from another worker's.
            Err(error) => match self.store.delivery(&delivery.id).await {
                Ok(Some(kept))
                    if kept == *delivery
                        && (kept.changed() == now || kept.gave_up == Some(now)) =>
                {
                    Saved::Yes
                }
                _ => return Err(error),
            },
        };
        Ok(match saved {
            Saved::Yes => Some(new),
            Saved::Outdated => None,
        })
    }

    /// Wakes deliveries that were spawned. Should that fail, the sweep finds them: the text that
    /// they tell of does not wait for it.
    pub async fn wake_spawned(&self, spawned: &[Delivery], now: Timestamp) {
        for delivery in spawned {
            let wake_up = WakeUp::of(delivery, delivery.due().unwrap_or(now), now);
            if let Err(error) = self.queue.send(&wake_up, now).await {
                tracing::warn!(delivery = %delivery.id, error = format!("{error:#}"), "a wake-up could not be sent; the sweep will find the delivery");
            }
        }
    }

    /// Wakes the text of a conversation that waited for another to leave. Should that fail, the sweep
    /// finds it at the other one's deadline.
    pub async fn wake_next(&self, delivery: &Delivery, effects: &[Effect], now: Timestamp) {
        for effect in effects {
            let Effect::WakeNext(next) = effect else {
                continue;
            };
            let wake_up = WakeUp::new(next, now, now).in_group(Group::of_line(&delivery.from));
            if let Err(error) = self.queue.send(&wake_up, now).await {
                tracing::warn!(delivery = %next, error = format!("{error:#}"), "the next text of a conversation could not be woken");
            }
        }
    }

    /// Says loudly what somebody has to look at after a delivery's step. The log's `count` field
    /// becomes a metric with an alarm.
    pub fn watch(&self, delivery: &Delivery, effects: &[Effect]) {
        let id = &delivery.id;
        effects
            .iter()
            .filter_map(|effect| alert(delivery, effect))
            .for_each(|alert| self.alerts.raise(alert));
        for effect in effects {
            match effect {
                // It is counted with the other recipients.
                Effect::ReportGivenUp { because } if delivery.purpose.notice().is_some() => {
                    tracing::info!(delivery = %id, because = ?because, "a notice did not reach somebody");
                }
                Effect::ReportGivenUp { because } if delivery.purpose == Purpose::Invitation => {
                    tracing::warn!(delivery = %id, because = ?because, "an invitation reached nobody");
                }
                Effect::ReportGivenUp { because } if !delivery.purpose.is_somebodys() => {
                    tracing::warn!(delivery = %id, because = ?because, purpose = ?delivery.purpose, "a text that tells of another reached nobody");
                }
                Effect::ReportGivenUp { because } => {
                    tracing::error!(count = "gave_up", delivery = %id, because = ?because, "a text reached nobody");
                }
                Effect::Report { attempt } => {
                    let outcome = delivery.attempt(*attempt).map(|attempt| &attempt.outcome);
                    if let Some(
                        Outcome::Refused {
                            code,
                            class: Class::Configuration,
                            ..
                        }
                        | Outcome::Undelivered {
                            code,
                            class: Class::Configuration,
                        },
                    ) = outcome
                    {
                        if delivery.purpose.is_outbound() {
                            tracing::warn!(delivery = %id, code, "account, number or campaign do not let a notice out");
                        } else {
                            tracing::error!(count = "configuration_fault", delivery = %id, code, "account, number or campaign need the owner's attention");
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// What the owner has to hear of without a text: that texts are refused as a whole, or that they are not
/// told of one that reached nobody.
fn alert(delivery: &Delivery, effect: &Effect) -> Option<Alert> {
    let purpose = delivery.purpose;
    match effect {
        Effect::Report { attempt } if !purpose.is_outbound() => {
            let error = delivery.attempt(*attempt)?.outcome.needs_repair()?;
            Some(Alert::needs_repair(&delivery.line, error))
        }
        Effect::ReportGivenUp { .. } => {
            let tells_owner = purpose.is_for_owner();
            let nobody_is_told = purpose == Purpose::Relay && delivery.policy.alert.is_none();
            (tells_owner || nobody_is_told).then(|| Alert::reached_nobody(&delivery.line))
        }
        _ => None,
    }
}
