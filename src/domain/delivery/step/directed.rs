//! What a delivery has to do with others of its conversation: whose turn it is to leave, and to whom a
//! follow-up goes, which is known only when it is due.

use super::*;
use crate::domain::delivery::Directed;
use crate::domain::ids::DeliveryId;

impl Step {
    pub(super) fn joined(&mut self) {
        if !self.delivery.is_to_be_attempted(self.now) {
            return;
        }
        let person = self.delivery.to.number.clone();
        if let Some(conversation) = &mut self.delivery.in_conversation {
            conversation.joined.push(person);
            self.effects.push(Effect::Wake { due: self.now });
        }
    }

    /// If this one has left meanwhile, the next need not wait.
    pub(super) fn followed_by(&mut self, next: DeliveryId) {
        if self.delivery.has_left() {
            self.effects.push(Effect::WakeNext(next));
        } else if let Some(conversation) = &mut self.delivery.in_conversation {
            conversation.before = Some(next);
        }
    }

    /// The text before it has left, or something else made somebody look.
    pub(super) fn turn_came(&mut self) {
        if self.delivery.waits_for_order() {
            self.wait_until(self.now);
        }
    }

    /// Wakes the text that waits for this one, once it has left.
    pub(super) fn wake_next(&mut self) {
        let next = self
            .delivery
            .in_conversation
            .as_mut()
            .and_then(|c| c.before.take());
        self.effects.extend(next.map(Effect::WakeNext));
    }

    pub(super) fn directed(&mut self, directed: Directed) {
        if !self.delivery.is_to_be_attempted(self.now) || !self.delivery.attempts.is_empty() {
            return;
        }
        let Some(conversation) = &mut self.delivery.in_conversation else {
            return;
        };
        let Some(chase) = conversation
            .chase
            .as_mut()
            .filter(|chase| !chase.is_directed)
        else {
            return;
        };
        chase.is_directed = true;
        let from = chase.tried.last().cloned().unwrap_or_default();
        conversation.joined = directed.joined;
        conversation.after = directed.after;
        let delivery = &mut self.delivery;
        delivery.purpose = directed.purpose;
        delivery.to = directed.to;
        delivery.remaining = directed.remaining;
        delivery.body = directed.body;
        delivery.media = directed.media;
        delivery.attached.clear();
        delivery.cut();
        if delivery.purpose == Purpose::Relay {
            self.effects.push(Effect::ReportHandedOn { from });
        }
        self.effects.push(Effect::FollowUp);
        self.effects.push(Effect::Wake { due: self.now });
    }
}
