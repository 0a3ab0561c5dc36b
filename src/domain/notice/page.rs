//! What a page of the fan-out makes of one recipient.

use super::{CHANGED, Heard, Notice};
use crate::domain::line::Policy;
use crate::domain::notice::skip::Skip;
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::PhoneNumber;

/// What a recipient gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Text(Words),
    Skip(Skip),
}

/// Which of the notice's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    Own,
    /// The one for those who were still to hear of it.
    Unheard,
}

/// `heard` counts only if the notice takes the place of others.
pub fn fate(
    notice: &Notice,
    number: &PhoneNumber,
    policy: &Policy,
    opt_outs: &OptOuts,
    heard: Heard,
) -> Fate {
    if !policy.allows(number) {
        return Fate::Skip(Skip::NotAllowed);
    }
    if opt_outs.of(number).is_some() {
        return Fate::Skip(Skip::OptedOut);
    }
    if !notice.supersedes_others() {
        return Fate::Text(Words::Own);
    }
    match heard {
        Heard::Yes => Fate::Text(Words::Own),
        Heard::NotYet if notice.template == CHANGED => Fate::Text(Words::Unheard),
        Heard::NotYet | Heard::No => Fate::Skip(Skip::Unconcerned),
    }
}
