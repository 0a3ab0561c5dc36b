//! A day against Twilio's list from a shell, with a sandbox that lives in the past.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use relay::clock::{Clock, SystemClock};
use relay::domain::credentials::{ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN};
use relay::sandbox::{Number, Sandbox, Text, demo_account, http};

use super::*;

/// As far back as the last day that is settled, whatever the hour.
const YESTERDAY: SignedDuration = SignedDuration::from_hours(28);

struct LongAgo;

impl Clock for LongAgo {
    fn now(&self) -> Timestamp {
        SystemClock.now() - YESTERDAY
    }
}

/// A sandbox in which the customer texted the line yesterday, and nobody was told.
async fn a_lost_text(place: &Place) -> (MessageSid, String) {
    let line = place.store().await.lines().await.unwrap().remove(0);
    let account = Arc::new(demo_account());
    let sandbox = Arc::new(Sandbox::new(Arc::clone(&account), Arc::new(LongAgo)));
    sandbox.set_number(line.number.clone(), Number::default());
    let customer = Sender::parse("+18585550107");
    let sid = sandbox.text(&customer, &line.number, Text::new("Are you open?"));

    let key = account.api_key.as_ref().unwrap();
    let values = [
        (ACCOUNT_SID, account.account_sid.as_str()),
        (AUTH_TOKEN, account.auth_token.expose()),
        (API_KEY, &key.sid),
        (API_SECRET, key.secret.expose()),
    ];
    let lines = values.map(|(name, value)| format!("{name}={value}\n"));
    let file = place.path().join("repos.env");
    std::fs::write(&file, lines.concat()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, http::router(sandbox)).await });
    (sid.unwrap(), url)
}

fn reconcile(place: &Place, url: &str, rest: &[&str]) -> Ran {
    let command = ["reconcile", "--env-file", "repos.env", "--twilio-url", url];
    place.relay(&[&command[..], rest].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_text_is_shown_then_taken_in_and_then_no_difference() {
    let place = Place::new();
    let (sid, url) = a_lost_text(&place).await;
    let store = place.store().await;

    let looked = reconcile(&place, &url, &["--dry-run"]);
    assert_eq!(looked.code(), 1, "{}", looked.errors());
    let shown = looked.printed();
    assert!(shown.contains("1 in, 0 out, 1 difference"), "{shown}");
    assert!(shown.contains("never recorded"), "{shown}");
    assert!(shown.contains(sid.as_str()), "{shown}");
    assert!(
        !shown.contains("5550107") && !shown.contains("open?"),
        "{shown}"
    );
    assert_eq!(store.inbound(&sid).await.unwrap(), None);

    let shown = reconcile(&place, &url, &[]).out();
    assert!(shown.contains("1 difference, put right"), "{shown}");
    let record = store.inbound(&sid).await.unwrap().expect("it is recorded");
    let delivery = store.delivery(&record.deliveries[0]).await.unwrap();
    let body = delivery.expect("it is on its way").body;
    assert!(body.starts_with("Late, received "), "{body}");

    let reports = reconcile(&place, &url, &["--json", "--line", "qdn"]).json();
    assert_eq!(reports[0]["counts"]["received"], 1);
    assert_eq!(reports[0]["differences"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_compared_is_refused_with_what_to_do() {
    let place = Place::new();
    let (_, url) = a_lost_text(&place).await;
    place
        .relay(&["reconcile"])
        .refused(2, "name the file that has them with --env-file");
    let refused = |rest: &[&str], code, phrase| reconcile(&place, &url, rest).refused(code, phrase);
    refused(&["--line", "abc"], 2, "there is qdn");
    refused(&["--day", "2999-01-01"], 2, "is not settled yet");
    refused(
        &["--day", "someday"],
        2,
        "is no day; write one such as 2026-11-22",
    );
    refused(&["--day", "weekend"], 2, "is no day");
    reconcile(&place, "http://127.0.0.1:9", &[]).refused(1, "Twilio's list of");
    place
        .relay(&["reconcile", "--table", "relay-table"])
        .refused(2, "--queue-url");
}
