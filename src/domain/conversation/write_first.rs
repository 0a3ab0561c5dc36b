//! A person's text to a number that has not written to the line.

use super::addressee::{Intent, PersonText};
use super::{Conversation, wording};
use crate::domain::routing::Rule;

/// A whole number that a person's text names and that no conversation is with.
#[derive(Debug, Clone, PartialEq)]
pub struct Stranger {
    /// The conversation that it would be.
    pub conversation: Conversation,
    /// Whether they get notices of a topic of the line.
    pub is_subscriber: bool,
    pub has_opted_out: bool,
}

impl PersonText<'_> {
    /// It goes there if they subscribed to a topic, or the person may write first.
    pub(super) fn writes_first(&self, stranger: &Stranger, words: &str) -> Intent {
        let conversation = &stranger.conversation;
        let customer = &conversation.customer;
        let refuse = |because: &str, answer| Intent::Refuse {
            rule: Rule::UnknownTag,
            because: because.to_owned(),
            answer,
        };
        if !self.line.policy.allows(customer) {
            let answer = wording::not_allowed(self.line.language, customer);
            return refuse("allowed_prefixes does not have the number", answer);
        }
        if stranger.has_opted_out {
            let answer = wording::has_opted_out(self.line.language, customer);
            return refuse("they opted out of texts", answer);
        }
        if !stranger.is_subscriber && !self.person.may_write_first {
            let answer = wording::may_not_write_first(self.line.language, customer);
            return refuse(
                "they never wrote, and the person may not write first",
                answer,
            );
        }
        Intent::Send {
            to: vec![customer.clone()],
            texts: vec![self.written_as(words)],
            rule: Rule::WroteFirst,
            because: "it names a number that has not written".to_owned(),
            receipt: Some(wording::sent_to(self.line.language, &conversation.tag)),
        }
    }
}
