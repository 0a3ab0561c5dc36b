//! Everything that the relay's functions work with, built once and passed first.

use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::{Audit, Record};
use crate::clock::{Chance, Clock};
use crate::credentials;
use crate::delivery::{Delivery, Effect, Outcome};
use crate::queue::Queue;
use crate::store::Store;
use crate::twilio::client::Client;
use crate::twilio::errors::Class;

pub struct Relay {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub audit: Arc<dyn Audit>,
    pub credentials: Arc<dyn credentials::Source>,
    pub twilio: Client,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}

impl Relay {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
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

    /// Says loudly what somebody has to look at after a delivery's step. The log's `count` field
    /// becomes a metric with an alarm.
    pub fn watch(&self, delivery: &Delivery, effects: &[Effect]) {
        let id = &delivery.id;
        for effect in effects {
            match effect {
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
                        tracing::error!(count = "configuration_fault", delivery = %id, code, "account, number or campaign need the owner's attention");
                    }
                }
                _ => {}
            }
        }
    }
}
