//! The calls of a line that go on, and how many came lately: so that nobody is rung who talks already, and
//! so that no caller can block the line.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ToldMissed;
use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;

/// Stored once for each line, and written together with a call when one begins, goes on to another person
/// or ends. Bounded: what is over is taken out at each write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LineCalls {
    /// Counts the saves; a save with an outdated version is refused.
    pub version: u64,
    #[serde(default)]
    pub live: Vec<LiveCall>,
    /// When each of the last calls came, and from whom, oldest first.
    #[serde(default)]
    pub recent: Vec<(Timestamp, Option<PhoneNumber>)>,
    /// When whose number could not be rung at all, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<(Timestamp, PhoneNumber)>,
    /// When which person asked to be connected with a customer, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub out: Vec<(Timestamp, PhoneNumber)>,
    /// Of whose missed calls people were told lately, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<ToldMissed>,
    /// Whose phone was picked up, and nothing was pressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpressed: Vec<Unpressed>,
    /// When somebody was last told that a phone forwards calls back to the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_told: Option<Timestamp>,
}

/// A phone that was picked up by something that presses no key, such as a mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unpressed {
    pub person: PhoneNumber,
    /// How often in a row.
    pub times: u32,
    /// When the person was last advised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advised: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    pub sid: CallSid,
    /// `None` if the number is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<PhoneNumber>,
    /// The person who is rung or talks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PhoneNumber>,
    /// When it is over at the latest, should its end never be heard of.
    pub until: Timestamp,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// More are not remembered; a caller with as many is refused long before.
const MOST_RECENT: usize = 300;
const MOST_FAILED: usize = 20;

/// A person is advised after so many pick-ups in a row with nothing pressed.
const IN_A_ROW: u32 = 3;
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// No line has more people.
const MOST_UNPRESSED: usize = 100;

impl LineCalls {
    /// Takes in that a call came. What is over, or longer ago than it matters, goes.
    pub(super) fn came(&mut self, caller: Option<&PhoneNumber>, now: Timestamp) {
        self.live.retain(|call| now < call.until);
        self.recent.retain(|(at, _)| now.duration_since(*at) < HOUR);
        self.recent.push((now, caller.cloned()));
        let too_many = self.recent.len().saturating_sub(MOST_RECENT);
        self.recent.drain(..too_many);
    }

    /// How many calls of this number came within so long.
    pub(super) fn came_within(
        &self,
        within: SignedDuration,
        caller: &PhoneNumber,
        now: Timestamp,
    ) -> usize {
        let of_caller = self
            .recent
            .iter()
            .filter(|(at, from)| from.as_ref() == Some(caller) && now.duration_since(*at) < within);
        of_caller.count()
    }

    /// Takes in that a person asks to be connected with a customer; whether they asked for fewer than `most` such
    /// calls within an hour.
    pub(super) fn asks(&mut self, person: &PhoneNumber, most: usize, now: Timestamp) -> bool {
        self.live.retain(|call| now < call.until);
        self.out.retain(|(at, _)| now.duration_since(*at) < HOUR);
        let before = self.out.iter().filter(|(_, of)| of == person).count();
        if before < most && self.out.len() < MOST_RECENT {
            self.out.push((now, person.clone()));
            return true;
        }
        false
    }

    /// Whether the person is rung or talks in another call than this.
    pub(super) fn is_in_another_call(
        &self,
        person: &PhoneNumber,
        call: &CallSid,
        now: Timestamp,
    ) -> bool {
        let mut live = self.live.iter();
        live.any(|other| {
            other.person.as_ref() == Some(person) && other.sid != *call && now < other.until
        })
    }

    /// Puts in how the call stands now, or takes it out.
    pub(super) fn set(&mut self, sid: &CallSid, stands: Option<LiveCall>) {
        let at = self.live.iter().position(|call| call.sid == *sid);
        match (at, stands) {
            (Some(at), Some(stands)) => self.live[at] = stands,
            (Some(at), None) => drop(self.live.remove(at)),
            (None, Some(stands)) => self.live.push(stands),
            (None, None) => {}
        }
    }

    /// Takes in that a person pressed a key.
    pub(super) fn pressed(&mut self, person: &PhoneNumber) {
        let mut known = self.unpressed.iter_mut();
        if let Some(known) = known.find(|known| known.person == *person) {
            known.times = 0;
        }
    }

    /// Takes in that a phone was picked up and nothing pressed; whether the person is to be advised: after the third
    /// time in a row, and not again for a month.
    pub(super) fn pressed_nothing(&mut self, person: &PhoneNumber, now: Timestamp) -> bool {
        let known = self.unpressed.iter().position(|it| it.person == *person);
        let at = known.unwrap_or_else(|| {
            // Who is not behind the line any more goes first.
            if self.unpressed.len() >= MOST_UNPRESSED {
                self.unpressed.remove(0);
            }
            self.unpressed.push(Unpressed {
                person: person.clone(),
                times: 0,
                advised: None,
            });
            self.unpressed.len() - 1
        });
        let known = &mut self.unpressed[at];
        known.times = known.times.saturating_add(1);
        let lately = |advised: Timestamp| now.duration_since(advised) < MONTH;
        if known.times < IN_A_ROW || known.advised.is_some_and(lately) {
            return false;
        }
        known.times = 0;
        known.advised = Some(now);
        true
    }

    /// Takes in that a number could not be rung; whether it is the second time within an hour.
    pub(super) fn could_not_be_rung(&mut self, number: &PhoneNumber, now: Timestamp) -> bool {
        self.failed.retain(|(at, _)| now.duration_since(*at) < HOUR);
        let before = self.failed.iter().filter(|(_, of)| of == number).count();
        self.failed.push((now, number.clone()));
        let too_many = self.failed.len().saturating_sub(MOST_FAILED);
        self.failed.drain(..too_many);
        before == 1
    }

    /// Whether somebody is to be told of a loop; once a day.
    pub(super) fn tells_of_loop(&mut self, now: Timestamp) -> bool {
        let is_told = |told: Timestamp| now.duration_since(told) < DAY;
        if self.loop_told.is_some_and(is_told) {
            return false;
        }
        self.loop_told = Some(now);
        true
    }
}
