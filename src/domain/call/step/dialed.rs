//! A leg is over, and Twilio asks what comes next.

use jiff::SignedDuration;

use super::Turn;
use crate::domain::call::ring::{SILENCE, next_person, ring, time_to_ring};
use crate::domain::call::step::NotOfTheCall;
use crate::domain::call::{
    Alert, Answer, Dialed, Effect, Given, Leg, LegEnd, LegStatus, MissedAt, Outcome, Stage,
};

/// A shorter talk is taken for an accident: a pocket, or a lost signal.
pub(super) const SHORTEST_TALK: u32 = 8;

/// What the end of a leg means.
#[derive(Debug, PartialEq, Eq)]
enum Means {
    /// The two talked, and the person hung up.
    Talked,
    /// They were connected for a moment only.
    CutOff,
    /// Somebody pressed 1, and was not connected.
    AcceptLost,
    /// Somebody was connected who had not pressed 1.
    ConnectedUnasked,
    /// Nobody took the call.
    NotTaken,
    /// The number could not be rung.
    CannotBeRung,
}

impl Means {
    /// The first that fits.
    fn of(leg: &Leg, how: &Dialed, seconds: Option<u32>) -> Self {
        let is_completed = matches!(how.status, LegStatus::Completed | LegStatus::Answered);
        match (leg.given, how.bridged) {
            _ if leg.talked() && seconds.is_none_or(|seconds| SHORTEST_TALK <= seconds) => {
                Means::Talked
            }
            _ if leg.talked() => Means::CutOff,
            (Some(Given::Connect), Some(false)) => Means::AcceptLost,
            (Some(Given::Connect), None) if is_completed => Means::AcceptLost,
            (Some(Given::HangUp), Some(true)) => Means::ConnectedUnasked,
            _ if how.status == LegStatus::Failed => Means::CannotBeRung,
            _ => Means::NotTaken,
        }
    }
}

impl Turn<'_> {
    pub(super) fn dialed(&mut self, leg: usize, how: &Dialed) -> Result<Answer, NotOfTheCall> {
        let at = self.index(leg)?;
        let is_of_stage = matches!(
            self.call.stage,
            Stage::Ringing { leg: now } | Stage::Talking { leg: now } if now == leg
        );
        self.leg_ends(at, how);
        if is_of_stage {
            if how.caller_hung_up {
                self.hung_up(at, leg);
            } else {
                self.goes_on(at, leg, how);
            }
        }
        if how.caller_hung_up {
            return Ok(Answer::Nothing);
        }
        Ok(self.document())
    }

    /// What Twilio says here is more than what its news of the leg say, and stays.
    fn leg_ends(&mut self, at: usize, how: &Dialed) {
        let (now, of_leg) = (self.now, &mut self.call.legs[at]);
        let before = of_leg.ended.take();
        of_leg.ended = match before {
            Some(end) if end.asked_what_next => Some(end),
            before => Some(LegEnd {
                at: before.map_or(now, |end| end.at),
                status: how.status,
                bridged: how.bridged,
                seconds: how.seconds,
                asked_what_next: true,
            }),
        };
    }

    fn hung_up(&mut self, at: usize, leg: usize) {
        self.call.ended.get_or_insert(self.now);
        let of_leg = &self.call.legs[at];
        let end = of_leg.ended.as_ref();
        let is_completed =
            end.is_some_and(|end| matches!(end.status, LegStatus::Completed | LegStatus::Answered));
        let talked = match end.and_then(|end| end.bridged) {
            Some(bridged) => bridged && of_leg.given != Some(Given::HangUp),
            None => {
                let accepted = of_leg.given == Some(Given::Connect) || of_leg.unscreened;
                accepted && is_completed
            }
        };
        if talked {
            let seconds = self.seconds_of_talk(at);
            self.spoke(leg, seconds);
        } else {
            self.missed(MissedAt::Ringing);
        }
    }

    fn goes_on(&mut self, at: usize, leg: usize, how: &Dialed) {
        let of_leg = &self.call.legs[at];
        let seconds = self.seconds_of_talk(at);
        match Means::of(of_leg, how, seconds) {
            Means::Talked => {
                self.spoke(leg, seconds);
                self.asks_for_a_message(SILENCE);
            }
            Means::CutOff => self.takes_message(),
            Means::AcceptLost => {
                let (person, sooner) = (of_leg.person.clone(), at.checked_sub(1));
                let was_lost_before = sooner.and_then(|at| self.call.legs.get(at));
                let again = was_lost_before.is_none_or(|sooner| {
                    sooner.person != person || sooner.given != Some(Given::Connect)
                });
                if again {
                    self.call.then.insert(0, person);
                }
                self.next();
            }
            Means::ConnectedUnasked => {
                let person = of_leg.person.clone();
                let alert = Alert::ConnectedUnasked { person };
                self.effects.push(Effect::Alert(alert));
                self.takes_message();
            }
            Means::NotTaken => self.next(),
            Means::CannotBeRung => {
                let person = of_leg.person.clone();
                if self.live.could_not_be_rung(&of_leg.number, self.now) {
                    let alert = Alert::CannotBeRung { person };
                    self.effects.push(Effect::Alert(alert));
                }
                self.next();
            }
        }
    }

    /// As Twilio says, or since the key was pressed.
    fn seconds_of_talk(&self, at: usize) -> Option<u32> {
        let leg = self.call.legs.get(at)?;
        let since_the_key = || {
            let passed: SignedDuration = self.now.duration_since(leg.pressed?);
            u32::try_from(passed.as_secs()).ok()
        };
        leg.seconds_told_of_talk().or_else(since_the_key)
    }

    pub(super) fn spoke(&mut self, leg: usize, seconds: Option<u32>) {
        let Some(at) = leg.checked_sub(1) else { return };
        let Some(of_leg) = self.call.legs.get(at) else {
            return;
        };
        let seconds = seconds
            .or_else(|| of_leg.seconds_told_of_talk())
            .or(self.call.seconds);
        self.over(Outcome::Spoke {
            person: of_leg.person.clone(),
            seconds,
        });
    }

    /// Rings the next person, while there is time; then the voicemail begins.
    fn next(&mut self) {
        if self.call.ended.is_some() {
            self.missed(MissedAt::Ringing);
            return;
        }
        let time = time_to_ring(&self.call, self.voice, self.now);
        let person = time.and_then(|time| {
            let call = &mut self.call;
            let person = next_person(
                call, &self.live, self.line, self.voice, self.known, self.now,
            )?;
            Some((person, time))
        });
        match person {
            Some((person, time)) => {
                ring(&mut self.call, person, self.voice, time, self.now);
            }
            None => self.takes_message(),
        }
    }

    pub(super) fn takes_message(&mut self) {
        self.call.begins_a_message(self.voice, self.now);
        if self.call.ended.is_some() {
            self.waits_for_the_recording();
        }
    }
}
