//! Anybody can forge the number that a text comes from; a PIN shows who it is.

use relay::domain::line::pin::Pin;
use relay::domain::routing::Rule;

use super::*;
use crate::support::world::{example, number};

async fn with_pin() -> World {
    let mut line = example();
    line.people[0].pin = Some(Pin::parse("4711").unwrap());
    line.policy.alert = Some(number("+16195550112"));
    World::with(line, IN_HOURS).await
}

#[tokio::test]
async fn a_command_needs_the_pin_and_an_answer_does_not() {
    let world = with_pin().await;
    let sid = world.sergio().texts("away 2h").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::WrongPin);
    world
        .sergio()
        .receives("Put your PIN in front, such as: 0000 AWAY 2H.");
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    world.sergio().texts("Hello!").await;
    ana(&world).receives("Hello!");
    world.sergio().texts("4711 away 2h").await;
    world.sergio().receives("You are away until");
    world.sergio().texts("help").await;
    world.sergio().receives("Reply STOP to unsubscribe.");
    world.sergio().receives("AWAY UNTIL MON 8:00");
}

#[tokio::test]
async fn a_command_with_the_pin_is_one_though_a_customers_number_ends_so() {
    let world = with_pin().await;
    let customer = world.phone("+16195554711");
    customer.texts("Hello?").await;
    world.sergio().receives("Hello?");
    world.sergio().texts("4711 away 2h").await;
    world.sergio().receives("You are away until");
    customer.receives_nothing();
    world.sergio().texts("+16195554711 Hello!").await;
    customer.receives("Hello!");
}

#[tokio::test]
async fn three_wrong_pins_are_enough_and_the_owner_hears_of_it() {
    let world = with_pin().await;
    for words in [
        "2 tries left",
        "1 try left",
        "your commands are off until 10:15 AM",
    ] {
        world.sergio().texts("1234 away").await;
        world.sergio().receives(words);
    }
    world
        .owner()
        .receives("Three wrong PINs from the phone of Sergio (qdn)");
    world.sergio().texts("4711 away").await;
    world.sergio().receives("your commands are off until");
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    world.advance(minutes(15)).await;
    world.sergio().texts("4711 away").await;
    world.sergio().receives("You are away");
}

#[tokio::test]
async fn a_pin_never_goes_to_a_customer() {
    let world = with_pin().await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    world.sergio().texts("4711 awya 2h").await;
    world
        .sergio()
        .receives("That begins with your PIN and is no command.");
    ana(&world).receives_nothing();
    world.sergio().texts("4712 is the berth").await;
    ana(&world).receives("4712 is the berth");
    assert!(!world.audit_text().contains("4711"));
}
