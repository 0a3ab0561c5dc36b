//! Times as the options of commands take them.

use jiff::Timestamp;
use jiff::civil::Date;

use super::day::Calendar;
use super::{Before, Reading, duration, read, token};
use crate::domain::time_zone::Clock;

/// What is wrong with the text of a time; says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTime(pub String);

/// Reads an instant; a day is its beginning.
pub fn instant(text: &str, now: Timestamp, clock: Clock) -> Result<Timestamp, BadTime> {
    if text.trim().eq_ignore_ascii_case("now") {
        return Ok(now);
    }
    let written = |at: Timestamp| clock.zone().at(at).strftime("%Y-%m-%d %H:%M").to_string();
    match read(text, Before::Until, now, clock)[..] {
        [Reading { at, .. }] => Ok(at),
        [one, other, ..] => Err(two_ways(text, written(one.at), written(other.at))),
        [] => Err(BadTime(format!(
            "{text:?} is not a time; write one such as 2h, 5pm, \"Mon 8:00\", \"tomorrow 9am\", \
             \"2026-12-24 18:00\" or 2026-12-24T18:00:00Z"
        ))),
    }
}

/// Reads an instant that is still to come.
pub fn until(text: &str, now: Timestamp, clock: Clock) -> Result<Timestamp, BadTime> {
    let instant = instant(text, now, clock)?;
    if instant <= now {
        let zone = clock.zone();
        return Err(BadTime(format!(
            "{text:?} is {}, which is past; it is {} now, so write a later time",
            zone.show(instant),
            zone.show(now)
        )));
    }
    Ok(instant)
}

/// Reads a day that was: `yesterday`, `Mon` for the last Monday, `11/22`.
pub fn day(text: &str, now: Timestamp, clock: Clock) -> Result<Date, BadTime> {
    let calendar = Calendar {
        is_past: true,
        ..Calendar::at(now, clock)
    };
    let plain = token::plain(text);
    match calendar.days(&token::tokens(&plain)) {
        Some((ways, [])) if ways.iter().all(|way| way.length == 1) => match ways[..] {
            [way] => Ok(way.first),
            _ => Err(two_ways(text, ways[0].first, ways[1].first)),
        },
        _ => Err(BadTime(format!(
            "{text:?} is no day; write one such as 2026-11-22, \"Nov 22\", Mon or yesterday"
        ))),
    }
}

/// Reads how long ago something was: `2h` for two hours before `now`.
pub fn ago(text: &str, now: Timestamp) -> Result<Timestamp, BadTime> {
    let plain = token::plain(text);
    let span = duration::duration(&token::tokens(&plain));
    let utc = now.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let at = span.and_then(|span| utc.checked_sub(span).ok());
    at.map(|at| at.timestamp()).ok_or_else(|| {
        BadTime(format!(
            "{text:?} is no age; write one such as 90m, 2h or 3d"
        ))
    })
}

fn two_ways(text: &str, one: impl std::fmt::Display, other: impl std::fmt::Display) -> BadTime {
    BadTime(format!(
        "{text:?} can be {one} or {other}; write one of them"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_zone::TimeZone;

    const NOW: &str = "2026-11-20T18:00:00Z";

    /// What an option says, on Fri 2026-11-20 at 10:00 in Los Angeles.
    fn with<T: ToString>(read: impl Fn(Timestamp, Clock) -> Result<T, BadTime>) -> String {
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        match read(NOW.parse().unwrap(), Clock::new(&zone, "US")) {
            Ok(read) => read.to_string(),
            Err(bad) => bad.to_string(),
        }
    }

    #[test]
    fn an_instant_is_the_beginning_of_what_is_said() {
        for (text, expected) in [
            ("now", "2026-11-20T18:00:00Z"),
            (" 2h ", "2026-11-20T20:00:00Z"),
            ("tomorrow", "2026-11-21T08:00:00Z"),
            ("Sat 02:00", "2026-11-21T10:00:00Z"),
            ("the weekend", "2026-11-21T08:00:00Z"),
            ("today", "2026-11-20T08:00:00Z"),
            ("2026-11-21T02:00:00-08:00", "2026-11-21T10:00:00Z"),
            ("2026-11-21 02:00:00", "2026-11-21T10:00:00Z"),
        ] {
            assert_eq!(
                with(|now, clock| instant(text, now, clock)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_answered_with_examples_and_what_is_two_with_both() {
        for text in ["", "soon", "25:00", "Mon 8:00 PST", "-2h"] {
            let message = with(|now, clock| instant(text, now, clock));
            let says = "is not a time; write one such as 2h, 5pm, \"Mon 8:00\"";
            assert!(message.contains(says), "{text}: {message}");
        }
        assert_eq!(
            with(|now, clock| instant("Mon midnight", now, clock)),
            "\"Mon midnight\" can be 2026-11-23 00:00 or 2026-11-24 00:00; write one of them"
        );
    }

    #[test]
    fn an_end_must_be_to_come() {
        assert_eq!(
            with(|now, clock| until("1m", now, clock)),
            "2026-11-20T18:01:00Z"
        );
        for past in ["now", "0m", "today 9:00am", "2026-11-19", "yesterday"] {
            let message = with(|now, clock| until(past, now, clock));
            let says = "is past; it is Fri 2026-11-20 10:00 PST now";
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn a_day_is_the_last_that_was() {
        for (text, expected) in [
            ("2026-11-22", "2026-11-22"),
            ("yesterday", "2026-11-19"),
            ("today", "2026-11-20"),
            ("Fri", "2026-11-13"),
            ("thursday", "2026-11-19"),
            ("Nov 20", "2026-11-20"),
            ("Nov 21", "2025-11-21"),
            ("11/19", "2026-11-19"),
            ("21st", "2026-10-21"),
            ("Feb 29", "2024-02-29"),
        ] {
            assert_eq!(with(|now, clock| day(text, now, clock)), expected, "{text}");
        }
        for text in [
            "",
            "5pm",
            "Mon 8:00",
            "weekend",
            "2h",
            "2026-02-30",
            "someday",
        ] {
            let message = with(|now, clock| day(text, now, clock));
            let says = "is no day; write one such as 2026-11-22, \"Nov 22\", Mon or yesterday";
            assert!(message.contains(says), "{text}: {message}");
        }
        let message = with(|now, clock| day("10/11", now, Clock::new(clock.zone(), "CA")));
        assert_eq!(
            message,
            "\"10/11\" can be 2026-10-11 or 2026-11-10; write one of them"
        );
    }

    #[test]
    fn an_age_is_counted_backwards() {
        let ago = |text| with(|now, _| ago(text, now));
        assert_eq!(ago("2h"), "2026-11-20T16:00:00Z");
        assert_eq!(ago(" 1d "), "2026-11-19T18:00:00Z");
        assert_eq!(ago("two hours"), "2026-11-20T16:00:00Z");
        for text in ["", "2", "5pm", "yesterday", "-2h", "9999999999h"] {
            assert!(
                ago(text).contains("is no age; write one such as 90m"),
                "{text}"
            );
        }
    }
}
