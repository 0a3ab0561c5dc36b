//! The steps of a call that a person asked for.

use jiff::SignedDuration;

use super::{ASKED_AGAIN, FOR_THE_QUESTION, NOT_ANSWERED, NotOfTheCall, Turn};
use crate::domain::call::by_phone::{WRONG_PINS, answer as answer_by_phone};
use crate::domain::call::out::{CUSTOMER_RINGS, LOOKS_AFTER, Out};
use crate::domain::call::ring::{SILENCE, signed};
use crate::domain::call::{
    Answer, Dialed, Effect, Event, Given, Leg, LegEnd, LegStatus, NotReached, Outcome, Stage, words,
};
use crate::domain::ids::CallSid;

/// Later than that nobody waits for the call any more.
const MADE_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// The provider's list is asked so long after an answer that did not come.
const LISTED_AFTER: SignedDuration = SignedDuration::from_secs(15);

impl Turn<'_> {
    pub(super) fn take_of_out(
        &mut self,
        mut out: Out,
        event: Event,
    ) -> Result<Answer, NotOfTheCall> {
        if out.by_phone.is_some()
            && let Some(answer) = self.by_phone(&mut out, &event)
        {
            self.call.out = Some(out);
            return Ok(answer.unwrap_or_else(|| answer_by_phone(&self.call, self.line, self.voice)));
        }
        let answer = match event {
            Event::Made { sid } => self.made(&sid),
            Event::NotMade { code } => self.not_made(code),
            Event::Unanswered => self.unanswered(),
            Event::NoneFound => self.none_found(),
            Event::PickedUp { sid, .. } => self.person_picked_up(&sid),
            Event::Pressed { sid, keys, .. } => self.person_pressed(&sid, keys.as_deref()),
            Event::Progress {
                sid,
                status,
                sip,
                code,
                seconds,
                ..
            } => {
                let is_ours = |leg: &Leg| leg.sid.as_ref().is_none_or(|known| *known == sid);
                if let Some(leg) = self.call.legs.first_mut().filter(|leg| is_ours(leg)) {
                    leg.code = leg.code.or(code);
                }
                self.news_of_person(&sid, status, sip, seconds)
            }
            Event::Customer {
                sid,
                status,
                seconds,
            } => {
                self.news_of_customer(&mut out, sid, status, seconds);
                Answer::Nothing
            }
            Event::Reached { how } => self.reached(&mut out, &how),
            Event::Due => self.is_due(&out),
            Event::Asked { is_over, seconds } => self.told(&out, is_over, seconds),
            _ => Answer::Nothing,
        };
        self.call.out = Some(out);
        Ok(answer)
    }

    /// What a person does who called the line themselves; `None` for what is the same in every call that a person makes,
    /// and no answer if the stage of the call has it.
    fn by_phone(&mut self, out: &mut Out, event: &Event) -> Option<Option<Answer>> {
        match event {
            Event::Began => Some(None),
            Event::Pressed { keys, .. } => {
                self.keys_by_phone(out, keys.as_deref());
                Some(None)
            }
            Event::Ended { seconds } => {
                self.call.seconds = self.call.seconds.or(*seconds);
                self.call.ended.get_or_insert(self.now);
                match self.call.stage {
                    Stage::Ringing { .. } => self.reaches_nobody(NotReached::NotTaken),
                    Stage::Talking { .. } => self.call.due = Some(self.now + FOR_THE_QUESTION),
                    Stage::TakingMessage | Stage::Over { .. } => {}
                }
                Some(Some(Answer::Nothing))
            }
            _ => None,
        }
    }

    fn keys_by_phone(&mut self, out: &mut Out, keys: Option<&str>) {
        let Some(by_phone) = out.by_phone.as_mut().filter(|_| self.rings(1)) else {
            return;
        };
        let leg = self.call.legs.first();
        let person = leg.and_then(|leg| self.line.person_named(&leg.person));
        let pin = person.and_then(|person| person.pin.as_ref());
        let connects = if by_phone.is_asked_for_pin() {
            if pin.zip(keys).is_some_and(|(pin, keys)| pin.is(keys)) {
                by_phone.is_known = true;
                by_phone.gave_pin = true;
                by_phone.called.is_none()
            } else {
                by_phone.wrong += 1;
                if by_phone.wrong >= WRONG_PINS || keys.is_none() {
                    self.reaches_nobody(NotReached::NotTaken);
                }
                return;
            }
        } else {
            match keys {
                Some("1") => true,
                Some("2") if by_phone.message.is_some() && pin.is_some() => {
                    by_phone.wants_message = true;
                    false
                }
                _ => return self.reaches_nobody(NotReached::NotTaken),
            }
        };
        if !connects {
            return;
        }
        let now = self.now;
        if let Some(leg) = self.call.legs.first_mut() {
            leg.given = Some(Given::Connect);
            leg.pressed = Some(now);
        }
        self.call.stage = Stage::Talking { leg: 1 };
        let talk = signed(self.voice.talk_limit);
        self.call.due = Some(now + signed(CUSTOMER_RINGS) + talk + SILENCE);
    }

    fn is_unmade(&self) -> bool {
        let sid = self.call.legs.first().and_then(|leg| leg.sid.as_ref());
        self.call.stage == (Stage::Ringing { leg: 1 }) && sid.is_none()
    }

    fn made(&mut self, sid: &CallSid) -> Answer {
        if self.is_unmade() {
            let leg = &mut self.call.legs[0];
            leg.sid = Some(sid.clone());
            self.call.due = Some(self.now + signed(leg.ring) + SILENCE);
        }
        Answer::Nothing
    }

    fn not_made(&mut self, code: Option<u32>) -> Answer {
        if self.is_unmade() {
            self.reaches_nobody(NotReached::NotMade { code });
        }
        Answer::Nothing
    }

    fn unanswered(&mut self) -> Answer {
        if self.is_unmade() {
            self.call.due = Some(self.now + LISTED_AFTER);
        }
        Answer::Nothing
    }

    /// The provider's list does not have it, so it can be made without ringing twice.
    fn none_found(&mut self) -> Answer {
        if !self.is_unmade() {
            return Answer::Nothing;
        }
        if self.now.duration_since(self.call.opened) < MADE_WITHIN {
            self.call.due = Some(self.now + LOOKS_AFTER);
            self.effects.push(Effect::MakeCall);
        } else {
            self.reaches_nobody(NotReached::NotMade { code: None });
        }
        Answer::Nothing
    }

    /// Of several calls that were made by mistake, the one that is picked up counts.
    fn person_picked_up(&mut self, sid: &CallSid) -> Answer {
        let (now, rings) = (self.now, self.rings(1));
        let Some(leg) = self.call.legs.first_mut() else {
            return Answer::HangUp;
        };
        if leg.picked_up.is_none() {
            leg.sid = Some(sid.clone());
            leg.picked_up = Some(now);
        }
        if !rings || leg.sid.as_ref() != Some(sid) || leg.given.is_some() {
            return Answer::HangUp;
        }
        Answer::AskToCall {
            says: words::whisper_out(&self.call, self.line, self.voice),
        }
    }

    /// Only 1 has the customer called.
    fn person_pressed(&mut self, sid: &CallSid, keys: Option<&str>) -> Answer {
        let (now, rings) = (self.now, self.rings(1));
        let talks = self.call.stage == (Stage::Talking { leg: 1 }) && self.call.ended.is_none();
        let Some(leg) = self.call.legs.first_mut() else {
            return Answer::HangUp;
        };
        if leg.sid.as_ref().is_some_and(|known| known != sid) {
            return Answer::HangUp;
        }
        match leg.given {
            Some(Given::Connect) if talks => return self.calls_the_customer(),
            None if rings => {}
            _ => return Answer::HangUp,
        }
        leg.sid = Some(sid.clone());
        leg.picked_up.get_or_insert(now);
        leg.pressed = Some(now);
        if keys != Some("1") {
            leg.given = Some(Given::HangUp);
            self.reaches_nobody(NotReached::NotTaken);
            return Answer::HangUp;
        }
        leg.given = Some(Given::Connect);
        self.call.stage = Stage::Talking { leg: 1 };
        let talk = signed(self.voice.talk_limit);
        self.call.due = Some(now + signed(CUSTOMER_RINGS) + talk + SILENCE);
        self.calls_the_customer()
    }

    fn calls_the_customer(&self) -> Answer {
        let Some(customer) = self.call.caller.phone() else {
            return Answer::HangUp;
        };
        Answer::CallCustomer {
            number: customer.clone(),
            shows: self.line.number.clone(),
            ring: CUSTOMER_RINGS,
            talk: self.voice.talk_limit,
            by_phone: false,
        }
    }

    fn news_of_person(
        &mut self,
        sid: &CallSid,
        status: LegStatus,
        sip: Option<u16>,
        seconds: Option<u32>,
    ) -> Answer {
        let now = self.now;
        let Some(leg) = self.call.legs.first_mut() else {
            return Answer::Nothing;
        };
        let is_news = matches!(
            status,
            LegStatus::Ringing | LegStatus::Answered | LegStatus::Unknown
        );
        if is_news || leg.sid.as_ref().is_some_and(|known| known != sid) || leg.ended.is_some() {
            return Answer::Nothing;
        }
        leg.sid = Some(sid.clone());
        leg.sip = leg.sip.or(sip);
        leg.ended = Some(LegEnd {
            at: now,
            status,
            bridged: None,
            seconds,
            asked_what_next: false,
        });
        self.call.ended.get_or_insert(now);
        self.call.seconds = self.call.seconds.or(seconds);
        match self.call.stage {
            Stage::Ringing { .. } if status == LegStatus::Failed => {
                self.reaches_nobody(NotReached::NotMade { code: None });
            }
            Stage::Ringing { .. } => self.reaches_nobody(NotReached::NotTaken),
            Stage::Talking { .. } => self.call.due = Some(now + FOR_THE_QUESTION),
            Stage::TakingMessage | Stage::Over { .. } => {}
        }
        Answer::Nothing
    }

    fn news_of_customer(
        &self,
        out: &mut Out,
        sid: CallSid,
        status: LegStatus,
        seconds: Option<u32>,
    ) {
        if *out.customer.get_or_insert_with(|| sid.clone()) != sid {
            return;
        }
        match status {
            LegStatus::Answered => drop(out.answered.get_or_insert(self.now)),
            LegStatus::Ringing | LegStatus::Unknown => {}
            _ => {
                out.ended.get_or_insert(LegEnd {
                    at: self.now,
                    status,
                    bridged: None,
                    seconds,
                    asked_what_next: false,
                });
            }
        }
    }

    /// The customer's leg is over, and the person hears what comes next.
    fn reached(&mut self, out: &mut Out, how: &Dialed) -> Answer {
        let now = self.now;
        if matches!(self.call.stage, Stage::Talking { .. }) {
            out.ended = Some(LegEnd {
                at: now,
                status: how.status,
                bridged: how.bridged,
                seconds: how.seconds,
                asked_what_next: true,
            });
            self.call.ended.get_or_insert(now);
            let is_completed = matches!(how.status, LegStatus::Completed | LegStatus::Answered);
            let talked = how
                .bridged
                .unwrap_or(is_completed && how.seconds != Some(0));
            match not_reached(how.status) {
                _ if talked => self.spoke(1, how.seconds.or(self.since_answered(out))),
                _ if how.caller_hung_up => self.reaches_nobody(NotReached::HungUp),
                because => self.reaches_nobody(because),
            }
        }
        match &self.call.stage {
            _ if how.caller_hung_up => Answer::Nothing,
            Stage::Over {
                outcome: Outcome::NotReached { .. },
            } => Answer::Say {
                says: words::not_answered(self.voice),
            },
            _ => Answer::HangUp,
        }
    }

    fn since_answered(&self, out: &Out) -> Option<u32> {
        let ended = self.call.ended.unwrap_or(self.now);
        u32::try_from(ended.duration_since(out.answered?).as_secs()).ok()
    }

    fn is_due(&mut self, out: &Out) -> Answer {
        if self.call.due.is_none_or(|due| self.now < due) {
            return Answer::Nothing;
        }
        if matches!(self.call.stage, Stage::Over { .. }) {
            self.call.due = None;
        } else if self.is_unmade() {
            self.call.due = Some(self.now + LOOKS_AFTER);
            self.effects.push(Effect::FindCall);
        } else if self.call.ended.is_some() {
            self.ends_unasked(out);
        } else {
            self.call.due = Some(self.now + NOT_ANSWERED);
            self.effects.push(Effect::AskTwilio);
        }
        Answer::Nothing
    }

    fn told(&mut self, out: &Out, is_over: bool, seconds: Option<u32>) -> Answer {
        if matches!(self.call.stage, Stage::Over { .. }) {
            return Answer::Nothing;
        }
        if is_over {
            self.call.ended.get_or_insert(self.now);
            self.call.seconds = self.call.seconds.or(seconds);
            self.ends_unasked(out);
        } else {
            self.call.due = Some(self.now + ASKED_AGAIN);
        }
        Answer::Nothing
    }

    /// It is over, and nobody asked what comes next: as far as is known.
    fn ends_unasked(&mut self, out: &Out) {
        if matches!(self.call.stage, Stage::Ringing { .. }) {
            return self.reaches_nobody(NotReached::NotTaken);
        }
        let told = out.ended.as_ref();
        if out.answered.is_some() {
            let seconds = told.and_then(|end| end.seconds);
            return self.spoke(1, seconds.or(self.since_answered(out)));
        }
        self.reaches_nobody(match told.map(|end| end.status) {
            Some(LegStatus::Canceled) => NotReached::HungUp,
            Some(status) => not_reached(status),
            None => NotReached::Unknown,
        });
    }

    fn reaches_nobody(&mut self, because: NotReached) {
        if matches!(self.call.stage, Stage::Over { .. }) {
            return;
        }
        self.over(Outcome::NotReached { because });
        self.call.ended.get_or_insert(self.now);
        if !because.customer_was_called() {
            self.effects.push(Effect::TellNotReached(because));
        }
    }
}

fn not_reached(status: LegStatus) -> NotReached {
    match status {
        LegStatus::Busy => NotReached::Busy,
        LegStatus::Failed => NotReached::Failed,
        LegStatus::NoAnswer | LegStatus::Canceled => NotReached::NoAnswer,
        LegStatus::Completed | LegStatus::Answered => NotReached::NoAnswer,
        LegStatus::Ringing | LegStatus::Unknown => NotReached::Unknown,
    }
}
