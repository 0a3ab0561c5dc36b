//! What `relay explain` tells of a call, against what everybody heard and did.

use jiff::{SignedDuration, Timestamp};
use relay::domain::call::{self, Call, Skip};
use relay::sandbox::{CallView, Kind};

use super::check::{Facts, connected, pressed_1, recorded, voicemail};

/// A talk that counts as one, whatever the rounding of seconds.
const A_TALK: SignedDuration = SignedDuration::from_secs(10);
const SHORTEST_MESSAGE: u32 = 2;

/// What is told has happened. In a run in which nothing went wrong, all that happened is told as well.
pub fn explained(facts: &Facts, call: &CallView) -> Option<String> {
    let kept = facts.kept.get(&call.sid)?;
    let told = call::story(kept, &facts.line.time_zone);
    let story = Story {
        facts,
        call,
        kept,
        told: told.into_iter().map(|(_, says)| says).collect(),
    };
    let checks = [
        Story::who_was_rung,
        Story::what_they_did,
        Story::what_was_recorded,
        Story::how_it_ended,
        Story::who_was_busy,
        Story::who_was_told,
    ];
    let wrong = checks.iter().find_map(|check| check(&story))?;
    Some(format!("P14: {wrong}; told is {:#?}", story.told))
}

struct Story<'a> {
    facts: &'a Facts,
    call: &'a CallView,
    kept: &'a Call,
    told: Vec<String>,
}

impl Story<'_> {
    fn count(&self, says: &str) -> usize {
        self.told.iter().filter(|told| *told == says).count()
    }

    fn name(&self, leg: &CallView) -> &str {
        let people = &self.facts.line.people;
        let person = people.iter().find(|it| it.number.expose() == leg.to);
        person.map_or("a stranger", |person| &person.name)
    }

    fn who_was_rung(&self) -> Option<String> {
        let rung: Vec<_> = self.call.legs.iter().map(|leg| self.name(leg)).collect();
        let rang = |told: &str| {
            let (person, _) = told.strip_prefix("rang ")?.split_once(" for up to ")?;
            Some(person.to_owned())
        };
        // Nobody knows whether it rang.
        let unheard = |told: &str| {
            let (person, _) = told
                .strip_prefix("was to ring ")?
                .split_once(", and nothing")?;
            Some(person.to_owned())
        };
        let said: Vec<_> = self.told.iter().filter_map(|told| rang(told)).collect();
        let either = self.told.iter();
        let either = either.filter_map(|told| rang(told).or_else(|| unheard(told)));
        let either: Vec<_> = either.collect();
        let mut rest = either.iter();
        let in_order = rung.iter().all(|person| rest.any(|said| said == person));
        if !in_order {
            return Some(format!("{rung:?} were rung, and {either:?} is told"));
        }
        (self.facts.is_calm && rung.len() < said.len())
            .then(|| format!("only {rung:?} were rung, and {said:?} is told"))
    }

    fn what_they_did(&self) -> Option<String> {
        let calm = self.facts.is_calm;
        for person in &self.facts.line.people {
            let legs = || {
                let legs = self.call.legs.iter();
                legs.filter(|leg| leg.to == person.number.expose())
            };
            let picked_up = legs().filter(|leg| leg.answered.is_some()).count();
            let pressed = legs().filter(|leg| pressed_1(leg).is_some()).count();
            let talked = legs().filter(|leg| connected(leg).is_some()).count();
            let name = &person.name;
            let says_up = self.count(&format!("{name}'s phone was picked up"));
            let says_1 = self.count(&format!("{name} pressed 1 and was connected"));
            if picked_up < says_up || (calm && says_up < picked_up) {
                return Some(format!("{name}'s phone was picked up {picked_up} times"));
            }
            if pressed < says_1 || (calm && says_1 != talked) {
                return Some(format!("{name} was connected {talked} times"));
            }
        }
        None
    }

    fn what_was_recorded(&self) -> Option<String> {
        let said = self.told.iter().filter_map(|told| {
            let seconds = told.strip_suffix(" s are recorded")?;
            seconds.parse::<u32>().ok()
        });
        let (said, is): (Vec<_>, _) = (said.collect(), recorded(self.call));
        let is_silent = |is: &[u32]| is.iter().all(|seconds| *seconds == 0);
        if said.iter().any(|seconds| !is.contains(seconds)) {
            return Some(format!("{is:?} s were recorded"));
        }
        if !self.facts.is_calm {
            return None;
        }
        let began = 0 < self.count("the voicemail began");
        // Whoever hangs up just as the greeting is on its way has heard none of it.
        let is_gone = self
            .told
            .iter()
            .any(|told| told.starts_with("the caller was gone"));
        if began != voicemail(self.call).is_some() && !(began && is_gone) {
            return Some("it is not so that the voicemail began, or nothing says so".to_owned());
        }
        (said != is && !is_silent(&is)).then(|| format!("{is:?} s were recorded"))
    }

    fn how_it_ended(&self) -> Option<String> {
        if !self.facts.is_calm {
            return None;
        }
        let talk = self.call.legs.iter().find(|leg| {
            let over = leg.ended.unwrap_or(Timestamp::MAX);
            connected(leg).is_some_and(|since| A_TALK <= over.duration_since(since))
        });
        let heard = self.call.heard.iter();
        let is_rejected = { heard }.any(|it| {
            it.kind == Kind::Tone && ["busy", "the number is not in service"].contains(&&*it.text)
        });
        let message = recorded(self.call)
            .into_iter()
            .find(|s| SHORTEST_MESSAGE <= *s);
        let talked = self.call.legs.iter().any(|leg| connected(leg).is_some());
        let expected = match (talk, message) {
            (Some(leg), _) => format!("outcome: spoke with {}", self.name(leg)),
            (None, Some(seconds)) => format!("outcome: voicemail of {seconds} s"),
            (None, None) if is_rejected => "outcome: refused, ".to_owned(),
            (None, None) if !talked && voicemail(self.call).is_none() => {
                "outcome: missed, ".to_owned()
            }
            // A few seconds of talk may be either.
            _ => return None,
        };
        let is_told = self.told.iter().any(|told| told.starts_with(&expected));
        (!is_told).then(|| format!("it is not told: {expected}"))
    }

    /// Whoever is not rung because they are in a call is in one.
    fn who_was_busy(&self) -> Option<String> {
        let skipped = self
            .kept
            .skipped
            .iter()
            .filter(|it| it.because == Skip::InACall);
        for skipped in skipped.filter(|_| self.facts.is_calm) {
            let others = self.facts.calls.iter().filter(|it| it.sid != self.call.sid);
            let mut legs = others.flat_map(|other| &other.legs);
            let is_busy = legs.any(|leg| {
                let ended = leg.ended.unwrap_or(Timestamp::MAX);
                let (from, until) = (self.call.started, self.call.ended);
                self.name(leg) == skipped.person
                    && leg.started <= until.unwrap_or(Timestamp::MAX)
                    && from <= ended
            });
            if !is_busy {
                return Some(format!("{} is in no call", skipped.person));
            }
        }
        None
    }

    fn who_was_told(&self) -> Option<String> {
        for told in self.facts.told_to.get(&self.call.sid)? {
            let mut messages = self.facts.messages.iter();
            let is_read = messages.any(|it| it.sid == told.sid && it.to == told.phone);
            if !is_read {
                return Some("a text reached a person who has not got it".to_owned());
            }
        }
        None
    }
}
