//! Times and days as people write them, in texts and in options: `5`, `tomorrow 9am`, `Dec 10`, `2 hours`.
//!
//! - A time without a day is the next one. An hour without AM or PM is the next of both: at 2 PM, 5 is
//!   5 PM; at 6 PM, 5 is 5 AM. With a day, it is the one from 7:00 AM to 6:59 PM. A zero in front
//!   (`05:30`) and hours above 12 are of the 24-hour clock.
//! - A day of the week is the next such day, a date without a year the next such date. `12/10` is read as
//!   the line's country writes it; where people write both, and wherever words have two sensible meanings,
//!   there are two readings.
//! - A time that clocks leave out is read as the one an hour later, one that comes twice as the first that
//!   is still to come. Hours and minutes are exact spans, days and weeks are those of the calendar.

mod day;
mod duration;
mod moment;
pub mod option;
mod spanish;
mod time_of_day;
mod token;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::domain::time_zone::Clock;
use moment::Moment;
pub use spanish::in_english;
use token::Token::{Number, Word};

/// What a text says: an instant, or a stretch of time such as a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The instant; of a stretch, where it next begins.
    pub at: Timestamp,
    /// The stretch that is running or comes next; an instant is where it begins and where it ends.
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Reading {
    fn instant(at: Timestamp) -> Self {
        let (from, to) = (at, at);
        Self { at, from, to }
    }
}

/// The word before a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Nothing,
    Until,
    For,
}

/// What a text says, on the clock and at `now`; `before` is what stands before it where the text does not
/// say so. None: it is no time. Two: people mean either by it.
pub fn read(text: &str, before: Before, now: Timestamp, clock: Clock) -> Vec<Reading> {
    if let Some(at) = as_programs_write(text.trim(), now, clock) {
        return vec![Reading::instant(at)];
    }
    let plain = token::plain(text);
    let tokens = token::tokens(&plain);
    let (before, tokens) = match &tokens[..] {
        [Word("until" | "till" | "til" | "to"), rest @ ..] => (Before::Until, rest),
        [Word("for"), rest @ ..] => (Before::For, rest),
        all => (before, all),
    };
    let after = |span| clock.zone().at(now).checked_add(span).ok();
    let lasting = match (before, tokens) {
        (Before::Until, [Number(_)]) => None,
        _ => duration::duration(tokens).and_then(after),
    };
    let lasting = lasting.map(|at| Reading::instant(at.timestamp()));
    let moment = Moment::read(tokens, now, clock);
    let mut ways = moment.map_or(Vec::new(), |moment| moment.readings());
    match before {
        Before::Until if !ways.is_empty() => {}
        // Nobody is away for 5 PM.
        Before::For if lasting.is_some() || ways.iter().any(|way| way.from == way.to) => {
            ways = lasting.into_iter().collect();
        }
        _ => ways.extend(lasting),
    }
    ways.dedup();
    ways
}

/// `2026-12-24T18:00:00Z`; without an offset it is on the clock.
fn as_programs_write(text: &str, now: Timestamp, clock: Clock) -> Option<Timestamp> {
    let on_the_clock = || {
        let local = text
            .parse::<DateTime>()
            .ok()
            .filter(|_| text.contains(':'))?;
        instant(local, now, clock)
    };
    text.parse().ok().or_else(on_the_clock)
}

/// When the clock shows `local`: of two instants, the first that is after `now`.
fn instant(local: DateTime, now: Timestamp, clock: Clock) -> Option<Timestamp> {
    let ambiguous = clock.zone().zone().to_ambiguous_timestamp(local);
    let is_twice = matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Fold { .. });
    let first = ambiguous.compatible().ok()?;
    if is_twice && first <= now {
        return ambiguous.later().ok();
    }
    Some(first)
}

#[cfg(test)]
mod tests;
