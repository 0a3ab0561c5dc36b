//! A line's time zone, and how a time is said to people.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::domain::language::{Language, say};
use crate::domain::text_form::text_form;

/// A time zone by its IANA name, from the zone data that is built in: the same on every machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(jiff::tz::TimeZone);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone of the name {0:?} in the IANA database")]
pub struct UnknownTimeZone(pub String);

impl TimeZone {
    /// The name may be in any case.
    pub fn named(name: &str) -> Result<Self, UnknownTimeZone> {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name);
        zone.map(Self).map_err(|_| UnknownTimeZone(name.to_owned()))
    }

    /// The database's own spelling.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant on this zone's clock.
    pub fn at(&self, instant: jiff::Timestamp) -> jiff::ZonedDateTime {
        instant.to_zoned_datetime(self.0.clone())
    }

    /// The first moment of a day on this zone's clock.
    pub fn midnight(&self, day: Date) -> Result<Timestamp, jiff::Error> {
        Ok(day.to_zoned_datetime(self.0.clone())?.timestamp())
    }

    /// The instant as the relay's commands show it: `Sat 2026-11-21 02:00 PST`.
    pub fn show(&self, instant: jiff::Timestamp) -> String {
        let local = self.at(instant);
        local.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
    }

    /// To the second: `Sat 2026-11-21 02:00:07 PST`.
    pub fn show_seconds(&self, instant: jiff::Timestamp) -> String {
        let local = self.at(instant);
        local.strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
    }

    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.0
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }
}

text_form!(TimeZone, UnknownTimeZone, Self::named, |zone| zone
    .name()
    .to_owned());

/// How times are said to people and read from them: in the line's zone and language, as its country does.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    zone: &'a TimeZone,
    country: &'a str,
    language: Language,
}

/// A clock that can be kept.
#[derive(Debug, Clone)]
pub struct OwnClock {
    zone: TimeZone,
    country: String,
    language: Language,
}

impl OwnClock {
    pub fn get(&self) -> Clock<'_> {
        Clock::new(&self.zone, &self.country).speaking(self.language)
    }
}

/// Countries that write times by the 12-hour clock with AM and PM in Latin letters, as Unicode CLDR
/// lists them (supplemental data, `timeData`). To be compared with a current release.
const COUNTRIES_WITH_12_HOURS: [&str; 32] = [
    "AG", "AS", "AU", "BB", "BM", "BS", "CA", "CO", "DM", "FJ", "FM", "GD", "GU", "GY", "IN", "JM",
    "KN", "KY", "LC", "MH", "MP", "NZ", "PH", "PK", "PR", "SG", "TC", "TT", "UM", "US", "VC", "VI",
];

/// Countries that write the month before the day, with the year in front of it or behind. After CLDR's
/// short dates.
const MONTH_FIRST: [&str; 18] = [
    "AS", "CN", "FM", "GU", "HU", "IR", "JP", "KP", "KR", "LT", "MH", "MN", "MP", "PW", "TW", "UM",
    "US", "VI",
];

/// Countries in which people write both.
const EITHER_FIRST: [&str; 6] = ["CA", "KY", "PA", "PH", "PR", "ZA"];

impl<'a> Clock<'a> {
    /// `country` is the line's, by ISO 3166-1. It speaks English.
    pub fn new(zone: &'a TimeZone, country: &'a str) -> Self {
        Self {
            zone,
            country,
            language: Language::English,
        }
    }

    pub fn speaking(self, language: Language) -> Self {
        Self { language, ..self }
    }

    pub fn language(self) -> Language {
        self.language
    }

    pub fn to_owned(self) -> OwnClock {
        OwnClock {
            zone: self.zone.clone(),
            country: self.country.to_owned(),
            language: self.language,
        }
    }

    pub fn zone(self) -> &'a TimeZone {
        self.zone
    }

    pub fn is_12_hour(self) -> bool {
        COUNTRIES_WITH_12_HOURS.contains(&self.country)
    }

    /// Whether 12/10 is in December. `None`: it may be either, or the country is not known.
    pub fn month_first(self) -> Option<bool> {
        let is_known = !self.country.is_empty() && !EITHER_FIRST.contains(&self.country);
        is_known.then(|| MONTH_FIRST.contains(&self.country))
    }

    /// `5:00 PM`, or `17:00`.
    pub fn time(self, at: Timestamp) -> String {
        self.time_of_day(self.zone.at(at).time())
    }

    pub fn time_of_day(self, time: Time) -> String {
        let format = if self.is_12_hour() {
            "%-I:%M %p"
        } else {
            "%H:%M"
        };
        time.strftime(format).to_string()
    }

    /// `5:00 PM` today, `Mon 8:00 AM` within a week, `Mon Dec 7, 8:00 AM` at other times.
    pub fn day_and_time(self, at: Timestamp, now: Timestamp) -> String {
        let (day, time) = (self.zone.at(at).date(), self.time(at));
        let today = self.zone.at(now).date();
        let weekday = self.language.weekday(day.weekday());
        match day.since(today).map(|span| span.get_days().abs()) {
            Ok(0) => time,
            Ok(1..=6) => format!("{weekday} {time}"),
            _ => format!("{weekday} {}, {time}", self.language.month_and_day(day)),
        }
    }

    /// The same as it stands behind `until` and `since`, where Spanish has an article: `las 5:00 PM`,
    /// `el lun 8:00 AM`.
    pub fn behind_until(self, at: Timestamp, now: Timestamp) -> String {
        let (there, says) = (self.zone.at(at), self.day_and_time(at, now));
        let is_today = there.date() == self.zone.at(now).date();
        let is_one = matches!((there.hour(), self.is_12_hour()), (1, _) | (13, true));
        match (is_today, is_one) {
            (false, _) => say!(self.language, "{says}", "el {says}"),
            (true, true) => say!(self.language, "{says}", "la {says}"),
            (true, false) => say!(self.language, "{says}", "las {says}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_as_the_country_writes_it() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-27T20:00:00Z");
        let says = |country, time| Clock::new(&zone, country).day_and_time(at(time), now);
        for (country, today, this_week, later, before) in [
            (
                "US",
                "5:00 PM",
                "Mon 8:00 AM",
                "Mon Dec 7, 8:00 AM",
                "Thu 12:05 AM",
            ),
            ("DE", "17:00", "Mon 08:00", "Mon Dec 7, 08:00", "Thu 00:05"),
        ] {
            assert_eq!(says(country, "2026-11-28T01:00:00Z"), today);
            assert_eq!(says(country, "2026-11-30T16:00:00Z"), this_week);
            assert_eq!(says(country, "2026-12-07T16:00:00Z"), later);
            assert_eq!(says(country, "2026-11-26T08:05:00Z"), before);
        }
        assert_eq!(Clock::new(&zone, "US").time(now), "12:00 PM");
    }

    #[test]
    fn a_time_is_said_in_the_language_of_the_line() {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-27T20:00:00Z");
        for (country, time, bare, behind_until) in [
            ("US", "2026-11-28T01:00:00Z", "5:00 PM", "las 5:00 PM"),
            ("US", "2026-11-27T21:30:00Z", "1:30 PM", "la 1:30 PM"),
            ("MX", "2026-11-27T21:30:00Z", "13:30", "las 13:30"),
            ("MX", "2026-11-27T09:30:00Z", "01:30", "la 01:30"),
            (
                "US",
                "2026-11-30T16:00:00Z",
                "lun 8:00 AM",
                "el lun 8:00 AM",
            ),
            ("MX", "2026-11-28T16:00:00Z", "sab 08:00", "el sab 08:00"),
            (
                "US",
                "2026-12-09T16:00:00Z",
                "mié 9 dic, 8:00 AM",
                "el mié 9 dic, 8:00 AM",
            ),
        ] {
            let clock = Clock::new(&zone, country).speaking(Language::Spanish);
            assert_eq!(clock.day_and_time(at(time), now), bare);
            assert_eq!(clock.behind_until(at(time), now), behind_until);
            let english = clock.speaking(Language::English);
            assert_eq!(
                english.behind_until(at(time), now),
                english.day_and_time(at(time), now)
            );
        }
    }
}
