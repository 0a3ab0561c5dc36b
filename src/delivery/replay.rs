//! What becomes of a delivery that gave up when somebody wants it tried again.

use super::*;
use crate::delivery::Replay;

impl Step {
    /// Begins a new round with as much time as the one before had.
    ///
    /// Nothing is sent while Twilio may have the text already: what arrived after all is only
    /// noted, and what Twilio has or may have is asked about first.
    pub(super) fn replayed(&mut self, cascade: Vec<Recipient>, public_url: String) {
        if !matches!(self.delivery.state, State::GaveUp { .. }) || cascade.is_empty() {
            return;
        }
        self.effects.push(Effect::ReportReplayed);
        self.delivery.gave_up = None;
        if let Some(person) = self.delivery.reached().cloned() {
            self.delivery.to = person;
            self.delivery.remaining.clear();
            self.delivery.state = State::Delivered;
            return;
        }
        let last = self.delivery.attempts.last();
        let unresolved = last.is_some_and(|a| rank(&a.outcome) <= rank(&Outcome::Unknown));
        let time = self.delivery.deadline.duration_since(self.delivery.began());
        self.delivery.deadline = self.now + time;
        self.delivery.public_url = public_url;
        self.delivery.replays.push(Replay {
            at: self.now,
            attempts: self.delivery.attempts.len() as u32,
            resumed: true,
        });
        if unresolved {
            self.delivery.remaining = cascade;
            self.delivery.state = State::Unknown {
                ask: self.now,
                asked: 0,
            };
            self.effects.push(Effect::Wake { due: self.now });
        } else if self.has_all_parts_with_twilio() {
            self.delivery.remaining = cascade;
            self.delivery.state = self.accepted(0);
        } else {
            self.begin_with(cascade);
        }
    }

    /// Whether it is still to be heard what became of attempts from before the replay.
    pub(super) fn asks_about_before(&self) -> bool {
        let awaits = matches!(
            self.delivery.state,
            State::Unknown { .. } | State::Accepted { .. }
        );
        let made = self.delivery.attempts.len() as u32;
        awaits && self.replayed_after() == made && made > 0
    }

    /// They failed, and the people on duty are free to get the text.
    pub(super) fn begin_round(&mut self) {
        let cascade = std::mem::take(&mut self.delivery.remaining);
        self.begin_with(cascade);
    }

    /// A person who got a part of the text and whose turn it still is gets the rest; anybody else
    /// gets the whole of it, without a word about the others who could not be reached.
    fn begin_with(&mut self, mut cascade: Vec<Recipient>) {
        let to = cascade.remove(0);
        if to != self.delivery.to {
            self.delivery.parts = text::parts(&self.delivery.body, &self.delivery.media);
            if let Some(replay) = self.delivery.replays.last_mut() {
                replay.resumed = false;
            }
        }
        self.delivery.to = to;
        self.delivery.remaining = cascade;
        self.wait_until(self.now);
    }

    fn has_all_parts_with_twilio(&self) -> bool {
        let mut parts = 0..self.delivery.parts.len();
        parts.all(|part| self.standing_of(part).is_some_and(is_with_twilio))
    }

    /// Failures of attempts up to this one do not count any more.
    pub(super) fn replayed_after(&self) -> u32 {
        self.delivery
            .replays
            .last()
            .map_or(0, |replay| replay.attempts)
    }

    /// Attempts up to this one carried another cut of the text, or were for another round's turn of
    /// the same person.
    pub(super) fn begun_anew_after(&self) -> u32 {
        let replays = self.delivery.replays.iter().rev();
        let mut anew = replays.filter(|replay| !replay.resumed);
        anew.next().map_or(0, |replay| replay.attempts)
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
