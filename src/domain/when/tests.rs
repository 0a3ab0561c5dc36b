use super::*;
use crate::domain::time_zone::TimeZone;

use proptest::prelude::*;

const FRIDAY_10: &str = "2026-11-20T10:00:00-08:00";
/// 18:30 there.
const FRIDAY_IN_BERLIN: &str = "2026-11-20T17:30:00Z";

fn zone(country: &str) -> TimeZone {
    let name = if country == "DE" {
        "Europe/Berlin"
    } else {
        "America/Los_Angeles"
    };
    TimeZone::named(name).unwrap()
}

/// What `text` says, without the year if it is 2026.
fn says(text: &str, country: &str, now: &str) -> String {
    let zone = zone(country);
    let show = |at| {
        zone.at(at)
            .strftime("%a %Y-%m-%d %H:%M")
            .to_string()
            .replace("2026-", "")
    };
    let clock = Clock::new(&zone, country);
    let readings = read(text, Before::Nothing, now.parse().unwrap(), clock);
    let readings = readings.iter().map(|read| {
        let Reading { at, from, to } = *read;
        let stretch = format!("{} to {}", show(from), show(to));
        match at {
            at if from == to => show(at),
            at if at == from || at == to => stretch,
            at => format!("{stretch}, again {}", show(at)),
        }
    });
    readings.collect::<Vec<_>>().join(" or ")
}

/// What texts say on Fri 2026-11-20, at 10:00 in Los Angeles, and at 18:30 in Berlin if that is another
/// time.
#[rustfmt::skip]
const READ: &[(&str, &str, &str)] = &[
    ("5", "Fri 11-20 17:00", "Sat 11-21 05:00"),
    ("5 p.m.", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("5pm", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("5 PM", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("5:30", "Fri 11-20 17:30", "Sat 11-21 05:30"),
    ("5:30pm", "Fri 11-20 17:30", "Sat 11-21 17:30"),
    ("5.30pm", "Fri 11-20 17:30", "Sat 11-21 17:30"),
    ("17h", "Fri 11-20 17:00 or Sat 11-21 03:00", "Sat 11-21 17:00 or Sat 11-21 11:30"),
    ("17h30", "Fri 11-20 17:30", "Sat 11-21 17:30"),
    ("1700", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("17:00", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("530", "Fri 11-20 17:30", "Sat 11-21 05:30"),
    ("0530", "Sat 11-21 05:30", ""),
    ("05:30", "Sat 11-21 05:30", ""),
    ("until 17h", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("for 17h", "Sat 11-21 03:00", "Sat 11-21 11:30"),
    ("17 hours", "Sat 11-21 03:00", "Sat 11-21 11:30"),
    ("until 15", "Fri 11-20 15:00", "Sat 11-21 15:00"),
    ("15", "Fri 11-20 15:00 or Fri 11-20 10:15", "Sat 11-21 15:00 or Fri 11-20 18:45"),
    ("10", "Fri 11-20 22:00 or Fri 11-20 10:10", "Fri 11-20 22:00 or Fri 11-20 18:40"),
    ("until 10", "Fri 11-20 22:00", ""),
    ("for 20", "Fri 11-20 10:20", "Fri 11-20 18:50"),
    ("30", "Fri 11-20 10:30", "Fri 11-20 19:00"),
    ("noon", "Fri 11-20 12:00", "Sat 11-21 12:00"),
    ("midnight", "Sat 11-21 00:00", ""),
    ("12 noon", "Fri 11-20 12:00", "Sat 11-21 12:00"),
    ("until 12", "Fri 11-20 12:00", "Sat 11-21 00:00"),
    ("12:30", "Fri 11-20 12:30", "Sat 11-21 12:30"),
    ("12am", "Sat 11-21 00:00", ""),
    ("12pm", "Fri 11-20 12:00", "Sat 11-21 12:00"),
    ("tonight", "Fri 11-20 18:00 to Sat 11-21 00:00", ""),
    ("tonight 9", "Fri 11-20 21:00", ""),
    ("tonight at 1", "Sat 11-21 01:00", ""),
    ("9 tonight", "Fri 11-20 21:00", ""),
    ("until tonight", "Fri 11-20 18:00 to Sat 11-21 00:00", ""),
    ("this afternoon", "Fri 11-20 12:00 to Fri 11-20 18:00", ""),
    ("this evening", "Fri 11-20 18:00 to Sat 11-21 00:00", ""),
    ("until this evening", "Fri 11-20 18:00 to Sat 11-21 00:00", ""),
    ("morning", "Fri 11-20 08:00 to Fri 11-20 12:00, again Sat 11-21 08:00", "Sat 11-21 08:00 to Sat 11-21 12:00"),
    ("until morning", "Fri 11-20 08:00 to Fri 11-20 12:00, again Sat 11-21 08:00", "Sat 11-21 08:00 to Sat 11-21 12:00"),
    ("until the morning", "Fri 11-20 08:00 to Fri 11-20 12:00, again Sat 11-21 08:00", "Sat 11-21 08:00 to Sat 11-21 12:00"),
    ("tomorrow", "Sat 11-21 00:00 to Sun 11-22 00:00", ""),
    ("until tomorrow", "Sat 11-21 00:00 to Sun 11-22 00:00", ""),
    ("TOMOROW", "Sat 11-21 00:00 to Sun 11-22 00:00", ""),
    ("tmrw 9", "Sat 11-21 09:00", ""),
    ("tomorrow 9", "Sat 11-21 09:00", ""),
    ("tomorrow 9am", "Sat 11-21 09:00", ""),
    ("tomorrow at 9 am", "Sat 11-21 09:00", ""),
    ("9 tomorrow", "Sat 11-21 09:00", ""),
    ("tomorrow 5", "Sat 11-21 17:00", ""),
    ("tomorrow until 5", "Sat 11-21 00:00 to Sat 11-21 17:00", ""),
    ("tomorrow until noon", "Sat 11-21 00:00 to Sat 11-21 12:00", ""),
    ("today until 5", "Fri 11-20 00:00 to Fri 11-20 17:00", ""),
    ("tomorrow morning", "Sat 11-21 08:00 to Sat 11-21 12:00", ""),
    ("tomorrow night", "Sat 11-21 18:00 to Sun 11-22 00:00", ""),
    ("until tomorrow morning", "Sat 11-21 08:00 to Sat 11-21 12:00", ""),
    ("tomorrow morning at 10", "Sat 11-21 10:00", ""),
    ("8 in the morning", "Sat 11-21 08:00", ""),
    ("5 in the afternoon", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("day after tomorrow", "Sun 11-22 00:00 to Mon 11-23 00:00", ""),
    ("the day after tomorrow 8am", "Sun 11-22 08:00", ""),
    ("Mon 8", "Mon 11-23 08:00", ""),
    ("mon 8:00", "Mon 11-23 08:00", ""),
    ("monday 8am", "Mon 11-23 08:00", ""),
    ("8am monday", "Mon 11-23 08:00", ""),
    ("8am on Monday", "Mon 11-23 08:00", ""),
    ("Monday at 8", "Mon 11-23 08:00", ""),
    ("until monday", "Mon 11-23 00:00 to Tue 11-24 00:00", ""),
    ("monday", "Mon 11-23 00:00 to Tue 11-24 00:00", ""),
    ("fri", "Fri 11-20 00:00 to Sat 11-21 00:00, again Fri 11-27 00:00", ""),
    ("until fri", "Fri 11-20 00:00 to Sat 11-21 00:00, again Fri 11-27 00:00", ""),
    ("fri 9am", "Fri 11-27 09:00", ""),
    ("fri 5", "Fri 11-20 17:00", "Fri 11-27 17:00"),
    ("friday 17:00", "Fri 11-20 17:00", "Fri 11-27 17:00"),
    ("until friday 9", "Fri 11-27 09:00", ""),
    ("next monday", "Mon 11-23 00:00 to Tue 11-24 00:00", ""),
    ("next friday", "Fri 11-27 00:00 to Sat 11-28 00:00", ""),
    ("next fri 9am", "Fri 11-27 09:00", ""),
    ("next week", "Mon 11-23 00:00 to Mon 11-30 00:00", ""),
    ("this week", "Mon 11-16 00:00 to Mon 11-23 00:00", ""),
    ("the rest of the week", "Mon 11-16 00:00 to Mon 11-23 00:00", ""),
    ("next weekend", "Sat 11-21 00:00 to Mon 11-23 00:00 or Sat 11-28 00:00 to Mon 11-30 00:00", ""),
    ("the weekend", "Sat 11-21 00:00 to Mon 11-23 00:00", ""),
    ("weekend", "Sat 11-21 00:00 to Mon 11-23 00:00", ""),
    ("for the weekend", "Sat 11-21 00:00 to Mon 11-23 00:00", ""),
    ("until the weekend", "Sat 11-21 00:00 to Mon 11-23 00:00", ""),
    ("this weekend", "Sat 11-21 00:00 to Mon 11-23 00:00", ""),
    ("Weds 9", "Wed 11-25 09:00", ""),
    ("thurs 10am", "Thu 11-26 10:00", ""),
    ("tues noon", "Tue 11-24 12:00", ""),
    ("sunday night", "Sun 11-22 18:00 to Mon 11-23 00:00", ""),
    ("sun midnight", "Sun 11-22 00:00 or Mon 11-23 00:00", ""),
    ("midnight tonight", "Sat 11-21 00:00", ""),
    ("tomorrow midnight", "Sat 11-21 00:00 or Sun 11-22 00:00", ""),
    ("friday midnight", "Sat 11-21 00:00", ""),
    ("Dec 10", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("10 Dec", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("December 10th 9am", "Thu 12-10 09:00", ""),
    ("Dec. 10, 9 a.m.", "Thu 12-10 09:00", ""),
    ("10th of December", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("10 december 17:00", "Thu 12-10 17:00", ""),
    ("until dec 10", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("dec 10 9", "Thu 12-10 09:00", ""),
    ("Dec 10 2026", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("Dec 10, 2027", "Fri 2027-12-10 00:00 to Sat 2027-12-11 00:00", ""),
    ("Jan 5", "Tue 2027-01-05 00:00 to Wed 2027-01-06 00:00", ""),
    ("Nov 1", "Mon 2027-11-01 00:00 to Tue 2027-11-02 00:00", ""),
    ("the 10th", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("until the 3rd", "Thu 12-03 00:00 to Fri 12-04 00:00", ""),
    ("31st", "Thu 12-31 00:00 to Fri 2027-01-01 00:00", ""),
    ("12/10", "Thu 12-10 00:00 to Fri 12-11 00:00", "Tue 2027-10-12 00:00 to Wed 2027-10-13 00:00"),
    ("until 12/10", "Thu 12-10 00:00 to Fri 12-11 00:00", "Tue 2027-10-12 00:00 to Wed 2027-10-13 00:00"),
    ("12/10 9am", "Thu 12-10 09:00", "Tue 2027-10-12 09:00"),
    ("10/12", "Tue 2027-10-12 00:00 to Wed 2027-10-13 00:00", "Thu 12-10 00:00 to Fri 12-11 00:00"),
    ("13/12", "Sun 12-13 00:00 to Mon 12-14 00:00", ""),
    ("12/13", "Sun 12-13 00:00 to Mon 12-14 00:00", ""),
    ("12/12", "Sat 12-12 00:00 to Sun 12-13 00:00", ""),
    ("12/10/2026", "Thu 12-10 00:00 to Fri 12-11 00:00", "Mon 10-12 00:00 to Tue 10-13 00:00"),
    ("12/10/26", "Thu 12-10 00:00 to Fri 12-11 00:00", "Mon 10-12 00:00 to Tue 10-13 00:00"),
    ("5/6", "Thu 2027-05-06 00:00 to Fri 2027-05-07 00:00", "Sat 2027-06-05 00:00 to Sun 2027-06-06 00:00"),
    ("10.12.2026", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("2026-12-10", "Thu 12-10 00:00 to Fri 12-11 00:00", ""),
    ("2026-12-10 17:00", "Thu 12-10 17:00", ""),
    ("2026-12-10 5pm", "Thu 12-10 17:00", ""),
    ("2026-12-10T17:00", "Thu 12-10 17:00", ""),
    ("2026-12-10T17:00:00Z", "Thu 12-10 09:00", "Thu 12-10 18:00"),
    ("Mon Nov 23", "Mon 11-23 00:00 to Tue 11-24 00:00", ""),
    ("Mon, Nov 23, 8:00 AM", "Mon 11-23 08:00", ""),
    ("2h", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("2 hours", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("two hours", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("2 hrs", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("an hour", "Fri 11-20 11:00", "Fri 11-20 19:30"),
    ("a hour", "Fri 11-20 11:00", "Fri 11-20 19:30"),
    ("1.5h", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("1,5 h", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("half an hour", "Fri 11-20 10:30", "Fri 11-20 19:00"),
    ("half hour", "Fri 11-20 10:30", "Fri 11-20 19:00"),
    ("1h30", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("1h30m", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("1 hour 30 minutes", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("1 hour and 30 min", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("an hour and a half", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("two and a half hours", "Fri 11-20 12:30", "Fri 11-20 21:00"),
    ("90 min", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("90m", "Fri 11-20 11:30", "Fri 11-20 20:00"),
    ("a week", "Fri 11-27 10:00", "Fri 11-27 18:30"),
    ("3 days", "Mon 11-23 10:00", "Mon 11-23 18:30"),
    ("3d", "Mon 11-23 10:00", "Mon 11-23 18:30"),
    ("1w", "Fri 11-27 10:00", "Fri 11-27 18:30"),
    ("2 weeks", "Fri 12-04 10:00", "Fri 12-04 18:30"),
    ("a month", "Sun 12-20 10:00", "Sun 12-20 18:30"),
    ("a day", "Sat 11-21 10:00", "Sat 11-21 18:30"),
    ("half a day", "Fri 11-20 22:00", "Sat 11-21 06:30"),
    ("for 2 hours", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("for the next 2 hours", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("2 hours from now", "Fri 11-20 12:00", "Fri 11-20 20:30"),
    ("for today", "Fri 11-20 00:00 to Sat 11-21 00:00", ""),
    ("today", "Fri 11-20 00:00 to Sat 11-21 00:00", ""),
    ("all day", "Fri 11-20 00:00 to Sat 11-21 00:00", ""),
    ("the rest of the day", "Fri 11-20 00:00 to Sat 11-21 00:00", ""),
    ("eod", "Sat 11-21 00:00", ""),
    ("end of day", "Sat 11-21 00:00", ""),
    ("until end of the day", "Sat 11-21 00:00", ""),
    ("eod friday", "Sat 11-21 00:00", ""),
    ("until eod", "Sat 11-21 00:00", ""),
    ("until 5", "Fri 11-20 17:00", "Sat 11-21 05:00"),
    ("until five", "Fri 11-20 17:00", "Sat 11-21 05:00"),
    ("five pm", "Fri 11-20 17:00", "Sat 11-21 17:00"),
    ("until 8", "Fri 11-20 20:00", ""),
    ("until 9:59", "Fri 11-20 21:59", ""),
    ("until 10:00", "Fri 11-20 22:00", "Sat 11-21 10:00"),
    ("until 5 o'clock", "Fri 11-20 17:00", "Sat 11-21 05:00"),
    ("today 5", "Fri 11-20 17:00", ""),
    ("today at 9", "Fri 11-20 21:00", ""),
    ("today 9am", "Fri 11-20 09:00", ""),
    ("today 9:00", "Fri 11-20 21:00", ""),
    ("yesterday", "Thu 11-19 00:00 to Fri 11-20 00:00", ""),
    ("0m", "Fri 11-20 10:00", "Fri 11-20 18:30"),
    ("until today", "Fri 11-20 00:00 to Sat 11-21 00:00", ""),
    ("25", "Fri 11-20 10:25", "Fri 11-20 18:55"),
    ("until march 1", "Mon 2027-03-01 00:00 to Tue 2027-03-02 00:00", ""),
    ("until 17.30", "Fri 11-20 17:30", "Sat 11-21 17:30"),
];

#[test]
fn times_are_read_as_people_write_them() {
    let mut wrong = Vec::new();
    for (text, in_the_us, in_germany) in READ {
        let in_germany = if in_germany.is_empty() {
            in_the_us
        } else {
            in_germany
        };
        for (country, now, expected) in [
            ("US", FRIDAY_10, in_the_us),
            ("DE", FRIDAY_IN_BERLIN, in_germany),
        ] {
            let says = says(text, country, now);
            if says != *expected {
                wrong.push(format!("{country} {text:?}: {says}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(READ.len() >= 150, "{}", READ.len());
}

#[test]
fn what_is_no_time_is_not_read() {
    for text in [
        "",
        "10.12.",
        "Tue Nov 23",
        "24:00",
        "lunch",
        "until lunch",
        "for 5",
        "for 5pm",
        "soon",
        "5ish",
        "until 25",
        "25:00",
        "13pm",
        "0am",
        "8:0",
        "8:00:00",
        "Mon 8:00 PST",
        "2x",
        "h",
        "5 to 9",
        "5-9",
        "9 to 5 tomorrow",
        "tomorrow 9-5",
        "mon-fri",
        "mon to fri",
        "monday tuesday",
        "5 6",
        "from 5",
        "at 5",
        "in 2 hours",
        "by 5",
        "on monday",
        "2026-13-01",
        "feb 30",
        "99999999999999999999h",
        "9999999999h",
        "-2h",
        "0",
        "00",
        "0107",
        "4711",
        "may",
        "march",
        "dec",
        "someday 8:00",
        "12:60",
        "now",
        "noon noon",
        "10.12",
        "1.5",
        "until until 5",
        "until",
        "for",
        "the",
        "weekend 5",
    ] {
        for country in ["US", "DE", "CA"] {
            assert_eq!(says(text, country, FRIDAY_10), "", "{country} {text:?}");
        }
    }
}

#[test]
fn an_hour_without_am_or_pm_is_the_next_of_both() {
    for (text, now, expected) in [
        ("until 5", "2026-11-23T14:00:00-08:00", "Mon 11-23 17:00"),
        ("until 5", "2026-11-23T18:00:00-08:00", "Tue 11-24 05:00"),
        ("until 5", "2026-11-23T17:00:00-08:00", "Tue 11-24 05:00"),
        ("until 5", "2026-11-23T04:59:00-08:00", "Mon 11-23 05:00"),
        ("until 6", "2026-11-23T22:00:00-08:00", "Tue 11-24 06:00"),
        ("until 12", "2026-11-23T22:00:00-08:00", "Tue 11-24 00:00"),
        (
            "until 12:30",
            "2026-11-23T00:10:00-08:00",
            "Mon 11-23 00:30",
        ),
        (
            "until 05:30",
            "2026-11-23T14:00:00-08:00",
            "Tue 11-24 05:30",
        ),
        ("today 5", "2026-11-23T18:00:00-08:00", "Mon 11-23 17:00"),
        ("tonight 9", "2026-11-23T22:00:00-08:00", "Mon 11-23 21:00"),
        (
            "morning",
            "2026-11-23T03:00:00-08:00",
            "Mon 11-23 08:00 to Mon 11-23 12:00",
        ),
    ] {
        assert_eq!(says(text, "US", now), expected, "{text} at {now}");
    }
}

#[test]
fn what_people_mean_either_way_has_two_readings() {
    const MONDAY: &str = "2026-11-23T14:00:00-08:00";
    for (text, country, expected) in [
        ("12/10 9am", "US", "Thu 12-10 09:00"),
        ("12/10 9am", "CA", "Thu 12-10 09:00 or Tue 2027-10-12 09:00"),
        (
            "5/6 noon",
            "PH",
            "Thu 2027-05-06 12:00 or Sat 2027-06-05 12:00",
        ),
        (
            "5/6 noon",
            "",
            "Thu 2027-05-06 12:00 or Sat 2027-06-05 12:00",
        ),
        ("12/10 9am", "AU", "Tue 2027-10-12 09:00"),
        ("12/10 9am", "JP", "Thu 12-10 09:00"),
        ("12/13 9am", "CA", "Sun 12-13 09:00"),
        ("13/12 9am", "CA", "Sun 12-13 09:00"),
        ("12/12 9am", "CA", "Sat 12-12 09:00"),
        (
            "next friday 9am",
            "US",
            "Fri 11-27 09:00 or Fri 12-04 09:00",
        ),
        ("next monday 9am", "US", "Mon 11-30 09:00"),
        (
            "friday midnight",
            "US",
            "Fri 11-27 00:00 or Sat 11-28 00:00",
        ),
        ("20", "US", "Mon 11-23 20:00 or Mon 11-23 14:20"),
        ("until 20", "US", "Mon 11-23 20:00"),
        ("for 20", "US", "Mon 11-23 14:20"),
    ] {
        assert_eq!(says(text, country, MONDAY), expected, "{country} {text}");
    }
}

#[test]
fn an_hour_that_comes_twice_is_the_first_to_come_and_one_that_is_missing_the_next() {
    for (text, now, expected) in [
        ("1:30am", "2026-11-01T08:00:00Z", "2026-11-01T08:30:00Z"),
        ("1:30am", "2026-11-01T09:00:00Z", "2026-11-01T09:30:00Z"),
        ("1:30am", "2026-11-01T09:30:00Z", "2026-11-02T09:30:00Z"),
        ("until 1:30", "2026-11-01T08:00:00Z", "2026-11-01T08:30:00Z"),
        ("2:30am", "2027-03-14T08:00:00Z", "2027-03-14T10:30:00Z"),
        ("sun 02:30", "2027-03-13T08:00:00Z", "2027-03-14T10:30:00Z"),
        // A day of the calendar may have 23 hours, 24 hours always have 24.
        ("1d", "2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z"),
        ("24h", "2027-03-14T08:00:00Z", "2027-03-15T08:00:00Z"),
        ("1.5 days", "2027-03-14T08:00:00Z", "2027-03-15T19:00:00Z"),
    ] {
        let zone = zone("US");
        let clock = Clock::new(&zone, "US");
        let read = read(text, Before::Nothing, now.parse().unwrap(), clock);
        assert_eq!(read[0].at.to_string(), expected, "{text} at {now}");
    }
}

/// Some minute of 2026 and 2027.
fn a_minute() -> impl Strategy<Value = Timestamp> {
    (0..2 * 365 * 24 * 60_i64)
        .prop_map(|minute| Timestamp::from_second(1_767_225_600 + minute * 60).unwrap())
}

fn a_country() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["US", "DE", "CA"])
}

/// Words of times, in any order.
fn words() -> impl Strategy<Value = String> {
    let words: Vec<&str> = READ.iter().flat_map(|(text, ..)| text.split(' ')).collect();
    let words = prop::collection::vec(prop::sample::select(words), 1..6);
    words.prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>(), now in a_minute(), country in a_country()) {
        let zone = zone(country);
        let _ = read(&text, Before::Nothing, now, Clock::new(&zone, country));
    }

    #[test]
    fn a_stretch_begins_before_it_ends(text in words(), now in a_minute(), country in a_country()) {
        let zone = zone(country);
        let clock = Clock::new(&zone, country);
        for before in [Before::Nothing, Before::Until, Before::For] {
            let readings = read(&text, before, now, clock);
            prop_assert!(readings.len() <= 4, "{text}");
            for Reading { at, from, to } in readings {
                prop_assert!(from <= to, "{text}: {from} to {to}");
                prop_assert!(from <= at, "{text}: {at} before {from}");
            }
        }
        if let Ok(until) = option::until(&text, now, clock) {
            prop_assert!(now < until, "{text}: {until}");
        }
    }

    #[test]
    fn what_is_said_back_is_read_as_the_same(
        now in a_minute(),
        minutes in 1..30 * 24 * 60_i64,
        country in a_country(),
    ) {
        let zone = zone(country);
        let clock = Clock::new(&zone, country);
        let end = now + jiff::SignedDuration::from_mins(minutes);
        let said = clock.day_and_time(end, now);
        let read = read(&said, Before::Until, now, clock);
        prop_assert_eq!(read.len(), 1, "{}", said);
        let again = read[0].at;
        // An hour that comes twice is said like the first.
        let local = |at| zone.at(at).datetime();
        prop_assert_eq!(local(again), local(end), "{} at {}", said, now);
    }
}
