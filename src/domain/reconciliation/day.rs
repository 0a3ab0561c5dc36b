use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::domain::line::Line;
use crate::domain::time_zone::TimeZone;

/// How long after its end a day is compared at the earliest: Twilio has heard from the carriers what
/// became of its last messages.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_hours(4);

/// What the last texts of a day have beyond their deadline, for what is still under way.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// How many days are made up for that were missed. What is older would not be relayed any more.
const MADE_UP_FOR: i32 = 3;

/// A day by a line's clock: 23 or 25 hours long when the clock is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub from: Timestamp,
    /// The first moment of the next day.
    pub until: Timestamp,
}

impl Day {
    /// An error means that the date is at the end of all calendars.
    pub fn of(date: Date, zone: &TimeZone) -> Result<Self, jiff::Error> {
        Ok(Self {
            date,
            from: zone.midnight(date)?,
            until: zone.midnight(date.tomorrow()?)?,
        })
    }

    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }

    /// The days in GMT that it has a part of.
    pub fn in_gmt(&self) -> Vec<Date> {
        days_in_gmt(self.from, self.until)
    }
}

/// The days in GMT that this time has a part of: Twilio files messages and calls under those.
pub fn days_in_gmt(from: Timestamp, until: Timestamp) -> Vec<Date> {
    let gmt = |instant: Timestamp| instant.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let last = gmt(until - SignedDuration::from_nanos(1));
    let days = gmt(from).series(1.day());
    days.take_while(|day| *day <= last).collect()
}

/// The last of a line's days of which everything is settled now.
pub fn last_settled(line: &Line, now: Timestamp) -> Date {
    let within = SignedDuration::try_from(line.policy.deliver_within).unwrap_or_default();
    let settled_after = SETTLED_AFTER.max(within.saturating_add(GRACE));
    let settled = now.checked_sub(settled_after).unwrap_or(Timestamp::MIN);
    let today = line.time_zone.at(settled).date();
    today.yesterday().unwrap_or(today)
}

/// The days that are to be compared now, `done` being the last one that is not any more. One that is
/// after tomorrow is of a clock that was ahead, and says nothing.
pub fn due_days(line: &Line, done: Date, now: Timestamp) -> Vec<Date> {
    let last = last_settled(line, now);
    // In another time zone, which the line may have had, it can be tomorrow.
    let tomorrow = line.time_zone.at(now).date().tomorrow();
    let is_believed = tomorrow.is_ok_and(|tomorrow| done <= tomorrow);
    let done = if is_believed { done } else { Date::MIN };
    let oldest = last.saturating_sub((MADE_UP_FOR - 1).days());
    let first = done.tomorrow().unwrap_or(done).max(oldest);
    first
        .series(1.day())
        .take_while(|day| *day <= last)
        .collect()
}

// The configuration's example is the line here.
#[cfg(all(test, feature = "machine"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::named(name).unwrap()
    }

    /// A line in Los Angeles.
    fn line() -> Line {
        crate::domain::line::config::example(4000).remove(0)
    }

    fn hours(date: Date, zone_name: &str) -> i64 {
        let day = Day::of(date, &zone(zone_name)).unwrap();
        day.until.duration_since(day.from).as_hours()
    }

    #[test]
    fn a_day_has_23_or_25_hours_when_the_clock_is_changed() {
        let los_angeles = "America/Los_Angeles";
        assert_eq!(hours(date(2026, 3, 8), los_angeles), 23);
        assert_eq!(hours(date(2026, 7, 1), los_angeles), 24);
        assert_eq!(hours(date(2026, 11, 1), los_angeles), 25);
        // Where the clock is changed at midnight, the day begins at one.
        assert_eq!(hours(date(2026, 4, 24), "Africa/Cairo"), 23);
    }

    #[test]
    fn days_follow_each_other_without_a_gap() {
        for zone_name in ["America/Los_Angeles", "Africa/Cairo", "Asia/Kathmandu"] {
            let zone = zone(zone_name);
            for date in date(2026, 1, 1).series(1.day()).take(365) {
                let (day, next) = (
                    Day::of(date, &zone),
                    Day::of(date.tomorrow().unwrap(), &zone),
                );
                let (day, next) = (day.unwrap(), next.unwrap());
                assert_eq!(day.until, next.from, "{zone_name} {date}");
                assert!(day.contains(day.from) && !day.contains(day.until));
            }
        }
    }

    #[test]
    fn a_day_is_part_of_one_or_two_days_in_gmt() {
        let gmt = |day: Date, name: &str| Day::of(day, &zone(name)).unwrap().in_gmt();
        let (sunday, monday) = (date(2026, 11, 22), date(2026, 11, 23));
        assert_eq!(gmt(sunday, "America/Los_Angeles"), [sunday, monday]);
        assert_eq!(gmt(sunday, "UTC"), [sunday]);
        assert_eq!(gmt(monday, "Asia/Kathmandu"), [sunday, monday]);
        // 25 hours from eleven at night on.
        let long = date(2026, 10, 25);
        let gmt = gmt(long, "Europe/Berlin");
        assert_eq!(gmt, [date(2026, 10, 24), long]);
    }

    #[test]
    fn a_day_is_compared_four_hours_after_its_end() {
        let line = line();
        let due = |now: &str, done| due_days(&line, done, now.parse().unwrap());
        let (saturday, sunday) = (date(2026, 11, 21), date(2026, 11, 22));
        assert_eq!(due("2026-11-23T03:59:59-08:00", saturday), []);
        assert_eq!(due("2026-11-23T04:00:00-08:00", saturday), [sunday]);
        assert_eq!(due("2026-11-23T04:00:00-08:00", sunday), []);
        // The night in which an hour comes twice.
        let (october, halloween) = (date(2026, 10, 30), date(2026, 10, 31));
        assert_eq!(due("2026-11-01T02:59:00-08:00", october), []);
        assert_eq!(due("2026-11-01T03:00:00-08:00", october), [halloween]);
        assert_eq!(due("2026-11-02T03:59:00-08:00", halloween), []);
        let november = date(2026, 11, 1);
        assert_eq!(due("2026-11-02T04:00:00-08:00", halloween), [november]);
    }

    #[test]
    fn a_line_that_tries_for_long_is_compared_when_the_last_text_had_its_time() {
        let mut line = line();
        line.policy.deliver_within = std::time::Duration::from_secs(12 * 3600);
        let last = |now: &str| last_settled(&line, now.parse().unwrap());
        assert_eq!(last("2026-11-23T12:59:00-08:00"), date(2026, 11, 21));
        assert_eq!(last("2026-11-23T13:00:00-08:00"), date(2026, 11, 22));
    }

    #[test]
    fn missed_days_are_made_up_for_but_not_for_ever() {
        let line = line();
        let now = "2026-11-23T09:30:00-08:00".parse().unwrap();
        let due = |done| due_days(&line, done, now);
        let november = |day| date(2026, 11, day);
        assert_eq!(due(november(21)), [november(22)]);
        assert_eq!(due(november(20)), [november(21), november(22)]);
        assert_eq!(due(november(1)), [20, 21, 22].map(november));
        for ahead in [november(23), november(24)] {
            assert_eq!(
                due(ahead),
                [],
                "a line that is new, or was in another time zone"
            );
        }
        for ahead in [november(25), date(2036, 11, 23)] {
            let days = [20, 21, 22].map(november);
            assert_eq!(due(ahead), days, "a clock that was ahead for a moment");
        }
    }
}
