//! The page in a real browser: each test starts a `relay dev` of its own and has Chromium use its page.
//! What is done there stands in `scenarios.mjs`.

use std::path::Path;
use std::process::Command;

use crate::support::tools::node_modules;

/// Runs a scenario; what went wrong is what it prints.
fn plays(scenario: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    let output = Command::new("node")
        .arg(folder.join("run.mjs"))
        .arg(scenario)
        .env("RELAY_PROGRAM", env!("CARGO_BIN_EXE_relay"))
        .env("RELAY_TEST_NODE_MODULES", node_modules())
        .output()
        .expect("Node is there: the tests' tools need it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}: {said}");
}

#[test]
fn a_customer_writes_and_a_person_answers_without_a_reload() {
    plays("customerToPerson");
}

#[test]
fn a_phone_that_is_off_hands_the_text_over_and_says_so() {
    plays("handOver");
}

#[test]
fn a_call_is_taken_and_another_one_ends_in_a_voicemail() {
    plays("calls");
}

#[test]
fn twelve_tabs_show_the_same_and_all_work() {
    plays("tabs");
}

#[test]
fn a_stream_goes_on_after_a_restart_with_each_record_once() {
    plays("restart");
}

#[test]
fn everything_can_be_done_without_script() {
    plays("withoutScript");
}

#[test]
fn a_dead_letter_is_tried_again_once_and_dropped_with_a_reason() {
    plays("deadLetters");
}

#[test]
fn every_screen_is_accessible_valid_and_fits_in_both_themes_and_widths() {
    plays("judged");
}

#[test]
fn everything_can_be_reached_by_keyboard() {
    plays("keyboard");
}

#[test]
fn what_strangers_write_does_nothing() {
    plays("hostile");
}

#[test]
fn the_first_view_is_small() {
    plays("weight");
}

#[test]
fn outside_dev_no_number_and_no_word_leaks() {
    plays("leaks");
}
