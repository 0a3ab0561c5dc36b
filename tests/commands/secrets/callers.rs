//! `relay secrets caller`: keys for programs.

use super::*;

const VARIABLE: &str = "RELAY_CALLER_APPS_SCRIPT";

/// The value of the caller's variable.
fn value_in(desk: &Desk) -> String {
    let text = desk.text();
    let mut lines = text.lines();
    let found = lines.find_map(|line| line.strip_prefix(VARIABLE)?.strip_prefix('='));
    found
        .expect("the variable is there")
        .trim_matches('\'')
        .to_owned()
}

/// What it may do, its key, and the one before if that is accepted still.
fn parts(value: &str) -> (String, String, Option<String>) {
    let mut parts = value.splitn(3, ':').map(str::to_owned);
    (parts.next().unwrap(), parts.next().unwrap(), parts.next())
}

#[test]
fn a_key_is_made_and_nobody_sees_it() {
    let desk = Desk::with_file();
    let said = desk.on_file(&["caller", "apps-script", "--allow", "notices,read"]);
    let everything = said.everything();
    let out = said.done();
    assert!(
        out.contains(VARIABLE) && out.contains("notices,read"),
        "{out}"
    );
    let (actions, key, previous) = parts(&value_in(&desk));
    assert_eq!((actions.as_str(), previous), ("notices,read", None));
    let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert!(
        key.len() == 43 && key.chars().all(is_digit),
        "32 bytes in base64url"
    );
    assert!(!everything.contains(&key));
    assert_eq!(mode(&desk.file()), 0o600);
    assert!(
        desk.text().starts_with(&values().concat()),
        "the rest stays"
    );
    let listed = desk.on_file(&["list"]);
    assert!(listed.out.contains(VARIABLE) && !listed.everything().contains(&key));
    desk.on_file(&["check"]).done();
}

#[test]
fn another_key_takes_its_place_at_once_or_when_everybody_has_it() {
    let desk = Desk::with_file();
    let again = |rest: &[&str]| {
        let said = desk.on_file(&[&["caller", "apps-script"], rest].concat());
        said.done();
        parts(&value_in(&desk))
    };
    let (_, first, _) = again(&["--allow", "notices"]);
    let (actions, second, previous) = again(&["--keep-old"]);
    let previous = previous.expect("the old key and its end");
    let (old, until) = previous.split_once(':').expect("an end");
    assert_eq!((actions.as_str(), old), ("notices", first.as_str()));
    let until: jiff::Timestamp = until.parse().unwrap();
    let days = until.duration_since(jiff::Timestamp::now()).as_hours() / 24;
    assert_eq!(days, 6, "a week, begun a moment ago");
    assert_ne!(first, second);
    desk.on_file(&["check"]).done();
    let (_, _, previous) = again(&["--keep-old-for", "48h"]);
    assert!(previous.unwrap().starts_with(&format!("{second}:")));
    let (actions, third, previous) = again(&["--allow", "invitations"]);
    assert_eq!((actions.as_str(), previous), ("invitations", None));
    assert_ne!(second, third);
}

#[test]
fn a_key_is_handed_on_in_a_file_of_its_own() {
    let desk = Desk::with_file();
    let caller = [
        "caller",
        "apps-script",
        "--allow",
        "notices",
        "--out",
        "key",
        "--json",
    ];
    let said = desk.on_file(&caller).json();
    assert_eq!(said["variable"], VARIABLE);
    assert_eq!(said["actions"], "notices");
    let handed_on = std::fs::read_to_string(desk.path("key")).unwrap();
    let (_, key, _) = parts(&value_in(&desk));
    assert_eq!(handed_on, format!("{key}\n"));
    assert_eq!(mode(&desk.path("key")), 0o600);
    let before = desk.text();
    desk.on_file(&caller).refused(1, "is not there yet");
    assert_eq!(
        desk.text(),
        before,
        "a key that cannot be handed on is not made"
    );
}

#[test]
fn a_caller_is_taken_out() {
    let desk = Desk::with_file();
    desk.on_file(&["caller", "apps-script", "--allow", "read"])
        .done();
    desk.on_file(&["caller", "apps-script", "--remove"]).done();
    assert_eq!(desk.text(), values().concat());
    desk.on_file(&["caller", "apps-script", "--remove"])
        .refused(1, "is not in repos.env");
}

#[test]
fn a_slip_of_the_pen_makes_no_key() {
    let desk = Desk::with_file();
    for (rest, phrase) in [
        (&["apps-script"][..], "say what it may do with --allow"),
        (
            &["apps-script", "--allow", "everything"],
            "write notices, invitations or read",
        ),
        (
            &["Apps Script", "--allow", "notices"],
            "in small letters, digits and hyphens",
        ),
        (
            &["apps_script", "--allow", "notices"],
            "in small letters, digits and hyphens",
        ),
        (
            &["apps-script", "--remove", "--keep-old"],
            "cannot be used with",
        ),
    ] {
        desk.on_file(&[&["caller"], rest].concat())
            .refused(2, phrase);
    }
    assert_eq!(desk.text(), values().concat());
    desk.on_file(&[
        "caller",
        "apps-script",
        "--allow",
        "notices",
        "--out",
        "no/key",
    ])
    .refused(1, "cannot make no/key");
    assert_eq!(desk.text(), values().concat());
}

#[test]
fn a_previous_key_without_an_end_and_one_that_is_over_are_reported() {
    for (end, finding, advice) in [
        ("", "no_end", "write a colon and a time"),
        (
            ":2026-01-01T00:00:00Z",
            "left_over",
            "relay secrets caller apps-script",
        ),
    ] {
        let desk = Desk::with_file();
        let (key, old) = ("n".repeat(43), "o".repeat(43));
        let line = format!("{VARIABLE}=notices:{key}:{old}{end}\n");
        std::fs::write(desk.file(), desk.text() + &line).unwrap();
        let said = desk.on_file(&["check", "--json"]);
        let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(found["findings"][0]["finding"], finding, "{found}");
        let message = found["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(advice), "{message}");
        assert!(!message.contains(&old));
    }
}

#[test]
fn how_much_a_caller_may_have_sent_is_kept_from_one_key_to_the_next() {
    let desk = Desk::with_file();
    let again = |rest: &[&str]| {
        let said = desk.on_file(&[&["caller", "apps-script"], rest].concat());
        said.done();
        parts(&value_in(&desk)).0
    };
    let limited = again(&["--allow", "notices", "--most-segments-a-day", "500"]);
    assert_eq!(limited, "notices,most_segments_a_day=500");
    assert_eq!(again(&[]), limited);
    assert_eq!(again(&["--most-segments-a-day", "none"]), "notices");
    desk.on_file(&["caller", "apps-script", "--most-segments-a-day", "0"])
        .refused(2, "a number of segments");
}
