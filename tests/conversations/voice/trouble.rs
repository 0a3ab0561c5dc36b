//! The relay fails, restarts, or gets requests late: every caller is heard, and people hear of each once.

use std::sync::atomic::Ordering;

use relay::domain::credentials::Secret;
use relay::hosts::server::kept::Left;
use relay::sandbox::{CallFault, CallTrouble, Fault, Injection, Unchecked, demo_account};

use super::*;

pub(super) const FALLBACK: &str = "Nobody can take your call at the moment. Please leave a message after the tone, or \
                        send a text to this number.";

/// What everybody read of the caller.
fn all_texts(world: &World) -> Vec<String> {
    let phones = [world.sergio(), world.backup(), world.owner()];
    let texts = phones.iter().flat_map(|phone| phone.reads_all());
    texts.collect()
}

/// Where in a call something fails.
const PATHS: [&str; 6] = [
    "begin",
    "screen",
    "chosen",
    "ended",
    "recorded",
    "recording",
];

/// A call of somebody who leaves a message if they can, and what is to be done just before a path is asked.
async fn a_call(world: &World, path: &str, fails: impl Fn(&World)) -> String {
    let fails_at = |at: &str| {
        if at == path {
            fails(world);
        }
    };
    fails_at("begin");
    let call = world.customer().calls().await;
    world.advance(seconds(3)).await;
    if call.heard().is_empty() {
        fails_at("screen");
        world.sergio().answers().await;
        if path == "chosen" {
            fails_at("chosen");
            world.sergio().presses("1").await;
            world.advance(seconds(30)).await;
            if call.goes_on() && world.sergio().is_connected() {
                world.sergio().hangs_up().await;
                world.advance(seconds(3)).await;
            }
        } else if path != "screen" {
            fails_at("ended");
            world.sergio().hangs_up().await;
            world.advance(seconds(1)).await;
        }
    }
    for _ in 0..40 {
        world.advance(seconds(2)).await;
        // At once if the main path works, as the host does.
        world.take_kept().await;
        if world.backup().rings() {
            world.backup().declines().await;
        }
    }
    // The silence after the tone has ended it by now, if nothing else; so a caller who is still there speaks.
    if call.goes_on() {
        call.leaves_a_message(10).await;
    }
    call.sid.clone()
}

async fn repaired(world: &World) {
    world.faults.repair_store();
    world.sandbox.clear_faults();
    for _ in 0..5 {
        if world.take_kept().await == Left::Nothing {
            break;
        }
    }
    later(world).await;
}

#[tokio::test]
async fn while_the_store_is_down_callers_leave_messages_and_all_is_told_once_it_is_back() {
    for path in PATHS {
        let world = world().await;
        a_call(&world, path, |world| world.faults.break_store()).await;
        assert_eq!(
            all_texts(&world).len(),
            usize::from(path.starts_with("record")),
            "{path}"
        );
        world.advance(minutes(10)).await;
        repaired(&world).await;
        let told = all_texts(&world);
        let told = told.iter().filter(|text| text.starts_with("+16195550107"));
        assert_eq!(
            told.count(),
            usize::from(!path.starts_with("record")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_call_is_told_of_once_though_an_answer_came_too_late_for_twilio() {
    for path in PATHS {
        let world = world().await;
        a_call(&world, path, |world| {
            let path_ends = if path == "begin" { "/voice" } else { path };
            // The first time and once more.
            world.faults.answer_late_at(path_ends, 2);
        })
        .await;
        while world.take_kept().await != Left::Nothing {}
        repaired(&world).await;
        let told = all_texts(&world);
        assert_eq!(told.len(), 1, "{path}: {told:?}");
    }
}

#[tokio::test]
async fn a_message_to_the_fallback_is_told_with_its_link() {
    let world = world().await;
    world.faults.break_store();
    let call = world.customer().calls().await;
    call.until_the_tone().await;
    assert_eq!(call.heard(), FALLBACK);
    call.leaves_a_message(14).await;
    assert!(!call.goes_on());
    assert!(world.kept() > 0);
    world.sergio().receives_nothing();
    world.advance(minutes(30)).await;
    world.faults.repair_store();
    assert_eq!(world.take_kept().await, Left::Nothing);
    later(&world).await;
    world
        .sergio()
        .receives("Voicemail 0:14, 10:00 AM: https://");
    assert!(call.kept_message().await.is_some_and(|bytes| bytes > 0));
    assert!(call.kept().await.by_fallback);
    world.backup().receives_nothing();
    world.owner().receives_nothing();
}

#[tokio::test]
async fn a_person_is_connected_though_the_store_is_down_when_they_press_1() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    world.sergio().answers().await;
    world.faults.break_store();
    world.sergio().presses("1").await;
    assert!(call.is_connected());
    world.advance(seconds(60)).await;
    world.faults.repair_store();
    world.sergio().hangs_up().await;
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Sergio");
    world.sergio().receives("with Sergio");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_caller_whom_twilio_sent_to_the_fallback_is_told_of_once_though_the_relay_had_rung_somebody()
 {
    let world = world().await;
    // The answer comes too late for Twilio, so that the fallback is asked; but the relay has taken the request.
    world.faults.late_answers.store(2, Ordering::SeqCst);
    let call = world.customer().calls().await;
    world.take_kept().await;
    call.until_the_tone().await;
    assert_eq!(call.heard(), FALLBACK);
    call.leaves_a_message(10).await;
    world.take_kept().await;
    later(&world).await;
    let told = all_texts(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Voicemail 0:10"), "{told:?}");
    assert!(call.view().legs.is_empty(), "nobody is rung for it");
}

#[tokio::test]
async fn a_message_that_is_heard_of_after_a_missed_call_was_told_of_is_the_owners_to_know() {
    let world = world().await;
    world.faults.late_answers.store(2, Ordering::SeqCst);
    let call = world.customer().calls().await;
    call.leaves_a_message(10).await;
    world.advance(minutes(10)).await;
    world.sergio().receives("Missed call");
    while world.take_kept().await != Left::Nothing {}
    later(&world).await;
    world.owner().receives("A message to qdn was heard of late");
    assert_eq!(call.outcome().await, Outcome::Voicemail { seconds: 10 });
    assert_eq!(all_texts(&world), [""; 0]);
}

#[tokio::test]
async fn a_message_after_a_talk_of_which_only_the_text_was_kept_is_the_owners_to_know() {
    let world = world().await;
    // Otherwise the fallback would know that they talked, and hang up.
    world.sandbox.set_unchecked(Unchecked {
        dial_bridged_absent: true,
        ..world.sandbox.unchecked()
    });
    let call = world.customer().calls().await;
    world.advance(seconds(3)).await;
    world.sergio().takes_the_call().await;
    world.advance(seconds(40)).await;
    // People are told of the talk, and then the call itself cannot be saved: Twilio asks the fallback.
    world.faults.call_saves.store(u32::MAX, Ordering::SeqCst);
    world.sergio().hangs_up().await;
    call.until_the_tone().await;
    world.sergio().receives("with Sergio");
    world.faults.call_saves.store(0, Ordering::SeqCst);
    world.take_kept_now().await;
    call.leaves_a_message(10).await;
    while world.take_kept().await != Left::Nothing {}
    later(&world).await;
    world.owner().receives("A message to qdn was heard of late");
    assert!(call.kept_message().await.is_some());
    assert_eq!(all_texts(&world), [""; 0]);
}

#[tokio::test]
async fn a_kept_request_that_comes_when_the_call_was_told_of_long_ago_is_taken_without_a_word() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(3)).await;
    world.sergio().takes_the_call().await;
    world.advance(seconds(40)).await;
    world.faults.answer_late_at("/ended", 2);
    world.sergio().hangs_up().await;
    // Twilio sends the caller to the fallback, although the relay knows that they talked. That hangs up.
    world.advance(minutes(5)).await;
    assert!(!call.goes_on());
    world.sergio().receives("with Sergio");
    while world.take_kept().await != Left::Nothing {}
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Sergio");
    assert_eq!(all_texts(&world), [""; 0]);
}

#[tokio::test]
async fn a_token_that_is_replaced_in_mid_call_loses_nothing() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    world.sergio().answers().await;
    // The relay has both tokens, and then the account signs with the next one.
    let next = world
        .ask_twilio("/v1/AuthTokens/Secondary", "secondary_auth_token")
        .await;
    let before = demo_account();
    let mut both = demo_account();
    both.next_auth_token = Some(Secret::new(next.clone()));
    world.set_credentials(both);
    world.sergio().presses("1").await;
    world
        .ask_twilio("/v1/AuthTokens/Promote", "auth_token")
        .await;
    world.advance(seconds(60)).await;
    world.sergio().hangs_up().await;
    let mut after = demo_account();
    after.auth_token = Secret::new(next);
    after.previous_auth_token = Some(before.auth_token.duplicate());
    world.set_credentials(after);
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Sergio");
    world.sergio().receives("with Sergio");
    assert!(world.answers().iter().all(|status| *status < 300));
}

#[tokio::test]
async fn requests_that_come_twice_or_overtake_each_other_ring_nobody_twice() {
    let parts = [
        "/twilio/voice",
        "/screen",
        "/chosen",
        "/progress",
        "/ended",
        "/end",
    ];
    for part in parts {
        for what in [CallTrouble::RepeatedRequest, CallTrouble::ReorderedCallback] {
            let world = world().await;
            let url = Some(part.to_owned());
            let fault = Fault::Call(CallFault {
                what: what.clone(),
                url,
            });
            world.sandbox.inject(Injection::of(fault).times(3));
            let call = world.customer().calls().await;
            world.advance(seconds(5)).await;
            world.sergio().takes_the_call().await;
            world.advance(seconds(30)).await;
            call.hangs_up().await;
            later(&world).await;
            assert_eq!(spoke_with(&call).await, "Sergio", "{part} {what:?}");
            assert_eq!(world.sergio().was_rung(), 1, "{part} {what:?}");
            assert_eq!(world.backup().was_rung(), 0, "{part} {what:?}");
            let told = all_texts(&world);
            assert_eq!(told.len(), 1, "{part} {what:?}: {told:?}");
            world.sandbox.clear_faults();
        }
    }
}

#[tokio::test]
async fn a_call_of_which_twilio_says_nothing_more_is_asked_about_and_told() {
    let world = world().await;
    let fault = |url: &str| {
        Fault::Call(CallFault {
            what: CallTrouble::LostCallback,
            url: Some(url.to_owned()),
        })
    };
    world.sandbox.set_unchecked(relay::sandbox::Unchecked {
        no_action_after_hang_up: true,
        ..relay::sandbox::Unchecked::default()
    });
    let call = world.customer().calls().await;
    world.advance(seconds(8)).await;
    world
        .sandbox
        .inject(Injection::of(fault("/voice/end")).times(4));
    call.hangs_up().await;
    world.advance(minutes(6)).await;
    world.sergio().receives("Missed call 10:00 AM, rang Sergio");
    later(&world).await;
    assert_eq!(all_texts(&world), [""; 0]);
}

#[tokio::test]
async fn a_message_after_a_talk_of_which_nothing_was_heard_is_asked_for() {
    let world = world().await;
    // Otherwise the fallback would know that they talked, and hang up.
    world.sandbox.set_unchecked(Unchecked {
        dial_bridged_absent: true,
        ..world.sandbox.unchecked()
    });
    let call = world.customer().calls().await;
    world.advance(seconds(3)).await;
    world.sergio().takes_the_call().await;
    world.advance(seconds(40)).await;
    // The relay has taken the question what comes next, and Twilio does not get the answer.
    world.faults.answer_late_at("/ended", 2);
    let lost = CallFault {
        what: CallTrouble::LostCallback,
        url: Some("/recording".to_owned()),
    };
    let lost = Injection::of(Fault::Call(lost)).times(1);
    world.sandbox.inject(lost);
    world.sergio().hangs_up().await;
    call.until_the_tone().await;
    assert_eq!(call.heard(), FALLBACK);
    call.leaves_a_message(10).await;
    world.forget_kept();
    world.sergio().receives("with Sergio");
    later(&world).await;
    world.owner().receives("A message to qdn was heard of late");
    assert!(call.kept_message().await.is_some_and(|bytes| bytes > 0));
    let message = call.kept().await.message.expect("there is a message");
    assert!(message.deleted_at_twilio.is_some());
    assert_eq!(all_texts(&world), [""; 0]);
}
