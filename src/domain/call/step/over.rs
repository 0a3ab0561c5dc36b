//! The end of a call, of which there is one, and who is told.

use jiff::SignedDuration;

use super::Turn;
use crate::domain::call::ring::signed;
use crate::domain::call::{Effect, MissedAt, Outcome, Stage};

/// Whoever calls twice within so long means it, however soon they hang up.
const TRIES_AGAIN: SignedDuration = SignedDuration::from_mins(10);

impl Turn<'_> {
    pub(super) fn over(&mut self, outcome: Outcome) {
        if matches!(self.call.stage, Stage::Over { .. }) {
            return;
        }
        self.call.then.clear();
        self.call.stage = Stage::Over { outcome };
        self.call.due = None;
        if !self.is_worth_telling() {
            self.call.told = Some(self.now);
        } else if self.waits_for_the_transcript().is_none() {
            self.tell();
        }
        self.is_due_for_the_message();
    }

    pub(super) fn tell(&mut self) {
        self.call.told = Some(self.now);
        self.effects.push(Effect::Tell);
    }

    fn is_worth_telling(&self) -> bool {
        let call = &self.call;
        match &call.stage {
            Stage::Over { outcome } => match outcome {
                Outcome::Spoke { .. } => self.voice.after_call,
                Outcome::Refused { .. } | Outcome::NotReached { .. } => false,
                Outcome::Missed {
                    at: MissedAt::Ringing,
                } => {
                    let ended = call.ended.unwrap_or(self.now);
                    let lasted = ended.duration_since(call.opened);
                    let tries_again = call.caller.phone().is_some_and(|number| {
                        1 < self.live.came_within(TRIES_AGAIN, number, self.now)
                    });
                    signed(self.voice.ignore_under) <= lasted || tries_again
                }
                Outcome::Missed { .. } | Outcome::Voicemail { .. } => true,
            },
            _ => false,
        }
    }
}
