//! A line's time zone, and how a time is said to people.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

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

/// How times are said to people and read from them: in the line's zone, as its country does.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    zone: &'a TimeZone,
    country: &'a str,
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
    /// `country` is the line's, by ISO 3166-1.
    pub fn new(zone: &'a TimeZone, country: &'a str) -> Self {
        Self { zone, country }
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
        self.format(at, "")
    }

    /// `5:00 PM` today, `Mon 8:00 AM` within a week, `Mon Dec 7, 8:00 AM` at other times.
    pub fn day_and_time(self, at: Timestamp, now: Timestamp) -> String {
        let (day, today) = (self.zone.at(at).date(), self.zone.at(now).date());
        let day = match day.since(today).map(|span| span.get_days().abs()) {
            Ok(0) => "",
            Ok(1..=6) => "%a ",
            _ => "%a %b %-d, ",
        };
        self.format(at, day)
    }

    fn format(self, at: Timestamp, day: &str) -> String {
        let time = if self.is_12_hour() {
            "%-I:%M %p"
        } else {
            "%H:%M"
        };
        self.zone
            .at(at)
            .strftime(&format!("{day}{time}"))
            .to_string()
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
}
