//! A person writes to a number that has not written to the line.

use relay::domain::line::Line;
use relay::domain::phone::Prefix;
use relay::domain::routing::Rule;

use super::*;
use crate::support::world::example;

/// Sergio may write first, Backup may not.
async fn with(change: impl FnOnce(&mut Line)) -> World {
    let mut line = example();
    line.people[0].may_write_first = true;
    change(&mut line);
    World::with(line, IN_HOURS).await
}

#[tokio::test]
async fn who_may_write_first_reaches_a_number_that_never_wrote() {
    let world = with(|_| {}).await;
    let sid = world
        .sergio()
        .texts("+16195550107 We found your jacket")
        .await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::WroteFirst);
    assert_eq!(ana(&world).reads(), "We found your jacket");
    world.sergio().receives("Sent to 0107.");
    // From then on it is a conversation like any other.
    ana(&world).texts("Great, thanks!").await;
    world.sergio().receives("Great, thanks!");
    world.sergio().texts("Come by any time").await;
    ana(&world).receives("Come by any time");
    let sid = world.sergio().texts("#0107 Until six").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::TaggedAnswer);
    ana(&world).receives("Until six");
}

#[tokio::test]
async fn a_number_may_be_written_as_people_of_the_country_do_behind_a_sign() {
    let world = with(|_| {}).await;
    for body in ["#619-555-0107 Hi", "#(619) 555-0108: Hi"] {
        let sid = world.sergio().texts(body).await;
        assert_eq!(
            decision(&world, &sid).await.rule,
            Rule::WroteFirst,
            "{body}"
        );
        world.sergio().receives("Sent to 010");
    }
    ana(&world).receives("Hi");
    ben(&world).receives("Hi");
    // A few digits name nobody who has not written.
    world.sergio().texts("#0109 Hi").await;
    world
        .sergio()
        .receives("No customer's number ends in 0109.");
}

#[tokio::test]
async fn others_read_how_it_can_be_allowed() {
    let world = with(|_| {}).await;
    let sid = world.backup().texts("+16195550107 Hi").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::UnknownTag);
    assert_eq!(
        world.backup().reads(),
        "+16195550107 never wrote to this line. Nothing was sent. Call them, or have may_write_first \
         = true put under your name in the configuration."
    );
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn everybody_may_write_to_a_subscriber_until_they_leave() {
    let world = with(|_| {}).await;
    ana(&world).texts("EVENTS").await;
    ana(&world).receives("you now get texts about new events");
    let sid = world.backup().texts("+16195550107 See you on Friday").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::WroteFirst);
    ana(&world).receives("See you on Friday");
    world.backup().receives("Sent to 0107.");
    ben(&world).texts("EVENTS").await;
    ben(&world).receives("you now get texts about new events");
    ben(&world).texts("stop events").await;
    ben(&world).receives("you get no more texts");
    world.backup().texts("+16195550108 See you on Friday").await;
    world
        .backup()
        .receives("+16195550108 never wrote to this line.");
    ben(&world).receives_nothing();
}

#[tokio::test]
async fn nobody_is_written_to_who_opted_out_or_may_not_be_texted() {
    let world = with(|line| {
        line.policy.allowed_prefixes = vec![Prefix::parse("+1619").unwrap()];
    })
    .await;
    ana(&world).texts("EVENTS").await;
    ana(&world).receives("you now get texts about new events");
    world.sergio().texts("+18585550107 Hi").await;
    world
        .sergio()
        .receives("This line may not text +18585550107: allowed_prefixes");
    let change = relay::domain::opt_out::Change {
        number: crate::support::world::number("+16195550107"),
        to: Some(relay::domain::opt_out::OptOut {
            since: world.relay().now(),
            by: relay::domain::opt_out::Cause::Hand,
        }),
        of_person: false,
    };
    let (store, line) = (&world.relay().store, &world.line.number);
    assert!(store.change_opt_out(line, &change).await.unwrap());
    world.sergio().texts("+16195550107 Hi").await;
    world
        .sergio()
        .receives("+16195550107 opted out of texts: call them. Nothing was sent.");
    // The line's own people are no customers.
    world.sergio().texts("+16195550111 Hi").await;
    world
        .sergio()
        .receives("No customer's number ends in 16195550111.");
    ana(&world).receives_nothing();
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_phone_that_passes_on_what_comes_in_is_not_answered() {
    let world = World::at(IN_HOURS).await;
    let sid = world
        .backup()
        .texts("+18585550107 (San Diego, CA): Hi")
        .await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::OwnWords);
    world.backup().receives_nothing();
    world.phone("+18585550107").receives_nothing();
}
