use anyhow::{Context, bail};
use jiff::Timestamp;

use super::{MOST_TRIES, how_it_stands};
use crate::app::audit::records;
use crate::app::ports::store::Saved;
use crate::app::relay::Relay;
use crate::domain::delivery::Delivery;
use crate::domain::ids::DeliveryId;

/// Takes a dead letter off the list, because somebody dealt with it in another way, such as by
/// telephone. It still can be replayed, by its name and for as long as it is stored.
pub async fn drop_letter(
    relay: &Relay,
    id: &DeliveryId,
    reason: &str,
    now: Timestamp,
) -> anyhow::Result<Delivery> {
    for _ in 0..MOST_TRIES {
        let Some(delivery) = relay.store.delivery(id).await? else {
            bail!("there is no delivery {id}");
        };
        let mut next = droppable(delivery)?;
        next.gave_up = None;
        next.version += 1;
        if relay.store.save(&next, &[]).await? == Saved::Outdated {
            continue;
        }
        let record = records::dropped(&next, reason, now);
        relay.audit.write(&[record]).await.with_context(|| {
            format!("{id} is off the list, but the audit did not take the record of it")
        })?;
        return Ok(next);
    }
    bail!("delivery {id} was saved by others {MOST_TRIES} times in a row; try again")
}

/// The delivery, if it is a dead letter.
pub fn droppable(delivery: Delivery) -> anyhow::Result<Delivery> {
    if delivery.gave_up.is_none() {
        let stands = how_it_stands(&delivery);
        bail!("delivery {} is no dead letter: {stands}", delivery.id);
    }
    Ok(delivery)
}
