//! What is printed, and what happens where nobody can read it.

use std::fs::OpenOptions;
use std::io::pipe;
use std::process::Stdio;

use super::*;

/// Runs the command with this as its standard output.
fn printing_to(place: &Place, arguments: &[&str], out: impl Into<Stdio>) -> Ran {
    Ran(place.command(arguments).stdout(out).output().unwrap())
}

#[tokio::test]
async fn a_table_without_a_name_is_none() {
    let place = Place::new();
    place.store().await;
    place
        .relay_with(&["duty", "show"], &[("TABLE_NAME", "")])
        .out();
    place
        .relay_with(&["config", "diff"], &[("TABLE_NAME", "")])
        .out();
    place.relay(&["duty", "show", "--table", ""]).out();
}

const COMMANDS: [&[&str]; 4] = [
    &["duty", "show", "--config", "relay.toml"],
    &["duty", "show", "--config", "relay.toml", "--json"],
    &["duty", "check", "--config", "relay.toml"],
    &[
        "route",
        "--from",
        "72975",
        "--body",
        "x",
        "--config",
        "relay.toml",
    ],
];

#[test]
fn a_full_output_is_an_error_in_one_line() {
    let place = Place::new();
    for arguments in COMMANDS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = printing_to(&place, arguments, full);
        ran.refused(1, "error: cannot write to standard output: No space left");
        assert_eq!(ran.errors().lines().count(), 1, "{}", ran.errors());
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let place = Place::new();
    for arguments in COMMANDS {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ran = printing_to(&place, arguments, writer);
        assert_eq!((ran.code(), ran.errors().as_str()), (0, ""));
    }
}

#[tokio::test]
async fn a_customers_text_cannot_steer_the_terminal() {
    let place = Place::new();
    let evil = "\u{1b}[31mEVIL\nqdn: all is well\u{9b}2J";
    let sid = a_text_came_in_from(&place, evil, evil).await;
    let explain = ["explain", sid.as_str(), "--body", "--numbers"];
    let told = place.relay(&explain).out();
    assert!(
        told.contains("\u{fffd}[31mEVIL\u{fffd}qdn: all"),
        "{told:?}"
    );
    assert!(told.contains("│ qdn: all is well\u{fffd}2J"), "{told:?}");
    let masked = place.relay(&explain[..2]).out();
    let json = place.relay(&[&explain[..], &["--json"]].concat());
    for text in [&told, &masked, &json.out()] {
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }
    assert_eq!(json.json()["body"], evil);
    let route = ["route", "--config", "relay.toml", "--from", evil];
    let routed = place.relay(&[&route[..], &["--body", evil]].concat()).out();
    assert!(
        routed.contains("EVIL") && !routed.contains('\u{1b}'),
        "{routed:?}"
    );
}
