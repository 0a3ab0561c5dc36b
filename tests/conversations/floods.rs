//! Too much at once: customers' texts come later, and all of them.

use relay::app::ports::audit::Kind;
use relay::sandbox::Text;

use crate::support::world::{IN_HOURS, World, minutes, seconds};

/// Texts `0` to `count - 1` come in, with a pause after each.
async fn flood(world: &World, from: &str, count: u32, pause: u64) {
    let from = relay::domain::phone::Sender::parse(from);
    for n in 0..count {
        let text = Text::new(format!("text {n}."));
        let sent = world.sandbox.text(&from, &world.line.number, text);
        sent.expect("the line's number is the sandbox's");
        world.advance(seconds(pause)).await;
    }
}

fn slowed(world: &World) -> usize {
    let audit = world.audit();
    audit
        .iter()
        .filter(|record| record.kind == Kind::Slowed)
        .count()
}

#[tokio::test]
async fn twenty_five_texts_in_a_minute_all_arrive_in_order_and_slowed() {
    let world = World::at(IN_HOURS).await;
    flood(&world, "+16195550107", 25, 1).await;
    for n in 0..14 {
        world.sergio().receives(&format!("text {n}."));
    }
    assert!(slowed(&world) >= 10, "{}", slowed(&world));
    world.advance(minutes(2)).await;
    for n in 14..25 {
        world.sergio().receives(&format!("text {n}."));
    }
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_second_wake_up_takes_no_second_turn() {
    let world = World::at(IN_HOURS).await;
    flood(&world, "+16195550107", 14, 0).await;
    let before = slowed(&world);
    world.lose_wake_ups();
    world.advance(minutes(3)).await;
    while relay::app::retry_worker::sweep(world.relay())
        .await
        .unwrap()
        > 0
    {
        world.advance(seconds(5)).await;
    }
    assert_eq!(slowed(&world), before);
    // In their order, one after the other.
    world.advance(minutes(2)).await;
    for n in 0..14 {
        world.sergio().receives(&format!("text {n}."));
    }
}

#[tokio::test]
async fn one_senders_flood_leaves_room_for_others() {
    let mut line = World::at(IN_HOURS).await.line.clone();
    line.policy.sender_limit = 5;
    let world = World::with(line, IN_HOURS).await;
    flood(&world, "+16195550107", 30, 0).await;
    world.advance(seconds(5)).await;
    for n in 0..5 {
        world.sergio().receives(&format!("text {n}."));
    }
    world.sergio().receives_nothing();
    world.phone("+16195550108").texts("me too").await;
    world.sergio().receives("me too");
    world.advance(minutes(6)).await;
    for n in 5..30 {
        world.sergio().receives(&format!("text {n}."));
    }
}
