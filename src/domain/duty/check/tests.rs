use super::*;
use crate::domain::duty::Override;
use crate::domain::line::config;

/// The example line with other hours for Sergio, and with Ana between him and the backup.
fn line(sergio: &str, ana: Option<&str>) -> Line {
    let ana = ana.map_or(String::new(), |hours| {
        format!("[[line.person]]\nname = \"Ana\"\nnumber = \"619-555-0112\"\nhours = {hours}\n\n")
    });
    let text = config::EXAMPLE
        .replace("[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]", sergio)
        .replace("# The last one", &(ana + "# The last one"));
    config::parse(&text, "relay.toml").unwrap().remove(0)
}

/// Fri 2026-11-20 at 10:00 in Los Angeles.
fn now() -> Timestamp {
    "2026-11-20T18:00:00Z".parse().unwrap()
}

fn found(line: &Line, overrides: &[(&str, Presence, Option<&str>)]) -> Vec<String> {
    let overrides = overrides.iter().map(|(person, presence, until)| {
        let until = until.map(|until| until.parse().unwrap());
        let set = Override {
            presence: *presence,
            until,
        };
        (person.to_string(), set)
    });
    check(line, &Overrides(overrides.collect()), now())
        .iter()
        .map(Finding::to_string)
        .collect()
}

#[test]
fn the_times_that_are_left_to_the_backup_are_listed_with_their_sum() {
    let found = found(
        &line("[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]", None),
        &[],
    );
    assert_eq!(
        found,
        [
            "only the backup is on duty for 114 h a week: Mon-Thu 18:00-08:00, Fri 18:00-09:00, Sat \
          13:00 to Mon 08:00"
        ]
    );
}

#[test]
fn somebody_always_on_duty_leaves_nothing_to_tell() {
    assert_eq!(found(&line("\"always\"", None), &[]), [""; 0]);
    assert_eq!(
        found(
            &line("[\"Mon-Fri 00:00-24:00\"]", Some("[\"Sat-Sun\"]")),
            &[]
        )
        .iter()
        .filter(|finding| finding.contains("only the backup"))
        .count(),
        0
    );
}

#[test]
fn people_whose_turn_never_comes_are_named() {
    let never = found(&line("\"never\"", None), &[]);
    assert_eq!(
        never[0],
        "only the backup is on duty for 168 h a week: all week"
    );
    assert_eq!(
        never[1],
        "Sergio is never on duty; give Sergio hours, or take Sergio out"
    );
    let line = line("[\"Mon-Fri 08:00-18:00\"]", Some("[\"Tue 09:00-10:00\"]"));
    let behind = found(&line, &[]);
    assert!(behind[1].starts_with("Ana is never first"), "{behind:?}");
}

#[test]
fn the_next_nights_on_which_clocks_change_are_told() {
    let found = found(
        &line(
            "[\"Mon-Fri 08:00-18:00\", \"Sat 20:00-01:30\", \"Sun 01:45-06:00\"]",
            None,
        ),
        &[],
    );
    assert_eq!(
        found[1..],
        [
            "Sun 2027-03-14 02:00-03:00 does not exist: Sergio's Sun 01:45-06:00 is 1 h shorter",
            "Sun 2027-11-07 01:00-02:00 comes twice: Sergio's Sat 20:00-01:30 is 30 min longer, in \
             two pieces, since it begins or ends within that hour",
            "Sun 2027-11-07 01:00-02:00 comes twice: Sergio's Sun 01:45-06:00 is 15 min longer, in \
             two pieces, since it begins or ends within that hour",
        ]
    );
}

#[test]
fn in_the_south_clocks_change_the_other_way_round() {
    let mut line = line("[\"Sun 00:00-06:00\"]", None);
    line.time_zone = TimeZone::named("Australia/Sydney").unwrap();
    assert_eq!(
        found(&line, &[])[1..],
        [
            "Sun 2027-04-04 02:00-03:00 comes twice: Sergio's Sun 00:00-06:00 is 1 h longer",
            "Sun 2027-10-03 02:00-03:00 does not exist: Sergio's Sun 00:00-06:00 is 1 h shorter",
        ]
    );
    line.time_zone = TimeZone::named("America/Phoenix").unwrap();
    assert_eq!(found(&line, &[]).len(), 1);
}

#[test]
fn overrides_that_leave_it_to_the_backup_are_told_with_how_much() {
    let line = line("[\"Mon-Fri 08:00-18:00\"]", None);
    let away = found(
        &line,
        &[("Sergio", Presence::Away, Some("2026-11-23T18:00:00Z"))],
    );
    assert_eq!(
        away[1],
        "with Sergio away, only the backup is on duty for 10 h of the coming week that others \
         would cover, first on Fri 2026-11-20 10:00 PST"
    );
    assert_eq!(found(&line, &[("Sergio", Presence::On, None)]).len(), 1);
    assert_eq!(found(&line, &[("Backup", Presence::Away, None)]).len(), 1);
}

#[test]
fn away_while_nobody_would_be_there_anyway_is_nothing_to_tell() {
    let line = line("[\"Mon-Fri 11:00-18:00\"]", None);
    let until_half_past_ten = Some("2026-11-20T18:30:00Z");
    assert_eq!(
        found(&line, &[("Sergio", Presence::Away, until_half_past_ten)]).len(),
        1
    );
}

#[test]
fn overrides_without_effect_are_told() {
    let line = line("[\"Mon-Fri 08:00-18:00\"]", None);
    let overrides = [
        ("Zoe", Presence::Away, None),
        ("Sergio", Presence::Away, Some("2026-11-20T18:00:00Z")),
    ];
    assert_eq!(
        found(&line, &overrides)[1..],
        [
            "Sergio's override passed on Fri 2026-11-20 10:00 PST; `relay duty clear Sergio` \
             removes it",
            "there is an override for Zoe, who is not in the cascade; `relay duty clear Zoe` \
             removes it",
        ]
    );
}
