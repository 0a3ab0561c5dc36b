//! The calls of a line that go on, and how many came lately: so that nobody is rung who talks already, and
//! so that no caller can block the line.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

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
    /// When somebody was last told that a phone forwards calls back to the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_told: Option<Timestamp>,
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
