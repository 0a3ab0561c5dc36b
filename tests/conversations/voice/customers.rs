//! A call is a part of the customer's conversation, like their texts.

use super::*;
use crate::support::world::example;

/// The customer rang Sergio for ten seconds and hung up, and Sergio has read of it.
async fn missed_call(world: &World) {
    let call = world.customer().calls().await;
    world.advance(seconds(10)).await;
    call.hangs_up().await;
    world.advance(seconds(10)).await;
    world.sergio().receives("Missed call");
}

#[tokio::test]
async fn a_reply_to_a_missed_call_goes_to_the_caller() {
    let world = world().await;
    missed_call(&world).await;
    world.sergio().texts("Sorry, how can we help?").await;
    world.customer().receives("Sorry, how can we help?");
    world.customer().texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    later(&world).await;
}

#[tokio::test]
async fn a_text_and_a_call_after_a_talk_reach_whoever_talked() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    world.sergio().declines().await;
    world.advance(seconds(1)).await;
    world.backup().takes_the_call().await;
    world.advance(seconds(45)).await;
    world.backup().hangs_up().await;
    world.advance(seconds(10)).await;
    world
        .backup()
        .receives("with Backup. A reply here goes to them.");
    drop(call);
    world.customer().texts("One more thing").await;
    world.backup().receives("One more thing");
    world.sergio().receives_nothing();
    world.backup().texts("Sure").await;
    world.customer().receives("Sure");
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    assert!(world.backup().rings() && !world.sergio().rings());
    call.hangs_up().await;
    later(&world).await;
    world.backup().receives("Missed call");
}

#[tokio::test]
async fn a_text_after_a_talk_reaches_whoever_talked_though_nobody_was_texted_about_it() {
    let mut line = example();
    line.voice.as_mut().expect("it takes calls").after_call = false;
    let world = World::with(line, IN_HOURS).await;
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    world.sergio().declines().await;
    world.advance(seconds(1)).await;
    world.backup().takes_the_call().await;
    world.advance(seconds(45)).await;
    call.hangs_up().await;
    world.advance(seconds(10)).await;
    world.backup().receives_nothing();
    world.customer().texts("One more thing").await;
    world.backup().receives("One more thing");
    world.sergio().receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn nobody_is_texted_about_a_talk_with_who_withheld_their_number_if_nobody_is_about_any() {
    let mut line = example();
    line.voice.as_mut().expect("it takes calls").after_call = false;
    let world = World::with(line, IN_HOURS).await;
    let call = world.is_called_by_withheld().await;
    world.advance(seconds(4)).await;
    world.sergio().takes_the_call().await;
    world.advance(seconds(45)).await;
    call.hangs_up().await;
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Sergio");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_missed_call_is_passed_on_like_a_text() {
    let world = world().await;
    missed_call(&world).await;
    world.sergio().texts("pass 0107").await;
    let passed = world.backup().reads_all().join("\n");
    assert!(passed.contains("Missed call"), "{passed}");
    world.sergio().reads_all();
    world.backup().texts("You called?").await;
    world.customer().receives("You called?");
    later(&world).await;
}

#[tokio::test]
async fn a_missed_call_that_nobody_answers_is_reminded_of_and_handed_on() {
    let mut line = example();
    line.policy.answer_within = Some(minutes(15));
    line.policy.alert = None;
    let world = World::with(line, IN_HOURS).await;
    missed_call(&world).await;
    world.advance(minutes(15)).await;
    let reminded = world.sergio().reads();
    assert!(
        reminded.starts_with("+16195550107 has waited for an answer since 10:00 AM: \"Missed call"),
        "{reminded}"
    );
    world.advance(minutes(15)).await;
    world
        .backup()
        .receives("Missed call 10:00 AM, rang Sergio.");
    world.backup().texts("Hello, you called").await;
    world.customer().receives("Hello, you called");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn whoever_says_got_it_is_not_reminded() {
    let mut line = example();
    line.policy.answer_within = Some(minutes(15));
    let world = World::with(line, IN_HOURS).await;
    missed_call(&world).await;
    world.sergio().texts("got it 0107").await;
    world.sergio().receives("You have +16195550107.");
    world.advance(minutes(20)).await;
    world.sergio().reads_all();
    world.backup().receives_nothing();
    world.sergio().texts("I ring you in an hour").await;
    world.customer().receives("I ring you in an hour");
    world.advance(minutes(120)).await;
    world.sergio().reads_all();
}

#[tokio::test]
async fn a_talk_answers_what_the_customer_waited_for() {
    let mut line = example();
    line.policy.answer_within = Some(minutes(15));
    let world = World::with(line, IN_HOURS).await;
    world.customer().texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.advance(minutes(5)).await;
    let call = world.customer().calls().await;
    world.advance(seconds(4)).await;
    world.sergio().takes_the_call().await;
    world.advance(seconds(60)).await;
    call.hangs_up().await;
    world.advance(minutes(60)).await;
    world.sergio().receives("with Sergio");
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}
