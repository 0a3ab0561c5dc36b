//! The end of a call, of which there is one, and who is told.

use jiff::{SignedDuration, Timestamp};

use super::Turn;
use crate::domain::call::missed_calls::Tells;
use crate::domain::call::ring::signed;
use crate::domain::call::{Call, Effect, LineCalls, MissedAt, Outcome, Stage};
use crate::domain::line::Voice;

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
        if !is_worth_telling(&self.call, &self.live, self.voice, self.now) {
            self.call.told = Some(self.now);
        } else if self.waits_for_the_transcript().is_none() {
            self.tells_of_the_end();
        }
        self.is_due_for_the_message();
    }

    fn tells_of_the_end(&mut self) {
        match self.call.stage {
            Stage::Over {
                outcome: Outcome::Missed { .. },
            } => match self.live.missed(&self.call, self.now) {
                Tells::Now => self.tell(),
                Tells::At(at) => self.call.tells_at = Some(at),
                Tells::With(other) => {
                    self.call.told = Some(self.now);
                    self.call.told_with = Some(other);
                }
            },
            Stage::Over {
                outcome: Outcome::Spoke { .. },
            } => {
                self.live.talked(&self.call);
                self.tell();
            }
            _ => self.tell(),
        }
    }

    pub(super) fn tell(&mut self) {
        if self.call.tells_at.take().is_some() {
            self.call.others = self.live.tells_of_missed(&self.call, self.now);
        }
        self.call.told = Some(self.now);
        self.effects.push(Effect::Tell);
    }
}

/// Whether people are to hear how a call ended.
pub fn is_worth_telling(call: &Call, live: &LineCalls, voice: &Voice, now: Timestamp) -> bool {
    let Stage::Over { outcome } = &call.stage else {
        return false;
    };
    match outcome {
        Outcome::Spoke { .. } => voice.after_call,
        Outcome::Refused { .. } | Outcome::NotReached { .. } => false,
        Outcome::Missed {
            at: MissedAt::Ringing,
        } => {
            let lasted = call.ended.unwrap_or(now).duration_since(call.opened);
            let number = call.caller.phone();
            let tries_again =
                number.is_some_and(|number| 1 < live.came_within(TRIES_AGAIN, number, now));
            signed(voice.ignore_under) <= lasted || tries_again
        }
        Outcome::Missed { .. } | Outcome::Voicemail { .. } => true,
    }
}
