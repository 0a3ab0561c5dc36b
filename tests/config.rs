//! A mistake in `relay.toml` is refused with its line, its column and what to write instead.

use std::path::Path;

use relay::line::config::{self, parse};

const CONFIG: &str = r#"[[line]]
name = "qdn"
number = "+16195550100"
country = "US"
time_zone = "America/Los_Angeles"
public_url = "https://relay.example.com"

[[line.person]]
name = "Sergio"
number = "619-555-0110"
hours = ["Mon-Fri 08:00-18:00", "Sat 09:00-13:00"]

[[line.person]]
name = "Backup"
number = "619-555-0111"
hours = "always"
"#;

/// The mistakes in the configuration after `wrong` has taken the place of `right`, one to a line, without
/// the excerpts.
fn mistakes_after(right: &str, wrong: &str) -> Vec<String> {
    assert!(CONFIG.contains(right), "the configuration has no {right:?}");
    mistakes_in(&CONFIG.replacen(right, wrong, 1))
}

fn mistakes_in(text: &str) -> Vec<String> {
    let errors = parse(text, "relay.toml").expect_err("this should have been refused");
    errors
        .mistakes()
        .iter()
        .map(|m| format!("{}:{}: {}", m.line, m.column, m.message))
        .collect()
}

/// There is exactly one mistake, where and as expected.
#[track_caller]
fn check(right: &str, wrong: &str, at: &str, phrases: &[&str]) {
    let mistakes = mistakes_after(right, wrong);
    let [mistake] = &mistakes[..] else {
        panic!("one mistake expected: {mistakes:#?}");
    };
    assert!(mistake.starts_with(&format!("{at}: ")), "{mistake}");
    for phrase in phrases {
        assert!(mistake.contains(phrase), "{mistake:?} lacks {phrase:?}");
    }
}

#[test]
fn windows_of_one_person_that_overlap() {
    check(
        "\"Sat 09:00-13:00\"]",
        "\"Fri 17:00-02:00\"]",
        "11:33",
        &[
            "overlaps",
            "both cover Fri 17:00-18:00",
            "let one end where the other begins",
        ],
    );
}

#[test]
fn windows_that_overlap_around_the_end_of_the_week() {
    check(
        "[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        "[\"Sun 22:00-09:00\", \"Mon 08:00-18:00\"]",
        "11:29",
        &["both cover Mon 08:00-09:00"],
    );
}

#[test]
fn a_window_that_cannot_be_read() {
    check(
        "\"Sat 09:00-13:00\"",
        "\"Saturday 9-13\"",
        "11:33",
        &["\"Saturday\" is too long for a day; write \"Sat\""],
    );
}

#[test]
fn hours_that_are_neither_a_word_nor_a_list() {
    check(
        "\"always\"",
        "\"allways\"",
        "16:9",
        &["write \"always\", \"never\" or a list"],
    );
    check(
        "\"always\"",
        "24",
        "16:9",
        &["this is an integer; write hours ="],
    );
    check(
        "\"always\"",
        "[]",
        "16:9",
        &["the list of hours is empty; write hours = \"never\""],
    );
    check(
        "[\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]",
        "\"Mon-Fri 8:00-18:00\"",
        "11:9",
        &["a window stands in a list; write hours = [\"Mon-Fri 08:00-18:00\"]"],
    );
    check(
        "\"Sat 09:00-13:00\"",
        "7",
        "11:33",
        &["this is an integer; write it as text"],
    );
}

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
fn nobody_always_available() {
    check(
        "\"always\"",
        "[\"Mon-Sun 00:00-24:00\"]",
        "16:9",
        &[
            "Backup is last and so the backup",
            "write hours = \"always\"",
        ],
    );
    check("\"always\"", "\"never\"", "16:9", &["not always available"]);
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
fn a_line_with_nobody_behind_it() {
    let people = &CONFIG[CONFIG.find("\n[[line.person]]").unwrap()..];
    check(
        people,
        "",
        "1:1",
        &["nobody is behind this line; add a [[line.person]]"],
    );
}

#[test]
fn a_file_without_a_line() {
    for text in ["", "# nothing yet\n"] {
        let mistakes = mistakes_in(text);
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].starts_with("1:1: there is no line in the file; write a [[line]]"));
    }
}

#[test]
fn keys_that_nobody_knows() {
    check(
        "hours = \"always\"",
        "hours = \"always\"\nemail = \"x\"",
        "17:1",
        &["line.person has no key \"email\"; it can have name, number and hours"],
    );
    let mistakes = mistakes_after("time_zone =", "timezone =");
    assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("1:1: line has no time_zone; add time_zone = \"America/"));
    assert!(mistakes[1].starts_with("5:1: line has no key \"timezone\"; did you mean time_zone?"));
    check(
        "[[line]]",
        "colour = 1\n[[line]]",
        "1:1",
        &["the file has no key \"colour\""],
    );
}

#[test]
fn the_value_of_an_unknown_key_is_not_repeated() {
    let text = CONFIG.replacen("country =", "token = \"hunter2\"\ncountry =", 1);
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    assert!(shown.contains("\n4 | token …\n"), "{shown}");
    assert!(!shown.contains("hunter2"));
}

#[test]
fn keys_that_are_missing() {
    let name = "name = \"qdn\"\n";
    check(name, "", "1:1", &["line has no name; add name = \"main\""]);
    let hours = "hours = \"always\"\n";
    check(
        hours,
        "",
        "13:1",
        &["line.person has no hours; add hours = \"always\""],
    );
}

#[test]
fn tables_in_single_brackets() {
    check(
        "[[line]]",
        "[line]",
        "1:1",
        &["this is a table; write [[line]] in double brackets"],
    );
    let text = CONFIG.replace("[[line.person]]", "[line.person]");
    let mistakes = mistakes_in(&text);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("13:7: there is such a table already; write it in double"));
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

#[test]
fn a_file_that_is_not_toml() {
    check("\"qdn\"", "qdn", "2:8", &["write it in double quotes"]);
    check(
        "name = \"qdn\"",
        "name = \"qdn\"\nname = \"abc\"",
        "3:1",
        &["duplicate key; write it once"],
    );
    check(
        "\"always\"",
        "\"always",
        "16:16",
        &["invalid basic string, expected `\"`"],
    );
    check("name = \"qdn\"", "name", "2:5", &["expected `=`"]);
}

#[test]
fn all_mistakes_are_told_at_once_in_their_order() {
    let text = CONFIG
        .replace("\"US\"", "\"UK\"")
        .replace("Los_Angeles", "Los_Angelos")
        .replace("Sat 09", "Fri 09")
        .replace("\"always\"", "\"never\"");
    let places: Vec<String> = mistakes_in(&text)
        .iter()
        .map(|m| m.split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(places, ["4:11", "5:13", "11:33", "16:9"]);
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    assert!(shown.ends_with("\n\n4 mistakes in relay.toml"), "{shown}");
}

#[test]
fn a_mistake_is_shown_in_its_line_without_the_number() {
    let text = CONFIG.replace("619-555-0111", "619-555-0110");
    let shown = parse(&text, "relay.toml").unwrap_err().to_string();
    let expected = "relay.toml:15:10: Sergio has this number already, and a text that fails would \
                    go there twice; write another number or leave this person out
   |
15 | number = \"•••-•••-••10\"
   |          ^^^^^^^^^^^^^^";
    assert_eq!(shown, expected);
}

#[test]
fn several_lines_stand_in_one_file() {
    let second = CONFIG
        .replace("qdn", "two")
        .replace("555-0100", "555-0101")
        .replace("5550100", "5550101");
    let lines = parse(&(CONFIG.to_owned() + &second), "relay.toml").unwrap();
    let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["qdn", "two"]);
    assert_eq!(parse(&config::write(&lines), "relay.toml").unwrap(), lines);
}

fn read(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.toml");
    std::fs::write(&path, content).unwrap();
    let error = config::read(&path).expect_err("this should have been refused");
    error
        .to_string()
        .replace(&path.display().to_string(), "relay.toml")
}

#[test]
fn a_file_that_is_missing_too_large_or_not_utf8() {
    let missing = config::read(Path::new("/nonexistent/relay.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("copy relay.example.toml there"),
        "{missing}"
    );
    assert!(read(&vec![b'#'; 1024 * 1024 + 1]).contains("larger than 1 MiB"));
    let latin1 = read(b"[[line]]\nname = \"Jos\xe9\"\n");
    assert!(latin1.starts_with("relay.toml:2:12: this byte is not UTF-8; save the file as UTF-8"));
    let folder = config::read(Path::new("/")).unwrap_err().to_string();
    assert!(folder.contains("cannot be read"), "{folder}");
}

#[test]
fn a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.toml");
    std::fs::write(&path, CONFIG).unwrap();
    assert_eq!(config::read(&path).unwrap(), parse(CONFIG, "x").unwrap());
}
