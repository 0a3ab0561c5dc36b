use super::*;

fn hours(text: &str) -> QuietHours {
    QuietHours::parse(text).unwrap()
}

/// Until when a notice waits, both instants in RFC 3339, or "now".
fn until(quiet: &str, zone: &str, instant: &str) -> String {
    let zone = TimeZone::named(zone).unwrap();
    let until = hours(quiet).until(&zone, instant.parse().unwrap());
    until.map_or("now".to_owned(), |until| until.to_string())
}

#[test]
fn a_notice_waits_for_the_morning() {
    for (instant, expected) in [
        // An ordinary night, which begins at nine and ends at eight.
        ("2026-11-24T20:59:59-08:00", "now"),
        ("2026-11-24T21:00:00-08:00", "2026-11-25T16:00:00Z"),
        ("2026-11-24T23:59:59-08:00", "2026-11-25T16:00:00Z"),
        ("2026-11-25T00:00:00-08:00", "2026-11-25T16:00:00Z"),
        ("2026-11-25T07:59:59-08:00", "2026-11-25T16:00:00Z"),
        ("2026-11-25T08:00:00-08:00", "now"),
        ("2026-11-25T12:00:00-08:00", "now"),
        // The last night of the year.
        ("2026-12-31T22:00:00-08:00", "2027-01-01T16:00:00Z"),
        // Clocks go forward in this night, which is an hour shorter.
        ("2027-03-13T21:00:00-08:00", "2027-03-14T15:00:00Z"),
        ("2027-03-14T01:59:59-08:00", "2027-03-14T15:00:00Z"),
        ("2027-03-14T03:00:00-07:00", "2027-03-14T15:00:00Z"),
        // They go back in this one, which is an hour longer.
        ("2026-10-31T21:00:00-07:00", "2026-11-01T16:00:00Z"),
        ("2026-11-01T01:30:00-07:00", "2026-11-01T16:00:00Z"),
        ("2026-11-01T01:30:00-08:00", "2026-11-01T16:00:00Z"),
    ] {
        let found = until("21:00-08:00", "America/Los_Angeles", instant);
        assert_eq!(found, expected, "{instant}");
    }
}

#[test]
fn a_span_may_end_in_the_hour_that_is_left_out_or_comes_twice() {
    let los_angeles = "America/Los_Angeles";
    for (quiet, instant, expected) in [
        // 02:30 does not come: the clock goes from 01:59 to 03:00, which is after it.
        (
            "22:00-02:30",
            "2027-03-14T01:00:00-08:00",
            "2027-03-14T10:00:00Z",
        ),
        (
            "02:30-03:30",
            "2027-03-14T03:00:00-07:00",
            "2027-03-14T10:30:00Z",
        ),
        // 01:30 comes twice: quiet ends, and there is another half hour of it.
        (
            "22:00-01:30",
            "2026-11-01T01:00:00-07:00",
            "2026-11-01T08:30:00Z",
        ),
        ("22:00-01:30", "2026-11-01T01:45:00-07:00", "now"),
        (
            "22:00-01:30",
            "2026-11-01T01:00:00-08:00",
            "2026-11-01T09:30:00Z",
        ),
        // It has begun when the clock goes back to before its beginning.
        (
            "01:30-05:00",
            "2026-11-01T01:45:00-07:00",
            "2026-11-01T09:00:00Z",
        ),
    ] {
        let found = until(quiet, los_angeles, instant);
        assert_eq!(found, expected, "{quiet} {instant}");
    }
    // Samoa went over the date line, and a whole day did not come.
    let found = until("21:00-08:00", "Pacific/Apia", "2011-12-29T22:00:00-10:00");
    assert_eq!(found, "2011-12-30T18:00:00Z", "on the 31st there");
}

#[test]
fn it_waits_for_the_first_minute_that_is_not_quiet() {
    for (zone, evening) in [
        ("America/Los_Angeles", "2026-10-31T12:00:00Z"),
        ("Europe/Berlin", "2027-03-27T12:00:00Z"),
        // Where clocks change by half an hour.
        ("Australia/Lord_Howe", "2026-10-03T06:00:00Z"),
    ] {
        let zone = TimeZone::named(zone).unwrap();
        let evening: Timestamp = evening.parse().unwrap();
        for quiet in ["21:00-08:00", "01:45-02:15", "02:15-01:45", "23:00-02:30"] {
            let quiet = hours(quiet);
            let mut next = None;
            for minute in (0..36 * 60).rev() {
                let at = evening + jiff::SignedDuration::from_mins(minute);
                if !quiet.contains(zone.at(at).time()) {
                    next = Some(at);
                    assert_eq!(quiet.until(&zone, at), None);
                } else if next.is_some() {
                    assert_eq!(quiet.until(&zone, at), next, "{quiet} {at} {}", zone.name());
                }
            }
        }
    }
}

#[test]
fn what_is_read_is_written_the_same() {
    for (text, written) in [
        ("21:00-08:00", "21:00-08:00"),
        (" 9:30 - 17:05 ", "09:30-17:05"),
        ("22:00-24:00", "22:00-00:00"),
        ("24:00-7:00", "00:00-07:00"),
    ] {
        assert_eq!(hours(text).to_string(), written);
        assert_eq!(hours(written), hours(text));
    }
    for (text, phrase) in [
        ("21:00", "not a span of time"),
        ("21-8", "write \"21:00-08:00\""),
        ("9pm-8am", "write \"21:00-08:00\""),
        ("21:00-25:00", "not a time of day"),
        ("08:00-08:00", "quiet all day"),
        ("00:00-24:00", "quiet all day"),
    ] {
        let bad = QuietHours::parse(text).unwrap_err().to_string();
        assert!(bad.contains(phrase), "{bad}");
    }
}
