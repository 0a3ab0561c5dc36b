//! What is set up beforehand for the case that nobody answers a customer.

use std::time::Duration;

use jiff::Timestamp;

use super::{Chase, Chased, Delivery, InConversation, OnlyIf, Purpose, State};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;

/// A customer who has waited for so long since anybody was last reminded stays on the lists, but no
/// answer without a tag goes to them: somebody who was answered by telephone must not make a question
/// of every answer.
pub const WAITS_AT_MOST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whose answer the customer of a text waits for.
#[derive(Debug, Clone)]
pub struct Awaited<'a> {
    /// The text that began the wait.
    pub sid: &'a MessageSid,
    pub since: Timestamp,
    pub within: Duration,
    /// Who had their turn before, and last whose turn it is.
    pub tried: Vec<String>,
}

impl Delivery {
    /// Reminds whoever has the conversation of this text, if the customer still waits when it is due. To
    /// whom it goes and what it says is found out then.
    pub fn chased_by(&self, awaited: &Awaited, now: Timestamp) -> Option<Delivery> {
        self.chased(Chased::Remind, awaited, now)
    }

    /// Of a customer whom somebody took, nobody is reminded: the owner alone hears of them, if the wait lasts.
    pub fn remembered_by(&self, awaited: &Awaited, now: Timestamp) -> Option<Delivery> {
        self.chased(Chased::Forget, awaited, now)
    }

    /// What follows once this one is on its way: behind a reminder the hand-on, behind that the next person's
    /// reminder, and behind the last word to the owner a week later that nobody is asked any more.
    pub(super) fn chased_further(&self, now: Timestamp) -> Option<Delivery> {
        let chase = self.in_conversation.as_ref()?.chase.as_ref()?;
        let mut tried = chase.tried.clone();
        let what = match self.purpose {
            Purpose::Relay => {
                tried.push(self.to.person.clone());
                Chased::Remind
            }
            Purpose::Conversation => Chased::HandOn,
            Purpose::Alert if chase.what != Chased::Forget => Chased::Forget,
            _ => return None,
        };
        let within = match what {
            Chased::Forget => WAITS_AT_MOST,
            _ => chase.within,
        };
        let awaited = Awaited {
            sid: self.message_sid.as_ref()?,
            since: chase.since,
            within,
            tried,
        };
        self.chased(what, &awaited, now)
    }

    fn chased(&self, what: Chased, awaited: &Awaited, now: Timestamp) -> Option<Delivery> {
        let customer = self.in_conversation.as_ref()?.customer.clone();
        let due = now.checked_add(awaited.within).unwrap_or(Timestamp::MAX);
        let purpose = match what {
            Chased::Remind | Chased::Forget => Purpose::Conversation,
            Chased::HandOn => Purpose::Relay,
        };
        let turn = awaited.tried.len();
        let deadline = due.checked_add(self.policy.deliver_within);
        Some(Delivery {
            id: DeliveryId::follow_up(awaited.sid, what.name(), turn),
            message_sid: Some(awaited.sid.clone()),
            sender: self.sender.clone(),
            state: State::Waiting { due },
            deadline: deadline.unwrap_or(Timestamp::MAX),
            in_conversation: Some(Box::new(InConversation {
                only_if: Some(OnlyIf::Unanswered {
                    since: awaited.since,
                }),
                chase: Some(Chase {
                    what,
                    within: awaited.within,
                    tried: awaited.tried.clone(),
                    since: awaited.since,
                    is_directed: false,
                }),
                ..InConversation::of(customer)
            })),
            ..self.telling(purpose, self.to.clone(), String::new(), now)
        })
    }
}
