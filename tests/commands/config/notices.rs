use relay::domain::line::Topic;
use relay::domain::line::config::{parse, write};
use relay::domain::line::{Line, Notices};

use super::{CONFIG, check, mistakes_in};

const URL: &str = "public_url = \"https://relay.example.com\"\n";

const TOPIC: &str = r#"
[[line.topic]]
name = "events"
keyword = "Events"
about = "new events"
"#;

/// The configuration with further entries in its line, and with topics.
fn with(entries: &str, topics: &str) -> String {
    CONFIG.replacen(URL, &format!("{URL}{entries}\n{topics}"), 1)
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

/// A value of the topic is refused in its line, which counts from the topic's beginning.
#[track_caller]
fn topic_refused(row: usize, right: &str, wrong: &str, phrases: &[&str]) {
    assert!(TOPIC.contains(right));
    let topic = TOPIC.replacen(right, wrong, 1);
    let mistakes = mistakes_in(&with("", &topic));
    let [mistake] = &mistakes[..] else {
        panic!("one mistake expected: {mistakes:#?}");
    };
    assert!(mistake.starts_with(&format!("{}:", 8 + row)), "{mistake}");
    for phrase in phrases {
        assert!(mistake.contains(phrase), "{mistake:?} lacks {phrase:?}");
    }
}

#[test]
fn a_line_that_says_nothing_of_notices_is_quiet_at_night_and_has_no_topics() {
    assert_eq!(line(CONFIG).notices, Notices::default());
    let example = line(include_str!("../../../relay.example.toml")).notices;
    let topics = Vec::new();
    assert_eq!(Notices { topics, ..example }, Notices::default());
}

#[test]
fn everything_can_be_set_and_is_written_back() {
    let entries =
        "quiet_hours = \"22:30-7:00\"\nprice_per_segment = 0.01\nsegments_a_minute = 6000";
    let line = line(&with(entries, TOPIC));
    let notices = &line.notices;
    assert_eq!(notices.quiet_hours.unwrap().to_string(), "22:30-07:00");
    assert_eq!(notices.price_per_segment.to_string(), "$0.01");
    assert_eq!(notices.segments_a_minute, 6000);
    let events = Topic {
        confirm: false,
        name: "events".to_owned(),
        keyword: "EVENTS".to_owned(),
        about: "new events".to_owned(),
    };
    assert_eq!(notices.topics, std::slice::from_ref(&events));
    assert_eq!(line.topic_named("EVENTS"), Some(&events));
    assert_eq!(line.topic_named("parties"), None);
    let written = write(std::slice::from_ref(&line));
    assert!(
        written.contains("quiet_hours = \"22:30-07:00\"\n"),
        "{written}"
    );
    assert_eq!(parse(&written, "relay.toml").unwrap(), [line]);
}

#[test]
fn a_line_may_never_be_quiet() {
    let line = line(&with("quiet_hours = \"none\"", ""));
    assert_eq!(line.notices.quiet_hours, None);
    let written = write(std::slice::from_ref(&line));
    assert_eq!(parse(&written, "relay.toml").unwrap(), [line]);
}

#[test]
fn quiet_hours_that_are_none() {
    refused("quiet_hours = 21", &["write it as text, in double quotes"]);
    refused(
        "quiet_hours = \"9pm-8am\"",
        &["is not how a span of time is written here", "08:00"],
    );
    refused(
        "quiet_hours = \"night\"",
        &["is not a span of time", "or \"none\""],
    );
    refused(
        "quiet_hours = \"0:00-24:00\"",
        &["quiet all day", "write \"none\""],
    );
}

#[test]
fn prices_that_are_none() {
    for price in ["-0.01", "0.00000001", "inf", "1e-3"] {
        let entry = format!("price_per_segment = {price}");
        refused(&entry, &["not an amount of dollars", "such as 0.0083"]);
    }
    refused("price_per_segment = 83", &["no segment costs that much"]);
    refused(
        "price_per_segment = \"1\"",
        &["this is text; write what Twilio asks"],
    );
}

#[test]
fn topics_that_cannot_be() {
    topic_refused(
        2,
        "\"events\"",
        "\"New events\"",
        &["is not a topic's name"],
    );
    topic_refused(
        3,
        "\"Events\"",
        "\"NEW EVENTS\"",
        &["is no keyword: a keyword is one word"],
    );
    topic_refused(
        3,
        "\"Events\"",
        "\"stop\"",
        &["cannot be a keyword: Twilio or the relay"],
    );
    topic_refused(
        4,
        "\"new events\"",
        "\" \"",
        &["this says nothing; write what subscribers"],
    );
    let long = format!("\"{}\"", "x".repeat(61));
    topic_refused(
        4,
        "\"new events\"",
        &long,
        &["too long", "at most 60 characters"],
    );
    topic_refused(
        1,
        "about = \"new events\"",
        "",
        &["line.topic has no about; add about ="],
    );
}

#[test]
fn keys_in_the_wrong_place() {
    let mistakes = mistakes_in(&with("", &format!("{TOPIC}keyword2 = \"x\"\n")));
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].contains("line.topic has no key \"keyword2\"; did you mean keyword?"));
    let text = CONFIG.replacen(
        "hours = \"always\"",
        "hours = \"always\"\nquiet_hours = \"none\"",
        1,
    );
    let mistakes = mistakes_in(&text);
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].contains("write it above the first [[line.person]]"),
        "{mistakes:?}"
    );
}

#[test]
fn two_topics_that_one_text_would_mean() {
    for (name, keyword, at) in [
        ("events", "PARTY", "15:8"),
        ("parties", "EVENTS", "16:11"),
        ("e-vents", "PARTY", "16:11"),
    ] {
        let second = TOPIC.replace("\"events\"", &format!("\"{name}\""));
        let second = second.replace("\"Events\"", &format!("\"{keyword}\""));
        let mistakes = mistakes_in(&with("", &format!("{TOPIC}{second}")));
        let [mistake] = &mistakes[..] else {
            panic!("one mistake expected: {mistakes:#?}");
        };
        assert!(mistake.starts_with(&format!("{at}: ")), "{mistake}");
        assert!(
            mistake.contains("would mean the topic \"events\" as well"),
            "{mistake}"
        );
    }
}

#[test]
fn a_pace_that_no_number_has_is_refused() {
    for wrong in ["0", "-1", "120001", "2.5", "\"60\""] {
        let entry = format!("segments_a_minute = {wrong}");
        refused(&entry, &["write how many segments Twilio sends a minute"]);
    }
}
