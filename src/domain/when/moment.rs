use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use super::day::{Calendar, Days};
use super::time_of_day::{Part, TimeOfDay, time_of_day};
use super::token::Token::Word;
use super::token::Tokens;
use super::{Reading, instant};
use crate::domain::time_zone::Clock;

/// What is said of a day, a part of it and a time, in whatever order.
pub struct Moment<'a> {
    now: Timestamp,
    clock: Clock<'a>,
    today: Date,
    days: Vec<Days>,
    part: Option<Part>,
    time: Option<TimeOfDay>,
    /// `tomorrow until 5`: the time is where a stretch ends.
    is_until: bool,
}

/// A time, so many days after the one that is named.
type Later = (i64, Time);

impl<'a> Moment<'a> {
    pub fn read(mut tokens: Tokens, now: Timestamp, clock: Clock<'a>) -> Option<Self> {
        let calendar = Calendar::at(now, clock);
        let mut moment = Self {
            now,
            clock,
            today: calendar.today,
            days: Vec::new(),
            part: None,
            time: None,
            is_until: false,
        };
        while !tokens.is_empty() {
            tokens = moment.take(tokens, &calendar)?;
        }
        (moment.has_begun() && (moment.time.is_some() || !moment.is_until)).then_some(moment)
    }

    fn has_begun(&self) -> bool {
        !self.days.is_empty() || self.part.is_some() || self.time.is_some()
    }

    /// Takes what the tokens begin with, and returns the others. Nothing is said twice.
    fn take<'t>(&mut self, tokens: Tokens<'t>, calendar: &Calendar) -> Option<Tokens<'t>> {
        if let Some((days, rest)) = calendar.days(tokens) {
            return self.take_days(days).then_some(rest);
        }
        if let Some((time, rest)) = time_of_day(tokens, self.clock.is_12_hour()) {
            return self.time.replace(time).is_none().then_some(rest);
        }
        match tokens {
            [Word("tonight"), rest @ ..] => {
                self.part = Some(Part::Evening);
                self.take_days(vec![calendar.ahead(0, 1)]).then_some(rest)
            }
            [Word("this"), Word(part), ..] if Part::named(part).is_some() => {
                let days = vec![calendar.ahead(0, 1)];
                self.take_days(days).then_some(&tokens[1..])
            }
            [Word("the"), rest @ ..] => Some(rest),
            [Word("at" | "on" | "in"), rest @ ..] if self.has_begun() => Some(rest),
            [Word("until" | "till" | "til" | "to"), rest @ ..]
                if !self.days.is_empty() && self.time.is_none() && !self.is_until =>
            {
                self.is_until = true;
                Some(rest)
            }
            [Word(part), rest @ ..] => {
                let part = Part::named(part)?;
                self.part.replace(part).is_none().then_some(rest)
            }
            _ => None,
        }
    }

    fn take_days(&mut self, days: Vec<Days>) -> bool {
        let is_new = match (&self.days[..], &days[..]) {
            ([], _) => true,
            // Mon, Dec 7
            ([of_week], [date]) => {
                of_week.again == 7 && of_week.first.weekday() == date.first.weekday()
            }
            _ => false,
        };
        self.days = days;
        is_new && !self.is_until
    }

    pub fn readings(&self) -> Vec<Reading> {
        let (first, length, again) = (self.today, 1, 1);
        let any = [Days {
            first,
            length,
            again,
        }];
        let days = if self.days.is_empty() {
            &any[..]
        } else {
            &self.days
        };
        let Some(time) = self.time else {
            return days.iter().filter_map(|days| self.stretch(days)).collect();
        };
        let first = |days| {
            self.times(time, days)
                .into_iter()
                .filter_map(move |times| self.first(days, &times))
        };
        days.iter()
            .filter(|days| days.length == 1)
            .flat_map(first)
            .collect()
    }

    fn instant(&self, date: Date, (days, time): Later) -> Option<Timestamp> {
        let date = date.checked_add(days.days()).ok()?;
        instant(date.to_datetime(time), self.now, self.clock)
    }

    /// Where the stretch of these days begins that begins on `date`, and where it ends.
    fn between(&self, days: &Days, date: Date) -> Option<(Timestamp, Timestamp)> {
        let (from, to) = match self.part {
            Some(_) if days.length > 1 => return None,
            Some(part) => part.hours(),
            None => (0, 24 * days.length),
        };
        let hour = |hour: i64| {
            let time = Time::new((hour % 24) as i8, 0, 0, 0).ok()?;
            self.instant(date, (hour / 24, time))
        };
        Some((hour(from)?, hour(to)?))
    }

    /// The stretch that is running, or the next.
    fn stretch(&self, days: &Days) -> Option<Reading> {
        let (from, to) = self.between(days, days.first)?;
        if self.now < from || days.again == 0 {
            return Some(Reading { at: from, from, to });
        }
        let next = self.between(days, days.first.checked_add(days.again.days()).ok()?)?;
        let (from, to) = if self.now < to { (from, to) } else { next };
        Some(Reading {
            at: next.0,
            from,
            to,
        })
    }

    /// The times that are meant, of which the first to come counts. Two lists: people mean either.
    fn times(&self, time: TimeOfDay, days: &Days) -> Vec<Vec<Later>> {
        let is_named = !self.days.is_empty();
        let is_today = is_named && days.first == self.today;
        let midnight = |days| vec![(days, Time::midnight())];
        let times = match time {
            TimeOfDay::EndOfDay => return vec![midnight(1)],
            TimeOfDay::Midnight if is_today || self.part.is_some() => return vec![midnight(1)],
            TimeOfDay::Midnight if is_named => return vec![midnight(0), midnight(1)],
            TimeOfDay::Midnight => return vec![midnight(0)],
            TimeOfDay::At(time) => vec![time],
            TimeOfDay::Either(time) => vec![time, time + 12.hours()],
        };
        let is_any = times.len() == 1 || !is_named || is_today && days.again == 0;
        let later = |time: Time| match self.part {
            Some(part) => Some((part.day_of(time)?, time)),
            None => (is_any || (7..19).contains(&time.hour())).then_some((0, time)),
        };
        let mut times: Vec<Later> = times.into_iter().filter_map(later).collect();
        times.truncate(if self.part.is_some() { 1 } else { 2 });
        vec![times]
    }

    /// The first of the times that is to come; the last of them, if none is.
    fn first(&self, days: &Days, times: &[Later]) -> Option<Reading> {
        let again = days.first.checked_add(days.again.days()).ok()?;
        let mut last = None;
        for date in [days.first, again] {
            for time in times {
                let at = self.instant(date, *time)?;
                let begin = self.between(days, date)?.0;
                let from = if self.is_until { begin.min(at) } else { at };
                last = Some(Reading { at, from, to: at });
                if self.now < at {
                    return last;
                }
            }
        }
        last
    }
}
