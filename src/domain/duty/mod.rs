//! Who is available at an instant, and why: a pure function of hours, overrides and time.

mod auto_reply;
#[cfg(feature = "machine")]
pub mod check;
mod overrides;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::line::{Hours, Line, Person};
use crate::domain::time_zone::TimeZone;

pub use auto_reply::auto_reply_words;
pub use overrides::{Override, Overrides, Presence};

/// Whether one person is available, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    pub available: bool,
    pub because: Because,
}

/// Why a person is or is not available. Audit records carry the sentence that it displays as;
/// [`Because::in_zone`] is the one for people.
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
    /// Gets no texts of this line since then, by their own wish.
    OptedOut(Timestamp),
    /// The backup gets no texts since then, but nobody else is left.
    OptedOutBackup(Timestamp),
}

impl Because {
    /// The reason with times as the zone's clock shows them.
    pub fn in_zone(&self, zone: &TimeZone) -> String {
        self.sentence(|until| zone.show(until))
    }

    fn sentence(&self, show: impl Fn(Timestamp) -> String) -> String {
        let until = |end: &Option<Timestamp>| match end {
            Some(end) => format!("until {}", show(*end)),
            None => "until further notice".to_owned(),
        };
        match self {
            Because::Backup => "the backup is always available".to_owned(),
            Because::AlwaysOn => "always on duty".to_owned(),
            Because::NeverOn => "never on duty by the hours".to_owned(),
            Because::WithinHours(window) => format!("within {window}"),
            Because::OutsideHours => "outside the hours".to_owned(),
            Because::Away(end) => format!("away {}", until(end)),
            Because::On(end) => format!("set on duty {}", until(end)),
            Because::OptedOut(since) => format!("opted out of texts on {}", show(*since)),
            Because::OptedOutBackup(since) => format!(
                "opted out of texts on {}, but nobody else is left",
                show(*since)
            ),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(|until| until.to_string()))
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
    if let Some(set) = overrides.in_force(&person.name, now) {
        match set.presence {
            Presence::On => return duty(true, Because::On(set.until)),
            Presence::Away if !is_backup => return duty(false, Because::Away(set.until)),
            Presence::Away => {}
        }
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

/// When the person's availability changes next, within a week; by walking the minutes, so that
/// whatever clocks do is taken into account. An override ends at any second.
pub fn next_change(
    line: &Line,
    person: &Person,
    overrides: &Overrides,
    now: Timestamp,
) -> Option<Timestamp> {
    const A_WEEK: i64 = 7 * 24 * 60;
    let available = |at| duty_of(line, person, overrides, at).available;
    let before = available(now);
    let this_minute = now.as_second().div_euclid(60);
    let minute = (1..=A_WEEK)
        .filter_map(|minutes| Timestamp::from_second((this_minute + minutes) * 60).ok())
        .find(|at| available(*at) != before)?;
    let end = overrides.0.get(&person.name).and_then(|set| set.until);
    let end = end.filter(|end| now < *end && *end < minute && available(*end) != before);
    Some(end.unwrap_or(minute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;

    fn line() -> Line {
        config::parse(config::EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0)
    }

    fn set(person: &str, presence: Presence, until: Option<&str>) -> Overrides {
        let until = until.map(|until| until.parse().unwrap());
        let set = Override { presence, until };
        Overrides([(person.to_owned(), set)].into())
    }

    /// Whether Sergio and the backup are available, and why.
    fn duties(overrides: &Overrides, now: &str) -> Vec<String> {
        let line = line();
        let duties = line.people.iter().map(|person| {
            let duty = duty_of(&line, person, overrides, now.parse().unwrap());
            format!(
                "{} {}",
                duty.available,
                duty.because.in_zone(&line.time_zone)
            )
        });
        duties.collect()
    }

    const FRIDAY_10: &str = "2026-11-20T18:00:00Z";
    const FRIDAY_20: &str = "2026-11-21T04:00:00Z";

    #[test]
    fn the_hours_decide_and_the_backup_is_always_there() {
        let none = Overrides::default();
        let backup = "true the backup is always available";
        assert_eq!(
            duties(&none, FRIDAY_10),
            ["true within Mon-Fri 08:00-18:00", backup]
        );
        assert_eq!(
            duties(&none, FRIDAY_20),
            ["false outside the hours", backup]
        );
    }

    #[test]
    fn an_override_beats_the_hours_until_its_time_is_over() {
        let away = set("Sergio", Presence::Away, Some("2026-11-20T18:00:01Z"));
        assert_eq!(
            duties(&away, FRIDAY_10)[0],
            "false away until Fri 2026-11-20 10:00 PST"
        );
        assert_eq!(
            duties(&away, "2026-11-20T18:00:01Z")[0],
            "true within Mon-Fri 08:00-18:00"
        );
        let on = set("Sergio", Presence::On, None);
        assert_eq!(
            duties(&on, FRIDAY_20)[0],
            "true set on duty until further notice"
        );
    }

    #[test]
    fn the_backup_cannot_be_away() {
        let away = set("Backup", Presence::Away, None);
        assert_eq!(
            duties(&away, FRIDAY_20)[1],
            "true the backup is always available"
        );
    }

    #[test]
    fn the_next_change_takes_hours_overrides_and_clocks_into_account() {
        let line = line();
        let next = |overrides: &Overrides, now: &str| {
            let change = next_change(&line, &line.people[0], overrides, now.parse().unwrap());
            change.map(|at| line.time_zone.show(at)).unwrap_or_default()
        };
        let none = Overrides::default();
        assert_eq!(
            next(&none, "2026-11-20T18:00:30Z"),
            "Fri 2026-11-20 18:00 PST"
        );
        assert_eq!(next(&none, FRIDAY_20), "Sat 2026-11-21 09:00 PST");
        // Clocks go forward on Sunday morning.
        assert_eq!(
            next(&none, "2027-03-13T22:00:00Z"),
            "Mon 2027-03-15 08:00 PDT"
        );
        let away = set("Sergio", Presence::Away, Some("2026-11-20T19:30:00Z"));
        assert_eq!(next(&away, FRIDAY_10), "Fri 2026-11-20 11:30 PST");
        assert_eq!(next(&set("Sergio", Presence::On, None), FRIDAY_10), "");
        // Away until and back at are the same minute.
        let away = set("Sergio", Presence::Away, Some("2026-11-20T19:30:20Z"));
        assert_eq!(next(&away, FRIDAY_10), "Fri 2026-11-20 11:30 PST");
    }
}
