//! What is printed, and what happens where nobody can read it.

use std::fs::OpenOptions;
use std::io::pipe;
use std::process::Stdio;

use super::*;

/// Runs the command with this as its standard output.
fn printing_to(place: &Place, arguments: &[&str], out: impl Into<Stdio>) -> Ran {
    Ran(place.command(arguments).stdout(out).output().unwrap())
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
