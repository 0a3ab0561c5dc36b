//! What a page of the fan-out makes of one recipient.

use super::{CHANGED, Informed, Notice};
use crate::domain::line::Policy;
use crate::domain::notice::skip::Skip;
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::PhoneNumber;

/// What a recipient gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientDecision {
    Text,
    /// The text for those who were still to hear of it.
    TextIfUnheard,
    Skip(Skip),
}

/// What one recipient gets. `informed` is ignored unless the notice takes the place of others.
pub fn decide(
    notice: &Notice,
    number: &PhoneNumber,
    policy: &Policy,
    opt_outs: &OptOuts,
    informed: Informed,
) -> RecipientDecision {
    if !policy.allows(number) {
        return RecipientDecision::Skip(Skip::NotAllowed);
    }
    if opt_outs.of(number).is_some() {
        return RecipientDecision::Skip(Skip::OptedOut);
    }
    if !notice.supersedes_others() {
        return RecipientDecision::Text;
    }
    match informed {
        Informed::Yes => RecipientDecision::Text,
        Informed::NotYet if notice.template == CHANGED => RecipientDecision::TextIfUnheard,
        Informed::NotYet | Informed::No => RecipientDecision::Skip(Skip::Unconcerned),
    }
}
