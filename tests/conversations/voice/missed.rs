//! Calls of which no request came: they are found in Twilio's list, and told of late and once.

use jiff::civil::date;
use relay::app::{missed_calls, reconciliation};
use relay::clock::Clock;
use relay::sandbox::Number;

use super::*;
use crate::support::world::{example, instant};

/// Twilio reaches neither the relay nor its fallback, as the caller hears.
async fn unreached(world: &World) -> Call<'_> {
    let before = world.sandbox.numbers();
    for (number, _) in &before {
        world.sandbox.set_number(number.clone(), Number::default());
    }
    let call = world.customer().calls().await;
    world.advance(seconds(20)).await;
    assert!(call.heard().contains("An application error has occurred"));
    assert!(!call.goes_on());
    for (number, setup) in before {
        world.sandbox.set_number(number, setup);
    }
    call
}

async fn catches_up(world: &World) -> usize {
    let (since, until) = (instant(IN_HOURS), world.clock.now());
    let taken = missed_calls::take_in(world.relay(), &world.line, since, until).await;
    world.advance(seconds(5)).await;
    taken.expect("Twilio's list is read")
}

#[tokio::test]
async fn a_call_that_reached_nothing_is_told_of_once_as_one_that_may_have_heard_an_error() {
    let world = world().await;
    let call = unreached(&world).await;
    world.advance(minutes(2)).await;
    assert_eq!(catches_up(&world).await, 1);
    assert_eq!(call.outcome().await, missed(MissedAt::Unknown));
    assert_eq!(
        world.sergio().reads(),
        "+16195550107: Missed call 10:00 AM, rang nobody. They may have heard an error."
    );
    assert_eq!(catches_up(&world).await, 0);
    world
        .sergio()
        .texts("Sorry, we were off. How can we help?")
        .await;
    world.customer().receives("Sorry, we were off.");
    later(&world).await;
    world.backup().receives_nothing();
}

#[tokio::test]
async fn calls_that_are_known_or_go_on_are_left_alone() {
    let world = world().await;
    let known = world.customer().calls().await;
    world.advance(seconds(10)).await;
    assert_eq!(catches_up(&world).await, 0);
    known.hangs_up().await;
    world.advance(minutes(1)).await;
    world
        .sergio()
        .receives("Missed call 10:00 AM, rang Sergio.");
    assert_eq!(catches_up(&world).await, 0);
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_message_that_the_fallback_took_and_could_not_keep_is_found() {
    let world = world().await;
    world.faults.break_store();
    let call = world.customer().calls().await;
    call.leaves_a_message(14).await;
    world.forget_kept();
    world.faults.repair_store();
    assert_eq!(catches_up(&world).await, 1);
    world
        .sergio()
        .receives("Voicemail 0:14, 10:00 AM: https://");
    later(&world).await;
    assert_eq!(call.outcome().await, Outcome::Voicemail { seconds: 14 });
    assert!(call.kept_message().await.is_some_and(|bytes| bytes > 0));
    world.owner().receives_nothing();
}

#[tokio::test]
async fn the_night_finds_what_the_day_has_left() {
    let world = world().await;
    let (store, line) = (&world.relay().store, &world.line.number);
    let sunday = store.set_reconciled(line, date(2026, 11, 22)).await;
    sunday.expect("the day is stored");
    unreached(&world).await;
    world.clock.set(instant("2026-11-24T04:05:00-08:00"));
    world.settle().await;
    let days = reconciliation::run(world.relay()).await;
    assert_eq!(days.expect("Twilio's lists are read"), 1);
    world.advance(seconds(5)).await;
    world
        .backup()
        .receives("Missed call Mon 10:00 AM, rang nobody. They may have heard an error.");
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn calls_of_a_texts_only_line_are_looked_for_once_its_calls_come_here() {
    let mut line = example();
    line.voice = None;
    let world = World::with(line, IN_HOURS).await;
    // Until then the number's calls may be another program's.
    unreached(&world).await;
    assert_eq!(catches_up(&world).await, 0);
    let call = world.phone("+16195550108").calls().await;
    world.advance(seconds(30)).await;
    world.sergio().receives("this line takes texts only");
    assert!(!call.goes_on());
    assert_eq!(catches_up(&world).await, 1);
    world
        .sergio()
        .receives("Missed call 10:00 AM, rang nobody.");
    later(&world).await;
}
