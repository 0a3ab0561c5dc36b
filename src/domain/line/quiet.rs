//! The hours of the night in which a line keeps its notices to itself.

use std::fmt;

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Line;
use crate::domain::line::BadHours;
use crate::domain::line::hours::{minute_of_day, span_meant};
use crate::domain::text_form::text_form;
use crate::domain::time_zone::TimeZone;

/// A span of every day on the line's wall clock, which alone decides: `21:00-08:00`. The end is not
/// part of it; if that is not after the beginning, the span runs over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    /// Minutes since midnight, less than a day's. Never the same.
    from: u16,
    to: u16,
}

const DAY: u16 = 24 * 60;

/// In minutes. No span lasts longer, even where a clock skips a day within it.
const LONGEST: i64 = 2 * DAY as i64;

/// Until when a line's notices have to wait; `None` if they need not. Texts that customers write are
/// relayed at any time.
pub fn quiet_until(line: &Line, instant: Timestamp) -> Option<Timestamp> {
    line.notices.quiet_hours?.until(&line.time_zone, instant)
}

impl QuietHours {
    /// From nine to eight. Source: the United States forbid telephone solicitations before 8 a.m.
    /// and after 9 p.m. by the clock of whoever is called (47 CFR 64.1200(c)(1)).
    pub const NIGHT: Self = Self {
        from: 21 * 60,
        to: 8 * 60,
    };

    pub fn parse(text: &str) -> Result<Self, BadHours> {
        let Some((from, to)) = text.split_once('-') else {
            return Err(BadHours(format!(
                "{text:?} is not a span of time; write its beginning and its end, such as \
                 \"21:00-08:00\", or \"none\""
            )));
        };
        let minute = |text: &str| minute_of_day(text.trim()).map(|minute| minute % DAY);
        let read = minute(from).and_then(|from| Ok((from, minute(to)?)));
        let (from, to) = read.map_err(|bad| match span_meant(text) {
            Some(span) => BadHours(format!(
                "{text:?} is not how a span of time is written here; write \"{span}\""
            )),
            None => bad,
        })?;
        if from == to {
            return Err(BadHours(format!(
                "{text:?} would be quiet all day, and no notice would ever go out; write \"none\" \
                 for no quiet hours"
            )));
        }
        Ok(Self { from, to })
    }

    pub fn contains(self, local: Time) -> bool {
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            self.from <= minute || minute < self.to
        }
    }

    /// The next instant that is not within the span; `None` if this one is not.
    pub fn until(self, zone: &TimeZone, instant: Timestamp) -> Option<Timestamp> {
        let is_quiet = |at: &Timestamp| self.contains(zone.at(*at).time());
        if !is_quiet(&instant) {
            return None;
        }
        let begun = instant.as_second().rem_euclid(60);
        let minute = Timestamp::from_second(instant.as_second() - begun).ok()?;
        let mut minutes = (1..=LONGEST).map_while(|n| minute.checked_add(n.minutes()).ok());
        minutes.find(|at| !is_quiet(at))
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from, self.to].map(|at| format!("{:02}:{:02}", at / 60, at % 60));
        write!(f, "{from}-{to}")
    }
}

text_form!(QuietHours, BadHours, Self::parse, |hours| hours.to_string());

#[cfg(test)]
mod tests;
