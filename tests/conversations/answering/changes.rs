//! People change, and clocks do, while customers wait.

use relay::domain::routing::Rule;

use super::*;
use crate::support::world::number;

#[tokio::test]
async fn a_person_with_a_new_name_keeps_their_conversations() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    let mut line = world.line.clone();
    line.people[0].name = "Ina".to_owned();
    world.relay().store.put_line(&line).await.unwrap();
    world.sergio().texts("Yes").await;
    ana(&world).receives("Yes");
    let sid = ana(&world).texts("Thanks").await;
    world.sergio().receives("Thanks");
    let because = decision(&world, &sid).await.because.unwrap();
    assert_eq!(because, "Ina has the conversation");
}

#[tokio::test]
async fn what_was_on_the_old_phone_is_not_answered_from_the_new_one_unasked() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    let mut line = world.line.clone();
    line.people[0].number = number("+16195550120");
    world.relay().store.put_line(&line).await.unwrap();
    let new = world.phone("+16195550120");
    new.texts("Yes").await;
    new.receives("No customer has written to you");
    new.texts("#0107 yes").await;
    ana(&world).receives("yes");
    let sid = ana(&world).texts("Thanks").await;
    new.receives("Thanks");
    assert_eq!(decision(&world, &sid).await.rule, Rule::Conversation);
    // The old phone is a stranger's now.
    world.sergio().texts("Hello?").await;
    new.receives("+16195550110 (San Diego, CA): Hello?");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn a_person_of_one_line_can_be_a_customer_of_another() {
    let world = World::at(IN_HOURS).await;
    let mut harbour = world.line.clone();
    harbour.name = "harbour".to_owned();
    harbour.number = number("+16195550101");
    harbour.people[0].name = "Ina".to_owned();
    harbour.people[0].number = number("+16195550107");
    world.relay().store.put_line(&harbour).await.unwrap();
    let sid = ana(&world).texts("Ina of the harbour here").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::FirstAvailable);
    world.sergio().receives("Ina of the harbour here");
    world.sergio().texts("Hello Ina").await;
    ana(&world).receives("Hello Ina");
}

#[tokio::test]
async fn a_day_has_as_many_hours_on_the_night_on_which_clocks_change() {
    // 0:30 in Los Angeles, before clocks go back at 2:00.
    let world = World::at("2026-11-01T07:30:00Z").await;
    ana(&world).texts("Is it ready?").await;
    world.backup().receives("Is it ready?");
    world.backup().texts("Yes").await;
    ana(&world).receives("Yes");
    world.advance(minutes(24 * 60 - 1)).await;
    world.backup().texts("Well?").await;
    ana(&world).receives("Well?");
    world.advance(minutes(24 * 60 + 1)).await;
    world.backup().texts("And now?").await;
    world.backup().receives("Who is \"And now?\" for? 1 = 0107");
    ana(&world).receives_nothing();
    world.backup().texts("0").await;
    world.backup().receives("Dropped");
    later(&world).await;
}
