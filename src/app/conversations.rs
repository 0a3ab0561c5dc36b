//! A change of one conversation by itself, and not by a text that is taken in.

use anyhow::{Result, bail};

use crate::app::ports::store::{Changed, Saved, Store};
use crate::domain::conversation::Conversation;
use crate::domain::phone::PhoneNumber;

/// How often somebody else may save the conversation first.
const MOST_TRIES: usize = 8;

/// Makes the customer's conversation what `by` says that it is to be; with `None` it stays. Where somebody
/// else saves it meanwhile, it is done again by what it is then. Returns whether it was changed.
pub async fn change(
    store: &dyn Store,
    line: &PhoneNumber,
    customer: &PhoneNumber,
    by: impl Fn(Option<&Conversation>) -> Option<Conversation>,
) -> Result<bool> {
    for _ in 0..MOST_TRIES {
        let known = std::slice::from_ref(customer);
        let before = store.conversations(line, known).await?.pop();
        let after = by(before.as_ref()).filter(|after| Some(after) != before.as_ref());
        let Some(after) = after else {
            return Ok(false);
        };
        let changed = Changed::new(before, after);
        if store.save_conversation(line, &changed).await? == Saved::Yes {
            return Ok(true);
        }
    }
    bail!("texts of this customer kept changing the conversation; try again")
}
