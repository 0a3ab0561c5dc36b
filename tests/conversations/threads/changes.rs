//! People change, and clocks do, while threads are live.

use relay::domain::routing::Rule;

use super::*;
use crate::support::world::number;

#[tokio::test]
async fn a_person_with_a_new_number_keeps_their_threads() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    let mut line = world.line.clone();
    line.people[0].number = number("+16195550120");
    world.relay().store.put_line(&line).await.unwrap();
    world.phone("+16195550120").texts("Yes").await;
    ana(&world).receives("Yes");
    ana(&world).texts("Thanks").await;
    world.phone("+16195550120").receives("Thanks");
    // The old phone is a stranger's now.
    world.sergio().texts("Hello?").await;
    world
        .phone("+16195550120")
        .receives("#2 +16195550110 (San Diego, CA): Hello?");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn a_number_that_is_another_persons_now_answers_for_that_person_alone() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    let mut line = world.line.clone();
    line.people[0].name = "Ina".to_owned();
    world.relay().store.put_line(&line).await.unwrap();
    world.sergio().texts("Yes").await;
    world.sergio().receives("You have no open thread");
    ana(&world).receives_nothing();
    let sid = ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    let because = decision(&world, &sid).await.because.unwrap();
    assert_eq!(
        because,
        "Sergio has the thread, but is not behind the line any more"
    );
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
async fn threads_live_by_hours_and_not_by_the_clock_on_the_night_on_which_it_changes() {
    // 0:30 in Los Angeles, before clocks go back at 2:00.
    let world = World::at("2026-11-01T07:30:00Z").await;
    ana(&world).texts("Is it ready?").await;
    world.backup().receives("Is it ready?");
    world.advance(minutes(3 * 60 + 59)).await;
    world.backup().texts("Yes").await;
    ana(&world).receives("Yes");
    world.advance(minutes(4 * 60 + 31)).await;
    world.backup().texts("Well?").await;
    world.backup().receives("You have no open thread");
    ana(&world).receives_nothing();
}
