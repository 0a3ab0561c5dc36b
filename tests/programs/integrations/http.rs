//! `infra/integrations/http`: a client in Python and one in Node, as their README has them used.

use std::process::{Command, Output};

use serde_json::Value;

use super::integration;
use super::place::{ANA, Place};
use crate::support::tools;

/// The client, with the key in a file, on a notice of the folder.
fn client(program: &str, place: &Place, notice: &std::path::Path) -> Output {
    let key = place.path("key");
    std::fs::write(&key, place.key("website") + "\n").unwrap();
    let mut command = match program {
        "relay.py" => Command::new(tools::python()),
        _ => Command::new("node"),
    };
    command
        .arg(integration("http").join(program))
        .arg(notice)
        .env("RELAY_URL", &place.url)
        .env("RELAY_CALLER", "website")
        .env("RELAY_KEY_FILE", key);
    command.output().unwrap()
}

#[test]
fn both_clients_send_a_notice_once() {
    for program in ["relay.py", "relay.mjs"] {
        let place = Place::with_callers(&[("website", "notices")]);
        let notice = integration("daemon/notice.json");
        let sent = client(program, &place, &notice);
        assert!(sent.status.success(), "{program}: {sent:?}");
        let answer: Value = serde_json::from_slice(&sent.stdout).unwrap();
        assert!(
            answer["id"].as_str().unwrap().starts_with("no-"),
            "{answer}"
        );
        place.receives(ANA, "Boat lift");
        let again = client(program, &place, &notice);
        let repeated: Value = serde_json::from_slice(&again.stdout).unwrap();
        assert_eq!(repeated["id"], answer["id"], "{program}");
        assert_eq!(place.received(ANA).len(), 1, "{program}");
    }
}

#[test]
fn a_refusal_names_the_field_and_is_not_tried_again() {
    let place = Place::with_callers(&[("website", "notices")]);
    let wrong = place.path("wrong.json");
    let text = std::fs::read_to_string(integration("http/notice.json")).unwrap();
    std::fs::write(
        &wrong,
        text.replace("2027-04-29T18:00:00-07:00", "next spring"),
    )
    .unwrap();
    for program in ["relay.py", "relay.mjs"] {
        let refused = client(program, &place, &wrong);
        assert!(!refused.status.success(), "{program}");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(
            told.contains("Refused") && told.contains("starts"),
            "{program}: {told}"
        );
    }
}
