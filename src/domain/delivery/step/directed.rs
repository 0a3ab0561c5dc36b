//! What is known of a delivery only when it is due: its recipient's part in the thread, or even who
//! that is.

use super::*;
use crate::domain::delivery::{Directed, Shown};

impl Step {
    /// Whoever has a part of the text already has seen the tag that it began with.
    pub(super) fn seated(&mut self, shown: Shown) {
        if !self.delivery.is_to_be_attempted(self.now) || shown.person != self.delivery.to.person {
            return;
        }
        let has_begun = self.delivery.has_begun();
        let Some(thread) = &mut self.delivery.in_thread else {
            return;
        };
        thread.shown.retain(|known| known.person != shown.person);
        thread.shown.push(shown);
        if !has_begun {
            self.delivery.cut();
        }
        self.effects.push(Effect::Wake { due: self.now });
    }

    pub(super) fn directed(&mut self, directed: Directed) {
        if !self.delivery.is_to_be_attempted(self.now) || !self.delivery.attempts.is_empty() {
            return;
        }
        let Some(thread) = &mut self.delivery.in_thread else {
            return;
        };
        let Some(chase) = thread.chase.as_mut().filter(|chase| !chase.is_directed) else {
            return;
        };
        chase.is_directed = true;
        let from = chase.tried.last().cloned().unwrap_or_default();
        thread.shown = directed.shown;
        thread.after = directed.after;
        let delivery = &mut self.delivery;
        delivery.purpose = directed.purpose;
        delivery.to = directed.to;
        delivery.remaining = directed.remaining;
        delivery.body = directed.body;
        delivery.media = directed.media;
        delivery.cut();
        if delivery.purpose == Purpose::Relay {
            self.effects.push(Effect::ReportHandedOn { from });
        }
        self.effects.push(Effect::Wake { due: self.now });
    }
}
