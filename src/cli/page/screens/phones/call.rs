//! The call at a phone: what whoever holds it hears, and what they can do.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::page::view::Moment;
use crate::domain::names::name_of;
use crate::domain::time_zone::TimeZone;
use crate::sandbox::{CallStatus, CallView, Kind};

/// How much of what was heard is shown.
const MOST_HEARD: usize = 8;

#[derive(Serialize)]
pub struct Shown {
    sid: String,
    /// Whether the phone is called; otherwise it calls.
    is_called: bool,
    is_live: bool,
    /// Such as `rings` and `talks`.
    says: String,
    tone: &'static str,
    can_answer: bool,
    can_speak: bool,
    heard: Vec<HeardShown>,
}

#[derive(Serialize)]
struct HeardShown {
    at: Moment,
    /// Who or what is heard.
    who: &'static str,
    text: String,
}

/// The call that goes on at a phone or, if none does, the last one.
pub fn at_phone<'c>(calls: &'c [CallView], phone: &str) -> Option<(&'c CallView, bool)> {
    let mut found: Vec<(&CallView, bool)> = Vec::new();
    for call in calls {
        // A call that the account makes rings the phone that it is to.
        let is_called = call.to == phone;
        if is_called || call.from == phone {
            found.push((call, is_called));
        }
        let legs = call.legs.iter().filter(|leg| leg.to == phone);
        found.extend(legs.map(|leg| (leg, true)));
    }
    let live = found.iter().rev().find(|(call, _)| call.status.is_live());
    live.or(found.last()).copied()
}

pub fn shown(call: &CallView, is_called: bool, zone: &TimeZone, now: Timestamp) -> Shown {
    let is_live = call.status.is_live();
    let talks = call.status == CallStatus::InProgress;
    let (says, tone) = match call.status {
        CallStatus::Queued | CallStatus::Ringing if is_called => ("rings".to_owned(), "warn"),
        _ if is_live && call.connected => ("talks".to_owned(), "good"),
        _ if is_live => (call.now.clone(), "good"),
        CallStatus::Completed => ("over".to_owned(), ""),
        status => (name_of(&status).replace('-', " "), ""),
    };
    let from = call.heard.len().saturating_sub(MOST_HEARD);
    let heard = call.heard[from..].iter().map(|heard| HeardShown {
        at: Moment::new(heard.at, zone, now),
        who: match heard.kind {
            Kind::Tone => "tone",
            Kind::Says => "the line says",
            Kind::Plays => "the line plays",
            Kind::Voice => "the other side",
            Kind::Did => "this phone",
            Kind::State => "the call",
        },
        text: heard.text.clone(),
    });
    Shown {
        sid: call.sid.clone(),
        is_called,
        is_live,
        says,
        tone,
        can_answer: is_called && is_live && !talks,
        can_speak: is_live && (talks || !is_called),
        heard: heard.collect(),
    }
}
