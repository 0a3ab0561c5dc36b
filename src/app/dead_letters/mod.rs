//! Dead letters: deliveries that gave up, each with a text that reached nobody. People find them
//! here and have them tried again.

mod drop;
mod replay;

pub use drop::{drop_letter, droppable};
pub use replay::{how_it_stands, plan, replay};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::app::ports::store::{Result, Store};
use crate::domain::delivery::Delivery;

/// How often somebody else may save a delivery first.
const MOST_TRIES: usize = 8;

/// How many deliveries are read at once.
const AT_ONCE: usize = 16;

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
    let deliveries: Vec<Option<Delivery>> = stream::iter(&ids)
        .map(|id| store.delivery(id))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    // Whatever the index says, one that was replayed meanwhile is dead no more.
    let is_wanted = |delivery: &Delivery| {
        delivery.gave_up.is_some()
            && wanted
                .error
                .is_none_or(|error| delivery.last_error() == Some(error))
    };
    Ok(deliveries.into_iter().flatten().filter(is_wanted).collect())
}
