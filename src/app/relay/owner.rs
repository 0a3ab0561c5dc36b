use jiff::Timestamp;

use super::Relay;
use crate::app::audit::records;
use crate::app::ports::alerts::Alert;
use crate::app::ports::audit::HashKey;
use crate::domain::delivery::{Delivery, Purpose, Recipient};
use crate::domain::ids::DeliveryId;
use crate::domain::language::Language;
use crate::domain::line::Line;

impl Relay {
    /// Tells a line's owner, by text and by the ways beside Twilio. By text only once of a name, so that `id` says
    /// how often the same may be told.
    pub async fn tell_owner(
        &self,
        line: &Line,
        (id, purpose): (DeliveryId, Purpose),
        cause: String,
        says: impl Fn(Language) -> String,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        self.alerts.raise(Alert {
            cause,
            text: says(Language::English),
            refused_with: None,
        });
        let Some(owner) = &line.policy.alert else {
            return Ok(());
        };
        if self.store.delivery(&id).await?.is_some() {
            return Ok(());
        }
        let to = Recipient::owner(owner.clone());
        let body = (says(line.language), Vec::new());
        let told = [Delivery::new(line, id, purpose, to, body, now)];
        self.store.spawn(&told).await?;
        if let Ok(credentials) = self.credentials.current().await {
            let key = HashKey::of(&credentials);
            let of_spawned = |told| records::of_spawned(told, now, &key);
            self.report(told.iter().filter_map(of_spawned).collect())
                .await;
        }
        self.wake_spawned(&told, now).await;
        Ok(())
    }
}
