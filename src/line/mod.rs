//! Lines and the people behind them.

pub mod auto_reply;
#[cfg(feature = "machine")]
pub mod changes;
#[cfg(feature = "machine")]
pub mod config;
mod dollars;
mod notices;
pub mod policy;
mod quiet;

pub use auto_reply::AutoReply;
pub use dollars::{Dollars, NotDollars};
pub use notices::Notices;
pub use policy::Policy;
pub use quiet::{QuietHours, quiet_until};

use serde::{Deserialize, Serialize};

use crate::duty::Hours;
use crate::phone::PhoneNumber;
use crate::thread::Pin;

/// A Twilio number that the relay answers for, as checked and stored. All numbers are E.164 here;
/// `relay.toml` may write them as people do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub number: PhoneNumber,
    /// ISO 3166-1 code of the country whose way of writing numbers the configuration uses.
    pub country: String,
    pub time_zone: TimeZone,
    /// What Twilio calls, without a slash at the end. Signatures are checked against it.
    pub public_url: String,
    /// The people in cascade order. The last one is the backup and always available.
    pub people: Vec<Person>,
    #[serde(default)]
    pub policy: Policy,
    #[serde(default)]
    pub notices: Notices,
    /// What customers are answered before anybody answers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_reply: Option<AutoReply>,
}

/// Somebody in a line's cascade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub number: PhoneNumber,
    pub hours: Hours,
    /// What their commands by text have to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
}

impl Line {
    pub fn person_with(&self, number: &PhoneNumber) -> Option<&Person> {
        self.people.iter().find(|person| person.number == *number)
    }

    /// The country, which says how numbers are written.
    #[cfg(feature = "machine")]
    pub fn country(&self) -> Option<crate::phone::Country> {
        crate::phone::Country::parse(&self.country)
    }

    pub fn person_named(&self, name: &str) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.name.eq_ignore_ascii_case(name))
    }
}

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
