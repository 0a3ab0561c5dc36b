//! Customers who are blocked, or not any more, by hand.

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::app::ports::store::{Changed, MOST_ALIKE, Saved, Store};
use crate::domain::conversation::{Block, Conversation, digits_alike};
use crate::domain::phone::PhoneNumber;

/// How often somebody else may save the conversation first.
const MOST_TRIES: usize = 8;

/// Blocks a number that may never have written, or with `None` takes that back. `false` if it is so
/// already: since when and by whom stay as they were first.
pub async fn set(
    store: &dyn Store,
    line: &PhoneNumber,
    customer: &PhoneNumber,
    block: Option<&Block>,
    now: Timestamp,
) -> Result<bool> {
    for _ in 0..MOST_TRIES {
        let known = std::slice::from_ref(customer);
        let before = store.conversations(line, known).await?.pop();
        let is_blocked = before.as_ref().is_some_and(|c| c.blocked.is_some());
        if is_blocked == block.is_some() {
            return Ok(false);
        }
        let mut after = match &before {
            Some(conversation) => conversation.clone(),
            None => {
                let digits = digits_alike(customer);
                let alike = store.customers_alike(line, digits, MOST_ALIKE).await?;
                Conversation::new(customer.clone(), &alike, now)
            }
        };
        match block {
            Some(block) => after.block(block.clone()),
            None => after.blocked = None,
        }
        let changed = Changed::new(before, after);
        if store.save_conversation(line, &changed).await? == Saved::Yes {
            return Ok(true);
        }
    }
    bail!("texts of this customer kept changing the conversation; try again")
}
