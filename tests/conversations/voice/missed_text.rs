//! A text to callers whom nobody talked with.

use relay::domain::line::AutoReply;
use relay::domain::line::auto_reply::Sends;
use relay::domain::line::voice::{AtNight, MissedText};
use relay::domain::phone::Prefix;
use relay::sandbox::{Fault, Injection, TakesCalls};

use super::*;
use crate::support::world::{Phone, example, number};

const SORRY: &str = "Sorry that we missed your call. Text us here.";
/// A Friday at 22:30 in Los Angeles, when only the backup is there.
const AT_NIGHT: &str = "2026-11-21T06:30:00Z";

async fn world_with(when: Sends, at_night: AtNight, instant: &str) -> World {
    let mut line = example();
    let voice = line.voice.as_mut().expect("it takes calls");
    let reply = AutoReply {
        text: SORRY.to_owned(),
        when,
    };
    voice.missed_text = Some(MissedText { reply, at_night });
    World::with(line, instant).await
}

async fn world() -> World {
    world_with(Sends::Always, AtNight::Wait, IN_HOURS).await
}

/// Until nothing is left of it, and the line's people have read what came.
async fn is_over(world: &World) {
    world.advance(minutes(130)).await;
    for phone in [world.sergio(), world.backup(), world.owner()] {
        phone.reads_all();
    }
}

/// Nobody takes the call, and its caller hangs up.
async fn misses(world: &World, phone: Phone<'_>) {
    let call = phone.calls().await;
    world.advance(seconds(10)).await;
    if call.goes_on() {
        call.hangs_up().await;
    }
    world.advance(seconds(30)).await;
}

#[tokio::test]
async fn a_missed_caller_is_texted_once_in_a_conversation() {
    let world = world().await;
    misses(&world, world.customer()).await;
    assert_eq!(world.customer().reads(), SORRY);
    world.sergio().receives("Missed call");
    misses(&world, world.customer()).await;
    world.customer().receives_nothing();
    world.customer().texts("Is it ready?").await;
    world.sergio().reads_all();
    world.sergio().texts("Yes").await;
    world.customer().receives("Yes");
    misses(&world, world.customer()).await;
    world.customer().receives_nothing();
    world.advance(minutes(12)).await;
    world.sergio().receives("more missed calls since");
    world.sergio().reads_all();
    // Another conversation, weeks later.
    world.sergio().texts("done 0107").await;
    world.advance(minutes(21 * 24 * 60)).await;
    misses(&world, world.customer()).await;
    assert_eq!(world.customer().reads(), SORRY);
    world.customer().receives_nothing();
    is_over(&world).await;
}

#[tokio::test]
async fn whoever_left_a_message_is_texted_and_whoever_talked_is_not() {
    let world = world().await;
    world.sergio().takes_calls(TakesCalls::Busy);
    world.backup().takes_calls(TakesCalls::Busy);
    let call = world.customer().calls().await;
    call.leaves_a_message(12).await;
    world.sergio().receives("Voicemail 0:12");
    assert_eq!(world.customer().reads(), SORRY);

    let world = self::world().await;
    let call = world.customer().calls().await;
    world.sergio().takes_the_call().await;
    world.advance(seconds(30)).await;
    call.hangs_up().await;
    later(&world).await;
    world.sergio().receives("with Sergio");
    // And whoever hung up at once.
    let call = world.phone("+16195550142").calls().await;
    world.advance(seconds(1)).await;
    call.hangs_up().await;
    later(&world).await;
    world.customer().receives_nothing();
    world.phone("+16195550142").receives_nothing();
}

#[tokio::test]
async fn nobody_is_texted_who_may_not_or_cannot_be() {
    let mut line = world().await.line.clone();
    line.policy.allowed_prefixes = vec![Prefix::parse("+1619").unwrap()];
    let world = World::with(line, IN_HOURS).await;
    // Opted out.
    world.customer().texts("STOP").await;
    world.customer().reads_all();
    misses(&world, world.customer()).await;
    world.customer().receives_nothing();
    // From abroad.
    misses(&world, world.phone("+527465550142")).await;
    world.phone("+527465550142").receives_nothing();
    // A person of the line.
    misses(&world, world.sergio()).await;
    world
        .sergio()
        .reads_all()
        .iter()
        .for_each(|text| assert_ne!(text, SORRY));
    // Withheld.
    let call = world.is_called_by_withheld().await;
    world.advance(seconds(10)).await;
    call.hangs_up().await;
    world.advance(seconds(30)).await;
    // Blocked.
    world.phone("+16195550108").texts("Buy now").await;
    world.sergio().reads_all();
    world.sergio().texts("block 0108").await;
    world.sergio().texts("1").await;
    misses(&world, world.phone("+16195550108")).await;
    world.phone("+16195550108").receives_nothing();
    let texts = world.sandbox.messages();
    assert!(texts.iter().all(|text| text.body != SORRY));
    is_over(&world).await;
}

#[tokio::test]
async fn at_night_it_waits_for_the_morning_or_there_is_none() {
    let world = world_with(Sends::Always, AtNight::Wait, AT_NIGHT).await;
    misses(&world, world.customer()).await;
    world.customer().receives_nothing();
    world.advance(minutes(9 * 60)).await;
    world.customer().receives_nothing();
    world.advance(minutes(35)).await;
    assert_eq!(world.customer().reads(), SORRY);
    is_over(&world).await;

    let world = world_with(Sends::Always, AtNight::Never, AT_NIGHT).await;
    misses(&world, world.customer()).await;
    world.advance(minutes(12 * 60)).await;
    world.customer().receives_nothing();
    is_over(&world).await;
}

#[tokio::test]
async fn outside_the_hours_means_while_only_the_backup_is_there() {
    let world = world_with(Sends::OutsideHours, AtNight::Wait, IN_HOURS).await;
    misses(&world, world.customer()).await;
    world.customer().receives_nothing();
    is_over(&world).await;
    let evening = "2026-11-21T04:00:00Z";
    let world = world_with(Sends::OutsideHours, AtNight::Wait, evening).await;
    misses(&world, world.customer()).await;
    assert_eq!(world.customer().reads(), SORRY);
    is_over(&world).await;
}

#[tokio::test]
async fn a_landline_ends_it_and_nobody_is_told() {
    let world = world().await;
    let customer = number("+16195550107");
    let fault = Fault::Undeliverable { code: 30006 };
    world.sandbox.inject(Injection::of(fault).to(&customer));
    misses(&world, world.customer()).await;
    later(&world).await;
    world.sergio().receives("Missed call");
    for phone in [
        world.sergio(),
        world.backup(),
        world.owner(),
        world.customer(),
    ] {
        phone.receives_nothing();
    }
}
