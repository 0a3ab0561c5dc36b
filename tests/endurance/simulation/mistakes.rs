//! What the relay or one of its parts may do wrong on purpose, and that it is noticed: a relay with
//! a mistake in it is caught, and within how many runs.

use super::{Run, run};

/// Each is what a broken build would do: the checks know nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The store does not look at versions, so that an attempt is not claimed.
    SavesWithoutClaim,
    /// A request without an answer counts as one that never left.
    ResendsOnTimeout,
    /// Twilio is asked, but the answer is not understood.
    FindsNothing,
    /// Two deliveries with the same words may take one message for both.
    SharesMessages,
    /// Wake-ups get lost, and no sweep looks for what is due.
    ForgetsWakeUps,
    /// A text is acknowledged that the store does not have.
    AcknowledgesWhatIsNotKept,
    /// News of a message is acknowledged, and the store does not have it.
    ForgetsNews,
    /// The audit says that it has a record, and has not.
    LosesRecords,
    /// A number gets into the wrong message.
    TextsSomebodyElse,
    /// Whoever has the key to nothing can tell the relay anything.
    BelievesAnybody,
    /// What goes to the next person goes to the one before.
    HandsOverToTheSame,
    /// What goes to the next person goes to somebody who has nothing to do with it.
    HandsOverToTheCustomer,
    /// What goes to the next person goes to the one after.
    PassesSomebodyOver,
    /// Nobody tells the person whom a text moved on from.
    HandsOverWithoutTelling,
    /// The person whom a text moved on from is told twice.
    TellsTwice,
    /// What goes to the next person goes there before the time.
    HandsOverTooSoon,
    /// The owner does not hear of a text that reached nobody.
    GivesUpWithoutAlert,
    /// A customer's text is dropped that comes too fast.
    DropsWhatIsTooFast,
    /// Late news starts again what was over.
    ReopensWhatIsOver,
    /// A page of a notice that is done again makes its texts anew.
    SpawnsAgain,
    /// The earlier notices of the same subject are not found.
    KnowsNoEarlierNotice,
    /// A page of a notice leaves out the last of its recipients.
    LeavesOneOut,
    /// Of several customers of a person, only one is known.
    KnowsOneCustomer,
    /// A text does not wait for the one before it.
    KeepsNoOrder,
    /// A text that waits for a person's word is forgotten.
    ForgetsWhatWaits,
    /// What comes to the reply number of one customer is taken to come to that of another.
    MixesUpReplyNumbers,
    /// A reply number becomes another customer's while it still stands for the first.
    ReusesReplyNumbers,
    /// Nobody who waits is known to wait.
    ForgetsWhoWaits,
    /// A reaction is taken for an answer.
    SendsReactions,
}

/// Runs the broken relay, in one way or the other, until a violation of that kind is found.
#[track_caller]
pub fn is_caught_by(
    run: impl Fn(u64, Option<Mistake>, bool) -> Run,
    mistake: Mistake,
    within: u64,
    as_what: &str,
) {
    let is_caught = |seed: &u64| {
        let violations = run(*seed, Some(mistake), false).violations;
        violations.iter().any(|what| what.starts_with(as_what))
    };
    let caught = (0..within).find(is_caught);
    assert!(
        caught.is_some(),
        "{mistake:?} was not caught in {within} runs"
    );
}

#[track_caller]
fn is_caught(mistake: Mistake, within: u64, as_what: &str) {
    is_caught_by(run, mistake, within, as_what);
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
fn news_that_is_acknowledged_and_not_kept_is_caught() {
    is_caught(Mistake::ForgetsNews, 50, "forgotten");
}

#[test]
fn an_audit_that_loses_records_is_caught() {
    is_caught(Mistake::LosesRecords, 50, "audit");
}

#[test]
fn a_text_to_somebody_else_is_caught() {
    is_caught(Mistake::TextsSomebodyElse, 10, "wrong phone");
}

#[test]
fn a_relay_that_believes_anybody_is_caught() {
    is_caught(Mistake::BelievesAnybody, 200, "forged");
}

#[test]
fn a_hand_over_to_the_same_person_is_caught() {
    is_caught(Mistake::HandsOverToTheSame, 400, "passed over");
}

#[test]
fn a_hand_over_to_a_customer_is_caught() {
    is_caught(Mistake::HandsOverToTheCustomer, 100, "wrong phone");
}

#[test]
fn a_person_who_is_passed_over_is_caught() {
    is_caught(Mistake::PassesSomebodyOver, 200, "passed over");
}

#[test]
fn a_hand_over_that_nobody_is_told_of_is_caught() {
    is_caught(Mistake::HandsOverWithoutTelling, 50, "not told");
}

#[test]
fn a_hand_over_that_somebody_is_told_of_twice_is_caught() {
    is_caught(Mistake::TellsTwice, 50, "told");
}

#[test]
fn a_hand_over_before_the_time_is_caught() {
    is_caught(Mistake::HandsOverTooSoon, 100, "too soon");
}

#[test]
fn a_text_that_is_dropped_because_it_comes_too_fast_is_caught() {
    is_caught(Mistake::DropsWhatIsTooFast, 100, "dropped");
}

#[test]
fn a_text_that_reached_nobody_and_of_which_nobody_hears_is_caught() {
    is_caught(Mistake::GivesUpWithoutAlert, 100, "no alert");
}

#[test]
fn late_news_that_starts_a_text_again_is_caught() {
    is_caught(Mistake::ReopensWhatIsOver, 200, "forgotten");
}
