//! Notices and invitations from a shell, into a relay on this machine.

use relay::app::ports::store::Subscribers;
use relay::domain::phone::PhoneNumber;
use serde_json::json;

use super::*;
use crate::programs::integrations::place::{ANA, Place as Running};

const PUBLISHED: [&str; 9] = [
    "notify",
    "--topic",
    "events",
    "--template",
    "event_published",
    "--set",
    "name=Zurek",
    "--set",
    "starts=2099-04-29T18:00:00-07:00",
];

const INVITE: [&str; 7] = [
    "invite",
    "Ana",
    "+16195550121",
    "--event",
    "Zurek",
    "--link",
    "https://crew.example.com/i/7Jx2",
];

/// A relay that does not run, with two subscribers of events of whom one opted out.
async fn place() -> Place {
    let place = Place::new();
    place.store().await;
    for number in ["+16195550121", "+16195550122"] {
        let add = ["subscribers", "add", number, "--topic", "events"];
        place.relay(&add).out();
    }
    place.relay(&["optouts", "add", "+16195550122"]).out();
    place
}

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

/// How many there are in the store, whoever waits for them.
async fn kept(place: &Place) -> usize {
    let store = place.store().await;
    let far = "2100-01-01T00:00:00Z".parse().unwrap();
    let notices = relay::app::ports::store::Notices::notices_due_before(&store, far, 100).await;
    notices.unwrap().len()
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_come_to() {
    let place = place().await;
    let said = place.relay(&with(&PUBLISHED, &["--dry-run"])).out();
    assert!(said.starts_with("qdn: Zurek, "), "{said}");
    assert!(
        said.contains("1 recipient, 1 segment, about $0.0083"),
        "{said}"
    );
    assert!(said.contains("not to +1•••22: "), "{said}");
    let said = place
        .relay(&with(&PUBLISHED, &["--dry-run", "--json"]))
        .json();
    assert_eq!(
        (&said["dry_run"], &said["recipients"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(kept(&place).await, 0);
    let said = place.relay(&with(&INVITE, &["--dry-run"])).out();
    assert!(said.contains("https://crew.example.com/i/7Jx2"), "{said}");
}

#[tokio::test]
async fn the_same_command_again_is_the_same_notice() {
    let place = place().await;
    let first = place.relay(&PUBLISHED).out();
    assert!(
        first.starts_with("no-") && first.contains(" accepted; it begins"),
        "{first}"
    );
    assert!(first.contains("qdn: Zurek, "), "{first}");
    assert_eq!(place.relay(&PUBLISHED).out(), first);
    assert_eq!(kept(&place).await, 1);
    let other = place.relay(&with(&PUBLISHED, &["--key", "again"])).out();
    assert_ne!(other.split(' ').next(), first.split(' ').next());
    assert_eq!(kept(&place).await, 2);
    let reused = with(&PUBLISHED, &["--key", "again", "--subject", "zurek"]);
    place
        .relay(&reused)
        .refused(1, "idempotency_key was used before");
}

#[tokio::test]
async fn the_times_of_a_notice_are_read_on_the_lines_clock() {
    let place = place().await;
    let times = [
        "--not-before",
        "tomorrow 9am",
        "--expires",
        "tomorrow 11:30am",
    ];
    let said = place.relay(&with(&PUBLISHED, &times)).out();
    assert_eq!(place.relay(&with(&PUBLISHED, &times)).out(), said);
    let id = said.split(' ').next().unwrap();
    let shown = place.relay(&["notice", "show", id, "--json"]).json();
    let instant = |name: &str| {
        shown[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let (from, until) = (instant("not_before"), instant("expires"));
    assert_eq!(until.duration_since(from).as_mins(), 150);
    let zone = relay::domain::time_zone::TimeZone::named("America/Los_Angeles").unwrap();
    assert!(zone.show(from).contains(" 09:00 P"), "{shown}");
}

#[tokio::test]
async fn a_notice_is_shown_and_called_back() {
    let place = place().await;
    let said = place.relay(&with(&PUBLISHED, &["--json"])).json();
    let id = said["id"].as_str().unwrap().to_owned();
    let shown = place.relay(&["notice", "show", &id]).out();
    assert!(
        shown.starts_with(&format!("{id} scheduled\nqdn: Zurek, ")),
        "{shown}"
    );
    let cancelled = place.relay(&["notice", "cancel", &id]).out();
    assert!(
        cancelled.starts_with(&format!("{id} cancelled\n")),
        "{cancelled}"
    );
    let shown = place.relay(&["notice", "show", &id, "--json"]).json();
    assert_eq!(
        (&shown["state"], &shown["recipients"]),
        (&json!("cancelled"), &json!(0))
    );
    assert!(shown["since"].is_string());
    for command in ["show", "cancel"] {
        let nothing = format!("no-{}", "0".repeat(26));
        for id in [nothing.as_str(), "zurek"] {
            place
                .relay(&["notice", command, id])
                .refused(1, "knows no notice and no invitation");
        }
    }
}

#[tokio::test]
async fn notices_that_wait_are_listed() {
    let place = place().await;
    assert_eq!(place.relay(&["notice", "list"]).out(), "no notice waits\n");
    let said = place.relay(&with(&PUBLISHED, &["--json"])).json();
    let id = said["id"].as_str().unwrap().to_owned();
    let listed = place.relay(&["notice", "list"]).out();
    assert!(listed.starts_with("NEXT "), "{listed}");
    assert!(
        listed.contains(&format!("events        {id} scheduled\n")),
        "{listed}"
    );
    let json = place.relay(&["notice", "list", "--json"]).json();
    assert_eq!(
        (&json[0]["id"], &json[0]["topic"]),
        (&json!(id), &json!("events"))
    );
    assert!(
        json[0]["text"]
            .as_str()
            .unwrap()
            .starts_with("qdn: Zurek, ")
    );
    place.relay(&["notice", "cancel", &id]).out();
    assert_eq!(place.relay(&["notice", "list", "--json"]).out(), "[]\n");
}

#[tokio::test]
async fn a_notice_to_many_is_asked_about() {
    let place = place().await;
    let numbers: Vec<_> = (0..100).map(|n| format!("+161955502{n:02}\n")).collect();
    std::fs::write(
        place.path().join("people.csv"),
        format!("number\n{}", numbers.concat()),
    )
    .unwrap();
    place
        .relay(&["subscribers", "import", "people.csv", "--topic", "events"])
        .out();
    let estimated = place
        .relay(&with(&PUBLISHED, &["--dry-run", "--json"]))
        .json();
    let recipients = estimated["recipients"].as_u64().unwrap();
    assert!(100 <= recipients);
    place.relay(&PUBLISHED).refused(
        2,
        &format!("This goes to {recipients} recipients for about $"),
    );
    assert_eq!(kept(&place).await, 0);
    let said = place.relay(&with(&PUBLISHED, &["--yes"])).out();
    assert!(said.starts_with("no-"), "{said}");
    assert_eq!(kept(&place).await, 1);
}

#[tokio::test]
async fn an_invitation_is_made_once_and_shown() {
    let place = place().await;
    let first = place.relay(&INVITE).out();
    assert!(
        first.starts_with("iv-") && first.contains("crew of Zurek"),
        "{first}"
    );
    assert_eq!(place.relay(&INVITE).out(), first);
    let id = first.split(' ').next().unwrap();
    let shown = place.relay(&["notice", "show", id]).out();
    assert!(
        shown.starts_with(&format!("{id} waiting\nAna to Zurek")),
        "{shown}"
    );
    let long = format!("https://crew.example.com/{}", "x".repeat(150));
    let mut endless = INVITE;
    endless[6] = &long;
    place
        .relay(&endless)
        .refused(1, "link makes the text longer than one segment");
}

#[tokio::test]
async fn a_notice_comes_from_a_file_with_the_options_over_it() {
    let place = place().await;
    let notice = json!({
        "topic": "maintenance",
        "template": "event_published",
        "data": {"name": "Ceili", "starts": "2099-04-29"},
        "idempotency_key": "from-a-file",
    });
    std::fs::write(place.path().join("notice.json"), notice.to_string()).unwrap();
    let options = [
        "notify",
        "notice.json",
        "--topic",
        "events",
        "--set",
        "name=Zurek",
        "--json",
    ];
    let said = place.relay(&options).json();
    assert_eq!(said["topic"], "events");
    assert!(
        said["text"].as_str().unwrap().starts_with("qdn: Zurek, "),
        "{said}"
    );
    // Only to one, whoever subscribes.
    let one = with(
        &PUBLISHED,
        &["--number", "+16195550123", "--dry-run", "--json"],
    );
    assert_eq!(place.relay(&one).json()["recipients"], 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_field() {
    let place = place().await;
    let notify = |rest: &[&str]| place.relay(&with(&["notify"], rest));
    let typed = ["--topic", "events", "--template", "event_published"];
    notify(&with(&typed, &["--set", "name=Zurek"])).refused(1, "data.starts is missing");
    notify(&["--topic", "parties", "--template", "none"])
        .refused(1, "topic: is not a topic of the line qdn");
    notify(&with(&typed, &["--set", "Zurek"])).refused(2, "write --set NAME=VALUE");
    let at = |time| with(&PUBLISHED, &["--not-before", time]);
    place
        .relay(&at("someday"))
        .refused(2, "is not a time; write one such as 2h");
    let over_http = ["--url", "http://127.0.0.1:9", "--caller", "daemon"];
    place
        .relay(&with(&at("tomorrow 9am"), &over_http))
        .refused(2, "the line's clock is not known over HTTP");
    notify(&["--topic", "events"]).refused(2, "--template");
    notify(&["none.json"]).refused(1, "cannot read none.json");
    notify(&with(&typed, &["--table", "relay"])).refused(2, "--queue-url");
    notify(&with(&typed, &["--url", "http://127.0.0.1:9"])).refused(2, "--caller");
    std::fs::write(place.path().join("notice.json"), "[1]").unwrap();
    notify(&["notice.json"]).refused(2, "holds no JSON object");
    std::fs::write(place.path().join("notice.json"), "{").unwrap();
    notify(&["notice.json"]).refused(1, "is no JSON");
    let said = notify(&with(&typed, &["--set", "name=Zurek", "--json"]));
    assert_eq!(said.code(), 1);
    let problem: Value = serde_json::from_str(&said.printed()).unwrap();
    assert_eq!(problem["fields"][0]["path"], "data.starts");
    assert_eq!(kept(&place).await, 0);
    Place::new()
        .relay(&PUBLISHED)
        .refused(1, "there is no relay in .relay");
}

#[test]
fn a_fan_out_is_followed_to_its_end() {
    let place = Running::with_callers(&[("daemon", "notices")]);
    let over_http = [
        "--url",
        &place.url,
        "--caller",
        "daemon",
        "--env-file",
        "repos.env",
    ];
    let notice = [
        "notify",
        "--topic",
        "maintenance",
        "--template",
        "maintenance_scheduled",
        "--set",
        "what=Boat lift",
        "--set",
        "starts=2099-05-08",
        "--follow",
    ];
    let said = place.relay(&with(&notice, &over_http));
    assert!(said.status.success(), "{said:?}");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.starts_with("no-") && said.contains(" sent: "),
        "{said}"
    );
    assert!(said.contains("1 skipped"), "who opted out: {said}");
    place.receives(ANA, "Boat lift");
    // Beside the relay it needs neither an address nor a key.
    let mut beside = notice;
    beside[6] = "what=Crane";
    let said = place.relay(&beside);
    assert!(said.status.success(), "{said:?}");
    place.receives(ANA, "Crane");
    assert_eq!(place.received(ANA).len(), 2);
}

#[test]
fn a_relay_over_http_that_is_not_there_or_not_for_this_caller_is_named() {
    let place = Running::with_callers(&[("reader", "read")]);
    let to = |url: &str, caller: &str| {
        let rest = ["--url", url, "--caller", caller, "--env-file", "repos.env"];
        let said = place.relay(&with(&PUBLISHED, &rest));
        assert_eq!(said.status.code(), Some(1), "{said:?}");
        String::from_utf8(said.stderr).unwrap()
    };
    let said = to(&place.url, "reader");
    assert!(said.contains("may not do that"), "{said}");
    let said = to(&place.url, "nobody");
    assert!(said.contains("has no RELAY_CALLER_NOBODY"), "{said}");
}

/// Whoever gets events' notices; a number that left is not among them.
#[tokio::test]
async fn a_number_that_left_is_not_counted() {
    let place = place().await;
    place
        .relay(&["subscribers", "remove", ANA, "--topic", "events"])
        .out();
    let line = PhoneNumber::parse("+16195550100").unwrap();
    let left = place
        .store()
        .await
        .subscribers(&line, "events", None, 10)
        .await;
    assert_eq!(left.unwrap().len(), 1);
    let said = place
        .relay(&with(&PUBLISHED, &["--dry-run", "--json"]))
        .json();
    assert_eq!(
        (&said["recipients"], &said["skipped_numbers"][0]["number"]),
        (&json!(0), &json!("+1•••22"))
    );
}
