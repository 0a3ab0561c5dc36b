//! How long conversations count, who is reminded, what customers are answered at once, and PINs.

use std::time::Duration;

use relay::domain::line::auto_reply::Sends;
use relay::domain::line::config::{parse, write};
use relay::domain::line::{AutoReply, Line};

use super::{CONFIG, check, mistakes_in};

const URL: &str = "public_url = \"https://relay.example.com\"\n";
const SERGIO: &str = "number = \"619-555-0110\"\n";

fn with(entries: &str, table: &str, pin: &str) -> String {
    CONFIG
        .replacen(URL, &format!("{URL}{entries}\n{table}\n"), 1)
        .replacen(SERGIO, &format!("{SERGIO}{pin}\n"), 1)
}

fn line(text: &str) -> Line {
    let lines = parse(text, "relay.toml").unwrap_or_else(|errors| panic!("{errors}"));
    lines.into_iter().next().unwrap()
}

#[test]
fn a_line_that_says_nothing_has_conversations_of_a_day_and_an_hour_for_an_answer() {
    let line = line(CONFIG);
    assert_eq!(
        line.policy.conversation_for,
        Duration::from_secs(24 * 60 * 60)
    );
    assert_eq!(
        line.policy.answer_within,
        Some(Duration::from_secs(60 * 60))
    );
    assert_eq!(line.auto_reply, None);
    assert!(line.people.iter().all(|person| person.pin.is_none()));
}

#[test]
fn everything_about_conversations_can_be_set_and_is_written_back() {
    let line = line(&with(
        "conversation_for = \"90m\"\nanswer_within = \"15m\"",
        "[line.auto_reply]\nwhen = \"outside_hours\"\ntext = \"Until {{ line }} opens\"",
        "pin = \"4711\"\nmay_write_first = true",
    ));
    assert_eq!(line.policy.conversation_for, Duration::from_secs(90 * 60));
    assert_eq!(
        line.policy.answer_within,
        Some(Duration::from_secs(15 * 60))
    );
    let auto_reply = AutoReply {
        text: "Until {{ line }} opens".to_owned(),
        when: Sends::OutsideHours,
    };
    assert_eq!(line.auto_reply, Some(auto_reply));
    let pin = line.people[0].pin.as_ref().unwrap();
    assert!(pin.is("4711") && !pin.is("4712") && !pin.is(""));
    assert!(!format!("{line:?}").contains("4711"));
    let may: Vec<bool> = line.people.iter().map(|p| p.may_write_first).collect();
    assert_eq!(may, [true, false]);
    assert_eq!(
        parse(&write(std::slice::from_ref(&line)), "relay.toml").unwrap(),
        [line]
    );
}

#[test]
fn nobody_is_reminded_of_customers_where_that_is_set_to_never() {
    let line = line(&CONFIG.replace(URL, &format!("{URL}answer_within = \"never\"\n")));
    assert_eq!(line.policy.answer_within, None);
    let stored = serde_json::to_string(&line.policy).unwrap();
    let policy: relay::domain::line::Policy = serde_json::from_str(&stored).unwrap();
    assert_eq!(policy, line.policy);
    assert_eq!(
        parse(&write(std::slice::from_ref(&line)), "relay.toml").unwrap(),
        [line]
    );
}

#[test]
fn times_out_of_bounds_are_refused() {
    check(
        URL,
        &format!("{URL}conversation_for = \"30s\"\n"),
        "7:20",
        &["too short"],
    );
    check(
        URL,
        &format!("{URL}answer_within = \"later\"\n"),
        "7:17",
        &["no time in whole seconds", "or \"never\""],
    );
}

#[test]
fn a_pin_is_four_to_eight_digits_in_quotes() {
    for (pin, phrase) in [
        ("\"12\"", "four to eight digits"),
        ("\"12ab\"", "four to eight digits"),
        ("4711", "in double quotes"),
    ] {
        let wrong = format!("{SERGIO}pin = {pin}\n");
        check(SERGIO, &wrong, "11:7", &[phrase]);
    }
}

#[test]
fn whether_a_person_may_write_first_is_true_or_false() {
    let wrong = format!("{SERGIO}may_write_first = \"yes\"\n");
    check(SERGIO, &wrong, "11:19", &["true or false, without quotes"]);
}

#[test]
fn an_automatic_reply_is_tried_when_it_is_read() {
    for (table, phrase) in [
        ("when = \"always\"", "has no text"),
        ("text = \"hi\"", "has no when"),
        ("when = \"sundays\"\ntext = \"hi\"", "\"outside_hours\""),
        (
            "when = \"always\"\ntext = \"{{ opens | when }}\"",
            "{% if opens %}",
        ),
        (
            "when = \"always\"\ntext = \"{{ weather }}\"",
            "only line and opens",
        ),
        ("when = \"always\"\ntext = \"{{\"", "the template is wrong"),
        (
            "when = \"always\"\ntext = \"hi\"\nto = \"all\"",
            "has no key \"to\"",
        ),
    ] {
        let mistakes = mistakes_in(&with("", &format!("[line.auto_reply]\n{table}"), ""));
        assert_eq!(mistakes.len(), 1, "{table}: {mistakes:#?}");
        assert!(
            mistakes[0].contains(phrase),
            "{mistakes:?} lacks {phrase:?}"
        );
    }
}
