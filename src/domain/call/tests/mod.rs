//! Calls of a line with three people, step by step.

mod begin;
mod dialed;
mod entry;
mod keys;
mod message;
mod orders;
mod out;
mod properties;
mod story;
mod words;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::line::{Hours, Line, Person, Voice, config};
use crate::domain::routing::Known;

/// A Friday at 10 in the morning.
pub(super) const NOW: &str = "2026-11-20T18:00:00Z";
pub(super) const CALLER: &str = "+16195550142";

pub(super) fn at(seconds: i64) -> Timestamp {
    let begins: Timestamp = NOW.parse().unwrap();
    begins + SignedDuration::from_secs(seconds)
}

pub(super) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// Sergio, María and the backup.
pub(super) fn line() -> Line {
    let mut line = config::parse(config::EXAMPLE, "relay.toml")
        .unwrap()
        .remove(0);
    line.voice = Some(Voice::default());
    let maria = Person {
        name: "María".to_owned(),
        number: number("+16195550113"),
        hours: Hours::Always,
        ..line.people[0].clone()
    };
    line.people.insert(1, maria);
    line
}

pub(super) fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

pub(super) fn recording() -> RecordingSid {
    RecordingSid::parse(&format!("RE{:032x}", 7)).unwrap()
}

pub(super) fn new(caller: Caller) -> NewCall {
    NewCall {
        sid: sid(0),
        caller,
        attestation: Attestation::A,
        place: Some("San Diego, CA".to_owned()),
    }
}

pub(super) fn from(text: &str) -> NewCall {
    new(Caller::Phone(number(text)))
}

/// A call as it goes on, with everything that came of it.
#[derive(Clone)]
pub(super) struct World {
    pub line: Line,
    pub known: Known,
    pub call: Call,
    pub live: LineCalls,
    pub answer: Answer,
    pub effects: Vec<Effect>,
}

impl World {
    pub fn new() -> Self {
        Self::with(line(), Known::default(), from(CALLER))
    }

    pub fn with(line: Line, known: Known, new: NewCall) -> Self {
        let began = begin(&line, &known, &LineCalls::default(), new, at(0));
        Self {
            line,
            known,
            call: began.call,
            live: began.live,
            answer: began.answer,
            effects: began.effects,
        }
    }

    /// What Twilio is answered to the event, so many seconds after the call began.
    pub fn takes(&mut self, seconds: i64, event: Event) -> Answer {
        self.tries(seconds, event).unwrap()
    }

    pub fn tries(&mut self, seconds: i64, event: Event) -> Result<Answer, NotOfTheCall> {
        let (line, known) = (&self.line, &self.known);
        let step = step(&self.call, &self.live, event, line, known, at(seconds))?;
        self.call = step.call;
        self.live = step.live;
        self.answer = step.answer.clone();
        self.effects.extend(step.effects);
        Ok(step.answer)
    }

    /// Everything that is due is looked at, and Twilio says that the call is over.
    pub fn is_left_alone(&mut self) {
        for _ in 0..50 {
            let Some(due) = self.call.due else { return };
            let seconds = due.duration_since(at(0)).as_secs();
            let before = self.effects.len();
            self.takes(seconds, Event::Due);
            let answers = self.effects[before..]
                .iter()
                .filter_map(|effect| match effect {
                    Effect::AskTwilio => Some(Event::Asked {
                        is_over: true,
                        seconds: None,
                    }),
                    Effect::FetchRecording(_) => Some(Event::Kept),
                    Effect::DeleteAtTwilio(sid) => Some(Event::Deleted { sid: sid.clone() }),
                    Effect::FindCall => Some(Event::NoneFound),
                    Effect::MakeCall => Some(Event::Unanswered),
                    Effect::Tell
                    | Effect::TellNotReached(_)
                    | Effect::Advise { .. }
                    | Effect::Alert(_) => None,
                });
            for answer in answers.collect::<Vec<_>>() {
                self.takes(seconds, answer);
            }
        }
        panic!("the call is due for ever");
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.call.stage {
            Stage::Over { outcome } => Some(outcome),
            _ => None,
        }
    }

    pub fn times_told(&self) -> usize {
        let told = self.effects.iter().filter(|e| **e == Effect::Tell);
        told.count()
    }

    pub fn rung(&self) -> Vec<&str> {
        self.call.legs.iter().map(|l| l.person.as_str()).collect()
    }

    pub fn entry(&self) -> String {
        let sms = entry(
            &self.call,
            &self.line,
            Some("https://relay.example.com/v/T"),
        )
        .unwrap();
        sms.body
    }
}

pub(super) fn picked_up(leg: usize) -> Event {
    Event::PickedUp {
        leg,
        sid: sid(leg as u32),
    }
}

pub(super) fn pressed(leg: usize, keys: &str) -> Event {
    Event::Pressed {
        leg,
        sid: sid(leg as u32),
        keys: (!keys.is_empty()).then(|| keys.to_owned()),
    }
}

pub(super) fn progress(leg: usize, status: LegStatus) -> Event {
    Event::Progress {
        leg,
        sid: sid(leg as u32),
        status,
        sip: None,
        code: None,
        seconds: None,
    }
}

pub(super) fn dialed(
    leg: usize,
    status: LegStatus,
    bridged: Option<bool>,
    seconds: Option<u32>,
) -> Event {
    let how = Dialed {
        status,
        bridged,
        seconds,
        caller_hung_up: false,
    };
    Event::Dialed { leg, how }
}

/// The same, and the caller is gone.
pub(super) fn hung_up(
    leg: usize,
    status: LegStatus,
    bridged: Option<bool>,
    seconds: Option<u32>,
) -> Event {
    let mut event = dialed(leg, status, bridged, seconds);
    if let Event::Dialed { how, .. } = &mut event {
        how.caller_hung_up = true;
    }
    event
}

pub(super) fn not_answered(leg: usize) -> Event {
    dialed(leg, LegStatus::NoAnswer, Some(false), None)
}

pub(super) fn recorded(seconds: u32) -> Event {
    Event::Recording {
        sid: recording(),
        seconds: Some(seconds),
    }
}

pub(super) fn deleted() -> Event {
    Event::Deleted { sid: recording() }
}

pub(super) fn rings(answer: &Answer) -> Option<usize> {
    match answer {
        Answer::Ring { leg, .. } => Some(*leg),
        _ => None,
    }
}

pub(super) fn missed(at: MissedAt) -> Option<Outcome> {
    Some(Outcome::Missed { at })
}
