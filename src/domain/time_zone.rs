//! A line's time zone, and how a time is said to people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A time zone by its IANA name, from the zone data that is built in: the same on every machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone {
    name: String,
    zone: jiff::tz::TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone of the name {0:?} in the IANA database")]
pub struct UnknownTimeZone(pub String);

impl TimeZone {
    pub fn named(name: &str) -> Result<Self, UnknownTimeZone> {
        let zone = jiff::tz::TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| UnknownTimeZone(name.to_owned()))?;
        // The database finds names in any case; the name kept is its own spelling.
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok(Self { name, zone })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant on this zone's clock.
    pub fn at(&self, instant: jiff::Timestamp) -> jiff::ZonedDateTime {
        instant.to_zoned_datetime(self.zone.clone())
    }

    /// The instant as the relay's commands show it: `Sat 2026-11-21 02:00 PST`.
    pub fn show(&self, instant: jiff::Timestamp) -> String {
        self.at(instant)
            .strftime("%a %Y-%m-%d %H:%M %Z")
            .to_string()
    }

    /// To the second: `Sat 2026-11-21 02:00:07 PST`.
    pub fn show_seconds(&self, instant: jiff::Timestamp) -> String {
        self.at(instant)
            .strftime("%a %Y-%m-%d %H:%M:%S %Z")
            .to_string()
    }

    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: jiff::tz::TimeZone::UTC,
        }
    }
}

impl TryFrom<String> for TimeZone {
    type Error = UnknownTimeZone;

    fn try_from(name: String) -> Result<Self, UnknownTimeZone> {
        Self::named(&name)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name
    }
}

/// `5:00 PM`, as people of the line's country write it.
pub(crate) fn clock(zone: &TimeZone, at: Timestamp) -> String {
    zone.at(at).strftime("%-I:%M %p").to_string()
}

/// `5:00 PM` today, `Mon 8:00 AM` within a week, `Mon Dec 7, 8:00 AM` after that.
pub fn day_and_clock(zone: &TimeZone, at: Timestamp, now: Timestamp) -> String {
    let (day, today) = (zone.at(at).date(), zone.at(now).date());
    let format = match day.since(today).map(|span| span.get_days()) {
        Ok(0) => "%-I:%M %p",
        Ok(1..=6) => "%a %-I:%M %p",
        _ => "%a %b %-d, %-I:%M %p",
    };
    zone.at(at).strftime(format).to_string()
}
