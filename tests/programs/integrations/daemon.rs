//! `infra/integrations/daemon`: curl and openssl, and the `relay` command.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use serde_json::Value;

use super::integration;
use super::place::{ANA, Place};

/// `notify.sh`, from the folder in which it stands.
fn notify(place: &Place, arguments: &[&str]) -> Output {
    let key = place.path("key");
    if !key.exists() {
        std::fs::write(&key, place.key("daemon") + "\n").unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut script = Command::new(integration("daemon/notify.sh"));
    script
        .args(arguments)
        .current_dir(integration("daemon"))
        .env("RELAY_URL", &place.url)
        .env("RELAY_CALLER", "daemon")
        .env("RELAY_KEY_FILE", key);
    script.output().unwrap()
}

fn answer(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn curl_and_openssl_are_enough() {
    let place = Place::with_callers(&[("daemon", "notices")]);
    let sent = notify(&place, &["notice.json"]);
    assert!(sent.status.success(), "{sent:?}");
    let id = answer(&sent)["id"].as_str().unwrap().to_owned();
    place.receives(ANA, "Boat lift");
    let again = notify(&place, &["notice.json"]);
    assert_eq!(answer(&again)["id"], *id);
    assert_eq!(place.received(ANA).len(), 1);

    let shown = notify(&place, &["GET", &format!("/v1/notices/{id}")]);
    assert_eq!(answer(&shown)["id"], *id, "{shown:?}");
    let cancelled = notify(&place, &["DELETE", &format!("/v1/notices/{id}")]);
    assert!(cancelled.status.success(), "{cancelled:?}");
}

#[test]
fn a_refusal_and_a_relay_that_is_out_of_reach_end_differently() {
    let mut place = Place::with_callers(&[("daemon", "read")]);
    let refused = notify(&place, &["notice.json"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(answer(&refused)["status"], 403);
    assert_eq!(notify(&place, &[]).status.code(), Some(2));
    assert_eq!(notify(&place, &["no-such.json"]).status.code(), Some(2));
    place.url = "http://127.0.0.1:9".to_owned();
    assert_eq!(notify(&place, &["notice.json"]).status.code(), Some(3));
}

#[test]
fn the_command_sends_from_a_server_with_a_key_of_its_own() {
    let place = Place::with_callers(&[("daemon", "notices")]);
    let arguments = [
        "notify",
        "--url",
        &place.url,
        "--caller",
        "daemon",
        "--env-file",
        "repos.env",
        "--topic",
        "maintenance",
        "--template",
        "maintenance_scheduled",
        "--set",
        "what=Boat lift",
        "--set",
        "starts=2027-05-08T08:00:00-07:00",
        "--key",
        "lift-2027-05",
        "--json",
    ];
    let sent = place.relay(&arguments);
    assert!(sent.status.success(), "{sent:?}");
    place.receives(ANA, "Boat lift");
    let again = place.relay(&arguments);
    assert_eq!(answer(&again)["id"], answer(&sent)["id"]);
    assert_eq!(place.received(ANA).len(), 1);
}
