use jiff::civil::Time;

use super::token::Token::{Number, Sign, Word};
use super::token::{Tokens, number, number_word};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOfDay {
    /// Of the 24-hour clock, or with AM or PM.
    At(Time),
    /// AM or PM, which nobody says; this is the one before noon.
    Either(Time),
    /// Where a day begins or ends.
    Midnight,
    EndOfDay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Morning,
    Afternoon,
    /// The night as well.
    Evening,
}

/// `17:30`, `5`, `5 pm`, `5.30pm`, `17h30`, `1700`, `noon`, and what follows it.
#[rustfmt::skip]
pub fn time_of_day(tokens: Tokens, is_12_hour: bool) -> Option<(TimeOfDay, Tokens)> {
    let short = |digits: &str| number(digits, 2).unwrap_or(0);
    let (hour, minute, rest) = match tokens {
        [Word("noon" | "midday"), rest @ ..] | [Number("12"), Word("noon"), rest @ ..] => {
            return Some((TimeOfDay::At(Time::constant(12, 0, 0, 0)), rest));
        }
        [Word("midnight"), rest @ ..] | [Number("12"), Word("midnight"), rest @ ..] => {
            return Some((TimeOfDay::Midnight, rest));
        }
        [Word("eod"), rest @ ..] | [Word("end"), Word("day"), rest @ ..]
        | [Word("end"), Word("the"), Word("day"), rest @ ..] => {
            return Some((TimeOfDay::EndOfDay, rest));
        }
        [Number(hour), Sign(':'), Number(minute), rest @ ..] => (*hour, *minute, rest),
        // Not 10.12, which is a day in many countries.
        [Number(hour), Sign('.'), Number(minute), rest @ ..]
            if half(rest).0.is_some() || !(1..=12).contains(&short(minute)) => (*hour, *minute, rest),
        [Number(hour), Word("h"), Number(minute), rest @ ..] if short(hour) > 12 => (*hour, *minute, rest),
        [Number(hour), Word("h"), rest @ ..] if short(hour) > 12 => (*hour, "00", rest),
        // Not every four digits: they may be the end of a customer's number.
        [Number(digits), rest @ ..] if matches!(digits.len(), 3 | 4) && digits.ends_with(['0', '5']) => {
            let (hour, minute) = digits.split_at(digits.len() - 2);
            (hour, minute, rest)
        }
        [Number(hour), rest @ ..] if hour.len() <= 2 && short(hour) > 0 => (*hour, "00", rest),
        [Word(word), rest @ ..] => return with_half(number_word(word)?, 0, true, rest),
        _ => return None,
    };
    let is_colon = matches!(tokens.get(1), Some(Sign(':')));
    let is_open = !hour.starts_with('0') && (is_12_hour || !is_colon || hour.len() == 1);
    let minute = number(minute, 2).filter(|_| minute.len() == 2);
    with_half(number(hour, 2)?, minute?, is_open, rest)
}

/// `is_open` says that an hour up to 12 may be of either half of the day.
fn with_half(hour: i64, minute: i64, is_open: bool, rest: Tokens) -> Option<(TimeOfDay, Tokens)> {
    let time = |hour: i64| Time::new(hour as i8, minute as i8, 0, 0).ok();
    let is_of_12 = (1..=12).contains(&hour);
    let (half, rest) = half(rest);
    let time = match half {
        Some(half) if is_of_12 => TimeOfDay::At(time(hour % 12 + half)?),
        Some(_) => return None,
        None if is_open && is_of_12 => TimeOfDay::Either(time(hour % 12)?),
        None => TimeOfDay::At(time(hour)?),
    };
    Some((time, rest))
}

fn half(tokens: Tokens) -> (Option<i64>, Tokens) {
    match tokens {
        [Word("am"), rest @ ..] => (Some(0), rest),
        [Word("pm"), rest @ ..] => (Some(12), rest),
        [Word("oclock"), rest @ ..] => (None, rest),
        rest => (None, rest),
    }
}

impl Part {
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "morning" => Some(Self::Morning),
            "afternoon" => Some(Self::Afternoon),
            "evening" | "night" => Some(Self::Evening),
            _ => None,
        }
    }

    /// Its hours where no time is said with it.
    pub fn hours(self) -> (i64, i64) {
        match self {
            Self::Morning => (8, 12),
            Self::Afternoon => (12, 18),
            Self::Evening => (18, 24),
        }
    }

    /// On which day a time that is called so is, counted from the named one: a night goes on until five.
    pub fn day_of(self, time: Time) -> Option<i64> {
        match (self, time.hour()) {
            (Self::Morning, 0..=11) | (Self::Afternoon, 12..=18) | (Self::Evening, 17..) => Some(0),
            (Self::Evening, 0..=4) => Some(1),
            _ => None,
        }
    }
}
