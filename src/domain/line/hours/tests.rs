use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::*;
use crate::domain::time_zone::TimeZone;

fn window(text: &str) -> Window {
    Window::parse(text).unwrap()
}

fn why(text: &str) -> String {
    Window::parse(text).unwrap_err().to_string()
}

/// The day of the week of 2026-06-01, which is a Monday, and after.
fn local(day: i8, hour: i8, minute: i8) -> DateTime {
    date(2026, 6, 1 + day).at(hour, minute, 0, 0)
}

#[test]
fn the_end_is_not_part_of_the_window() {
    let hours = window("Mon-Fri 08:00-18:00");
    for (day, hour, minute, inside) in [
        (0, 7, 59, false),
        (0, 8, 0, true),
        (4, 17, 59, true),
        (4, 18, 0, false),
        (5, 12, 0, false),
    ] {
        assert_eq!(
            hours.contains(local(day, hour, minute)),
            inside,
            "{day} {hour}:{minute}"
        );
    }
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let hours = window("Fri 20:00-02:00");
    assert!(hours.contains(local(4, 23, 59)) && hours.contains(local(5, 1, 59)));
    assert!(!hours.contains(local(5, 2, 0)) && !hours.contains(local(5, 20, 0)));
    assert!(!hours.contains(local(4, 1, 0)));
    let sunday = window("Sun 22:00-06:00");
    assert!(sunday.contains(local(7, 5, 59)) && sunday.contains(local(0, 0, 0)));
}

#[test]
fn days_may_run_over_the_end_of_the_week() {
    let hours = window("Sat-Mon 10:00-11:00");
    let on: Vec<i8> = (0..7)
        .filter(|day| hours.contains(local(*day, 10, 30)))
        .collect();
    assert_eq!(on, [0, 5, 6]);
}

#[test]
fn a_window_prints_in_one_form() {
    for (written, printed) in [
        ("Mon-Fri 08:00-18:00", "Mon-Fri 08:00-18:00"),
        ("mon - FRI  8:00 - 18:00", "Mon-Fri 08:00-18:00"),
        ("Sat 09:00-13:00", "Sat 09:00-13:00"),
        ("Sat-Sat 09:00-13:00", "Sat 09:00-13:00"),
        ("Fri 20:00-02:00", "Fri 20:00-02:00"),
        ("Sat", "Sat 00:00-24:00"),
        ("sat-sun", "Sat-Sun 00:00-24:00"),
        ("Wed-Tue 18:00-24:00", "Mon-Sun 18:00-24:00"),
        ("Mon 18:00-0:00", "Mon 18:00-24:00"),
        ("Mon 00:00-24:00", "Mon 00:00-24:00"),
    ] {
        assert_eq!(window(written).to_string(), printed);
    }
}

#[test]
fn a_mistake_is_answered_with_what_to_write() {
    for (text, expected) in [
        ("", "write the days first, such as \"Mon-Fri 08:00-18:00\""),
        (
            "09:00-17:00",
            "write the days first, such as \"Mon-Fri 09:00-17:00\"",
        ),
        ("Mon-Fri08:00-18:00", "write \"Mon-Fri 08:00-18:00\""),
        ("Mon08:00", "runs days and times together"),
        ("Saturdays", "write \"Sat\""),
        ("Monday 08:00-18:00", "write \"Mon 08:00-18:00\""),
        (
            "Mun 08:00-18:00",
            "\"Mun\" is no day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun",
        ),
        ("Mon–Fri 08:00-18:00", "write \"Mon-Fri 08:00-18:00\""),
        ("Blursday 08:00-18:00", "is no day"),
        (
            "Mon, Wed 08:00-18:00",
            "write one entry for each, such as \"Mon 08:00-18:00\"",
        ),
        ("Mon 08:00", "write its beginning and its end"),
        ("Mon 8am-6pm", "write \"Mon 08:00-18:00\""),
        (
            "8am-6pm",
            "write the days first, such as \"Mon-Fri 08:00-18:00\"",
        ),
        ("Mon-Fri 9-5", "write \"Mon-Fri 09:00-17:00\""),
        (
            "Mon-Fri 8:30 a.m. to 6 p.m.",
            "write \"Mon-Fri 08:30-18:00\"",
        ),
        ("Weekdays 8-6pm", "write \"Mon-Fri 08:00-18:00\""),
        ("Sat 1-6pm", "write \"Sat 13:00-18:00\""),
        (
            "Monday to Friday 0800-1730",
            "write \"Mon-Fri 08:00-17:30\"",
        ),
        ("daily: 8h-17h30", "write \"Mon-Sun 08:00-17:30\""),
        ("Lunes-Viernes 9-13", "write \"Mon-Fri 09:00-13:00\""),
        ("Fri 8pm-2am", "write \"Fri 20:00-02:00\""),
        ("Fri noon-midnight", "write \"Fri 12:00-24:00\""),
        ("Tues 12am-12pm", "write \"Tue 00:00-12:00\""),
        ("Mon 8am-25pm", "write 08:00"),
        ("Mon 8am", "write its beginning and its end"),
        ("Mon 08:00-25:00", "\"25:00\" is not a time of day"),
        ("Mon 08:00-24:01", "\"24:01\" is not a time of day"),
        ("Mon 08:60-09:00", "\"08:60\" is not a time of day"),
        ("Mon 08:00-18:00 PST", "\"18:00 PST\" is not a time of day"),
        ("Mon 08:00-08:00", "write \"Mon 00:00-24:00\""),
        ("Mon 24:00-06:00", "write \"00:00-06:00\""),
    ] {
        let message = why(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
}

/// Every minute of a local day that takes place, as the wall clock shows it.
fn minutes_on_duty(zone: &str, window: &Window, day: Date) -> usize {
    let zone = TimeZone::named(zone).unwrap();
    let midnight = |day: Date| day.to_zoned_datetime(zone.zone().clone()).unwrap();
    let end = midnight(day.tomorrow().unwrap()).timestamp();
    let mut instant = midnight(day).timestamp();
    let mut count = 0;
    while instant < end {
        count += usize::from(window.contains(zone.at(instant).datetime()));
        instant += 1.minute();
    }
    count
}

#[test]
fn both_nights_on_which_clocks_change_follow_the_wall_clock() {
    // In the north clocks go forward on 2026-03-08 and back on 2026-11-01, at 02:00; in the south
    // they go back on 2026-04-05 at 03:00 and forward on 2026-10-04 at 02:00.
    const LA: &str = "America/Los_Angeles";
    const SYDNEY: &str = "Australia/Sydney";
    for (zone, day, text, minutes) in [
        (LA, date(2026, 3, 8), "Sun 00:00-06:00", 5 * 60),
        (LA, date(2026, 3, 8), "Sun 02:00-03:00", 0),
        (LA, date(2026, 3, 8), "Sun 01:30-02:30", 30),
        (LA, date(2026, 3, 8), "Sat 22:00-02:30", 2 * 60),
        (LA, date(2026, 3, 8), "Sun", 23 * 60),
        (LA, date(2026, 11, 1), "Sun 00:00-06:00", 7 * 60),
        (LA, date(2026, 11, 1), "Sun 01:00-02:00", 2 * 60),
        (LA, date(2026, 11, 1), "Sat 22:00-01:30", 2 * 60),
        (LA, date(2026, 11, 1), "Sun", 25 * 60),
        (LA, date(2026, 11, 8), "Sun", 24 * 60),
        (SYDNEY, date(2026, 10, 4), "Sun 00:00-06:00", 5 * 60),
        (SYDNEY, date(2026, 10, 4), "Sun 02:00-03:00", 0),
        (SYDNEY, date(2026, 4, 5), "Sun 00:00-06:00", 7 * 60),
        (SYDNEY, date(2026, 4, 5), "Sun 02:30-03:00", 60),
    ] {
        let counted = minutes_on_duty(zone, &window(text), day);
        assert_eq!(counted, minutes, "{zone} {day} {text}");
    }
}

#[test]
fn the_repeated_hour_is_on_duty_both_times() {
    let zone = TimeZone::named("America/Los_Angeles").unwrap();
    let hours = window("Sat 20:00-01:30");
    for (instant, inside) in [
        ("2026-11-01T08:29:00Z", true),  // 01:29, summer time
        ("2026-11-01T08:30:00Z", false), // 01:30, summer time
        ("2026-11-01T09:00:00Z", true),  // 01:00 again, winter time
        ("2026-11-01T09:30:00Z", false),
    ] {
        let instant: Timestamp = instant.parse().unwrap();
        assert_eq!(
            hours.contains(zone.at(instant).datetime()),
            inside,
            "{instant}"
        );
    }
}

prop_compose! {
    fn any_window()(first in 0i8..7, days in 0i64..7, from in 0u16..DAY, length in 1..=DAY) -> Window {
        let first = Weekday::from_monday_zero_offset(first).unwrap();
        let canonical = if days == 6 { Weekday::Monday } else { first };
        Window { first: canonical, last: canonical.wrapping_add(days), from, to: from + length }
    }
}

/// The minutes of the week that a window covers, walked one by one from where it begins.
fn walked(window: &Window) -> Vec<bool> {
    let mut week = vec![false; WEEK as usize];
    let mut day = window.first;
    loop {
        let midnight = day.to_monday_zero_offset() as usize * usize::from(DAY);
        for minute in window.from..window.to {
            week[(midnight + usize::from(minute)) % WEEK as usize] = true;
        }
        if day == window.last {
            return week;
        }
        day = day.next();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_window_contains_exactly_the_minutes_it_spans(window in any_window()) {
        let monday = local(0, 0, 0);
        for (minute, covered) in walked(&window).into_iter().enumerate() {
            let moment = monday + (minute as i64).minutes();
            prop_assert_eq!(window.contains(moment), covered, "{} at {}", window, moment);
        }
    }

    #[test]
    fn two_windows_overlap_if_and_only_if_they_share_a_minute(a in any_window(), b in any_window()) {
        let shared = walked(&a).into_iter().zip(walked(&b)).position(|(a, b)| a && b);
        let overlap = a.overlap(&b);
        prop_assert_eq!(overlap.is_some(), shared.is_some(), "{} and {}", &a, &b);
        if let (Some(overlap), Some(minute)) = (overlap, shared) {
            prop_assert!(overlap.contains(local(0, 0, 0) + (minute as i64).minutes()));
        }
    }

    #[test]
    fn a_window_reads_back_as_it_prints(window in any_window()) {
        // A full day that does not begin at midnight cannot be written as one window.
        prop_assume!(window.to - window.from < DAY || window.from == 0);
        prop_assert_eq!(Window::parse(&window.to_string()).unwrap(), window);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,24}") {
        let _ = Window::parse(&text);
    }
}
