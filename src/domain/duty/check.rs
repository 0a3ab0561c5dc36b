//! What is surprising in a schedule: times at which nobody but the backup is on duty, people whose
//! turn never comes, nights on which clocks change, overrides that were forgotten.

use std::fmt;

use jiff::civil::{DateTime, date};
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::{Overrides, Presence, duty_of};
use crate::domain::line::{Hours, Line, Person, Window};
use crate::domain::time_zone::TimeZone;

/// Something that the line's owner should know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Spans of every week in which the hours leave nobody but the backup.
    OnlyBackup {
        spans: Vec<String>,
        minutes_a_week: u32,
    },
    /// The hours never put this person on duty.
    NeverOnDuty { person: String },
    /// Whenever this person is on duty, somebody before is, too.
    NeverFirst { person: String },
    /// Clocks change in a window of this person.
    ClockChange {
        person: String,
        window: String,
        /// The local hour that is left out or comes twice, such as `Sun 2027-03-14 02:00-03:00`.
        span: String,
        change: Change,
        /// By how much the window is shorter or longer that night.
        minutes: u32,
        /// The window begins or ends within the span that comes twice, so duty changes twice.
        twice: bool,
    },
    /// The override's time is over; it has no effect any more.
    OverridePassed { person: String, until: String },
    /// An override for somebody who is not in the cascade.
    OverrideOfNobody { person: String },
    /// Because of overrides there are times in the coming week at which nobody but the backup is
    /// on duty, though by the hours somebody would be.
    LeftToBackup {
        away: Vec<String>,
        from: String,
        minutes: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Clocks go forward: the hour does not exist.
    Forward,
    /// Clocks go back: the hour comes twice.
    Back,
}

impl Finding {
    /// Whether somebody should do something about it; the rest is good to know.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Finding::NeverOnDuty { .. }
                | Finding::OverrideOfNobody { .. }
                | Finding::LeftToBackup { .. }
        )
    }
}

/// Looks at a line's schedule as of `now`, a year ahead for changes of the clock and a week for
/// overrides.
pub fn check(line: &Line, overrides: &Overrides, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some((_backup, people)) = line.people.split_last() else {
        return findings;
    };
    findings.extend(by_hours(people));
    findings.extend(clock_changes(people, &line.time_zone, now));
    findings.extend(overrides_to_look_at(line, overrides, now));
    findings.extend(left_to_backup(line, overrides, now));
    findings
}

const DAY: usize = 24 * 60;
const WEEK: usize = 7 * DAY;

/// A minute of the week, from Monday's midnight, on the clock of any week: changes of the clock do
/// not matter here.
fn on_the_clock(minute: usize) -> DateTime {
    date(2026, 6, 1).at(0, 0, 0, 0) + ((minute % WEEK) as i64).minutes()
}

/// The minutes of a week at which the hours put a person on duty.
fn week_of(person: &Person) -> Vec<bool> {
    let is_on = |minute| match &person.hours {
        Hours::Always => true,
        Hours::Never => false,
        Hours::Weekly(windows) => {
            let local = on_the_clock(minute);
            windows.iter().any(|window| window.contains(local))
        }
    };
    (0..WEEK).map(is_on).collect()
}

/// What the hours of those before the backup leave to others.
fn by_hours(people: &[Person]) -> Vec<Finding> {
    let mut alone = vec![true; WEEK];
    let mut findings = Vec::new();
    for person in people {
        let week = week_of(person);
        let name = || person.name.clone();
        if !week.contains(&true) {
            findings.push(Finding::NeverOnDuty { person: name() });
        } else if !week.iter().zip(&alone).any(|(on, alone)| *on && *alone) {
            findings.push(Finding::NeverFirst { person: name() });
        }
        for (alone, on) in alone.iter_mut().zip(week) {
            *alone &= !on;
        }
    }
    if alone.contains(&true) {
        let only_backup = Finding::OnlyBackup {
            spans: spans(&alone),
            minutes_a_week: alone.iter().filter(|alone| **alone).count() as u32,
        };
        findings.insert(0, only_backup);
    }
    findings
}

/// The runs of a week's marked minutes, as windows where they are at most a day long.
fn spans(marked: &[bool]) -> Vec<String> {
    let Some(unmarked) = marked.iter().position(|marked| !marked) else {
        return vec!["all week".to_owned()];
    };
    // Beginning after an unmarked minute, no run is cut in two by the end of the week.
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for minute in (unmarked..unmarked + WEEK).filter(|minute| marked[minute % WEEK]) {
        match runs.last_mut() {
            Some((_, end)) if *end == minute => *end += 1,
            _ => runs.push((minute, minute + 1)),
        }
    }
    runs.sort_by_key(|(start, _)| start % WEEK);
    let mut windows: Vec<Window> = Vec::new();
    let mut longer = Vec::new();
    for (start, end) in runs {
        match Window::of_minutes(start % WEEK, end - start) {
            Some(window) => match windows.last_mut().and_then(|last| last.joined(&window)) {
                Some(joined) => *windows.last_mut().expect("just seen") = joined,
                None => windows.push(window),
            },
            None => {
                let [from, to] = [start, end].map(|at| on_the_clock(at).strftime("%a %H:%M"));
                longer.push(format!("{from} to {to}"));
            }
        }
    }
    windows
        .iter()
        .map(Window::to_string)
        .chain(longer)
        .collect()
}

fn clock_changes(people: &[Person], zone: &TimeZone, now: Timestamp) -> Vec<Finding> {
    let a_year_on = now
        .saturating_add((366 * 24).hours())
        .unwrap_or(Timestamp::MAX);
    let mut findings = Vec::new();
    for transition in zone.zone().following(now) {
        let instant = transition.timestamp();
        if instant > a_year_on {
            break;
        }
        let before = zone
            .zone()
            .to_offset(instant - 1.second())
            .to_datetime(instant);
        let after = zone.at(instant).datetime();
        let (from, to, change) = if before < after {
            (before, after, Change::Forward)
        } else {
            (after, before, Change::Back)
        };
        for person in people {
            let Hours::Weekly(windows) = &person.hours else {
                continue;
            };
            findings.extend(windows.iter().filter_map(|window| {
                touched(window, from, to, change).map(|(minutes, twice)| Finding::ClockChange {
                    person: person.name.clone(),
                    window: window.to_string(),
                    span: format!(
                        "{}-{}",
                        from.strftime("%a %Y-%m-%d %H:%M"),
                        to.strftime("%H:%M")
                    ),
                    change,
                    minutes,
                    twice,
                })
            }));
        }
    }
    findings
}

/// How many minutes of the span a window covers, and whether duty changes twice in it.
fn touched(window: &Window, from: DateTime, to: DateTime, change: Change) -> Option<(u32, bool)> {
    let inside: Vec<bool> = (0..)
        .map(|minute: i64| from + minute.minutes())
        .take_while(|local| *local < to)
        .map(|local| window.contains(local))
        .collect();
    let minutes = inside.iter().filter(|inside| **inside).count();
    let twice = change == Change::Back && minutes < inside.len();
    (minutes > 0).then_some((minutes as u32, twice))
}

fn overrides_to_look_at(line: &Line, overrides: &Overrides, now: Timestamp) -> Vec<Finding> {
    overrides
        .0
        .iter()
        .filter_map(|(name, set)| match set.until {
            _ if !line.people.iter().any(|person| person.name == *name) => {
                Some(Finding::OverrideOfNobody {
                    person: name.clone(),
                })
            }
            Some(until) if until <= now => Some(Finding::OverridePassed {
                person: name.clone(),
                until: line.time_zone.show(until),
            }),
            _ => None,
        })
        .collect()
}

fn left_to_backup(line: &Line, overrides: &Overrides, now: Timestamp) -> Option<Finding> {
    let is_away = |person: &&Person| {
        let set = overrides.in_force(&person.name, now);
        set.is_some_and(|set| set.presence == Presence::Away)
    };
    let (_backup, people) = line.people.split_last()?;
    if !people.iter().any(|person| is_away(&person)) {
        return None;
    }
    let away = line.people.iter().filter(is_away);
    let somebody = |overrides: &Overrides, at: Timestamp| {
        let is_on = |person| duty_of(line, person, overrides, at).available;
        people.iter().any(is_on)
    };
    let by_hours = Overrides::default();
    let mut minutes = (0..WEEK as i64).map(|minute| now + minute.minutes());
    let is_left = |at: &Timestamp| somebody(&by_hours, *at) && !somebody(overrides, *at);
    let first = minutes.find(is_left)?;
    Some(Finding::LeftToBackup {
        away: away.map(|person| person.name.clone()).collect(),
        from: line.time_zone.show(first),
        minutes: 1 + minutes.filter(is_left).count() as u32,
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::OnlyBackup {
                spans,
                minutes_a_week,
            } => write!(
                f,
                "only the backup is on duty for {} a week: {}",
                hours(*minutes_a_week),
                spans.join(", ")
            ),
            Finding::NeverOnDuty { person } => write!(
                f,
                "{person} is never on duty; give {person} hours, or take {person} out"
            ),
            Finding::NeverFirst { person } => write!(
                f,
                "{person} is never first: whenever on duty, somebody before {person} is, too"
            ),
            Finding::ClockChange {
                person,
                window,
                span,
                change,
                minutes,
                twice,
            } => {
                let (what, longer) = match change {
                    Change::Forward => ("does not exist", "shorter"),
                    Change::Back => ("comes twice", "longer"),
                };
                write!(
                    f,
                    "{span} {what}: {person}'s {window} is {} {longer}",
                    hours(*minutes)
                )?;
                if *twice {
                    write!(
                        f,
                        ", in two pieces, since it begins or ends within that hour"
                    )?;
                }
                Ok(())
            }
            Finding::OverridePassed { person, until } => write!(
                f,
                "{person}'s override passed on {until}; `relay duty clear {person}` removes it"
            ),
            Finding::OverrideOfNobody { person } => write!(
                f,
                "there is an override for {person}, who is not in the cascade; `relay duty clear \
                 {person}` removes it"
            ),
            Finding::LeftToBackup {
                away,
                from,
                minutes,
            } => write!(
                f,
                "with {} away, only the backup is on duty for {} of the coming week that others \
                 would cover, first on {from}",
                away.join(" and "),
                hours(*minutes)
            ),
        }
    }
}

/// `7 h`, `30 min`, `7 h 30 min`.
fn hours(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests;
