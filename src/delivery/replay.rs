//! What becomes of a delivery that gave up when somebody wants it tried again.

use super::*;

impl Step {
    /// Begins a new round with as much time as the one before had. A person who got a part of the
    /// text and whose turn it still is gets the rest; anybody else gets the whole of it, without a
    /// word about the others who could not be reached.
    pub(super) fn replayed(
        &mut self,
        to: Recipient,
        remaining: Vec<Recipient>,
        public_url: String,
    ) {
        if !matches!(self.delivery.state, State::GaveUp { .. }) {
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
        let time = self.delivery.deadline.duration_since(self.delivery.began());
        let resumed = to == self.delivery.to;
        if !resumed {
            self.delivery.parts = text::parts(&self.delivery.body, &self.delivery.media);
        }
        self.delivery.replays.push(Replay {
            at: self.now,
            attempts: self.delivery.attempts.len() as u32,
            resumed,
        });
        self.delivery.to = to;
        self.delivery.remaining = remaining;
        self.delivery.public_url = public_url;
        self.delivery.deadline = self.now + time;
        self.wait_until(self.now);
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
