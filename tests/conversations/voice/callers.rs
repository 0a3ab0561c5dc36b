//! Callers who are not like the others.

use relay::domain::call::Refused;
use relay::sandbox::TakesCalls;

use super::*;
use crate::support::world::number;

#[tokio::test]
async fn who_withholds_the_number_is_put_through_and_has_no_conversation() {
    let world = world().await;
    let call = world.is_called_by_withheld().await;
    world.advance(seconds(4)).await;
    world.sergio().answers().await;
    assert_eq!(
        world.sergio().is_told(),
        "Q D N, a call, number withheld. Press 1."
    );
    world.sergio().presses("2").await;
    world.advance(seconds(1)).await;
    world.backup().declines().await;
    call.leaves_a_message(6).await;
    let told = world.sergio().reads();
    assert!(
        told.starts_with("Number withheld (cannot be answered): Voicemail 0:06, "),
        "{told}"
    );
    later(&world).await;
    let stored = world.relay().store.inbound(&call.told()).await.unwrap();
    assert_eq!(stored.expect("it is kept").conversation, None);
}

#[tokio::test]
async fn who_opted_out_is_put_through_and_the_text_says_that_they_get_none() {
    let world = world().await;
    world.customer().texts("STOP").await;
    world.customer().reads_all();
    world.sergio().reads_all();
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    assert!(world.sergio().rings());
    call.hangs_up().await;
    later(&world).await;
    let told = world.sergio().reads();
    assert!(
        told.contains("Missed call 10:00 AM, rang Sergio."),
        "{told}"
    );
    assert!(
        told.ends_with("(opted out: they get no texts, call them)"),
        "{told}"
    );
    world.customer().receives_nothing();
}

#[tokio::test]
async fn a_person_who_calls_the_line_reaches_the_others() {
    let world = world().await;
    let call = world.sergio().calls().await;
    world.advance(seconds(4)).await;
    assert!(world.backup().rings());
    assert_eq!(world.sergio().was_rung(), 0);
    world.backup().declines().await;
    call.leaves_a_message(8).await;
    later(&world).await;
    // It is no customer's, and nobody is answered by a reply.
    let told: Vec<_> = [world.sergio().reads_all(), world.backup().reads_all()].concat();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("Sergio (cannot be answered): Voicemail 0:08"),
        "{told:?}"
    );
    let stored = world.relay().store.inbound(&call.told()).await.unwrap();
    assert_eq!(stored.expect("it is kept").conversation, None);
}

#[tokio::test]
async fn a_phone_that_forwards_back_to_the_line_hears_busy_and_its_person_is_told_once() {
    let world = world().await;
    let line = number(world.line.number.expose());
    world.sergio().takes_calls(TakesCalls::ForwardsTo(line));
    for n in 1..=2 {
        // Another customer each time: the backup has the first one from then on.
        let caller = world.phone(&format!("+1619555012{n}"));
        let call = caller.calls().await;
        world.advance(seconds(5)).await;
        assert!(world.backup().rings(), "call {n}");
        let calls = world.sandbox.calls().len();
        assert_eq!(calls, 2 * n, "a loop costs one call");
        world.backup().takes_the_call().await;
        world.advance(seconds(20)).await;
        call.hangs_up().await;
        world.advance(minutes(1)).await;
        world.backup().receives("with Backup");
    }
    later(&world).await;
    world
        .sergio()
        .receives("Your phone forwards calls back to qdn");
    world.sergio().receives_nothing();
    let refused = world.sandbox.calls().remove(1);
    let sid = relay::domain::ids::CallSid::parse(&refused.sid).unwrap();
    let kept = world.relay().store.call(&sid).await.unwrap().unwrap();
    let because = Refused::Loop;
    let outcome = Outcome::Refused { because };
    assert_eq!(kept.stage, relay::domain::call::Stage::Over { outcome });
}

#[tokio::test]
async fn a_line_that_takes_texts_only_says_so_and_tells_of_the_call() {
    let mut line = crate::support::world::example();
    line.voice = None;
    let world = World::with(line, IN_HOURS).await;
    let call = world.customer().calls().await;
    world.advance(seconds(30)).await;
    assert!(!call.goes_on());
    assert!(call.heard().contains("texts only"), "{}", call.heard());
    assert_eq!(world.sergio().was_rung(), 0);
    later(&world).await;
    world
        .sergio()
        .receives("Call 10:00 AM: they heard that this line takes texts only.");
}
