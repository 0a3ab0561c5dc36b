//! What becomes of a delivery that gave up when somebody wants it tried again.

use super::*;
use crate::domain::delivery::Replay;

impl Step {
    /// Begins a new round with as much time as the one before had.
    ///
    /// Nothing is sent while Twilio may have the text already: what arrived after all is only
    /// noted, and what Twilio has or may have is asked about first. Whoever may have it does not
    /// get it again.
    pub(super) fn replayed(&mut self, cascade: Vec<Recipient>, public_url: String) {
        if !matches!(self.delivery.state, State::GaveUp { .. }) || cascade.is_empty() {
            return;
        }
        self.delivery.gave_up = None;
        if let Some(person) = self.delivery.reached().cloned() {
            self.delivery.to = person;
            self.delivery.remaining.clear();
            self.delivery.state = State::Delivered;
            return;
        }
        let last = self.delivery.attempts.last();
        let unresolved = last.is_some_and(|a| a.outcome.is_unresolved());
        let time = self.delivery.deadline.duration_since(self.delivery.began());
        self.delivery.deadline = self.now + time;
        self.delivery.public_url = public_url;
        self.delivery.replays.push(Replay {
            at: self.now,
            attempts: self.delivery.attempts.len() as u32,
            resumed: true,
        });
        self.delivery.remaining = cascade;
        if unresolved {
            self.delivery.state = State::Unknown {
                ask: self.now,
                asked: 0,
            };
            self.effects.push(Effect::Wake { due: self.now });
        } else if self.delivery.has_all_parts_with_twilio() {
            self.await_report(0);
        } else {
            self.begin_round();
        }
    }

    /// The people on duty are free to get the text, but for those who may have it.
    pub(super) fn begin_round(&mut self) {
        let delivery = &mut self.delivery;
        let cascade = std::mem::take(&mut delivery.remaining);
        let free = cascade.iter().filter(|p| !delivery.may_be_with(p));
        let free: Vec<_> = free.cloned().collect();
        // If everybody may have it, whoever wants it tried again wants it all the same.
        self.begin_with(if free.is_empty() { cascade } else { free });
    }

    /// A person who got a part of the text and whose turn it still is gets the rest; anybody else
    /// gets the whole of it, without a word about the others who could not be reached.
    fn begin_with(&mut self, mut cascade: Vec<Recipient>) {
        let to = cascade.remove(0);
        let delivery = &mut self.delivery;
        let is_another = to != delivery.to;
        delivery.to = to;
        delivery.remaining = cascade;
        if is_another {
            if let Some(replay) = delivery.replays.last_mut() {
                replay.resumed = false;
            }
            delivery.cut();
        }
        self.wait_until(self.now);
    }
}

#[cfg(test)]
mod tests;
