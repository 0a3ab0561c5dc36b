//! What a topic's subscribers experience, told as conversations.

mod changes;
mod counts;
mod crashes;
mod published;
mod quiet;
mod refused;
mod repeated;
mod spending;

use relay::app::notices;
use relay::app::notices::{Answer, NoticeRejected};
use relay::domain::delivery::source::Source;
use relay::domain::ids::NoticeId;
use relay::domain::notice::{Counts, Notice};
use relay::domain::phone::PhoneNumber;
use relay::domain::request as payload;
use relay::domain::request::Refused;
use relay::domain::subscriber::{Change, Consent, How, HowLeft, Leaving, To};
use serde_json::{Value, json};

use crate::support::world::{Phone, World, number};

/// The number of a subscriber, of whom there are thousands.
fn subscriber(n: usize) -> PhoneNumber {
    number(&format!("+1619555{:04}", 2000 + n))
}

async fn change(world: &World, n: usize, to: To) {
    let change = Change {
        topic: "events".to_owned(),
        number: subscriber(n),
        to,
    };
    let (store, line) = (&world.relay().store, &world.line.number);
    store.change_subscribers(line, &[change]).await.unwrap();
}

async fn joins(world: &World, n: usize) {
    let at = world.relay().now();
    let how = How::Hand(None);
    change(world, n, To::In(Consent { at, how })).await;
}

async fn leaves(world: &World, n: usize) {
    let at = world.relay().now();
    let how = HowLeft::Hand;
    change(world, n, To::Out(Leaving { at, how })).await;
}

/// A world with so many subscribers of `events`.
async fn with_subscribers(instant: &str, count: usize) -> World {
    let world = World::at(instant).await;
    for n in 0..count {
        joins(&world, n).await;
    }
    world
}

fn phone(world: &World, n: usize) -> Phone<'_> {
    world.phone(subscriber(n).expose())
}

/// A concert, as the built-in templates take it.
fn concert(starts: &str) -> Value {
    json!({"name": "Zurek", "starts": starts, "place": "Mission Bay"})
}

const EVENING: &str = "2026-12-16T18:00:00-08:00";

fn published(key: &str) -> Value {
    json!({
        "topic": "events", "template": "event_published", "data": concert(EVENING),
        "subject": "zurek", "idempotency_key": key,
    })
}

fn changed(key: &str, starts: &str) -> Value {
    json!({
        "topic": "events", "template": "event_changed", "data": concert(starts),
        "subject": "zurek", "idempotency_key": key,
    })
}

fn called_off(key: &str) -> Value {
    json!({
        "topic": "events", "template": "event_cancelled", "data": concert(EVENING),
        "subject": "zurek", "idempotency_key": key,
    })
}

/// With some of its fields set to others.
fn with(mut request: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

async fn ask(world: &World, request: &Value) -> Result<Answer, NoticeRejected> {
    let request = payload::notice(request.to_string().as_bytes())?;
    notices::accept(world.relay(), &request, Source::Shell).await
}

/// Asks for a notice, which is accepted as a new one.
async fn accepted(world: &World, request: &Value) -> Notice {
    match ask(world, request).await {
        Ok(Answer::Accepted(notice)) => *notice,
        other => panic!("not accepted: {other:?}"),
    }
}

async fn refused(world: &World, request: &Value) -> Refused {
    match ask(world, request).await {
        Err(NoticeRejected::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

async fn standing(world: &World, id: NoticeId) -> (Notice, Counts) {
    let standing = notices::standing(world.relay(), id).await.unwrap();
    standing.expect("the notice is known")
}

async fn counts(world: &World, id: NoticeId) -> Counts {
    standing(world, id).await.1
}
