//! The checks can fail: a relay with a mistake in it is caught, and within how many runs.

use super::report::Report;
use super::{Mistake, run};

/// Runs the broken relay until a violation of that kind is found.
fn is_caught(mistake: Mistake, within: u64, as_what: &str) {
    let report = Report::of(0..within, |seed| run(seed, Some(mistake), false));
    let violations = report
        .violations
        .iter()
        .flat_map(|(_, violations)| violations);
    let caught = violations
        .filter(|violation| violation.starts_with(as_what))
        .count();
    assert!(
        caught > 0,
        "{mistake:?} was not caught in {within} runs\n{report}"
    );
}

#[test]
fn a_store_that_ignores_versions_is_caught() {
    is_caught(Mistake::SavesWithoutClaim, 200, "doubled");
}

#[test]
fn a_client_that_sends_again_after_a_timeout_is_caught() {
    is_caught(Mistake::ResendsOnTimeout, 200, "doubled");
}

#[test]
fn a_look_up_that_finds_nothing_is_caught() {
    is_caught(Mistake::FindsNothing, 200, "doubled");
}

#[test]
fn one_message_taken_for_two_texts_is_caught() {
    is_caught(Mistake::SharesMessages, 500, "mistaken");
}

#[test]
fn a_queue_that_forgets_wake_ups_without_a_sweep_is_caught() {
    is_caught(Mistake::ForgetsWakeUps, 50, "stuck");
}

#[test]
fn an_acknowledgement_before_the_text_is_kept_is_caught() {
    is_caught(Mistake::AcknowledgesWhatIsNotKept, 50, "lost");
}

#[test]
fn an_audit_that_loses_records_is_caught() {
    is_caught(Mistake::LosesRecords, 50, "audit");
}

#[test]
fn a_text_to_somebody_else_is_caught() {
    is_caught(Mistake::TextsSomebodyElse, 10, "wrong phone");
}
