//! Customers who are blocked, or not any more, by hand.

use anyhow::Result;
use jiff::Timestamp;

use super::conversations;
use crate::app::ports::store::{MOST_ALIKE, Store};
use crate::domain::conversation::{Block, Conversation, digits_alike};
use crate::domain::phone::PhoneNumber;

/// Blocks a number that may never have written, or with `None` takes that back. `false` if it is so
/// already: since when and by whom stay as they were first.
pub async fn set(
    store: &dyn Store,
    line: &PhoneNumber,
    customer: &PhoneNumber,
    block: Option<&Block>,
    now: Timestamp,
) -> Result<bool> {
    let alike = store.customers_alike(line, digits_alike(customer), MOST_ALIKE);
    let alike = alike.await?;
    conversations::change(store, line, customer, |before| {
        let is_blocked = before.is_some_and(|before| before.blocked.is_some());
        if is_blocked == block.is_some() {
            return None;
        }
        let new = || Conversation::new(customer.clone(), &alike, now);
        let mut after = before.cloned().unwrap_or_else(new);
        match block {
            Some(block) => after.block(block.clone()),
            None => after.blocked = None,
        }
        Some(after)
    })
    .await
}
