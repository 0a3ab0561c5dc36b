//! Calls to the line, as callers and the people behind it hear them.

mod advice;
mod by_phone;
mod callers;
mod customers;
mod errors;
mod hanging_up;
mod missed;
mod missed_text;
mod more_errors;
mod out;
mod ringing;
mod transcripts;
mod trouble;
mod voicemail;

use relay::domain::call::{MissedAt, Outcome};

use crate::support::world::{Call, IN_HOURS, World, minutes, seconds};

/// The line takes calls, and Twilio has its fallback.
async fn world() -> World {
    world_at(IN_HOURS).await
}

async fn world_at(instant: &str) -> World {
    let world = World::at(instant).await;
    world.set_fallback_url();
    world
}

/// Until nothing of the calls so far can still happen.
async fn later(world: &World) {
    world.advance(minutes(20)).await;
}

/// With whom the caller talked.
async fn spoke_with(call: &Call<'_>) -> String {
    match call.outcome().await {
        Outcome::Spoke { person, .. } => person,
        outcome => panic!("nobody talked: {outcome:?}"),
    }
}

fn missed(at: MissedAt) -> Outcome {
    Outcome::Missed { at }
}

const GREETING: &str = "This is Q D N. Nobody can take your call right now. A text to this number reaches the \
                        same people. Or leave a message after the tone.";
const THANKS: &str = "Thank you. Goodbye.";
