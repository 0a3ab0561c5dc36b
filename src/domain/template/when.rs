//! Dates and times as people say them.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::language::say;
use crate::domain::time_zone::{Clock, TimeZone};

/// When something is: an instant, or a day alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum When {
    Instant(Timestamp),
    /// A time by the clock where the line is.
    Local(DateTime),
    Day(Date),
}

impl When {
    /// Reads `2026-04-29T18:00:00-07:00`, `2026-04-29T18:00` (by the line's clock), `2026-04-29` or
    /// `20260429`.
    pub fn parse(text: &str) -> Option<Self> {
        if !has_time(text) {
            return text.parse().ok().map(Self::Day);
        }
        let instant = text.parse().map(Self::Instant);
        instant.or_else(|_| text.parse().map(Self::Local)).ok()
    }

    /// When it begins, on the clock where the line is.
    pub fn begin(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(*instant),
            Self::Local(there) => {
                let ambiguous = zone.zone().to_ambiguous_timestamp(*there);
                ambiguous.compatible().ok()
            }
            Self::Day(date) => zone.midnight(*date).ok(),
        }
    }

    /// When it is over: a day with its end.
    pub fn end(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(date) => zone.midnight(date.tomorrow().ok()?).ok(),
            instant => instant.begin(zone),
        }
    }

    /// `Wed Apr 29, 6:00 PM`, or `Wed Apr 29` for a day alone. The year is said of days that are a
    /// year or more from `now`.
    pub fn words(&self, clock: Clock, now: Timestamp) -> String {
        let (date, time) = self.on_the_clock(clock);
        let day = day(date, clock, now);
        match time {
            Some(time) => format!("{day}, {}", clock.time_of_day(time)),
            None => day,
        }
    }

    /// The day alone: `Wed Apr 29`.
    pub fn day(&self, clock: Clock, now: Timestamp) -> String {
        day(self.on_the_clock(clock).0, clock, now)
    }

    /// The time alone: `6:00 PM`. Of a day without one there is nothing to say.
    pub fn time(&self, clock: Clock) -> String {
        let (_, time) = self.on_the_clock(clock);
        time.map(|time| clock.time_of_day(time)).unwrap_or_default()
    }

    /// `Wed Apr 29, 6:00 PM to 8:00 PM`; with the other day, if it is another one.
    pub fn until(&self, end: &Self, clock: Clock, now: Timestamp) -> String {
        let begin = self.words(clock, now);
        let same_day = self.on_the_clock(clock).0 == end.on_the_clock(clock).0;
        let end = if same_day {
            end.time(clock)
        } else {
            end.words(clock, now)
        };
        match end.as_str() {
            "" => begin,
            end => say!(clock.language(), "{begin} to {end}", "{begin} a {end}"),
        }
    }

    fn on_the_clock(&self, clock: Clock) -> (Date, Option<jiff::civil::Time>) {
        match self {
            Self::Instant(instant) => {
                let there = clock.zone().at(*instant);
                (there.date(), Some(there.time()))
            }
            Self::Local(there) => (there.date(), Some(there.time())),
            Self::Day(date) => (*date, None),
        }
    }
}

/// Whether a time of day follows the date. What is read of a date alone would be midnight.
fn has_time(text: &str) -> bool {
    let after = text.split_once(['T', 't', ' ']).map(|(_, time)| time);
    after.is_some_and(|time| time.trim_start().starts_with(|c: char| c.is_ascii_digit()))
}

fn day(date: Date, clock: Clock, now: Timestamp) -> String {
    let (today, language) = (clock.zone().at(now).date(), clock.language());
    let year_ago = today.checked_sub(1.year()).unwrap_or(Date::MIN);
    let in_a_year = today.checked_add(1.year()).unwrap_or(Date::MAX);
    let weekday = language.weekday(date.weekday());
    let (day, year) = (language.month_and_day(date), date.year());
    if year_ago < date && date < in_a_year {
        return format!("{weekday} {day}");
    }
    say!(
        language,
        "{weekday} {day}, {year}",
        "{weekday} {day} {year}"
    )
}

/// As [`When::parse`] reads it.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(instant) => instant.fmt(f),
            Self::Local(there) => there.fmt(f),
            Self::Day(date) => date.fmt(f),
        }
    }
}

/// Not by the variants in turn, for a date would be read from a time as well.
impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("neither a time nor a date"))
    }
}

impl JsonSchema for When {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time with its offset, a time by the line's clock, or a date alone.",
            "type": "string",
            "pattern": r"^(\d{4}-\d{2}-\d{2}|\d{8})([Tt ]\d{2}:?\d{2}.*)?$",
            "examples": ["2026-04-29T18:00:00-07:00", "2026-04-29T18:00", "2026-04-29"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time_zone::TimeZone;

    fn words(text: &str, now: &str) -> String {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        When::parse(text)
            .unwrap()
            .words(Clock::new(&zone, "US"), now.parse().unwrap())
    }

    const APRIL: &str = "2026-04-01T12:00:00Z";

    #[test]
    fn a_time_is_said_by_the_clock_where_the_line_is() {
        for (text, said) in [
            ("2026-04-29T18:00:00-07:00", "Wed Apr 29, 6:00 PM"),
            ("2026-04-30T01:00:00Z", "Wed Apr 29, 6:00 PM"),
            ("2026-04-29T18:00", "Wed Apr 29, 6:00 PM"),
            ("2026-04-29T00:05:00-07:00", "Wed Apr 29, 12:05 AM"),
            ("2026-04-29T12:00:00-07:00", "Wed Apr 29, 12:00 PM"),
            ("2026-04-29", "Wed Apr 29"),
            ("2026-05-01", "Fri May 1"),
        ] {
            assert_eq!(words(text, APRIL), said, "{text}");
        }
    }

    #[test]
    fn both_daylight_saving_nights_are_said_as_the_clocks_show_them() {
        for (text, said) in [
            ("2026-03-08T09:59:00Z", "Sun Mar 8, 1:59 AM"),
            ("2026-03-08T10:00:00Z", "Sun Mar 8, 3:00 AM"),
            ("2026-11-01T08:30:00Z", "Sun Nov 1, 1:30 AM"),
            ("2026-11-01T09:30:00Z", "Sun Nov 1, 1:30 AM"),
        ] {
            assert_eq!(words(text, APRIL), said, "{text}");
        }
    }

    #[test]
    fn the_year_is_said_of_what_is_a_year_away() {
        for (text, said) in [
            ("2027-03-31", "Wed Mar 31"),
            ("2027-04-01", "Thu Apr 1, 2027"),
            ("2025-04-02", "Wed Apr 2"),
            ("2025-04-01T08:00:00-07:00", "Tue Apr 1, 2025, 8:00 AM"),
        ] {
            assert_eq!(words(text, APRIL), said, "{text}");
        }
    }

    #[test]
    fn a_span_names_the_other_day_if_there_is_one() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        let now = APRIL.parse().unwrap();
        for (from, to, said) in [
            (
                "2026-04-29T18:00",
                "2026-04-29T20:00",
                "Wed Apr 29, 6:00 PM to 8:00 PM",
            ),
            (
                "2026-04-29T22:00",
                "2026-04-30T02:00",
                "Wed Apr 29, 10:00 PM to Thu Apr 30, 2:00 AM",
            ),
            ("2026-04-29", "2026-05-01", "Wed Apr 29 to Fri May 1"),
            ("2026-04-29", "2026-04-29", "Wed Apr 29"),
            ("2026-04-29T18:00", "2026-04-29", "Wed Apr 29, 6:00 PM"),
        ] {
            let [from, to] = [from, to].map(|text| When::parse(text).unwrap());
            assert_eq!(from.until(&to, Clock::new(&zone, "US"), now), said);
        }
    }

    #[test]
    fn a_day_is_a_day_however_it_is_written() {
        for text in ["2026-04-29", "20260429", "2026-04-29[America/Los_Angeles]"] {
            assert_eq!(words(text, APRIL), "Wed Apr 29", "{text}");
        }
        for text in ["20260429T1800", "2026-04-29 18:00", "20260429T180000-0700"] {
            assert_eq!(words(text, APRIL), "Wed Apr 29, 6:00 PM", "{text}");
        }
    }

    #[test]
    fn a_day_is_over_at_its_end() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        for (text, begin, end) in [
            ("2026-04-29", "2026-04-29T07:00:00Z", "2026-04-30T07:00:00Z"),
            ("2026-03-08", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
            (
                "2026-04-29T18:00",
                "2026-04-30T01:00:00Z",
                "2026-04-30T01:00:00Z",
            ),
            (
                "2026-04-29T18:00:00Z",
                "2026-04-29T18:00:00Z",
                "2026-04-29T18:00:00Z",
            ),
        ] {
            let when = When::parse(text).unwrap();
            assert_eq!(when.begin(&zone).unwrap().to_string(), begin, "{text}");
            assert_eq!(when.end(&zone).unwrap().to_string(), end, "{text}");
        }
    }

    #[test]
    fn times_are_said_in_the_language_and_by_the_clock_of_the_line() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        let now = APRIL.parse().unwrap();
        let [from, to] = ["2026-04-29T18:00", "2026-04-29T20:30"].map(|t| When::parse(t).unwrap());
        for (country, says) in [
            ("US", "mié 29 abr, 6:00 PM a 8:30 PM"),
            ("MX", "mié 29 abr, 18:00 a 20:30"),
        ] {
            let clock = Clock::new(&zone, country).speaking(Language::Spanish);
            assert_eq!(from.until(&to, clock, now), says);
        }
        let clock = Clock::new(&zone, "MX");
        assert_eq!(from.words(clock, now), "Wed Apr 29, 18:00");
        let far = When::parse("2027-08-14").unwrap();
        assert_eq!(
            far.day(clock.speaking(Language::Spanish), now),
            "sab 14 ago 2027"
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "2026-02-30",
            "29.04.2026",
            "18:00",
            "2026-04-29T25:00",
            "1777507200",
            "2026-4-29",
            "２０２６-04-29",
        ] {
            assert_eq!(When::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_read_is_written_as_it_can_be_read_again() {
        for text in ["2026-04-30T01:00:00Z", "2026-04-29T18:00:00", "2026-04-29"] {
            let when = When::parse(text).unwrap();
            assert_eq!(when.to_string(), text);
            assert_eq!(When::parse(&when.to_string()), Some(when));
        }
    }
}
