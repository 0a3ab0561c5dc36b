use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};

use super::token::Token::{Nth, Number, Sign, Word};
use super::token::{Tokens, number};
use crate::domain::time_zone::Clock;

/// One day or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    /// How many days they are.
    pub length: i64,
    /// After how many days they come again; 0: never.
    pub again: i64,
}

/// What days are reckoned from.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    pub today: Date,
    /// Whether 12/10 is in December; `None` where people write both.
    pub month_first: Option<bool>,
    /// Days are the last that were, and not the next.
    pub is_past: bool,
}

#[rustfmt::skip]
const MONTHS: [&str; 12] = ["january", "february", "march", "april", "may", "june", "july", "august",
                            "september", "october", "november", "december"];
#[rustfmt::skip]
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
                             "sunday"];

impl Calendar {
    pub fn at(now: Timestamp, clock: Clock) -> Self {
        Self {
            today: clock.zone().at(now).date(),
            month_first: clock.month_first(),
            is_past: false,
        }
    }

    /// The days that the tokens begin with, and what follows them. More than one where people mean
    /// different days by the same words.
    #[rustfmt::skip]
    pub fn days<'a>(&self, tokens: Tokens<'a>) -> Option<(Vec<Days>, Tokens<'a>)> {
        let (ways, rest) = match tokens {
            [Word("the"), Word("day"), Word("after"), Word("tomorrow"), rest @ ..]
            | [Word("day"), Word("after"), Word("tomorrow"), rest @ ..] => (vec![self.ahead(2, 1)], rest),
            [Word("rest"), Word("the"), Word(word), rest @ ..]
            | [Word("all" | "this" | "the"), Word(word), rest @ ..] => (vec![self.this(word)?], rest),
            [Word("next"), Word(word), rest @ ..] => (self.next(word)?, rest),
            [Word("today"), rest @ ..] => (vec![self.ahead(0, 1)], rest),
            [Word("yesterday"), rest @ ..] => (vec![self.ahead(-1, 1)], rest),
            [Word("tomorrow" | "tomorow" | "tommorow" | "tommorrow" | "tmrw" | "tmr" | "tmw"), rest @ ..] =>
                (vec![self.ahead(1, 1)], rest),
            [Word(month), Number(day) | Nth(day), rest @ ..]
            | [Number(day) | Nth(day), Word(month), rest @ ..] if position(&MONTHS, month).is_some() =>
                self.in_month(position(&MONTHS, month)?, number(day, 2)?, rest),
            [Nth(day), rest @ ..] => {
                let day = number(day, 2)?;
                (vec![self.nearest(|date| i64::from(date.day()) == day)?], rest)
            }
            [Number(year), Sign('-'), Number(month), Sign('-'), Number(day), rest @ ..] if year.len() == 4 =>
                (vec![self.date(Some(year), number(month, 2)?, number(day, 2)?)?], rest),
            [Number(digits), rest @ ..] if digits.len() == 8 =>
                (vec![self.date(Some(&digits[..4]), number(&digits[4..6], 2)?, number(&digits[6..], 2)?)?], rest),
            [Number(a), Sign(one @ ('/' | '-' | '.')), Number(b), Sign(two), Number(year), rest @ ..]
                if one == two => (self.numbers(a, b, *one, Some(year))?, rest),
            [Number(a), Sign('/'), Number(b), rest @ ..] => (self.numbers(a, b, '/', None)?, rest),
            [Word("weekend"), rest @ ..] => (vec![self.this("weekend")?], rest),
            [Word(name), rest @ ..] => (vec![self.weekday(weekday_named(name)?)?], rest),
            _ => return None,
        };
        (!ways.is_empty()).then_some((ways, rest))
    }

    pub fn ahead(&self, days: i64, length: i64) -> Days {
        let first = self.today.saturating_add(days.days());
        Days {
            first,
            length,
            again: 0,
        }
    }

    fn nearest(&self, is: impl Fn(Date) -> bool) -> Option<Days> {
        let step = if self.is_past { -1 } else { 1 };
        // 29 February may be eight years away.
        let mut dates = self.today.series(step.days()).take(9 * 366);
        let first = dates.find(|date| is(*date))?;
        Some(Days {
            first,
            length: 1,
            again: 0,
        })
    }

    fn weekday(&self, weekday: Weekday) -> Option<Days> {
        let is = |date: Date| date.weekday() == weekday && !(self.is_past && date == self.today);
        Some(Days {
            again: 7,
            ..self.nearest(is)?
        })
    }

    fn since_monday(&self) -> i64 {
        i64::from(self.today.weekday().to_monday_zero_offset())
    }

    /// `this Friday`, `the weekend`, `the rest of the week`; on a weekend that is the running one.
    fn this(&self, word: &str) -> Option<Days> {
        match word {
            "day" => Some(self.ahead(0, 1)),
            "week" => Some(self.ahead(-self.since_monday(), 7)),
            "weekend" => Some(Days {
                again: 7,
                ..self.ahead(5 - self.since_monday(), 2)
            }),
            word => self.weekday(weekday_named(word)?),
        }
    }

    /// `next Friday`: that of the next week. While this week's is to come, people mean either.
    fn next(&self, word: &str) -> Option<Vec<Days>> {
        let (offset, length) = match word {
            "week" => (0, 7),
            "weekend" => (5, 2),
            word => (i64::from(weekday_named(word)?.to_monday_zero_offset()), 1),
        };
        let ahead = offset - self.since_monday();
        let ways = [ahead, ahead + 7].into_iter().filter(|ahead| 0 < *ahead);
        Some(ways.map(|ahead| self.ahead(ahead, length)).collect())
    }

    /// A year behind the day is known by being near: it could be an hour as well.
    fn in_month<'a>(&self, month: usize, day: i64, rest: Tokens<'a>) -> (Vec<Days>, Tokens<'a>) {
        let year = i64::from(self.today.year());
        let is_near = |text: &str| number(text, 4).is_some_and(|it| (it - year).abs() <= 1);
        let (year, rest) = match rest {
            [Number(year), rest @ ..] if is_near(year) => (Some(*year), rest),
            rest => (None, rest),
        };
        (
            self.date(year, month as i64 + 1, day).into_iter().collect(),
            rest,
        )
    }

    fn date(&self, year: Option<&str>, month: i64, day: i64) -> Option<Days> {
        let is = |date: Date| (i64::from(date.month()), i64::from(date.day())) == (month, day);
        let Some(digits) = year else {
            return self.nearest(is);
        };
        let century = if digits.len() == 2 { 2000 } else { 0 };
        let year = i16::try_from(number(digits, 4)? + century).ok()?;
        let first = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        Some(Days {
            first,
            length: 1,
            again: 0,
        })
    }

    /// Month and day in the order of the country. Where only one order makes a date, it is that one.
    fn numbers(&self, a: &str, b: &str, sign: char, year: Option<&str>) -> Option<Vec<Days>> {
        let (a, b) = (number(a, 2)?, number(b, 2)?);
        let month_first = if sign == '.' {
            Some(false)
        } else {
            self.month_first
        };
        let dates = [self.date(year, a, b), self.date(year, b, a)];
        let mut ways: Vec<_> = match (dates, month_first) {
            ([Some(date), Some(_)], Some(true)) | ([Some(_), Some(date)], Some(false)) => {
                vec![date]
            }
            _ => dates.into_iter().flatten().collect(),
        };
        ways.dedup();
        Some(ways)
    }
}

fn weekday_named(name: &str) -> Option<Weekday> {
    let name = if name == "weds" { "wed" } else { name };
    Weekday::from_monday_zero_offset(position(&WEEKDAYS, name)? as i8).ok()
}

/// By the whole name or its first letters: `tue`, `tues`, `sept`.
fn position(names: &[&str], name: &str) -> Option<usize> {
    names
        .iter()
        .position(|full| name.len() >= 3 && full.starts_with(name))
}
