//! A customer whose texts reach nobody, until somebody takes that back.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::addressee::{Intent, PersonText, choice};
use super::{Choice, Conversation, Outcome, What, wording};
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;
use crate::domain::time_zone::TimeZone;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub since: Timestamp,
    pub by: Blocker,
}

/// Who blocked a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocker {
    /// The person of this name, by text.
    Person(String),
    /// Somebody with `relay block`.
    Hand,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blocker::Person(name) => write!(f, "by {name}"),
            Blocker::Hand => write!(f, "by hand"),
        }
    }
}

impl Block {
    /// Why a text of the customer goes to nobody.
    pub fn in_words(&self, zone: &TimeZone) -> String {
        format!("blocked {} on {}", self.by, zone.show(self.since))
    }
}

impl Conversation {
    /// Nobody owes the customer an answer any more. Who blocked them first stays.
    pub fn block(&mut self, block: Block) {
        self.waits = None;
        self.blocked.get_or_insert(block);
    }
}

impl PersonText<'_> {
    /// What BLOCK and UNBLOCK are for. With digits also somebody else's customer, or one of long ago;
    /// whoever is one of the line's people now is no customer. BLOCK is always asked about.
    pub(super) fn about_block(&self, what: What, which: Option<String>) -> Intent {
        let is_blocked = what == What::Unblock;
        let theirs = self.conversations.iter().map(|c| &c.conversation);
        let known: Vec<&Conversation> = match &which {
            Some(digits) => {
                let others = self.named.iter();
                let others = others.filter(|c| theirs.clone().all(|t| t.customer != c.customer));
                let known = theirs.clone().chain(others);
                known.filter(|c| c.is_named(digits)).collect()
            }
            None => match self.on_number {
                Some(own) => vec![&own.is.conversation],
                None if is_blocked => theirs.collect(),
                None => self.candidates().collect(),
            },
        };
        let is_person = |c: &Conversation| self.line.person_with(&c.customer).is_some();
        let known: Vec<&Conversation> = known.into_iter().filter(|c| !is_person(c)).collect();
        let meant = known.iter().filter(|c| c.blocked.is_some() == is_blocked);
        let among: Vec<Choice> = meant.map(|c| choice(c)).collect();
        match (among.as_slice(), which) {
            ([one], _) if is_blocked => Intent::Do {
                what,
                of: vec![one.customer.clone()],
                because: "it is the only one that it can be about".to_owned(),
            },
            ([], Some(digits)) => match known.first() {
                Some(customer) => {
                    let answer = wording::is_so_already(self.line.language, customer);
                    refuse(Rule::BlockByText, "it is so already", answer)
                }
                None => {
                    let answer = wording::unknown_tag(self.line.language, &digits, &self.latest());
                    refuse(Rule::UnknownTag, "no customer's number ends so", answer)
                }
            },
            ([], None) => {
                let answer = wording::nothing_open_to(self.line.language, &what).to_owned();
                refuse(Rule::BlockByText, "the person has no such customer", answer)
            }
            ([_], _) => {
                let because = "the customer's texts would reach nobody any more".to_owned();
                self.ask(what, among, because)
            }
            _ => self.ask(what, among, "it may be about several customers".to_owned()),
        }
    }

    /// A text to a blocked customer goes to nobody.
    pub(super) fn is_to_blocked(&self, conversation: &Conversation) -> Option<Intent> {
        let block = conversation.blocked.as_ref()?;
        let because = block.in_words(&self.line.time_zone);
        let answer = wording::is_blocked(self.line.language, &conversation.tag, block);
        Some(refuse(Rule::Blocked, &because, answer))
    }

    pub(super) fn block(&self, outcome: &mut Outcome, customer: &PhoneNumber) {
        let Some(mut conversation) = self.conversation(customer) else {
            return;
        };
        conversation.block(Block {
            since: self.now,
            by: Blocker::Person(self.person.name.clone()),
        });
        let owner = self.line.policy.alert.clone();
        if let Some(owner) = owner.filter(|owner| *owner != self.person.number) {
            let says = wording::blocked_by(self.line.language, &self.person.name, &conversation);
            self.tell(outcome, &mut conversation, owner, says);
        }
        outcome.answer = Some(wording::blocked(self.line.language, &conversation.tag));
        outcome.link = Some(conversation.link(&self.sms.sid));
        outcome.changed.push(conversation);
    }

    pub(super) fn unblock(&self, outcome: &mut Outcome, customer: &PhoneNumber) {
        let Some(mut conversation) = self.conversation(customer) else {
            return;
        };
        conversation.blocked = None;
        outcome.answer = Some(wording::unblocked(self.line.language, &conversation.tag));
        outcome.link = Some(conversation.link(&self.sms.sid));
        outcome.changed.push(conversation);
    }
}

fn refuse(rule: Rule, because: &str, answer: String) -> Intent {
    Intent::Refuse {
        rule,
        because: because.to_owned(),
        answer,
    }
}
