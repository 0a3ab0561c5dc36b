//! Somebody who calls again and again while nobody takes the call: people read of it once, and once more after a
//! while of all the further calls together.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Call, LineCalls};
use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;

/// Within so long after a text about missed calls of a caller there is no second one.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);

/// So long after that the call that was to tell of them is taken for lost.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(30);

/// So many callers are remembered, which keeps what is stored small.
const MOST: usize = 50;

/// What people were told of the missed calls of one caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldMissed {
    /// `None` for all who withhold their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<PhoneNumber>,
    /// When they were told.
    pub at: Timestamp,
    /// The call that tells of the further ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<CallSid>,
    /// How many calls it tells of beside itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: u32,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// How people are told of a missed call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tells {
    Now,
    /// Of this and of what comes until then, in one text.
    At(Timestamp),
    /// The text about that call tells of this one as well.
    With(CallSid),
}

impl LineCalls {
    /// Takes in that nobody took a call.
    pub(super) fn missed(&mut self, call: &Call, now: Timestamp) -> Tells {
        self.missed.retain(|told| {
            let lasts = match told.next {
                Some(_) => TOGETHER + FORGOTTEN,
                None => TOGETHER,
            };
            now.duration_since(told.at) < lasts
        });
        let caller = call.caller.phone();
        let mut known = self.missed.iter_mut();
        match known.find(|told| told.caller.as_ref() == caller) {
            None => {
                self.tells_of_missed(call, now);
                Tells::Now
            }
            Some(told) => match &told.next {
                None => {
                    told.next = Some(call.sid.clone());
                    Tells::At(told.at + TOGETHER)
                }
                Some(next) if *next == call.sid => Tells::At(told.at + TOGETHER),
                Some(next) => {
                    told.others = told.others.saturating_add(1);
                    Tells::With(next.clone())
                }
            },
        }
    }

    /// Takes in that people are told of a missed call. Returns of how many others they are told with it.
    pub(super) fn tells_of_missed(&mut self, call: &Call, now: Timestamp) -> u32 {
        let caller = call.caller.phone();
        let known = self.missed.iter();
        let at = { known }.position(|told| told.caller.as_ref() == caller);
        let before = at.map(|at| self.missed.remove(at));
        let too_many = (self.missed.len() + 1).saturating_sub(MOST);
        self.missed.drain(..too_many);
        self.missed.push(ToldMissed {
            caller: caller.cloned(),
            at: now,
            next: None,
            others: 0,
        });
        before.map_or(0, |told| match told.next {
            Some(next) if next == call.sid => told.others,
            _ => 0,
        })
    }

    /// Somebody talked with the caller: of what they miss from now on people are told at once.
    pub(super) fn talked(&mut self, call: &Call) {
        let caller = call.caller.phone();
        self.missed
            .retain(|told| told.next.is_some() || told.caller.as_ref() != caller);
    }
}
