use relay::domain::language::Language;
use relay::domain::line::config::{parse, write};

use super::{CONFIG, check, mistakes_in};

#[test]
fn a_time_zone_that_does_not_exist() {
    let zone = "\"America/Los_Angeles\"";
    for (wrong, advice) in [
        (
            "America/Los_Angelos",
            "did you mean \"America/Los_Angeles\"?",
        ),
        ("america/los_angeles", "write \"America/Los_Angeles\""),
        ("Los Angeles", "did you mean \"America/Los_Angeles\"?"),
        ("Europe/Berln", "did you mean \"Europe/Berlin\"?"),
        ("PST", "write the IANA name of a place"),
        ("Pacific Time", "such as \"America/Los_Angeles\""),
        (
            "America/San_Diego",
            "those of \"America/Los_Angeles\": write that",
        ),
        ("San Diego", "those of \"America/Los_Angeles\": write that"),
        (
            "America/Boston",
            "those of \"America/New_York\": write that",
        ),
        ("US/Dallas", "those of \"America/Chicago\": write that"),
        ("Europe/Munich", "those of \"Europe/Berlin\": write that"),
        (
            "America/Qwertz",
            "of the next large city with the same clocks",
        ),
        ("America/Denvr", "did you mean \"America/Denver\"?"),
        ("EST", "it is the name of an offset; write a place"),
        ("", "write the IANA name of a place"),
    ] {
        check(
            zone,
            &format!("{wrong:?}"),
            "5:13",
            &["is no time zone", advice],
        );
    }
    for fine in ["UTC", "Europe/Berlin", "Australia/Lord_Howe"] {
        let text = CONFIG.replace("America/Los_Angeles", fine);
        assert_eq!(
            parse(&text, "relay.toml").unwrap()[0].time_zone.name(),
            fine
        );
    }
}

#[test]
fn a_language_that_the_relay_does_not_write() {
    let zone = "\"America/Los_Angeles\"";
    for (wrong, advice) in [
        ("Spanish", "write \"es\""),
        ("español", "write \"es\""),
        ("es-MX", "write \"es\""),
        ("EN", "write \"en\""),
        ("en_US", "write \"en\""),
        ("", "write one of \"en\", \"es\""),
        ("fr", "write one of \"en\", \"es\""),
    ] {
        let with = format!("{zone}\nlanguage = {wrong:?}");
        check(zone, &with, "6:12", &["texts", advice]);
    }
    let language = |key: &str| {
        let text = CONFIG.replace(zone, &format!("{zone}\n{key}"));
        parse(&text, "relay.toml").unwrap().remove(0)
    };
    assert_eq!(language("").language, Language::English);
    let line = language("language = \"es\"");
    assert_eq!(line.language, Language::Spanish);
    assert_eq!(
        parse(&write(std::slice::from_ref(&line)), "relay.toml").unwrap(),
        [line]
    );
}

#[test]
fn a_line_speaks_as_it_writes_unless_it_says_otherwise() {
    let zone = "\"America/Los_Angeles\"";
    for (keys, voice, spoken) in [
        ("", "", "en-US"),
        ("language = \"es\"", "", "es-US"),
        ("language = \"es\"", "language = \"es-MX\"", "es-MX"),
        ("language = \"es\"", "language = \"en-US\"", "en-US"),
    ] {
        let text = CONFIG.replace(zone, &format!("{zone}\n{keys}"));
        let text = text.replacen(
            "[[line.person]]",
            &format!("[line.voice]\n{voice}\n[[line.person]]"),
            1,
        );
        let line = parse(&text, "relay.toml").unwrap().remove(0);
        assert_eq!(line.voice.unwrap().language, spoken, "{keys} {voice}");
    }
}

#[test]
fn a_name_that_a_text_could_not_tell_from_a_tag_or_a_command() {
    for (wrong, told) in [
        ("0107", "this name has no letters"),
        ("#0107", "this name has no letters"),
        ("2", "this name has no letters"),
        ("Desk 0107", "digits in it"),
        ("both", "is a word of commands and answers"),
        ("All", "is a word of commands and answers"),
        ("AWAY", "is a word of commands and answers"),
        ("Got it", "is a word of commands and answers"),
        ("Volví", "is a word of commands and answers"),
        ("todos", "is a word of commands and answers"),
        ("Stop", "is a word of commands and answers"),
    ] {
        check("\"Sergio\"", &format!("{wrong:?}"), "9:8", &[told]);
    }
    for fine in ["Ana 2", "Will", "Al", "María José", "Desk 12", "Both Ends"] {
        let text = CONFIG.replace("\"Sergio\"", &format!("{fine:?}"));
        assert_eq!(parse(&text, "x").unwrap()[0].people[0].name, fine);
    }
}

#[test]
fn a_number_that_is_the_line_itself() {
    check(
        "\"619-555-0110\"",
        "\"(619) 555-0100\"",
        "10:10",
        &[
            "the number of the line itself",
            "write the person's own number",
        ],
    );
}

#[test]
fn a_number_that_is_another_line() {
    let two = CONFIG.to_owned()
        + &CONFIG
            .replace("qdn", "two")
            .replace("5550100", "5550101")
            .replace("619-555-0110", "619-555-0100");
    let mistakes = mistakes_in(&two);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(
        mistakes[0].starts_with("26:10: this is the number of line \"qdn\""),
        "{mistakes:?}"
    );
}

#[test]
fn a_number_that_is_a_line_further_down() {
    let second = CONFIG.replace("qdn", "two").replace("5550100", "5550101");
    let first = CONFIG.replace("619-555-0110", "619-555-0101");
    let mistakes = mistakes_in(&(first + &second));
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(
        mistakes[0].starts_with("10:10: this is the number of line \"two\""),
        "{mistakes:?}"
    );
}

#[test]
fn a_number_that_nobody_can_have_in_the_country() {
    for wrong in [
        "555-0110",
        "619-555-011",
        "619-555-0110 ext. 4",
        "Sergio",
        "",
    ] {
        check(
            "\"619-555-0110\"",
            &format!("{wrong:?}"),
            "10:10",
            &["not a phone number of US", "with its area code"],
        );
    }
    check(
        "\"619-555-0110\"",
        "6195550110",
        "10:10",
        &["write it as text, in double quotes"],
    );
}

#[test]
fn two_people_of_one_name_or_number() {
    check(
        "\"Backup\"",
        "\"SERGIO\"",
        "14:8",
        &["there is a person \"Sergio\" already"],
    );
    check(
        "619-555-0111",
        "+1 (619) 555-0110",
        "15:10",
        &[
            "Sergio has this number already",
            "another number or leave this person out",
        ],
    );
}

#[test]
fn two_lines_of_one_name_or_number() {
    let mistakes = mistakes_in(&(CONFIG.to_owned() + &CONFIG.replace("qdn", "QDN")));
    assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
    assert!(
        mistakes[0].starts_with("18:8: there is a line \"qdn\" already"),
        "{mistakes:#?}"
    );
    assert!(
        mistakes[1].starts_with("19:10: this is the number of line \"qdn\""),
        "{mistakes:#?}"
    );
}

#[test]
fn names_that_cannot_stand_in_a_text() {
    for (wrong, advice) in [
        ("", "the name is empty"),
        (" Sergio ", "write \"Sergio\""),
        ("Ser\\u0007gio", "control characters"),
        (&"S".repeat(41), "at most 40 characters"),
    ] {
        check("\"Sergio\"", &format!("\"{wrong}\""), "9:8", &[advice]);
    }
    check(
        "\"Sergio\"",
        "true",
        "9:8",
        &["this is a boolean; write it as text"],
    );
}

#[test]
fn a_country_that_does_not_exist() {
    for (wrong, advice) in [
        ("us", "write \"US\""),
        ("UK", "write \"GB\""),
        ("USA", "write \"US\""),
        ("Mars", "two letters by ISO 3166-1"),
        ("001", "two letters by ISO 3166-1"),
    ] {
        check(
            "\"US\"",
            &format!("{wrong:?}"),
            "4:11",
            &["is no country's code", advice],
        );
    }
}

#[test]
fn a_public_url_that_twilio_could_not_call_or_sign() {
    let url = "\"https://relay.example.com\"";
    for (wrong, advice) in [
        ("relay.example.com", "must begin with https:// or http://"),
        (
            "ftp://relay.example.com",
            "must begin with https:// or http://",
        ),
        ("https://", "not a URL"),
        ("https://relay example.com", "not a URL"),
        ("https://me:pw@relay.example.com", "user or password"),
        ("https://relay.example.com:99999", "from 1 to 65535"),
        ("https://relay.example.com:0", "from 1 to 65535"),
        ("https://relay.example.com:", "from 1 to 65535"),
        ("https://[2001:db8::1]:70000", "from 1 to 65535"),
        ("https://relay.example.com/?a=b", "query or fragment"),
        ("https://relay.example.com#rc=3", "query or fragment"),
        ("", "not a URL"),
    ] {
        check(
            url,
            &format!("{wrong:?}"),
            "6:14",
            &[advice, "https://relay.example.com"],
        );
    }
    for (written, read) in [
        ("https://relay.example.com/", "https://relay.example.com"),
        ("http://localhost:4000", "http://localhost:4000"),
        ("https://example.com/relay//", "https://example.com/relay"),
    ] {
        let text = CONFIG.replace("https://relay.example.com", written);
        assert_eq!(parse(&text, "relay.toml").unwrap()[0].public_url, read);
    }
}

#[test]
fn a_url_with_a_password_is_not_repeated() {
    let text = CONFIG.replace("https://relay", "https://me:hunter2@relay");
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
}
