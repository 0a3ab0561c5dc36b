//! `Code.gs` in Node, with stand-ins for what Google provides.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::place::{ANA, BEN, Place};
use super::{client, integration};

/// Calls a function of the script, with this weather for its requests.
fn call(place: &Place, function: &str, argument: Value, weather: Value) -> Value {
    let properties = json!({
        "RELAY_URL": place.url,
        "RELAY_CALLER": "apps-script",
        "RELAY_KEY": place.key("apps-script"),
    });
    call_with(properties, function, argument, weather)
}

fn call_with(properties: Value, function: &str, argument: Value, weather: Value) -> Value {
    let asked = json!({
        "file": integration("apps-script/Code.gs"),
        "properties": properties,
        "call": function,
        "arguments": [argument],
        "weather": weather,
    });
    let mut node = Command::new("node")
        .arg(client("apps_script.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node starts");
    let mut stdin = node.stdin.take().unwrap();
    stdin.write_all(asked.to_string().as_bytes()).unwrap();
    drop(stdin);
    let said = node.wait_with_output().unwrap();
    assert!(said.status.success());
    serde_json::from_slice(&said.stdout).unwrap()
}

fn lift() -> Value {
    json!({
        "id": "lift-2027-05",
        "what": "Boat lift",
        "starts": "2027-05-08T08:00:00-07:00",
        "ends": "2027-05-08T12:00:00-07:00",
    })
}

const FINE: Value = Value::Null;

#[test]
fn a_maintenance_window_is_told_once_however_the_weather_is() {
    let place = Place::with_callers(&[("apps-script", "notices")]);
    // The first try arrives, and its answer is lost; the second does not even leave.
    let weather = json!(["unanswered", "unreachable", "fine"]);
    let said = call(&place, "notifyMaintenance", lift(), weather);
    assert_eq!(said["requests"], 3, "{said}");
    let id = said["result"]["id"].as_str().expect("a notice's id");
    assert!(id.starts_with("no-"), "{said}");
    let received = place.receives(ANA, "Boat lift");
    assert!(received[0].contains("8:00 AM"), "{received:?}");

    // The same window, told by another run.
    let again = call(&place, "notifyMaintenance", lift(), FINE);
    assert_eq!(again["result"]["id"], id, "{again}");
    let other = json!({"id": "pump", "what": "Pump", "starts": "2027-05-09"});
    call(&place, "notifyMaintenance", other, FINE);
    place.receives(ANA, "Pump");
    assert_eq!(place.received(ANA).len(), 2);
    assert!(place.received(BEN).is_empty(), "he opted out");

    let shown = call(&place, "showNotice", id.into(), FINE);
    assert_eq!(shown["result"]["id"], id, "{shown}");
    let cancelled = call(&place, "cancelNotice", id.into(), FINE);
    assert!(cancelled["error"].is_null(), "{cancelled}");
}

#[test]
fn what_is_wrong_is_said_by_field_and_not_tried_again() {
    let place = Place::with_callers(&[("apps-script", "notices")]);
    let mut wrong = lift();
    wrong["starts"] = "tomorrow".into();
    let said = call(&place, "notifyMaintenance", wrong, FINE);
    assert_eq!(said["requests"], 1);
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("starts: "), "{error}");

    let mut wrong = lift();
    wrong["topic"] = "sailing".into();
    let said = call(&place, "notifyMaintenance", wrong, FINE);
    assert!(said["error"].as_str().unwrap().contains("topic"), "{said}");

    let invitation = json!({
        "name": "Ana", "number": ANA, "link": "https://qdn.example.com/i/1", "event": "Zurek",
        "idempotency_key": "ana",
    });
    let said = call(&place, "invite", invitation, FINE);
    assert_eq!(said["requests"], 1);
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("403"), "its key is for notices: {error}");
    assert!(place.received(ANA).is_empty());
}

#[test]
fn a_busy_relay_is_left_alone_for_as_long_as_it_asks() {
    let place = Place::with_callers(&[("apps-script", "notices")]);
    let weather = json!([
        {"status": 429, "headers": {"Retry-After": "41"}},
        {"status": 503, "body": "<html>"},
        "fine",
    ]);
    let said = call(&place, "notifyMaintenance", lift(), weather);
    assert!(said["error"].is_null(), "{said}");
    assert_eq!(said["pauses"][0], 41_000.0);
    let down = json!([
        "unreachable",
        "unreachable",
        "unreachable",
        "unreachable",
        "unreachable"
    ]);
    let said = call(&place, "notifyMaintenance", lift(), down);
    assert_eq!(said["requests"], 5);
    assert!(
        said["error"].as_str().unwrap().contains("DNS error"),
        "{said}"
    );
    let pauses = said["pauses"].as_array().unwrap();
    let seconds: f64 = pauses
        .iter()
        .map(|pause| pause.as_f64().unwrap() / 1000.0)
        .sum();
    assert!((15.0..=30.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_wrong_key_and_a_missing_property_are_told_apart() {
    let place = Place::with_callers(&[("apps-script", "notices")]);
    let mut properties = json!({
        "RELAY_URL": place.url,
        "RELAY_CALLER": "apps-script",
        "RELAY_KEY": "x".repeat(43),
    });
    let said = call_with(properties.clone(), "notifyMaintenance", lift(), FINE);
    let error = said["error"].as_str().unwrap();
    assert!(
        error.contains("401") && error.contains("signature"),
        "{error}"
    );
    assert_eq!(said["requests"], 1);

    properties["RELAY_KEY"] = Value::Null;
    let said = call_with(properties, "notifyMaintenance", lift(), FINE);
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("RELAY_KEY"), "{error}");
}
