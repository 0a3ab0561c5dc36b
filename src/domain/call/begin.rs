//! A call comes: whether it is taken, and whom it rings.

use jiff::{SignedDuration, Timestamp};

use super::document::document;
use super::missed_calls::Tells;
use super::ring::{live_call, next_person, ring, time_to_ring};
use super::step::is_worth_telling;
use super::{
    Alert, Attestation, Call, Caller, Effect, LineCalls, MissedAt, Outcome, Refused, Skip, Skipped,
    Stage, Step, Unrung,
};
use crate::domain::ids::CallSid;
use crate::domain::line::voice::Treatment;
use crate::domain::line::{Line, Person, Voice};
use crate::domain::phone::Sender;
use crate::domain::routing::{Decision, Known, Nature, Rule, decide, decide_for_a_customer};

/// A call as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    pub sid: CallSid,
    pub caller: Caller,
    pub attestation: Attestation,
    /// City and state as Twilio guesses them from the number.
    pub place: Option<String>,
}

/// So many calls of one number may go on at once; the next ones are sent to the voicemail.
const MOST_LIVE_OF_A_CALLER: usize = 3;

/// Of so many times the limit, calls are refused.
const FLOOD: usize = 10;

/// What is done with a call.
enum Course {
    Ring,
    Voicemail(Unrung),
    TextsOnly,
    Refuse(Refused),
}

/// Decides about a call that was not heard of before. `known` is what is known of the caller, as for a text
/// of theirs, and of the line's people.
pub fn begin(line: &Line, known: &Known, live: &LineCalls, new: NewCall, now: Timestamp) -> Step {
    let usual = Voice::default();
    let voice = line.voice.as_ref().unwrap_or(&usual);
    let mut live = heard_of(live, &new, now);
    let mut call = opened(line, known, new, now);
    let mut effects = Vec::new();
    match course(line, known, voice, &live, &call, now) {
        Course::Ring => rings(&mut call, &live, line, voice, known, &mut effects),
        Course::Voicemail(why) => takes_message(&mut call, voice, why),
        Course::TextsOnly => {
            let at = MissedAt::TextsOnly;
            is_over(&mut call, Outcome::Missed { at });
            tells_of_missed(&mut call, &mut live, now, &mut effects);
        }
        Course::Refuse(because) => {
            is_over(&mut call, Outcome::Refused { because });
            if because == Refused::Loop && live.tells_of_loop(now) {
                let person = who_is_rung(&live, line);
                effects.push(Effect::Alert(Alert::Loop { person }));
            }
        }
    }
    began(call, live, effects, line, voice)
}

/// The call of a request that the fallback answered and kept, if the main path never heard of it: the
/// caller was sent to the voicemail.
pub fn taken_by_fallback(
    line: &Line,
    known: &Known,
    live: &LineCalls,
    new: NewCall,
    now: Timestamp,
) -> Step {
    let usual = Voice::default();
    let voice = line.voice.as_ref().unwrap_or(&usual);
    let live = heard_of(live, &new, now);
    let mut call = opened(line, known, new, now);
    call.by_fallback = true;
    takes_message(&mut call, voice, Unrung::Fallback);
    began(call, live, Vec::new(), line, voice)
}

/// A call that was found in the provider's list when it was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub came: Timestamp,
    /// For how long it was connected to anything.
    pub seconds: Option<u32>,
    pub left: Left,
}

/// What came of a call that was over when it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Its caller left a message with the fallback, of which an event tells more.
    Message,
    /// It reached nothing of the relay.
    Nothing,
    /// Its caller hung up before the relay had said what is to be done.
    HungUp,
}

/// The call of which no request came, and which was over when it was found.
pub fn found(
    line: &Line,
    known: &Known,
    live: &LineCalls,
    new: NewCall,
    was: Found,
    now: Timestamp,
) -> Step {
    let usual = Voice::default();
    let voice = line.voice.as_ref().unwrap_or(&usual);
    let mut live = match was.left {
        Left::HungUp => heard_of(live, &new, now),
        Left::Message | Left::Nothing => live.clone(),
    };
    let mut call = opened(line, known, new, was.came);
    let mut effects = Vec::new();
    let course = course(line, known, voice, &live, &call, was.came);
    let lasted = SignedDuration::from_secs(was.seconds.unwrap_or_default().into());
    call.ended = Some(match was.left {
        // It rang, and was connected to nothing.
        Left::HungUp => now.max(was.came),
        Left::Message | Left::Nothing => was.came + lasted,
    });
    call.seconds = was.seconds;
    match (course, was.left) {
        (Course::Refuse(because), _) => is_over(&mut call, Outcome::Refused { because }),
        (_, Left::Message) => {
            call.by_fallback = true;
            takes_message(&mut call, voice, Unrung::Fallback);
        }
        (_, left) => {
            let at = match left {
                Left::HungUp => MissedAt::Ringing,
                Left::Message | Left::Nothing => MissedAt::Unknown,
            };
            is_over(&mut call, Outcome::Missed { at });
            call.told = Some(now);
            if is_worth_telling(&call, &live, voice, now) {
                tells_of_missed(&mut call, &mut live, now, &mut effects);
            }
        }
    }
    began(call, live, effects, line, voice)
}

fn heard_of(live: &LineCalls, new: &NewCall, now: Timestamp) -> LineCalls {
    let mut live = live.clone();
    live.came(new.caller.phone(), now);
    live
}

fn began(
    call: Call,
    mut live: LineCalls,
    effects: Vec<Effect>,
    line: &Line,
    voice: &Voice,
) -> Step {
    live.set(&call.sid, live_call(&call));
    Step {
        answer: document(&call, line, voice),
        call,
        live,
        effects,
    }
}

fn opened(line: &Line, known: &Known, new: NewCall, now: Timestamp) -> Call {
    let decision = decision(line, known, &new.caller, now);
    let to_person = decision.to_person.iter();
    Call {
        has_conversation: known.has_conversation.is_some() && new.caller.phone().is_some(),
        attestation: new.attestation,
        place: new.place,
        then: to_person.chain(&decision.then).cloned().collect(),
        ..Call::new(new.sid, line, new.caller, decision, now)
    }
}

/// As for a text. A person of the line who calls is put through like a customer.
fn decision(line: &Line, known: &Known, caller: &Caller, now: Timestamp) -> Decision {
    match caller.phone() {
        Some(number) if line.person_with(number).is_none() => {
            let from = Sender::Phone(number.clone());
            decide(line, known, &from, Nature::Ordinary, now)
        }
        _ => {
            let of_people = Known {
                overrides: known.overrides.clone(),
                opt_outs: known.opt_outs.clone(),
                ..Known::default()
            };
            decide_for_a_customer(line, &of_people, now)
        }
    }
}

fn course(
    line: &Line,
    known: &Known,
    voice: &Voice,
    live: &LineCalls,
    call: &Call,
    now: Timestamp,
) -> Course {
    let number = call.caller.phone();
    let is_ours = number.is_some_and(|number| line.numbers().any(|own| own == number));
    if is_ours || (number.is_some() && known.from_own_line) {
        return Course::Refuse(Refused::Loop);
    }
    if call.decision.rule == Rule::Blocked {
        return Course::Refuse(Refused::Blocked);
    }
    let load = Load::of(live, voice, call, now);
    if load == Load::Flood || (load == Load::TooMany && line.voice.is_none()) {
        return Course::Refuse(Refused::TooMany);
    }
    if line.voice.is_none() {
        return Course::TextsOnly;
    }
    let of_kind = if number.is_none() {
        Some((voice.unknown_callers, Unrung::Withheld, Refused::Withheld))
    } else if call.attestation == Attestation::Failed && !call.has_conversation {
        let refused = Refused::FailedAttestation;
        Some((voice.failed_attestation, Unrung::FailedAttestation, refused))
    } else {
        None
    };
    match of_kind {
        Some((Treatment::Refuse, _, because)) => Course::Refuse(because),
        Some((Treatment::Voicemail, why, _)) => Course::Voicemail(why),
        _ if load == Load::TooMany => Course::Voicemail(Unrung::TooMany),
        _ => Course::Ring,
    }
}

/// How many calls there are, against the limits.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Load {
    Fine,
    TooMany,
    Flood,
}

impl Load {
    fn of(live: &LineCalls, voice: &Voice, call: &Call, now: Timestamp) -> Self {
        let of = |count: usize, most: usize| match count {
            count if count > most.saturating_mul(FLOOD) => Load::Flood,
            count if count > most => Load::TooMany,
            _ => Load::Fine,
        };
        let others = live.live.iter().filter(|other| other.sid != call.sid);
        let of_line = of(others.clone().count() + 1, voice.live_limit as usize);
        let Some(number) = call.caller.phone() else {
            return of_line;
        };
        let of_caller = others.filter(|other| other.caller.as_ref() == Some(number));
        let at_once = of(of_caller.count() + 1, MOST_LIVE_OF_A_CALLER);
        let within_an_hour = live.came_within(SignedDuration::from_hours(1), number, now);
        let in_an_hour = of(within_an_hour, voice.caller_limit as usize);
        of_line.max(at_once).max(in_an_hour)
    }
}

fn rings(
    call: &mut Call,
    live: &LineCalls,
    line: &Line,
    voice: &Voice,
    known: &Known,
    effects: &mut Vec<Effect>,
) {
    let now = call.opened;
    let person =
        next_person(call, live, line, voice, known, now).or_else(|| who_talks_already(call, line));
    let (Some(person), Some(time)) = (person, time_to_ring(call, voice, now)) else {
        takes_message(call, voice, Unrung::Nobody);
        let by_hours = |skipped: &Skipped| skipped.because == Skip::NoCallsNow;
        if !call.skipped.iter().any(by_hours) {
            effects.push(Effect::Alert(Alert::NobodyToRing));
        }
        return;
    };
    ring(call, person, voice, time, now);
}

/// If everyone else is out, whoever is in a call already is rung all the same: their phone may knock.
fn who_talks_already<'l>(call: &mut Call, line: &'l Line) -> Option<&'l Person> {
    let in_a_call = |skipped: &Skipped| skipped.because == Skip::InACall;
    let at = call.skipped.iter().position(in_a_call)?;
    let person = line.person_named(&call.skipped[at].person)?;
    call.skipped.remove(at);
    Some(person)
}

fn takes_message(call: &mut Call, voice: &Voice, why: Unrung) {
    call.unrung = Some(why);
    call.then.clear();
    call.begins_a_message(voice, call.opened);
}

/// Of a call that is over as it begins.
fn tells_of_missed(
    call: &mut Call,
    live: &mut LineCalls,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) {
    match live.missed(call, now) {
        Tells::Now => effects.push(Effect::Tell),
        Tells::At(at) => {
            call.told = None;
            call.tells_at = Some(at);
            call.due = Some(at);
        }
        Tells::With(other) => call.told_with = Some(other),
    }
}

fn is_over(call: &mut Call, outcome: Outcome) {
    call.then.clear();
    call.stage = Stage::Over { outcome };
    call.told = Some(call.opened);
}

/// Whose phone rings at this moment, if it is one person's.
fn who_is_rung(live: &LineCalls, line: &Line) -> Option<String> {
    let mut rung = live.live.iter().filter_map(|call| call.person.as_ref());
    let number = rung.next_back()?;
    line.person_with(number).map(|person| person.name.clone())
}
