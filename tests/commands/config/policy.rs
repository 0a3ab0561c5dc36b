use std::time::Duration;

use relay::domain::line::config::{parse, write};
use relay::domain::line::{Line, Policy};

use super::{CONFIG, check, mistakes_after, mistakes_in};

const URL: &str = "public_url = \"https://relay.example.com\"\n";

/// The configuration with further entries in its line.
fn with(entries: &str) -> String {
    CONFIG.replacen(URL, &format!("{URL}{entries}\n"), 1)
}

fn line(text: &str) -> Line {
    let lines = parse(text, "relay.toml").unwrap_or_else(|errors| panic!("{errors}"));
    lines.into_iter().next().unwrap()
}

/// The further entry is refused, where its value stands and as expected.
#[track_caller]
fn refused(entry: &str, phrases: &[&str]) {
    let column = entry.find("= ").unwrap() + 3;
    let wrong = format!("{URL}{entry}\n");
    check(URL, &wrong, &format!("7:{column}"), phrases);
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

#[test]
fn a_line_that_says_nothing_has_the_defaults_and_its_countrys_prefix() {
    let policy = line(CONFIG).policy;
    assert_eq!(policy.hand_over_after, minutes(3));
    assert_eq!(policy.deliver_within, minutes(60));
    assert_eq!((policy.sender_limit, policy.alert), (20, None));
    assert_eq!(policy.retry, Policy::default().retry);
    let prefixes: Vec<_> = policy.allowed_prefixes.iter().map(|p| p.as_str()).collect();
    assert_eq!(prefixes, ["+1"]);
}

#[test]
fn the_example_shows_the_defaults() {
    let text = include_str!("../../../relay.example.toml");
    let example = line(text).policy;
    let defaults = line(CONFIG).policy;
    assert_eq!(
        Policy {
            alert: None,
            ..example
        },
        defaults
    );
}

#[test]
fn everything_can_be_set_and_is_written_back() {
    let set = with(
        "hand_over_after = \"1m30s\"\ndeliver_within = 7200\nalert = \"619-555-0112\"\n\
         allowed_prefixes = [\"+1\", \"+52\"]\nsender_limit = 60\nmost_segments_a_day = 2500\n[line.retry]\nfirst = \"PT2S\"\n\
         longest = \"5 minutes\"",
    );
    let line = line(&set);
    let policy = &line.policy;
    assert_eq!(policy.hand_over_after, Duration::from_secs(90));
    assert_eq!(policy.deliver_within, minutes(120));
    assert_eq!(policy.alert.as_ref().unwrap().expose(), "+16195550112");
    assert_eq!(policy.sender_limit, 60);
    assert_eq!(policy.most_segments_a_day, 2500);
    assert_eq!(policy.allowed_prefixes[1].as_str(), "+52");
    assert_eq!(policy.retry.first, Duration::from_secs(2));
    assert_eq!(policy.retry.longest, minutes(5));
    let written = write(std::slice::from_ref(&line));
    assert!(
        written.contains("hand_over_after = \"1m 30s\"\n"),
        "{written}"
    );
    assert_eq!(parse(&written, "relay.toml").unwrap(), [line]);
}

#[test]
fn a_time_that_makes_no_sense() {
    for (entry, phrase) in [
        ("hand_over_after = 0", "no time at all"),
        ("hand_over_after = -5", "no time at all"),
        ("hand_over_after = \"-3m\"", "no time at all"),
        ("hand_over_after = \"29s\"", "too short"),
        ("hand_over_after = \"13h\"", "too long"),
        ("hand_over_after = \"soon\"", "no time in whole seconds"),
        ("hand_over_after = \"90.5s\"", "no time in whole seconds"),
        ("hand_over_after = \"1d\"", "no time in whole seconds"),
        ("hand_over_after = true", "this is a boolean"),
        ("hand_over_after = 3.5", "this is a fraction"),
    ] {
        refused(entry, &[phrase, "from 30s to 10h", "such as \"3m\""]);
    }
    for (entry, phrase) in [
        ("deliver_within = \"59s\"", "too short"),
        ("deliver_within = 36001", "too long"),
        ("deliver_within = 99999999999999999999", "write a time"),
    ] {
        refused(entry, &[phrase, "from 1m to 10h"]);
    }
}

#[test]
fn times_that_contradict_each_other() {
    for entry in ["hand_over_after = \"1h\"", "hand_over_after = \"2h\""] {
        refused(entry, &["deliver_within 1h", "shorter than deliver_within"]);
    }
    refused(
        "deliver_within = \"2m\"",
        &["hand_over_after is 3m", "shorter"],
    );
    let retry = "[line.retry]\nfirst = \"3m\"\nlongest = \"2m\"";
    let mistakes = mistakes_in(&with(retry));
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("9:11: "), "{mistakes:#?}");
    assert!(mistakes[0].contains("longest = \"3m\""), "{mistakes:#?}");
}

#[test]
fn a_time_that_is_wrong_by_itself_is_not_compared_with_others() {
    let entries = "hand_over_after = \"soon\"\ndeliver_within = \"2m\"";
    let mistakes = mistakes_in(&with(entries));
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("7:19: \"soon\" is no time"));
}

#[test]
fn whole_numbers_may_be_written_in_any_way_of_toml() {
    let policy = line(&with("sender_limit = 0x1f\ndeliver_within = 7_200")).policy;
    assert_eq!(policy.sender_limit, 31);
    assert_eq!(policy.deliver_within, minutes(120));
}

#[test]
fn a_key_that_retry_does_not_have() {
    let mistakes = mistakes_in(&with("[line.retry]\nlongst = \"30s\""));
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("8:1: line.retry has no key \"longst\""));
    assert!(
        mistakes[0].contains("did you mean longest?"),
        "{mistakes:#?}"
    );
    refused("retry = \"5s\"", &["write [line.retry] in single brackets"]);
    let mistakes = mistakes_in(&with("[[line.retry]]\nfirst = \"5s\""));
    assert!(mistakes[0].contains("single brackets"), "{mistakes:#?}");
}

#[test]
fn a_key_of_the_line_that_stands_below_a_person() {
    let hours = "hours = \"always\"\n";
    let mistakes = mistakes_after(hours, &format!("{hours}hand_over_after = \"5m\"\n"));
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(
        mistakes[0].contains("write it above the first [[line.person]]"),
        "{mistakes:#?}"
    );
    let mistakes = mistakes_after(hours, &format!("{hours}public_url = \"https://x.org\"\n"));
    assert!(
        mistakes[0].contains("it is the line's: write it above"),
        "{mistakes:#?}"
    );
    let mistakes = mistakes_in(&with("hand_over = \"5m\""));
    assert!(
        mistakes[0].contains("did you mean hand_over_after?"),
        "{mistakes:#?}"
    );
}

#[test]
fn an_alert_that_nobody_could_read() {
    refused(
        "alert = \"619-555-0100\"",
        &["the number of line \"qdn\"", "whoever should hear of it"],
    );
    refused("alert = \"Sergio\"", &["not a phone number of US"]);
    let allowed = line(&with("alert = \"+1 619 555 0110\"")).policy.alert;
    assert_eq!(
        allowed.unwrap().expose(),
        "+16195550110",
        "a person may be alerted"
    );
}

#[test]
fn prefixes_that_are_none_or_exclude_somebody() {
    for (entry, phrase) in [
        (
            "allowed_prefixes = []",
            "with no prefix nobody could be texted",
        ),
        ("allowed_prefixes = \"+1\"", "this is text"),
        (
            "allowed_prefixes = [\"1\"]",
            "\"1\" is not the beginning of numbers",
        ),
        (
            "allowed_prefixes = [\"+1\", \"US\"]",
            "\"US\" is not the beginning",
        ),
        ("allowed_prefixes = [1]", "this is an integer"),
    ] {
        refused(entry, &[phrase]);
    }
    check(
        "\"619-555-0111\"",
        "\"+44 20 7946 0000\"",
        "15:10",
        &["only those with +1", "allowed_prefixes in [[line]]"],
    );
    refused("alert = \"+442079460000\"", &["only those with +1"]);
    let both = with("allowed_prefixes = [\"+1\", \"+44\"]\nalert = \"+442079460000\"");
    assert!(line(&both).policy.alert.is_some());
}

#[test]
fn a_limit_that_no_sender_can_have() {
    for entry in [
        "sender_limit = 0",
        "sender_limit = -1",
        "sender_limit = 1001",
        "sender_limit = \"20\"",
        "sender_limit = 2.5",
    ] {
        refused(entry, &["texts a minute from 1 to 1000"]);
    }
}

#[test]
fn a_day_on_which_hardly_anything_could_be_sent() {
    for entry in [
        "most_segments_a_day = 0",
        "most_segments_a_day = 99",
        "most_segments_a_day = \"none\"",
    ] {
        refused(entry, &["segments a day", "from 100 to"]);
    }
}
