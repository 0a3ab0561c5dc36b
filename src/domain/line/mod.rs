//! Lines and the people behind them.

pub mod auto_reply;
#[cfg(feature = "machine")]
pub mod changes;
#[cfg(feature = "machine")]
pub mod config;
mod dollars;
pub mod hours;
mod notices;
pub mod pin;
pub mod policy;
mod quiet;
mod retention;
pub mod topic;
pub mod voice;

pub use hours::BadHours;
pub use hours::Hours;
pub use hours::Window;
pub use pin::NotAPin;
pub use pin::Pin;
pub use topic::BadKeyword;
pub use topic::BadTopicName;
pub use topic::Topic;

use serde::{Deserialize, Serialize};

use crate::domain::language::Language;
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::time_zone::{Clock, TimeZone};

pub use auto_reply::AutoReply;
pub use dollars::{Dollars, NotDollars};
pub use notices::Notices;
pub use policy::Policy;
pub use quiet::{QuietHours, quiet_until};
pub use retention::Retention;
pub use voice::{TakesCalls, Voice};

/// A Twilio number that the relay answers for, as checked and stored. All numbers are E.164 here;
/// `relay.toml` may write them as people do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub number: PhoneNumber,
    /// Further Twilio numbers: each stands for one conversation on one person's phone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_numbers: Vec<PhoneNumber>,
    /// ISO 3166-1 code of the country whose way of writing numbers the configuration uses.
    pub country: String,
    pub time_zone: TimeZone,
    /// In which its texts are written.
    #[serde(default, skip_serializing_if = "Language::is_english")]
    pub language: Language,
    /// What Twilio calls, without a slash at the end. Signatures are checked against it.
    pub public_url: String,
    /// The people in cascade order. The last one is the backup and always available.
    pub people: Vec<Person>,
    #[serde(default)]
    pub policy: Policy,
    #[serde(default)]
    pub notices: Notices,
    /// How long its texts are kept.
    #[serde(default)]
    pub retention: Retention,
    /// What customers are answered before anybody answers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_reply: Option<AutoReply>,
    /// How it takes calls, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
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
    /// Whether they may write to numbers that never wrote to the line.
    #[serde(default, skip_serializing_if = "is_false")]
    pub may_write_first: bool,
    /// When they take calls.
    #[serde(default, skip_serializing_if = "TakesCalls::is_usual")]
    pub calls: TakesCalls,
    /// Whether any pick-up of their phone counts as an answer, even a mailbox's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unscreened: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Line {
    /// How times are said to the line's people.
    pub fn clock(&self) -> Clock<'_> {
        Clock::new(&self.time_zone, &self.country).speaking(self.language)
    }

    /// The line's own number and the reply numbers.
    pub fn numbers(&self) -> impl Iterator<Item = &PhoneNumber> {
        std::iter::once(&self.number).chain(&self.reply_numbers)
    }

    pub fn person_with(&self, number: &PhoneNumber) -> Option<&Person> {
        self.people.iter().find(|person| person.number == *number)
    }

    /// The country, which says how numbers are written.
    pub fn country(&self) -> Option<Country> {
        Country::parse(&self.country)
    }

    pub fn person_named(&self, name: &str) -> Option<&Person> {
        let mut people = self.people.iter();
        people.find(|person| person.name.eq_ignore_ascii_case(name))
    }
}
