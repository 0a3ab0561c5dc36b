//! Instants as people write them: `2h`, `5pm`, `Mon 8:00`, `2026-12-24 18:00`.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::{Span, Timestamp, ToSpan};

use crate::domain::line::hours::weekday;
use crate::domain::time_zone::TimeZone;

/// What is wrong with the text of an instant; says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTime(pub String);

/// Reads an instant: RFC 3339, or relative to `now` on the zone's clock.
///
/// A time of day without a date is the next one after `now`; a day of the week is the next such
/// day, today included if its time is still to come. An hour that clocks leave out is read as the
/// hour after, one that comes twice as the first that is still to come.
pub fn instant(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, BadTime> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let read = match duration(text) {
        Some(span) => zone.at(now).checked_add(span).ok().map(|at| at.timestamp()),
        None => on_the_clock(text, now, zone),
    };
    read.ok_or_else(|| {
        BadTime(format!(
            "{text:?} is not a time; write one such as 2h, 5pm, \"Mon 8:00\", \"tomorrow 9am\", \
             \"2026-12-24 18:00\" or 2026-12-24T18:00:00Z"
        ))
    })
}

/// Reads an instant that is still to come.
pub fn until(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, BadTime> {
    let instant = instant(text, now, zone)?;
    if instant <= now {
        return Err(BadTime(format!(
            "{text:?} is {}, which is past; it is {} now, so write a later time",
            zone.show(instant),
            zone.show(now)
        )));
    }
    Ok(instant)
}

/// Reads how long ago something was: `2h` for two hours before `now`.
pub fn ago(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, BadTime> {
    let text = text.trim();
    duration(text)
        .and_then(|span| zone.at(now).checked_sub(span).ok())
        .map(|at| at.timestamp())
        .ok_or_else(|| {
            BadTime(format!(
                "{text:?} is no age; write one such as 90m, 2h or 3d"
            ))
        })
}

/// `90m`, `2h`, `1h30m`, `3d`, `1w`. Days and weeks are those of the calendar.
fn duration(text: &str) -> Option<Span> {
    let is_plain = |b: u8| b.is_ascii_digit() || b"mhdw".contains(&b);
    text.parse().ok().filter(|_| text.bytes().all(is_plain))
}

fn on_the_clock(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = text
        .to_lowercase()
        .replace(" am", "am")
        .replace(" pm", "pm");
    let words: Vec<&str> = text.split_whitespace().collect();
    let today = zone.at(now).date();
    match words[..] {
        ["now"] => Some(now),
        [time] if time_of_day(time).is_some() => {
            next(today.to_datetime(time_of_day(time)?), 1, now, zone)
        }
        ["today" | "tomorrow", ..] => {
            let date = if words[0] == "today" {
                today
            } else {
                today.tomorrow().ok()?
            };
            first_after(date.to_datetime(time_after(&words)?), now, zone)
        }
        [day, ..] if day_of_week(day).is_some() => {
            let days = today.weekday().until(day_of_week(day)?);
            let date = today.checked_add(i64::from(days).days()).ok()?;
            next(date.to_datetime(time_after(&words)?), 7, now, zone)
        }
        _ => {
            // With seconds, as programs write it.
            if let Ok(local) = text.parse::<DateTime>()
                && text.contains(':')
            {
                return first_after(local, now, zone);
            }
            let words: Vec<&str> = text.splitn(2, [' ', 't']).collect();
            let date: Date = words.first()?.parse().ok()?;
            first_after(date.to_datetime(time_after(&words)?), now, zone)
        }
    }
}

/// `Mon` or `Monday`.
fn day_of_week(name: &str) -> Option<Weekday> {
    let full = || BrokenDownTime::parse("%A", name).ok()?.weekday();
    weekday(name).or_else(full)
}

/// The time that follows a day; the day's beginning if there is none.
fn time_after(words: &[&str]) -> Option<Time> {
    match words {
        [_] => Some(Time::midnight()),
        [_, time] => time_of_day(time.trim()),
        _ => None,
    }
}

/// `8:00`, `17:30`, `5pm`, `5:30pm`.
fn time_of_day(text: &str) -> Option<Time> {
    let (clock, half) = match text.strip_suffix("am") {
        Some(clock) => (clock, Some(0)),
        None => match text.strip_suffix("pm") {
            Some(clock) => (clock, Some(12)),
            None => (text, None),
        },
    };
    let (hour, minute) = match (clock.split_once(':'), half) {
        (Some((hour, minute)), _) if minute.len() == 2 => (hour, minute),
        // Without minutes nor half of the day, a number could be anything.
        (None, Some(_)) => (clock, "00"),
        _ => return None,
    };
    let digits =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !(digits(hour) && digits(minute)) {
        return None;
    }
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    Time::new(hour, minute, 0, 0).ok()
}

/// The first instant after `now` at which the clock shows `local`, this time or `days` later.
fn next(local: DateTime, days: i64, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    match first_after(local, now, zone)? {
        instant if now < instant => Some(instant),
        _ => first_after(local.checked_add(days.days()).ok()?, now, zone),
    }
}

/// The instant at which the clock shows `local`: of two, the first that is after `now`.
fn first_after(local: DateTime, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.zone().to_ambiguous_timestamp(local);
    let first = ambiguous.compatible().ok()?;
    if now < first {
        return Some(first);
    }
    let is_twice = matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Fold { .. });
    Some(if is_twice {
        ambiguous.later().ok()?
    } else {
        first
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::named("America/Los_Angeles").unwrap()
    }

    /// What `text` is, read on Fri 2026-11-20 at 10:00 in Los Angeles.
    fn read(text: &str) -> String {
        let now = "2026-11-20T18:00:00Z".parse().unwrap();
        match instant(text, now, &zone()) {
            Ok(instant) => zone().show(instant),
            Err(bad) => bad.to_string(),
        }
    }

    #[test]
    fn instants_are_read_as_people_write_them() {
        for (text, expected) in [
            ("now", "Fri 2026-11-20 10:00 PST"),
            ("2h", "Fri 2026-11-20 12:00 PST"),
            ("90m", "Fri 2026-11-20 11:30 PST"),
            ("1h30m", "Fri 2026-11-20 11:30 PST"),
            ("3d", "Mon 2026-11-23 10:00 PST"),
            ("1w", "Fri 2026-11-27 10:00 PST"),
            ("5pm", "Fri 2026-11-20 17:00 PST"),
            ("2026-11-21T02:00:00", "Sat 2026-11-21 02:00 PST"),
            ("2026-11-21 02:00:00", "Sat 2026-11-21 02:00 PST"),
            ("2026-11-21T02:00", "Sat 2026-11-21 02:00 PST"),
            ("5 pm", "Fri 2026-11-20 17:00 PST"),
            ("5:30PM", "Fri 2026-11-20 17:30 PST"),
            ("12pm", "Fri 2026-11-20 12:00 PST"),
            ("12am", "Sat 2026-11-21 00:00 PST"),
            ("8:00", "Sat 2026-11-21 08:00 PST"),
            ("10:00", "Sat 2026-11-21 10:00 PST"),
            ("23:59", "Fri 2026-11-20 23:59 PST"),
            ("Mon 8:00", "Mon 2026-11-23 08:00 PST"),
            ("mon 8am", "Mon 2026-11-23 08:00 PST"),
            ("Fri 17:00", "Fri 2026-11-20 17:00 PST"),
            ("Fri 9:00", "Fri 2026-11-27 09:00 PST"),
            ("Sat", "Sat 2026-11-21 00:00 PST"),
            ("tomorrow", "Sat 2026-11-21 00:00 PST"),
            ("tomorrow 9am", "Sat 2026-11-21 09:00 PST"),
            ("today 18:00", "Fri 2026-11-20 18:00 PST"),
            ("2026-12-24", "Thu 2026-12-24 00:00 PST"),
            ("2026-12-24 18:00", "Thu 2026-12-24 18:00 PST"),
            ("2026-12-24T18:00", "Thu 2026-12-24 18:00 PST"),
            ("2026-12-24T18:00:00Z", "Thu 2026-12-24 10:00 PST"),
            ("2026-07-01T12:00:00-07:00", "Wed 2026-07-01 12:00 PDT"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_answered_with_examples() {
        for text in [
            "",
            "soon",
            "5",
            "25:00",
            "13pm",
            "0am",
            "8:0",
            "8:00:00",
            "Mon 8:00 PST",
            "2x",
            "h",
            "Someday 8:00",
            "2026-13-01",
            "99999999999999999999h",
            "9999999999h",
            "-2h",
        ] {
            let message = read(text);
            assert!(
                message.contains("is not a time; write one such as 2h, 5pm"),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn an_age_is_counted_backwards() {
        let now = "2026-11-20T18:00:00Z".parse().unwrap();
        let ago = |text| ago(text, now, &zone());
        assert_eq!(ago("2h").unwrap().to_string(), "2026-11-20T16:00:00Z");
        assert_eq!(ago(" 1d ").unwrap().to_string(), "2026-11-19T18:00:00Z");
        for text in ["", "2", "5pm", "yesterday", "-2h", "9999999999h"] {
            let message = ago(text).unwrap_err().to_string();
            assert!(message.contains("is no age; write one such as 90m"));
        }
    }

    #[test]
    fn an_end_must_be_to_come() {
        let now = "2026-11-20T18:00:00Z".parse().unwrap();
        assert!(until("1m", now, &zone()).is_ok());
        for past in ["now", "0m", "today 9:00", "2026-11-19"] {
            let message = until(past, now, &zone()).unwrap_err().to_string();
            assert!(
                message.contains("is past; it is Fri 2026-11-20 10:00 PST now"),
                "{message}"
            );
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_the_first_to_come_and_one_that_is_missing_the_next() {
        let at = |text, now: &str| {
            instant(text, now.parse().unwrap(), &zone())
                .unwrap()
                .to_string()
        };
        assert_eq!(at("1:30", "2026-11-01T08:00:00Z"), "2026-11-01T08:30:00Z");
        assert_eq!(at("1:30", "2026-11-01T09:00:00Z"), "2026-11-01T09:30:00Z");
        assert_eq!(at("1:30", "2026-11-01T09:30:00Z"), "2026-11-02T09:30:00Z");
        assert_eq!(at("2:30", "2027-03-14T08:00:00Z"), "2027-03-14T10:30:00Z");
        // A day of the calendar may have 23 hours, 24 hours always have 24.
        assert_eq!(at("1d", "2027-03-14T08:00:00Z"), "2027-03-15T07:00:00Z");
        assert_eq!(at("24h", "2027-03-14T08:00:00Z"), "2027-03-15T08:00:00Z");
    }
}
