//! What must be true of every call, whatever went wrong.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use relay::domain::call::{Call, MissedAt, Outcome, Stage};
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::line::Line;
use relay::sandbox::{Alert, CallView, Direction, Entry, Kind, Message, Unchecked};
use relay::twilio::twiml::EMPTY;

use super::explained::explained;

use crate::support::world::Exchange;

/// What is left of a run.
#[derive(Clone)]
pub struct Facts {
    pub line: Line,
    pub unchecked: Unchecked,
    /// What everybody heard and did.
    pub calls: Vec<CallView>,
    /// What the relay says of each.
    pub kept: BTreeMap<String, Call>,
    /// How long the files of messages are that the relay has.
    pub sounds: BTreeMap<String, usize>,
    /// What people and the owner received.
    pub texts: Vec<Entry>,
    pub messages: Vec<Message>,
    pub exchanges: Vec<Exchange>,
    pub audit: String,
    /// From then on nothing went wrong.
    pub repaired: Timestamp,
    pub opted_out: BTreeMap<String, Timestamp>,
    pub foreign: String,
    pub unfinished: Vec<String>,
    /// Nothing went wrong in the whole run.
    pub is_calm: bool,
    /// What Twilio's debugger shows.
    pub alerts: Vec<Alert>,
    /// By whom and under which name each call's text was read, as the relay says.
    pub told_to: BTreeMap<String, Vec<Told>>,
    /// Who has the conversation of each caller.
    pub holders: BTreeMap<String, Option<String>>,
    /// When people wrote something else than commands.
    pub people_wrote: Vec<Timestamp>,
    /// Which phones went off duty, which gives their customers to others, and when.
    pub went_away: Vec<(String, Timestamp)>,
    /// By whom each customer's text was read, as the relay says.
    pub texts_read: BTreeMap<String, Vec<Told>>,
    /// What became of it when all was over and every request came once more.
    pub again: Again,
}

/// A text about a call that reached a person.
#[derive(Clone)]
pub struct Told {
    pub phone: String,
    pub sid: MessageSid,
}

#[derive(Clone)]
pub struct Again {
    pub kept: BTreeMap<String, Call>,
    /// The URL and the document of each answer.
    pub answers: Vec<(String, String)>,
    /// What was sent because of it.
    pub sent: Vec<Message>,
}

/// How long a caller may hear nothing that goes on: two requests that nobody answers, and the fallback's.
const GAP: SignedDuration = SignedDuration::from_secs(40);
/// Ringing begins no later, and a last person is asked to press a key.
const RINGS_FOR: SignedDuration = SignedDuration::from_secs(65 + 60);
const TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// Further missed calls of a caller are told of together.
const TOGETHER: SignedDuration = SignedDuration::from_mins(12);
const SHORTEST_MESSAGE: u32 = 2;

pub fn check(facts: &Facts) -> Vec<String> {
    // What is asked after a person's text may wait for an answer for hours.
    let waits = |what: &&String| !what.contains("unsent-");
    let mut wrong: Vec<_> = facts.unfinished.iter().filter(waits).cloned().collect();
    for call in &facts.calls {
        let found = of_call(facts, call);
        wrong.extend(found.map(|what| format!("{what} ({})", call.sid)));
    }
    wrong.extend(documents(facts));
    wrong.extend(refused_documents(facts));
    wrong.extend(comes_again(facts));
    wrong.extend(conversations(facts));
    wrong.extend(private(facts));
    wrong.extend(texts(facts));
    wrong.extend(customers_texts(facts));
    wrong
}

fn of_call<'a>(facts: &'a Facts, call: &'a CallView) -> impl Iterator<Item = String> + use<'a> {
    let checks: [fn(&Facts, &CallView) -> Option<String>; 11] = [
        one_leg_at_a_time,
        no_endless_wait,
        only_who_pressed_1,
        one_outcome,
        told_in_time,
        message_is_kept,
        only_people_are_dialled,
        nothing_on_a_leg_is_recorded,
        nothing_is_said_before,
        no_loop_goes_on,
        explained,
    ];
    checks.into_iter().filter_map(|check| check(facts, call))
}

fn begins(call: &CallView, is_it: impl Fn(Kind, &str) -> bool) -> Option<Timestamp> {
    let heard = call.heard.iter().filter(|it| is_it(it.kind, &it.text));
    heard.map(|it| it.at).min()
}

pub fn connected(call: &CallView) -> Option<Timestamp> {
    begins(call, |kind, text| {
        kind == Kind::State && text == "connected"
    })
}

pub fn voicemail(call: &CallView) -> Option<Timestamp> {
    begins(call, |kind, text| {
        matches!(kind, Kind::Says | Kind::Plays) || text == "beep"
    })
}

pub fn pressed_1(leg: &CallView) -> Option<Timestamp> {
    begins(leg, |kind, text| kind == Kind::Did && text == "presses 1")
}

/// The seconds of what was recorded.
pub fn recorded(call: &CallView) -> Vec<u32> {
    let heard = call.heard.iter();
    let texts = heard.filter_map(|it| it.text.strip_suffix(" s recorded"));
    texts.filter_map(|seconds| seconds.parse().ok()).collect()
}

fn outcome<'f>(facts: &'f Facts, call: &CallView) -> Option<&'f Outcome> {
    match &facts.kept.get(&call.sid)?.stage {
        Stage::Over { outcome } => Some(outcome),
        _ => None,
    }
}

fn one_leg_at_a_time(_: &Facts, call: &CallView) -> Option<String> {
    let overlap = call.legs.windows(2).any(|legs| {
        let ended = legs[0].ended.unwrap_or(Timestamp::MAX);
        legs[1].started < ended
    });
    let talks = call.legs.iter().filter(|leg| connected(leg).is_some());
    let twice = talks.clone().zip(talks.skip(1)).any(|(first, next)| {
        let ended = first.ended.unwrap_or(Timestamp::MAX);
        connected(next).is_some_and(|next| next < ended)
    });
    (overlap || twice).then(|| "P1: two legs at once".to_owned())
}

fn no_endless_wait(_: &Facts, call: &CallView) -> Option<String> {
    let over = call.ended.unwrap_or(Timestamp::MAX);
    let goes_on = [connected(call), voicemail(call)];
    let until = goes_on
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(over)
        .min(over);
    if until.duration_since(call.started) > RINGS_FOR {
        return Some("P2: it rang for too long".to_owned());
    }
    let mut since = call.started;
    for leg in call.legs.iter().filter(|leg| leg.started < until) {
        if leg.started.duration_since(since) > GAP {
            return Some("P2: nothing rang for too long".to_owned());
        }
        since = leg.ended.unwrap_or(Timestamp::MAX);
    }
    let waited = since < until && until.duration_since(since) > GAP;
    waited.then(|| "P2: the caller waited for nothing".to_owned())
}

fn only_who_pressed_1(facts: &Facts, call: &CallView) -> Option<String> {
    for leg in &call.legs {
        let Some(connected) = connected(leg) else {
            continue;
        };
        if pressed_1(leg).is_none_or(|pressed| connected < pressed) {
            return Some("P3: somebody was connected who did not press 1".to_owned());
        }
    }
    if let Some(Outcome::Spoke { person, .. }) = outcome(facts, call) {
        let person = facts.line.person_named(person).expect("a person");
        let mut legs = call.legs.iter();
        let accepted = legs.any(|leg| leg.to == person.number.expose() && pressed_1(leg).is_some());
        return (!accepted).then(|| "P3: it counts as answered, and nobody pressed 1".to_owned());
    }
    None
}

fn one_outcome(facts: &Facts, call: &CallView) -> Option<String> {
    let Some(kept) = facts.kept.get(&call.sid) else {
        return Some("P4: nobody knows of the call".to_owned());
    };
    if outcome(facts, call).is_none() {
        return Some(format!("P4: no outcome: {:?}", kept.stage));
    }
    None
}

fn told_in_time(facts: &Facts, call: &CallView) -> Option<String> {
    let kept = facts.kept.get(&call.sid)?;
    outcome(facts, call)?;
    let Some(told) = kept.told else {
        return Some("P4: nobody was told".to_owned());
    };
    let ended = call.ended.unwrap_or(Timestamp::MAX).max(facts.repaired);
    if is_again(facts, call) && told <= ended + TOGETHER {
        return None;
    }
    (told.duration_since(ended) > TOLD_WITHIN).then(|| "P4: told late".to_owned())
}

/// Whether somebody missed a call of the same caller shortly before, so that people may read of both in one text.
fn is_again(facts: &Facts, call: &CallView) -> bool {
    let is_missed = |sid: &str| {
        let stage = facts.kept.get(sid).map(|kept| &kept.stage);
        let outcome = stage.and_then(|stage| match stage {
            Stage::Over { outcome } => Some(outcome),
            _ => None,
        });
        // A message that was heard of late was told of as a missed call.
        matches!(
            outcome,
            Some(Outcome::Missed { .. } | Outcome::Voicemail { .. })
        )
    };
    is_missed(&call.sid)
        && facts.calls.iter().any(|other| {
            let is_same = other.sid != call.sid && other.from == call.from;
            let apart = call.started.duration_since(other.started).abs();
            is_same && apart < TOGETHER && is_missed(&other.sid)
        })
}

/// Whether people are to hear of it; `None` if it may be either.
fn is_to_be_told(facts: &Facts, call: &CallView) -> Option<bool> {
    let voice = facts.line.voice.as_ref().expect("a line that takes calls");
    // The fallback does not know a loop, and people are told of none.
    if call.from == facts.line.number.expose() {
        return Some(false);
    }
    match outcome(facts, call)? {
        Outcome::Refused { .. } => Some(false),
        // The owner may have been told instead.
        Outcome::Voicemail { .. } if is_late(facts) => None,
        Outcome::Spoke { .. } => Some(voice.after_call),
        Outcome::Missed { .. } if is_again(facts, call) => None,
        Outcome::Missed {
            at: MissedAt::Ringing,
        } => {
            let lasted = call.ended?.duration_since(call.started);
            let short = SignedDuration::try_from(voice.ignore_under).ok()?;
            // It depends on when the relay heard of the end, and on earlier calls.
            (short < lasted).then_some(true)
        }
        _ => Some(true),
    }
}

/// Whether the owner was told of a message of which people had heard something else.
fn is_late(facts: &Facts) -> bool {
    let mut texts = facts.texts.iter();
    texts.any(|it| it.body.contains("heard of late"))
}

fn message_is_kept(facts: &Facts, call: &CallView) -> Option<String> {
    let lengths = recorded(call);
    if lengths.len() > 1 {
        return Some("P5: recorded twice".to_owned());
    }
    let seconds = *lengths.first()?;
    let kept = facts.kept.get(&call.sid)?;
    if seconds < SHORTEST_MESSAGE || matches!(outcome(facts, call), Some(Outcome::Refused { .. })) {
        return None;
    }
    // People were told something else before it was heard of: then the owner hears of the message.
    if outcome(facts, call) != Some(&Outcome::Voicemail { seconds }) && !is_late(facts) {
        return Some(format!(
            "P5: a message of {seconds} s is not told of: {:?}",
            kept.stage
        ));
    }
    let message = kept.message.as_ref()?;
    let Some(had) = message
        .kept
        .filter(|_| facts.sounds.contains_key(&call.sid))
    else {
        return Some("P5: the message is not kept".to_owned());
    };
    let voice = facts.line.voice.as_ref()?;
    match message.deleted_at_twilio {
        Some(at) if at < had => Some("P5: deleted before it was kept".to_owned()),
        Some(_) if voice.voicemail.keep_at_twilio => Some("P5: deleted at Twilio".to_owned()),
        None if !voice.voicemail.keep_at_twilio => Some("P5: not deleted at Twilio".to_owned()),
        _ => None,
    }
}

fn only_people_are_dialled(facts: &Facts, call: &CallView) -> Option<String> {
    let line = facts.line.number.expose();
    let people: Vec<_> = facts
        .line
        .people
        .iter()
        .map(|it| it.number.expose())
        .collect();
    for leg in &call.legs {
        if !people.contains(&leg.to.as_str()) {
            return Some("P7: a stranger was dialled".to_owned());
        }
        if leg.from != line {
            return Some("P7: not the line's caller id".to_owned());
        }
    }
    None
}

/// A phone that forwards back to the line causes one call more, and that one none.
fn no_loop_goes_on(facts: &Facts, call: &CallView) -> Option<String> {
    let is_loop = call.from == facts.line.number.expose();
    (is_loop && !call.legs.is_empty()).then(|| "P15: a loop rings somebody".to_owned())
}

fn nothing_on_a_leg_is_recorded(_: &Facts, call: &CallView) -> Option<String> {
    let mut heard = call.legs.iter().flat_map(|leg| &leg.heard);
    let is_recorded = heard.any(|it| it.kind == Kind::State && it.text.contains("record"));
    is_recorded.then(|| "P10: a leg was recorded".to_owned())
}

fn nothing_is_said_before(facts: &Facts, call: &CallView) -> Option<String> {
    let answered = call.answered?;
    let goes_on = [connected(call), voicemail(call)]
        .into_iter()
        .flatten()
        .min();
    let too_soon = goes_on.is_none_or(|since| answered < since);
    let may_be = facts.unchecked.second_dial_answers && call.legs.len() > 1;
    let said = voicemail(call).is_some_and(|said| {
        let mut legs = call.legs.iter();
        legs.any(|leg| leg.started <= said && leg.ended.is_none_or(|ended| said < ended))
    });
    (said || (too_soon && !may_be)).then(|| "P13: the caller pays before acceptance".to_owned())
}

fn documents(facts: &Facts) -> impl Iterator<Item = String> + use<'_> {
    let exchanges = facts.exchanges.iter();
    let caller_id = format!("callerId=\"{}\"", facts.line.number.expose());
    exchanges.filter_map(move |Exchange { url, body, .. }| {
        let dials = body.contains("<Dial");
        if dials && !(body.contains(&caller_id) && body.contains("timeLimit=\"")) {
            return Some(format!(
                "P7: a Dial without caller id or time limit: {body}"
            ));
        }
        if url.contains("/voice/fallback") && dials {
            return Some("P10: the fallback dials".to_owned());
        }
        let mut urls = body.split('"').filter(|part| part.starts_with("https://"));
        let has_number = |url: &str| facts.numbers().any(|number| url.contains(&number[1..]));
        if has_number(url) || urls.any(has_number) {
            return Some(format!("P8: a number in a URL: {url}"));
        }
        None
    })
}

impl Facts {
    fn numbers(&self) -> impl Iterator<Item = &str> {
        let people = self.line.people.iter().map(|it| it.number.expose());
        people.chain(self.calls.iter().map(|call| call.from.as_str()))
    }
}

fn private(facts: &Facts) -> Option<String> {
    let mut numbers = facts.numbers();
    let is_there = numbers.any(|number| facts.audit.contains(&number[2..]));
    is_there.then(|| "P8: a number in the audit".to_owned())
}

/// What people read is what there was, once each; and strangers get no text of a call.
fn texts(facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_of_call = |it: &&Entry| {
        let (_, said) = it.body.split_once(": ").unwrap_or_default();
        ["Missed call ", "Voicemail ", "Call "]
            .iter()
            .any(|begins| said.starts_with(begins))
            || said.contains(" more missed calls since ")
    };
    let read = facts.texts.iter().filter(is_of_call).count();
    for call in &facts.calls {
        let kept = facts.kept.get(&call.sid);
        let Some(other) = kept.and_then(|kept| kept.told_with.as_ref()) else {
            continue;
        };
        let of = |sid: &str| facts.calls.iter().find(|call| call.sid == sid);
        let is_told = facts
            .kept
            .get(other.as_str())
            .is_some_and(|it| it.told.is_some());
        if !is_told || of(other.as_str()).is_none_or(|other| other.from != call.from) {
            wrong.push(format!(
                "P4: nobody was told of it with {other} ({})",
                call.sid
            ));
        }
    }
    let told = facts.calls.iter().map(|call| is_to_be_told(facts, call));
    let told: Vec<_> = told.collect();
    let least = told.iter().filter(|told| **told == Some(true)).count();
    let most = least + told.iter().filter(|told| told.is_none()).count();
    if !(least..=most).contains(&read) {
        let calls = facts.calls.iter().zip(&told).map(|(call, told)| {
            let outcome = outcome(facts, call);
            format!("\n  {} {told:?} {outcome:?}", call.sid)
        });
        let calls: String = calls.collect();
        wrong.push(format!(
            "P4: {read} texts of {least} to {most} calls:{calls}"
        ));
    }
    let mut named = facts.texts.iter();
    if let Some(text) = named.find(|it| it.body.contains(relay::sandbox::WITHHELD)) {
        wrong.push(format!(
            "P9: who withholds their number has one: {}",
            text.body
        ));
    }
    let to_strangers = facts.messages.iter().filter(|message| {
        let is_out = message.direction != Direction::Inbound;
        let opted_out = facts.opted_out.get(&message.to);
        is_out
            && (message.to == facts.foreign
                || message.to == relay::sandbox::WITHHELD
                || opted_out.is_some_and(|since| {
                    message.created.duration_since(*since) > SignedDuration::from_secs(10)
                        && message.error_code.is_none()
                }))
    });
    for message in to_strangers {
        wrong.push(format!(
            "P9: a text to who wants or can have none: {}",
            message.body
        ));
    }
    wrong
}

/// Twilio could read each document that it got. What it says of numbers that cannot be rung is no matter of
/// documents.
fn refused_documents(facts: &Facts) -> impl Iterator<Item = String> + use<'_> {
    let refused = facts.alerts.iter().filter(|alert| {
        matches!(alert.error_code, 11100 | 11750 | 12000..=12999 | 13200..=13213)
            || matches!(alert.error_code, 13215..=13222 | 13300..=13999)
    });
    refused.map(|alert| format!("P11: {} at {}", alert.message, alert.url))
}

/// Whoever says once more what was said changes nothing, hears of nothing new and reaches nobody.
fn comes_again(facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    for (sid, before) in &facts.kept {
        if facts.again.kept.get(sid) != Some(before) {
            wrong.push(format!("P6: the same requests make another record ({sid})"));
        }
    }
    for message in &facts.again.sent {
        wrong.push(format!("P6: told again: {}", message.body));
    }
    let answers = facts.again.answers.iter();
    for (url, document) in answers.filter(|(url, _)| !url.contains("/fallback")) {
        let goes_back = ["<Dial", "<Record", "<Gather"];
        let goes_back = goes_back.iter().any(|verb| document.contains(verb));
        let connects = url.ends_with("/chosen") && document == EMPTY;
        if goes_back || connects {
            wrong.push(format!("P6: {url} is answered {document}"));
        }
    }
    wrong
}

/// The shortest talk that answers a customer, in seconds.
const ANSWERS: u32 = 10;

/// Whoever talked with a customer last has the conversation, unless somebody wrote since.
fn conversations(facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    for (customer, holder) in &facts.holders {
        let of_customer = facts.kept.values().filter(|call| {
            let number = call.caller.phone();
            number.is_some_and(|number| number.expose() == customer)
        });
        let Some(last) = of_customer.max_by_key(|call| call.told) else {
            continue;
        };
        let Stage::Over {
            outcome: Outcome::Spoke { person, seconds },
        } = &last.stage
        else {
            continue;
        };
        let is_answer = seconds.is_none_or(|seconds| ANSWERS <= seconds);
        let wrote_since = facts.people_wrote.iter().any(|at| last.opened <= *at);
        if !is_answer || wrote_since {
            continue;
        }
        let person = facts.line.person_named(person).expect("a person");
        let number = person.number.expose();
        let mut went_away = facts.went_away.iter();
        if went_away.any(|(phone, at)| phone == number && last.opened <= *at) {
            continue;
        }
        if holder.as_deref() != Some(number) {
            wrong.push(format!(
                "P12: {} talked, and {holder:?} has the conversation",
                person.name
            ));
        }
    }
    wrong
}

/// Calls keep no text of a customer from a person: one reads it, once, on their phone.
fn customers_texts(facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    for (sid, read) in &facts.texts_read {
        let by_people = read.iter().filter(|told| {
            let people = &facts.line.people;
            people
                .iter()
                .any(|person| person.number.expose() == told.phone)
        });
        let arrived = by_people.filter(|told| {
            let mut messages = facts.messages.iter();
            messages.any(|it| it.sid == told.sid && it.to == told.phone)
        });
        let count = arrived.count();
        if count != 1 {
            wrong.push(format!(
                "P16: a customer's text was read {count} times ({sid})"
            ));
        }
    }
    wrong
}
