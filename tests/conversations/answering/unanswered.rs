//! Nobody answers: whoever has the conversation is reminded, then it goes to the next person.

use relay::app::retry_worker;
use relay::domain::line::Policy;
use relay::sandbox::Fault;

use super::*;
use crate::support::world::{example, number, seconds};

async fn answered_within(alert: bool) -> World {
    let mut line = example();
    line.policy.answer_within = Some(minutes(15));
    line.policy.alert = alert.then(|| number("+16195550112"));
    World::with(line, IN_HOURS).await
}

#[tokio::test]
async fn the_person_is_reminded_once_and_then_the_next_one_gets_the_last_texts() {
    let world = answered_within(true).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.advance(minutes(5)).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    world.advance(minutes(10)).await;
    assert_eq!(
        world.sergio().reads(),
        "+16195550107 has waited for an answer since 10:00 AM: \"Hello?\" Answer, or text GOT IT 0107, or it goes to Backup."
    );
    world.advance(minutes(15)).await;
    world.sergio().receives_nothing();
    assert_eq!(
        world.backup().reads(),
        "+16195550107 has waited for an answer since 10:00 AM, and Sergio did not answer.\nThey: Is it ready?\nThey: Hello?"
    );
    // Now it is the backup's turn.
    world.advance(minutes(15)).await;
    world.backup().receives(
        "has waited for an answer since 10:00 AM: \"Hello?\" Answer, or text GOT IT 0107.",
    );
    world.advance(minutes(15)).await;
    world
        .owner()
        .receives("Nobody has answered +16195550107 since 10:00 AM, please call: Hello?");
    world.backup().texts("Yes").await;
    ana(&world).receives("Yes");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn who_waits_for_a_week_stays_on_the_lists_and_the_owner_hears_once_that_nobody_is_asked() {
    let world = answered_within(true).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.advance(minutes(60)).await;
    world.sergio().receives("has waited for an answer");
    world.backup().receives("Sergio did not answer");
    world.backup().receives("has waited for an answer");
    world.owner().receives("please call");
    a_week_later(&world).await;
    world.owner().receives(
        "Nobody has answered +16195550107 since Mon Nov 23, 10:00 AM, for more than a week: from now on answers \
         go there only with 0107 in front.",
    );
    world.backup().texts(".status").await;
    world.backup().receives("Waiting for you: 0107.");
    // Only with a tag, or asked.
    world.backup().texts("Yes").await;
    world
        .backup()
        .receives("Who is \"Yes\" for? 1 = 0107 \"Is it ready?\"");
    world.backup().texts("0").await;
    world.backup().receives("Dropped");
    a_week_later(&world).await;
    world.owner().receives_nothing();
    world.backup().texts("#0107 Yes").await;
    ana(&world).receives("Yes");
    later(&world).await;
}

#[tokio::test]
async fn whoever_took_a_customer_and_left_them_for_a_week_is_told_of_to_the_owner() {
    let world = answered_within(true).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("got it 0107").await;
    world.sergio().receives("You have +16195550107.");
    ben(&world).texts("Diesel?").await;
    world.sergio().receives("Diesel?");
    world.sergio().texts("got it 0108").await;
    world.sergio().receives("You have +16195550108.");
    world.sergio().texts("#0108 Yes").await;
    ben(&world).receives("Yes");
    a_week_later(&world).await;
    world
        .owner()
        .receives("Nobody has answered +16195550107 since");
    world.owner().receives_nothing();
    later(&world).await;
}

/// The sweep finds what is due so much later.
async fn a_week_later(world: &World) {
    world.advance(minutes(7 * 24 * 60 - 1)).await;
    retry_worker::sweep(world.relay()).await.unwrap();
    world.owner().receives_nothing();
    world.advance(minutes(3)).await;
    retry_worker::sweep(world.relay()).await.unwrap();
    world.advance(seconds(5)).await;
}

#[tokio::test]
async fn an_answer_or_a_word_is_enough() {
    let world = answered_within(true).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("Yes").await;
    ana(&world).receives("Yes");
    ben(&world).texts("Diesel?").await;
    world.sergio().receives("Diesel?");
    world.sergio().texts("got it 0108").await;
    world.sergio().receives("You have +16195550108.");
    world.advance(minutes(60)).await;
    // Ben writes again: it begins anew.
    ben(&world).texts("Well?").await;
    world.sergio().receives("Well?");
    world.advance(minutes(15)).await;
    world
        .sergio()
        .receives("+16195550108 has waited for an answer since 11:00 AM: \"Well?\"");
    world.sergio().texts("0108 Soon").await;
    ben(&world).receives("Soon");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn without_an_owners_number_it_ends_quietly() {
    let world = answered_within(false).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.advance(minutes(120)).await;
    world.sergio().receives("has waited for an answer");
    world.backup().receives("Sergio did not answer");
    world.backup().receives("has waited for an answer");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn whoever_gets_it_by_a_pass_has_their_own_time() {
    let world = answered_within(true).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.advance(minutes(10)).await;
    world.sergio().texts("pass 0107").await;
    world.sergio().receives("Backup has");
    world
        .backup()
        .receives("Sergio passes +16195550107 to you.");
    world.advance(minutes(10)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    world.advance(minutes(5)).await;
    world
        .backup()
        .receives("has waited for an answer since 10:10 AM: \"Is it ready?\"");
    world.backup().texts("It is").await;
    ana(&world).receives("It is");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn a_reminder_that_comes_after_the_pass_may_be_what_is_answered() {
    let world = answered_within(false).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    ben(&world).texts("Diesel?").await;
    world.sergio().receives("Diesel?");
    world.sergio().texts("0108 Soon").await;
    ben(&world).receives("Soon");
    let held = Fault::Held { ms: 6 * 60_000 };
    world.sergio().next_request_meets(held);
    world.advance(minutes(15)).await;
    world.sergio().texts("pass 0107").await;
    world.sergio().receives("Backup has +16195550107");
    world.backup().receives("Sergio passes +16195550107");
    world.advance(minutes(7)).await;
    world
        .sergio()
        .receives("+16195550107 has waited for an answer since 10:00 AM");
    world.sergio().texts("Yes").await;
    ben(&world).receives_nothing();
    world.sergio().receives("Who is \"Yes\" for?");
    world.sergio().texts("0107").await;
    ana(&world).receives("Yes");
    world.backup().receives("Sergio has answered +16195550107");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn an_opt_out_waits_for_no_answer() {
    let world = answered_within(true).await;
    ana(&world).texts("STOP").await;
    ana(&world).receives("unsubscribed");
    world.sergio().receives("opted out");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn a_line_that_says_nothing_reminds_after_an_hour() {
    let mut line = example();
    line.policy.answer_within = Policy::default().answer_within;
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.advance(minutes(59)).await;
    world.sergio().receives_nothing();
    world.advance(minutes(1)).await;
    world
        .sergio()
        .receives("+16195550107 has waited for an answer since 10:00 AM: \"Is it ready?\"");
    world.sergio().texts("It is").await;
    ana(&world).receives("It is");
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn whose_duty_is_over_is_not_reminded_and_the_next_one_gets_the_texts() {
    let world = answered_within(true).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("away 3h").await;
    world
        .sergio()
        .receives("0107 still waits. PASS gives it to Backup.");
    world.advance(minutes(15)).await;
    world.sergio().receives_nothing();
    world
        .backup()
        .receives("and Sergio did not answer.\nThey: Is it ready?");
    world.backup().texts("It is").await;
    ana(&world).receives("It is");
    world.advance(minutes(60)).await;
}
