//! Customers and the people behind the line in exchanges that run for a while: who answers whom, and
//! what happens when it is not clear, or nobody does.

mod answers;
mod auto_reply;
mod bad_input;
mod blocking;
mod changes;
mod commands;
mod order;
mod pins;
mod questions;
mod refused;
mod reply_numbers;
mod unanswered;
mod writing_first;

use relay::domain::ids::message_sid::MessageSid;
use relay::domain::routing::Decision;

use crate::support::world::{IN_HOURS, Phone, World, minutes};

/// Two customers have written, and Sergio has read both.
async fn two_customers() -> World {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    ben(&world).texts("Do you have diesel?").await;
    world
        .sergio()
        .receives("+16195550108 (San Diego, CA): Do you have diesel?");
    world
}

fn ana(world: &World) -> Phone<'_> {
    world.phone("+16195550107")
}

fn ben(world: &World) -> Phone<'_> {
    world.phone("+16195550108")
}

async fn decision(world: &World, sid: &MessageSid) -> Decision {
    let inbound = world.relay().store.inbound(sid).await.unwrap();
    inbound.expect("it is kept").decision
}

/// Until nothing that was set up for later is left.
async fn later(world: &World) {
    world.advance(minutes(130)).await;
}
