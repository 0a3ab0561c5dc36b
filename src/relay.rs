//! Everything that the relay's functions work with, built once and passed first.

use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::{Audit, Record};
use crate::clock::{Chance, Clock};
use crate::credentials;
use crate::queue::Queue;
use crate::store::Store;
use crate::twilio::client::Client;

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
}
