//! What Twilio tells of a call, and what comes of it. A repeated event gives the same answer and no further
//! effect; a late one never takes the call back to an earlier stage.

mod dialed;
mod message;
mod out;
mod over;

pub(super) use over::is_worth_telling;

use jiff::{SignedDuration, Timestamp};

use message::FOR_THE_RECORDING;

use super::document::document;
use super::ring::{SILENCE, live_call, signed, until_voicemail};
use super::{
    Answer, Call, Effect, Event, Given, Leg, LegEnd, LegStatus, LineCalls, MissedAt, Outcome,
    Stage, words,
};
use crate::domain::ids::CallSid;
use crate::domain::line::{Line, Voice};
use crate::domain::routing::Known;

/// A call as it began, or after an event. If call or live calls are different, they are to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub call: Call,
    pub live: LineCalls,
    pub answer: Answer,
    pub effects: Vec<Effect>,
}

/// A request is not of this call, and is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOfTheCall {
    #[error("this call has no leg with this number")]
    NoSuchLeg,
    #[error("this leg is another than the one that was rung")]
    OtherLeg,
}

/// So long Twilio's question what comes next is waited for, once the caller is gone.
const FOR_THE_QUESTION: SignedDuration = SignedDuration::from_secs(5);

/// When Twilio is asked once more about a call that goes on, or gave no answer.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(5);
const NOT_ANSWERED: SignedDuration = SignedDuration::from_secs(60);

/// `known` is what is known of the line's people at this moment.
pub fn step(
    call: &Call,
    live: &LineCalls,
    event: Event,
    line: &Line,
    known: &Known,
    now: Timestamp,
) -> Result<Step, NotOfTheCall> {
    let usual = Voice::speaking(line.language, &line.country);
    let mut turn = Turn {
        call: call.clone(),
        live: live.clone(),
        line,
        voice: line.voice.as_ref().unwrap_or(&usual),
        known,
        now,
        effects: Vec::new(),
    };
    let answer = turn.take(event)?;
    let stands = live_call(&turn.call);
    turn.live.set(&call.sid, stands);
    Ok(Step {
        call: turn.call,
        live: turn.live,
        answer,
        effects: turn.effects,
    })
}

/// What a step works on.
struct Turn<'a> {
    call: Call,
    live: LineCalls,
    line: &'a Line,
    voice: &'a Voice,
    known: &'a Known,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    fn take(&mut self, event: Event) -> Result<Answer, NotOfTheCall> {
        if let Some(out) = self.call.out.take() {
            return self.take_of_out(out, event);
        }
        match event {
            Event::Began => return Ok(self.document()),
            Event::PickedUp { leg, sid } => return self.picked_up(leg, &sid),
            Event::Pressed { leg, sid, keys } => return self.pressed(leg, &sid, keys.as_deref()),
            Event::Dialed { leg, how } => return self.dialed(leg, &how),
            Event::Recorded { hung_up } => return Ok(self.recorded(hung_up)),
            Event::Progress {
                leg,
                sid,
                status,
                sip,
                code,
                seconds,
            } => {
                self.progress(leg, &sid, status, sip, seconds)?;
                self.failed_with(leg, code);
            }
            Event::TakenByFallback => self.taken_by_fallback(),
            Event::Recording { sid, seconds } => self.recording(sid, seconds),
            Event::Transcribed { text } => self.transcribed(text),
            Event::Kept => self.kept(),
            Event::NotKept => self.not_kept(),
            Event::Deleted { sid } => self.deleted(&sid),
            Event::Ended { seconds } => self.ended(seconds),
            Event::Due => self.due(),
            Event::Asked { is_over, seconds } => self.asked(is_over, seconds),
            // These are of calls that a person asked for.
            Event::Made { .. }
            | Event::NotMade { .. }
            | Event::Unanswered
            | Event::NoneFound
            | Event::Customer { .. }
            | Event::Reached { .. } => {}
        }
        Ok(Answer::Nothing)
    }

    fn document(&self) -> Answer {
        document(&self.call, self.line, self.voice)
    }

    /// The leg with this number, which has this name from now on.
    fn leg(&mut self, leg: usize, sid: &CallSid) -> Result<&mut Leg, NotOfTheCall> {
        let at = self.index(leg)?;
        let is_elsewhere = |(n, other): (usize, &Leg)| n != at && other.sid.as_ref() == Some(sid);
        if *sid == self.call.sid || self.call.legs.iter().enumerate().any(is_elsewhere) {
            return Err(NotOfTheCall::OtherLeg);
        }
        let leg = &mut self.call.legs[at];
        match &leg.sid {
            Some(known) if known != sid => return Err(NotOfTheCall::OtherLeg),
            Some(_) => {}
            None => leg.sid = Some(sid.clone()),
        }
        Ok(leg)
    }

    fn index(&self, leg: usize) -> Result<usize, NotOfTheCall> {
        let at = leg.checked_sub(1).ok_or(NotOfTheCall::NoSuchLeg)?;
        let is_there = at < self.call.legs.len();
        is_there.then_some(at).ok_or(NotOfTheCall::NoSuchLeg)
    }

    /// Whether the leg rings, and the caller waits.
    fn rings(&self, leg: usize) -> bool {
        self.call.stage == Stage::Ringing { leg } && self.call.ended.is_none()
    }

    fn picked_up(&mut self, leg: usize, sid: &CallSid) -> Result<Answer, NotOfTheCall> {
        let now = self.now;
        let of_leg = self.leg(leg, sid)?;
        of_leg.picked_up.get_or_insert(now);
        let is_asked = of_leg.given.is_none();
        Ok(if is_asked && self.rings(leg) {
            let says = words::whisper(&self.call, self.line, self.voice);
            Answer::Ask { leg, says }
        } else {
            Answer::HangUp
        })
    }

    /// Only 1, while the leg rings, connects.
    fn pressed(
        &mut self,
        leg: usize,
        sid: &CallSid,
        keys: Option<&str>,
    ) -> Result<Answer, NotOfTheCall> {
        let (now, rings) = (self.now, self.rings(leg));
        let talks = self.call.stage == Stage::Talking { leg } && self.call.ended.is_none();
        let is_of_stage = self.call.stage == Stage::Ringing { leg };
        let of_leg = self.leg(leg, sid)?;
        match of_leg.given {
            Some(Given::Connect) if talks => return Ok(Answer::Connect),
            None if is_of_stage => {}
            _ => return Ok(Answer::HangUp),
        }
        of_leg.picked_up.get_or_insert(now);
        of_leg.pressed = Some(now);
        let connects = rings && keys == Some("1");
        of_leg.given = Some(if connects {
            Given::Connect
        } else {
            Given::HangUp
        });
        let (person, number) = (of_leg.person.clone(), of_leg.number.clone());
        if keys.is_some() {
            self.live.pressed(&number);
        } else if self.live.pressed_nothing(&number, now) {
            self.effects.push(Effect::Advise { person });
        }
        if !connects {
            return Ok(Answer::HangUp);
        }
        self.talks(leg);
        Ok(Answer::Connect)
    }

    fn talks(&mut self, leg: usize) {
        self.call.stage = Stage::Talking { leg };
        self.call.due = Some(self.now + signed(self.voice.talk_limit) + SILENCE);
    }

    fn progress(
        &mut self,
        leg: usize,
        sid: &CallSid,
        status: LegStatus,
        sip: Option<u16>,
        seconds: Option<u32>,
    ) -> Result<(), NotOfTheCall> {
        let (now, rings) = (self.now, self.rings(leg));
        let of_leg = self.leg(leg, sid)?;
        of_leg.sip = of_leg.sip.or(sip);
        match status {
            LegStatus::Ringing | LegStatus::Unknown => {}
            LegStatus::Answered => {
                of_leg.picked_up.get_or_insert(now);
                if of_leg.unscreened && rings {
                    self.talks(leg);
                }
            }
            _ if of_leg.ended.is_some() => {}
            _ => {
                of_leg.ended = Some(LegEnd {
                    at: now,
                    status,
                    bridged: None,
                    seconds,
                    asked_what_next: false,
                });
            }
        }
        Ok(())
    }

    fn failed_with(&mut self, leg: usize, code: Option<u32>) {
        let leg = leg.checked_sub(1).and_then(|at| self.call.legs.get_mut(at));
        if let Some(leg) = leg {
            leg.code = leg.code.or(code);
        }
    }

    /// Twilio's question what comes next may come a little later than the news that the caller is gone, and
    /// knows better how the last leg ended.
    fn ended(&mut self, seconds: Option<u32>) {
        if self.call.ended.is_some() && self.call.seconds.is_some() {
            return;
        }
        self.call.seconds = self.call.seconds.or(seconds);
        self.gone();
        if self.call.seconds == Some(0) && matches!(self.call.stage, Stage::Ringing { .. }) {
            self.missed(MissedAt::Ringing);
        }
    }

    /// The caller is gone, which is not yet to say how the call ended.
    fn gone(&mut self) {
        if self.call.ended.is_some() {
            return;
        }
        self.call.ended = Some(self.now);
        match self.call.stage {
            Stage::Ringing { .. } | Stage::Talking { .. } => {
                self.call.due = Some(self.now + FOR_THE_QUESTION);
            }
            Stage::TakingMessage => self.waits_for_the_recording(),
            Stage::Over { .. } => self.is_gone_after_the_talk(),
        }
    }

    fn due(&mut self) {
        if self.call.due.is_none_or(|due| self.now < due) {
            return;
        }
        match self.call.stage {
            Stage::Over { .. } => self.looks_after_the_message(),
            Stage::Ringing { .. } | Stage::Talking { .. } if self.call.ended.is_some() => {
                self.ends_by_what_is_known();
            }
            Stage::Ringing { leg } if self.is_heard_of(leg) => {
                self.call.due = Some(until_voicemail(&self.call, self.voice));
            }
            _ => {
                self.effects.push(Effect::AskTwilio);
                self.call.due = Some(self.now + NOT_ANSWERED);
            }
        }
    }

    /// Whether there was news of the leg, so that it may ring still.
    fn is_heard_of(&self, leg: usize) -> bool {
        let is_early = self.now < until_voicemail(&self.call, self.voice);
        let at = self.index(leg).ok();
        is_early && at.is_some_and(|at| self.call.legs[at].sid.is_some())
    }

    fn asked(&mut self, is_over: bool, seconds: Option<u32>) {
        if matches!(self.call.stage, Stage::Over { .. }) {
            // Before that nothing was asked about the message: it is the answer to whether the call is over, again.
            let ended = self.call.ended;
            let is_about_it = ended.is_none_or(|at| at + FOR_THE_RECORDING <= self.now);
            if is_about_it && self.call.asks_for_message.is_some() {
                self.call.asks_for_message = (!is_over).then_some(self.now + ASKED_AGAIN);
                self.is_due_for_the_message();
            }
            return;
        }
        if !is_over {
            self.call.due = Some(self.now + ASKED_AGAIN);
            return;
        }
        let was_told = self.call.ended.is_some();
        self.call.ended.get_or_insert(self.now);
        self.call.seconds = self.call.seconds.or(seconds);
        match self.call.stage {
            // Twilio asked nobody what comes next, so that the caller may have heard an error.
            Stage::Ringing { .. } if !was_told => self.missed(MissedAt::Unknown),
            _ => self.ends_by_what_is_known(),
        }
    }

    /// The call is over, and nobody will tell more of it.
    fn ends_by_what_is_known(&mut self) {
        match self.call.stage {
            Stage::Talking { leg } if self.call.seconds != Some(0) => {
                self.spoke(leg, None);
                self.asks_for_a_message(FOR_THE_RECORDING);
            }
            Stage::Talking { .. } | Stage::Ringing { .. } => self.missed(MissedAt::Ringing),
            Stage::TakingMessage => self.missed(self.without_a_message()),
            Stage::Over { .. } => {}
        }
    }

    fn missed(&mut self, at: MissedAt) {
        self.over(Outcome::Missed { at });
    }
}
