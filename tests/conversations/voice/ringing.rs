//! Who is rung, one after the other, and what counts as an answer.

use relay::domain::duty::{Override, Presence};
use relay::sandbox::TakesCalls;

use super::*;

#[tokio::test]
async fn whoever_is_on_duty_presses_1_and_talks_with_the_caller() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(5)).await;
    assert!(world.sergio().rings());
    assert!(!world.backup().rings());
    assert!(!call.was_answered(), "the caller pays for ringing");
    world.sergio().answers().await;
    assert_eq!(
        world.sergio().is_told(),
        "Q D N, a call from 0 1 0 7. Press 1."
    );
    assert!(!call.is_connected(), "picking up is no answer");
    world.sergio().presses("1").await;
    assert!(call.is_connected() && world.sergio().is_connected());
    world.advance(seconds(60)).await;
    world.sergio().hangs_up().await;
    assert!(!call.goes_on());
    assert_eq!(call.heard(), "");
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Sergio");
    assert_eq!(
        world.sergio().reads(),
        "+16195550107 (San Diego, CA): Call 10:00 AM: 1 min with Sergio. A reply here goes to them."
    );
    world.backup().receives_nothing();
}

#[tokio::test]
async fn if_the_first_does_not_answer_the_backup_rings_and_the_caller_notices_nothing() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(19)).await;
    assert!(world.sergio().rings() && !world.backup().rings());
    world.advance(seconds(2)).await;
    assert!(!world.sergio().rings() && world.backup().rings());
    assert!(!call.was_answered());
    world.backup().takes_the_call().await;
    world.advance(seconds(30)).await;
    call.hangs_up().await;
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Backup");
    assert_eq!(call.rang().await, ["Sergio", "Backup"]);
    world
        .backup()
        .receives("with Backup. A reply here goes to them.");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_mailbox_that_picks_up_is_not_taken_for_the_person() {
    for mailbox in [
        TakesCalls::Off,
        TakesCalls::BusyMailbox,
        TakesCalls::Assistant,
    ] {
        let world = world().await;
        world.sergio().takes_calls(mailbox.clone());
        let call = world.customer().calls().await;
        for _ in 0..15 {
            assert!(!call.is_connected(), "{mailbox:?}");
            world.advance(seconds(1)).await;
        }
        assert!(!call.was_answered(), "{mailbox:?}");
        assert!(world.backup().rings(), "{mailbox:?}");
        world.backup().takes_the_call().await;
        world.advance(seconds(20)).await;
        world.backup().hangs_up().await;
        later(&world).await;
        assert_eq!(spoke_with(&call).await, "Backup");
        world.backup().receives("with Backup");
        world.sergio().receives_nothing();
    }
}

#[tokio::test]
async fn two_mailboxes_and_the_caller_is_at_the_lines_own_within_25_seconds() {
    let world = world().await;
    world.sergio().takes_calls(TakesCalls::Off);
    world.backup().takes_calls(TakesCalls::Off);
    let call = world.customer().calls().await;
    world.advance(seconds(25)).await;
    assert!(call.heard().starts_with(GREETING), "{}", call.heard());
    call.leaves_a_message(12).await;
    assert_eq!(call.outcome().await, Outcome::Voicemail { seconds: 12 });
    world
        .sergio()
        .receives("Voicemail 0:12, 10:00 AM: https://");
    later(&world).await;
    world.backup().receives_nothing();
}

#[tokio::test]
async fn who_declines_or_presses_another_key_or_hangs_up_passes_the_caller_on() {
    for how in ["decline", "2", "hang up", "nothing"] {
        let world = world().await;
        let call = world.customer().calls().await;
        world.advance(seconds(4)).await;
        match how {
            "decline" => world.sergio().declines().await,
            "hang up" => {
                world.sergio().answers().await;
                world.sergio().hangs_up().await;
            }
            "nothing" => {
                world.sergio().answers().await;
                world.advance(seconds(6)).await;
            }
            key => {
                world.sergio().answers().await;
                world.sergio().presses(key).await;
            }
        }
        world.advance(seconds(1)).await;
        assert!(world.backup().rings(), "{how}");
        assert_eq!(world.sergio().was_rung(), 1, "{how}");
        world.backup().takes_the_call().await;
        world.advance(seconds(15)).await;
        call.hangs_up().await;
        later(&world).await;
        assert_eq!(spoke_with(&call).await, "Backup", "{how}");
        world.backup().receives("with Backup");
        world.sergio().receives_nothing();
    }
}

#[tokio::test]
async fn the_caller_is_at_the_voicemail_after_65_seconds_at_most() {
    // However many people there are.
    let mut line = crate::support::world::example();
    for n in 0..4 {
        let mut person = line.people[1].clone();
        person.name = format!("Backup {n}");
        person.number = crate::support::world::number(&format!("+1619555013{n}"));
        line.people.push(person);
    }
    let world = World::with(line, IN_HOURS).await;
    let call = world.customer().calls().await;
    world.advance(seconds(54)).await;
    assert_eq!(call.heard(), "");
    world.advance(seconds(3)).await;
    assert!(call.heard().starts_with(GREETING), "{}", call.heard());
    assert_eq!(call.rang().await, ["Sergio", "Backup", "Backup 0"]);
    call.leaves_a_message(5).await;
    world.sergio().receives("Voicemail 0:05");
    later(&world).await;
}

#[tokio::test]
async fn whoever_has_the_conversation_is_rung_first_unless_they_are_away() {
    let world = world().await;
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    world.set_override("Sergio", away.clone()).await;
    world.customer().texts("Is the boat ready?").await;
    world.backup().receives("Is the boat ready?");
    let back = Override {
        presence: Presence::On,
        until: None,
    };
    world.set_override("Sergio", back).await;
    let call = world.customer().calls().await;
    world.advance(seconds(2)).await;
    assert!(world.backup().rings() && !world.sergio().rings());
    world.backup().answers().await;
    world.backup().receives_nothing();
    assert_eq!(
        world.backup().is_told(),
        "0 1 0 7, who texted today. Press 1."
    );
    call.hangs_up().await;
    later(&world).await;
    world
        .backup()
        .receives("Missed call 10:00 AM, rang Backup.");

    // Sergio has the next one, and is away when they call.
    let other = world.phone("+16195550108");
    other.texts("Do you have diesel?").await;
    world.sergio().receives("Do you have diesel?");
    world.set_override("Sergio", away).await;
    let call = other.calls().await;
    world.advance(seconds(5)).await;
    assert!(world.backup().rings());
    assert_eq!(world.sergio().was_rung(), 0);
    call.hangs_up().await;
    later(&world).await;
    world.backup().receives("Missed call");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn who_texts_away_while_others_are_rung_is_not_rung_any_more() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(10)).await;
    world.sergio().texts("AWAY").await;
    world.sergio().receives("away");
    world.advance(seconds(10)).await;
    assert!(world.backup().rings());
    world.backup().declines().await;
    call.until_the_tone().await;
    call.leaves_a_message(9).await;
    // A text would go to the backup now.
    world.backup().receives("Voicemail 0:09");
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn who_talks_already_is_not_rung_for_the_next_caller() {
    let world = world().await;
    let first = world.customer().calls().await;
    world.advance(seconds(3)).await;
    world.sergio().takes_the_call().await;
    let second = world.phone("+16195550108").calls().await;
    world.advance(seconds(2)).await;
    assert!(world.backup().rings());
    assert_eq!(world.sergio().was_rung(), 1);
    world.backup().takes_the_call().await;
    // Both are out; a third caller makes the first phone knock all the same.
    let third = world.phone("+16195550109").calls().await;
    world.advance(seconds(2)).await;
    assert_eq!(world.sergio().was_rung() + world.backup().was_rung(), 3);
    third.hangs_up().await;
    world.advance(seconds(30)).await;
    first.hangs_up().await;
    second.hangs_up().await;
    later(&world).await;
    assert_eq!(spoke_with(&first).await, "Sergio");
    assert_eq!(spoke_with(&second).await, "Backup");
    let texts = world.sergio().reads_all().len() + world.backup().reads_all().len();
    assert_eq!(texts, 2, "who hung up after two seconds is not told of");
    // Nobody is in a call any more.
    let again = world.customer().calls().await;
    world.advance(seconds(5)).await;
    assert!(world.sergio().rings());
    again.hangs_up().await;
    later(&world).await;
    world.sergio().receives("Missed call");
}

#[tokio::test]
async fn two_callers_at_once_ring_two_phones_and_never_share_one() {
    let world = world().await;
    let first = world.customer().calls().await;
    let second = world.phone("+16195550108").calls().await;
    world.advance(seconds(5)).await;
    assert!(world.sergio().rings() && world.backup().rings());
    world.sergio().takes_the_call().await;
    assert!(first.is_connected() && !second.is_connected());
    world.backup().takes_the_call().await;
    assert!(second.is_connected());
    world.advance(seconds(20)).await;
    world.sergio().hangs_up().await;
    assert!(second.is_connected() && !first.goes_on());
    world.backup().hangs_up().await;
    later(&world).await;
    world
        .sergio()
        .receives("+16195550107 (San Diego, CA): Call");
    world
        .backup()
        .receives("+16195550108 (San Diego, CA): Call");
}

#[tokio::test]
async fn a_talk_that_is_cut_off_goes_to_the_voicemail_with_words_about_it() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(3)).await;
    world.sergio().answers().await;
    world.sergio().presses("1").await;
    world.advance(seconds(1)).await;
    world.sergio().hangs_up().await;
    world.advance(seconds(1)).await;
    assert!(
        call.heard().starts_with("You were cut off."),
        "{}",
        call.heard()
    );
    call.until_the_tone().await;
    world.advance(seconds(6)).await;
    later(&world).await;
    assert!(!world.backup().rings());
    let told = world.sergio().reads();
    assert!(
        told.contains("was cut off") || told.contains("Voicemail"),
        "{told}"
    );
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_number_that_cannot_be_rung_is_passed_over_and_the_second_time_the_owner_hears() {
    let world = world().await;
    world.sergio().takes_calls(TakesCalls::Dead);
    for n in 1..=2 {
        // Another customer each time: the backup has the first one from then on.
        let caller = world.phone(&format!("+1619555012{n}"));
        let call = caller.calls().await;
        world.advance(seconds(3)).await;
        assert!(world.backup().rings());
        world.backup().takes_the_call().await;
        world.advance(seconds(20)).await;
        call.hangs_up().await;
        world.advance(minutes(1)).await;
        world.backup().receives("with Backup");
        if n == 1 {
            world.owner().receives_nothing();
        }
    }
    later(&world).await;
    world.owner().receives("Sergio's phone cannot be rung");
}

#[tokio::test]
async fn at_night_the_backup_is_rung_and_told() {
    let world = world_at("2026-11-24T02:30:00-08:00").await;
    let call = world.customer().calls().await;
    world.advance(seconds(5)).await;
    assert!(world.backup().rings());
    assert_eq!(world.sergio().was_rung(), 0);
    world.backup().declines().await;
    call.leaves_a_message(7).await;
    world.backup().receives("Voicemail 0:07, 2:30 AM");
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn clocks_that_go_back_or_forward_in_mid_call_change_nothing() {
    for (begins, time) in [
        ("2026-11-01T01:59:50-07:00", "1:59 AM"),
        ("2027-03-14T01:59:50-08:00", "1:59 AM"),
    ] {
        let world = world_at(begins).await;
        let call = world.customer().calls().await;
        world.advance(seconds(15)).await;
        assert!(world.backup().rings(), "{begins}");
        world.backup().takes_the_call().await;
        world.advance(seconds(125)).await;
        call.hangs_up().await;
        later(&world).await;
        assert_eq!(spoke_with(&call).await, "Backup");
        world
            .backup()
            .receives(&format!("Call {time}: 2 min with Backup."));
        let call = world.customer().calls().await;
        world.advance(seconds(30)).await;
        call.hangs_up().await;
        later(&world).await;
        world.backup().receives("Missed call");
    }
}
