//! Who is available at an instant, and why: a pure function of hours, overrides and time.

#[cfg(feature = "machine")]
pub mod check;
mod hours;
mod overrides;
#[cfg(feature = "machine")]
pub mod when;

pub use hours::{BadHours, Hours, Window};
pub use overrides::{Override, Overrides, Presence};

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::line::{Line, Person};

/// Whether one person is available, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    pub available: bool,
    pub because: Because,
}

/// Why a person is or is not available. Audit records carry the sentence that it displays as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The last of the cascade is always available.
    Backup,
    AlwaysOn,
    NeverOn,
    /// Within this window of the weekly hours.
    WithinHours(String),
    OutsideHours,
    /// Set away by hand until then, or until cleared.
    Away(Option<Timestamp>),
    /// Set on duty by hand until then, or until cleared.
    On(Option<Timestamp>),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Because::Backup => write!(f, "the backup is always available"),
            Because::AlwaysOn => write!(f, "always on duty"),
            Because::NeverOn => write!(f, "never on duty by the hours"),
            Because::WithinHours(window) => write!(f, "within {window}"),
            Because::OutsideHours => write!(f, "outside the hours"),
            Because::Away(Some(until)) => write!(f, "away until {until}"),
            Because::Away(None) => write!(f, "away until further notice"),
            Because::On(Some(until)) => write!(f, "set on duty until {until}"),
            Because::On(None) => write!(f, "set on duty until further notice"),
        }
    }
}

/// The duty of `person` at `now`. An override beats the hours; nothing beats being the backup,
/// since a text must always have somewhere to go.
pub fn duty_of(line: &Line, person: &Person, overrides: &Overrides, now: Timestamp) -> Duty {
    let is_backup = line
        .people
        .last()
        .is_some_and(|last| last.name == person.name);
    let duty = |available, because| Duty { available, because };
    match overrides.in_force(&person.name, now) {
        Some(Override {
            presence: Presence::On,
            until,
        }) => return duty(true, Because::On(*until)),
        Some(Override {
            presence: Presence::Away,
            until,
        }) if !is_backup => {
            return duty(false, Because::Away(*until));
        }
        _ => {}
    }
    match &person.hours {
        _ if is_backup => duty(true, Because::Backup),
        Hours::Always => duty(true, Because::AlwaysOn),
        Hours::Never => duty(false, Because::NeverOn),
        Hours::Weekly(windows) => {
            let local = line.time_zone.at(now).datetime();
            match windows.iter().find(|window| window.contains(local)) {
                Some(window) => duty(true, Because::WithinHours(window.to_string())),
                None => duty(false, Because::OutsideHours),
            }
        }
    }
}
