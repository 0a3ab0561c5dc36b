//! Messages: how long they are, what people read of them, and who can listen.

use http::Request;

use super::*;

async fn message_of(seconds_long: u64) -> World {
    let world = world().await;
    world.sergio().takes_calls(relay::sandbox::TakesCalls::Busy);
    world.backup().takes_calls(relay::sandbox::TakesCalls::Busy);
    let call = world.customer().calls().await;
    call.until_the_tone().await;
    if seconds_long == 0 {
        call.hangs_up().await;
        world.advance(seconds(40)).await;
    } else {
        call.leaves_a_message(seconds_long).await;
    }
    later(&world).await;
    drop(call);
    world
}

async fn outcome(world: &World) -> Outcome {
    let call = world.sandbox.calls().remove(0);
    let sid = relay::domain::ids::CallSid::parse(&call.sid).unwrap();
    let kept = world.relay().store.call(&sid).await.unwrap().unwrap();
    match kept.stage {
        relay::domain::call::Stage::Over { outcome } => outcome,
        stage => panic!("{stage:?}"),
    }
}

#[tokio::test]
async fn of_no_second_or_one_it_is_a_missed_call_without_a_message() {
    for length in [0, 1] {
        let world = message_of(length).await;
        assert_eq!(outcome(&world).await, missed(MissedAt::Voicemail));
        assert_eq!(
            world.sergio().reads(),
            "+16195550107 (San Diego, CA): Missed call 10:00 AM, rang Sergio and Backup, no message."
        );
        world.backup().receives_nothing();
    }
}

#[tokio::test]
async fn of_23_seconds_it_is_kept_can_be_listened_to_and_is_deleted_at_twilio() {
    let world = message_of(23).await;
    assert_eq!(outcome(&world).await, Outcome::Voicemail { seconds: 23 });
    let told = world.sergio().reads();
    let begins =
        "+16195550107 (San Diego, CA): Voicemail 0:23, 10:00 AM: https://relay.example.com/v/";
    let token = told.strip_prefix(begins).expect(&told);
    assert_eq!(token.len(), 32);
    world.backup().receives_nothing();

    let sid = world.sandbox.calls().remove(0).sid;
    let sid = relay::domain::ids::CallSid::parse(&sid).unwrap();
    let kept = world.relay().store.call(&sid).await.unwrap().unwrap();
    let message = kept.message.expect("a message");
    assert!(message.kept.is_some());
    assert!(message.deleted_at_twilio.is_some());

    let listen = |path: String| Request::get(path).body(bytes::Bytes::new()).unwrap();
    let heard = world.answer(listen(format!("/v/{token}"))).await;
    assert_eq!(heard.status(), 200);
    assert!(!heard.body().is_empty());
    assert_eq!(heard.headers()["cache-control"], "no-store");
    let guessed = token.replace(|c: char| c == token.chars().next().unwrap(), "0");
    let guessed = if guessed == token {
        "1".repeat(32)
    } else {
        guessed
    };
    let other = world.answer(listen(format!("/v/{guessed}"))).await;
    assert_eq!(other.status(), 404);
    world.advance(minutes(7 * 24 * 60 + 1)).await;
    let late = world.answer(listen(format!("/v/{token}"))).await;
    assert_eq!(late.status(), 404);
}

#[tokio::test]
async fn of_two_minutes_it_ends_by_itself() {
    let world = message_of(120).await;
    assert_eq!(outcome(&world).await, Outcome::Voicemail { seconds: 120 });
    world.sergio().receives("Voicemail 2:00");
}

#[tokio::test]
async fn a_message_is_told_of_within_ten_seconds() {
    let world = world().await;
    world.sergio().takes_calls(relay::sandbox::TakesCalls::Busy);
    world.backup().takes_calls(relay::sandbox::TakesCalls::Busy);
    let call = world.customer().calls().await;
    call.until_the_tone().await;
    call.says(10.0).await;
    world.advance(seconds(10)).await;
    call.hangs_up().await;
    world.advance(seconds(10)).await;
    world.sergio().receives("Voicemail 0:10");
    later(&world).await;
}

#[tokio::test]
async fn silence_after_the_tone_leaves_one_text_at_most() {
    for falls_through in [false, true] {
        let world = world().await;
        world.sandbox.set_unchecked(relay::sandbox::Unchecked {
            silent_record_falls_through: falls_through,
            ..relay::sandbox::Unchecked::default()
        });
        world.sergio().takes_calls(relay::sandbox::TakesCalls::Busy);
        world.backup().takes_calls(relay::sandbox::TakesCalls::Busy);
        let call = world.customer().calls().await;
        call.until_the_tone().await;
        world.advance(seconds(12)).await;
        assert!(!call.goes_on(), "nobody is recorded twice");
        later(&world).await;
        assert_eq!(world.sergio().reads_all().len(), 1);
        world.backup().receives_nothing();
    }
}
