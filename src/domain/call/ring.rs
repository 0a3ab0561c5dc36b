//! Who is rung next, and for how long.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Call, Leg, LineCalls, LiveCall, Message, Skip, Skipped, Stage};
use crate::domain::line::{Line, Person, Voice};
use crate::domain::routing::{Known, decide_for_a_customer};

/// So long after the voicemail should have begun, Twilio is asked about a call of which nothing is heard.
pub(super) const SILENCE: SignedDuration = SignedDuration::from_secs(150);

/// A leg of which nothing is heard may not have been dialled: so long after its ringing Twilio is asked.
pub(super) const NO_NEWS: SignedDuration = SignedDuration::from_secs(40);

/// For the greeting, and for Twilio to tell of the recording.
const AROUND_A_MESSAGE: SignedDuration = SignedDuration::from_secs(90);

/// So long somebody hears who calls, and presses a key or not, after the ringing.
const FOR_THE_KEY: Duration = Duration::from_secs(10);

/// With less time left, nobody is rung any more.
const LEAST: Duration = Duration::from_secs(20);

/// How long the next person's phone rings; `None` if the voicemail is to begin instead.
pub(super) fn time_to_ring(call: &Call, voice: &Voice, now: Timestamp) -> Option<Duration> {
    let passed = Duration::try_from(now.duration_since(call.opened)).unwrap_or(Duration::ZERO);
    let left = voice.ring_for.saturating_sub(passed);
    let is_first = call.legs.is_empty();
    (is_first || left >= LEAST).then(|| voice.ring.min(left.saturating_sub(FOR_THE_KEY)))
}

/// Takes the next person out of those who are to be rung. Who is passed over stands in `skipped`.
pub(super) fn next_person<'l>(
    call: &mut Call,
    live: &LineCalls,
    line: &'l Line,
    voice: &Voice,
    known: &Known,
    now: Timestamp,
) -> Option<&'l Person> {
    let candidates = decide_for_a_customer(line, known, now).candidates;
    while !call.then.is_empty() {
        let name = call.then.remove(0);
        let available = candidates.iter().any(|c| c.person == name && c.available);
        let person = line.person_named(&name);
        let because = match person {
            Some(person) if available => match skip(call, live, line, voice, person, now) {
                None => return Some(person),
                Some(because) => because,
            },
            _ => Skip::NotAvailable,
        };
        call.skipped.push(Skipped {
            person: name,
            because,
        });
    }
    None
}

fn skip(
    call: &Call,
    live: &LineCalls,
    line: &Line,
    voice: &Voice,
    person: &Person,
    now: Timestamp,
) -> Option<Skip> {
    let takes_calls = || person.calls.at(line.time_zone.at(now).datetime());
    if call.caller.phone() == Some(&person.number) {
        Some(Skip::IsTheCaller)
    } else if !takes_calls() {
        Some(Skip::NoCallsNow)
    } else if !line.policy.allows(&person.number) {
        Some(Skip::OutsideAllowedPrefixes)
    } else if live.is_in_another_call(&person.number, &call.sid, now) {
        Some(Skip::InACall)
    } else if call.legs.len() >= voice.most_rings as usize {
        Some(Skip::MostRings)
    } else {
        None
    }
}

/// Rings the person.
pub(super) fn ring(
    call: &mut Call,
    person: &Person,
    voice: &Voice,
    ring: Duration,
    now: Timestamp,
) {
    call.legs.push(Leg {
        unscreened: person.unscreened || !voice.screening,
        ..Leg::of(person, ring, now)
    });
    let leg = call.legs.len();
    call.stage = Stage::Ringing { leg };
    let no_news = now + signed(ring) + NO_NEWS;
    call.due = Some(no_news.min(until_voicemail(call, voice)));
}

/// Until then the voicemail must have begun, or the call is over.
pub(super) fn until_voicemail(call: &Call, voice: &Voice) -> Timestamp {
    call.opened + signed(voice.ring_for) + SILENCE
}

impl Call {
    /// The caller hears the greeting.
    pub(super) fn begins_a_message(&mut self, voice: &Voice, now: Timestamp) {
        self.stage = Stage::TakingMessage;
        self.message = Some(Message {
            began: now,
            ..Message::default()
        });
        self.due = Some(now + signed(voice.voicemail.longest) + AROUND_A_MESSAGE);
    }
}

/// How the call stands among those of its line; `None` once the caller is done.
pub(super) fn live_call(call: &Call) -> Option<LiveCall> {
    let leg = match &call.stage {
        Stage::Ringing { leg } | Stage::Talking { leg } => call.legs.get(leg.checked_sub(1)?),
        Stage::TakingMessage => None,
        Stage::Over { .. } => return None,
    };
    if call.ended.is_some() {
        return None;
    }
    Some(LiveCall {
        sid: call.sid.clone(),
        caller: call.caller.phone().cloned(),
        person: leg.map(|leg| leg.number.clone()),
        until: call.due?,
    })
}

pub(super) fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}
