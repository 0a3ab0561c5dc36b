//! What is set up beforehand for the case that nobody answers a customer.

use std::time::Duration;

use jiff::Timestamp;

use super::{Chase, Chased, Delivery, InConversation, OnlyIf, Purpose, State};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;

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
    /// Reminds whoever has the conversation of this text, and then hands it on: each only if the customer
    /// still waits when it is due. To whom and what they say is found out then.
    pub fn chased_by(&self, awaited: &Awaited, now: Timestamp) -> Vec<Delivery> {
        let Some(part) = &self.in_conversation else {
            return Vec::new();
        };
        let turn = awaited.tried.len();
        let steps = [(Chased::Remind, 1), (Chased::HandOn, 2)];
        let deliveries = steps.map(|(what, times)| {
            let due = now.checked_add(awaited.within * times);
            let due = due.unwrap_or(Timestamp::MAX);
            let purpose = match what {
                Chased::Remind => Purpose::Conversation,
                Chased::HandOn => Purpose::Relay,
            };
            let telling = self.telling(purpose, self.to.clone(), String::new(), now);
            Delivery {
                id: DeliveryId::follow_up(awaited.sid, what.name(), turn),
                message_sid: Some(awaited.sid.clone()),
                sender: self.sender.clone(),
                state: State::Waiting { due },
                deadline: due
                    .checked_add(self.policy.deliver_within)
                    .unwrap_or(Timestamp::MAX),
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
                    ..InConversation::of(part.customer.clone())
                })),
                ..telling
            }
        });
        deliveries.into()
    }

    /// The same, once this delivery has handed the customer on.
    pub(super) fn chased_further(&self, now: Timestamp) -> Vec<Delivery> {
        let part = self.in_conversation.as_ref();
        let (Some(chase), Some(sid)) =
            (part.and_then(|part| part.chase.as_ref()), &self.message_sid)
        else {
            return Vec::new();
        };
        let mut tried = chase.tried.clone();
        tried.push(self.to.person.clone());
        let awaited = Awaited {
            sid,
            since: chase.since,
            within: chase.within,
            tried,
        };
        self.chased_by(&awaited, now)
    }
}
