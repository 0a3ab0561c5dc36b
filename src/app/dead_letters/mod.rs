//! Dead letters: deliveries that gave up, each with a text that reached nobody. People find them
//! here and have them tried again, or take them off the list.

mod replay;

pub use replay::{plan, replay};

use anyhow::{Context, bail};
use futures::future::join;
use jiff::Timestamp;

use crate::app::audit::records;
use crate::app::ports::audit::Record;
use crate::app::ports::store::{Result, Store};
use crate::app::relay::{MOST_TRIES, Relay};
use crate::domain::delivery::{Delivery, Event, State};
use crate::domain::ids::DeliveryId;

/// Which dead letters somebody wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Only those that gave up before then.
    pub before: Option<Timestamp>,
    /// Only those whose last error this is.
    pub error: Option<u32>,
}

impl Wanted {
    pub fn everything(&self) -> bool {
        self.before.is_none() && self.error.is_none()
    }
}

/// The dead letters, longest dead first.
pub async fn letters(store: &dyn Store, wanted: Wanted) -> Result<Vec<Delivery>> {
    let before = wanted.before.unwrap_or(Timestamp::MAX);
    let ids = store.gave_up_before(before, usize::MAX).await?;
    let mut letters = store.deliveries(&ids).await?;
    // Whatever the index says, one that was replayed meanwhile is dead no more.
    letters.retain(|letter| {
        let error = letter.last_error();
        letter.gave_up.is_some() && wanted.error.is_none_or(|wanted| error == Some(wanted))
    });
    letters.sort_by_key(|letter| letter.gave_up);
    Ok(letters)
}

/// Takes a dead letter off the list, because somebody dealt with it in another way, such as by
/// telephone. It still can be replayed, by its name and for as long as it is stored.
pub async fn drop_letter(relay: &Relay, id: &DeliveryId, reason: &str) -> anyhow::Result<Delivery> {
    advance(relay, id, Deed::Drop { reason }).await
}

/// What somebody has done with a dead letter.
#[derive(Clone, Copy)]
enum Deed<'r> {
    Replay,
    Drop { reason: &'r str },
}

impl Deed<'_> {
    async fn event(self, relay: &Relay, delivery: &Delivery) -> anyhow::Result<Event> {
        match (self, delivery.gave_up) {
            (Deed::Replay, _) => {
                replay::replayed(relay.store.as_ref(), delivery, relay.now()).await
            }
            (Deed::Drop { .. }, Some(_)) => Ok(Event::Dropped),
            (Deed::Drop { .. }, None) => Err(no_dead_letter(delivery)),
        }
    }

    fn record(self, delivery: &Delivery, at: Timestamp) -> Record {
        match self {
            Deed::Replay => records::replayed(delivery, at),
            Deed::Drop { reason } => records::dropped(delivery, reason, at),
        }
    }
}

/// Takes the step of a dead letter that a deed asks for, however often somebody else saves
/// first, wakes it for what follows and puts the record of it into the audit.
async fn advance(relay: &Relay, id: &DeliveryId, deed: Deed<'_>) -> anyhow::Result<Delivery> {
    for _ in 0..MOST_TRIES {
        let Some(delivery) = relay.store.delivery(id).await? else {
            bail!("there is no delivery {id}");
        };
        let event = deed.event(relay, &delivery).await?;
        let Some(advanced) = relay.advance(&delivery, event).await? else {
            continue;
        };
        let record = [deed.record(&advanced.delivery, advanced.at)];
        let (woken, recorded) = join(relay.wake(&advanced), relay.audit.write(&record)).await;
        woken.with_context(|| {
            format!("{id} is to be tried again, but nobody could be woken for it; the sweep does that within two minutes")
        })?;
        recorded.with_context(|| {
            format!("that is done with {id}, but the audit did not take the record of it")
        })?;
        return Ok(advanced.delivery);
    }
    bail!("delivery {id} was saved by others {MOST_TRIES} times in a row; try again")
}

fn no_dead_letter(delivery: &Delivery) -> anyhow::Error {
    let (id, stands) = (&delivery.id, how_it_stands(delivery));
    anyhow::anyhow!("delivery {id} is no dead letter: {stands}")
}

/// Where a delivery stands, in a few words.
pub fn how_it_stands(delivery: &Delivery) -> String {
    let to = &delivery.to.person;
    match delivery.state {
        State::Waiting { .. } | State::Sending { .. } | State::Unknown { .. } => {
            format!("it is still being tried, with {to}")
        }
        State::Accepted { .. } => format!("Twilio has it, for {to}"),
        State::Delivered => format!("it reached {to}"),
        State::GaveUp { .. } => "it gave up".to_owned(),
        State::Withheld { .. } => "it was better not sent, and nobody waits for it".to_owned(),
    }
}
