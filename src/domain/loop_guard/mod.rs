//! Texts that machines wrote: automatic replies, and the relay's own words.

pub mod own_words;

use crate::domain::automatic_text::automatic_reply::is_automatic_reply;
use crate::domain::inbound::InboundSms;
use crate::domain::opt_out::Wish;
use crate::domain::routing::Nature;

/// What kind of text it is. A word such as YES is an answer like any other, unless it changes the
/// list of opt-outs (`changes_list`).
pub fn nature(sms: &InboundSms, changes_list: bool) -> Nature {
    match sms.wish() {
        // Of a person it is a word like any other.
        Some(Wish::Stop(by)) if by.is_own() && !changes_list => Nature::Ordinary,
        Some(Wish::Stop(_) | Wish::Help) => Nature::OptOutWord,
        Some(Wish::Start | Wish::StartOwn) if changes_list || sms.opt_out_type.is_some() => {
            Nature::OptOutWord
        }
        _ if own_words::is_own(&sms.body) => Nature::OwnWords,
        _ if is_automatic_reply(&sms.body) => Nature::Automatic,
        _ => Nature::Ordinary,
    }
}
