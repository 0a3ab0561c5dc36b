//! A pipeline puts an event on the bus again: the bus gives it another id.

use relay::app::outbound_notifier;

use super::*;
use crate::support::world::{IN_HOURS, minutes};

/// What the bus brings, under an id of the bus's own.
async fn brought(world: &World, id: &str, detail_type: &str, starts: &str) -> NoticeId {
    let mut detail = concert(starts);
    detail["id"] = "zurek".into();
    let event = json!({"id": id, "detail-type": detail_type, "source": "events", "detail": detail});
    let event = event.to_string();
    let answer = outbound_notifier::invoked(world.relay(), event.as_bytes()).await;
    NoticeId::parse(answer.unwrap()["id"].as_str().unwrap()).unwrap()
}

const LATER: &str = "2026-12-16T19:00:00-08:00";

#[tokio::test]
async fn an_event_that_is_put_on_the_bus_again_sends_nothing_again() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let first = brought(&world, "1", "Event Published", EVENING).await;
    for id in ["2", "1", "3"] {
        assert_eq!(brought(&world, id, "Event Published", EVENING).await, first);
        world.advance(minutes(1)).await;
    }
    for n in 0..2 {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
}

#[tokio::test]
async fn two_of_the_same_that_come_at_once_go_out_once() {
    let world = with_subscribers(IN_HOURS, 2).await;
    for (detail_type, starts) in [("Event Published", EVENING), ("Event Changed", LATER)] {
        let bring = |id| brought(&world, id, detail_type, starts);
        let one = format!("{detail_type}-1").replace(' ', "-");
        let other = format!("{detail_type}-2").replace(' ', "-");
        futures::join!(bring(&one), bring(&other));
        world.advance(minutes(1)).await;
        for n in 0..2 {
            phone(&world, n).receives("Zurek");
            phone(&world, n).receives_nothing();
        }
    }
}

#[tokio::test]
async fn an_old_event_that_comes_again_after_a_change_says_nothing() {
    let world = with_subscribers(IN_HOURS, 1).await;
    brought(&world, "1", "Event Published", EVENING).await;
    world.advance(minutes(1)).await;
    brought(&world, "2", "Event Changed", LATER).await;
    world.advance(minutes(1)).await;
    brought(&world, "1", "Event Published", EVENING).await;
    brought(&world, "2", "Event Changed", LATER).await;
    brought(&world, "3", "Event Changed", LATER).await;
    world.advance(minutes(1)).await;
    let phone = phone(&world, 0);
    phone.receives("6:00 PM");
    phone.receives("Changed");
    phone.receives_nothing();
}

#[tokio::test]
async fn a_change_back_and_forth_is_news_each_time() {
    let world = with_subscribers(IN_HOURS, 1).await;
    brought(&world, "1", "Event Published", EVENING).await;
    world.advance(minutes(1)).await;
    for (id, starts) in [("2", LATER), ("3", EVENING), ("4", LATER)] {
        brought(&world, id, "Event Changed", starts).await;
        world.advance(minutes(1)).await;
    }
    let phone = phone(&world, 0);
    for words in ["qdn: Zurek, ", "7:00 PM", "6:00 PM", "7:00 PM"] {
        phone.receives(words);
    }
    phone.receives_nothing();
}

#[tokio::test]
async fn an_event_that_was_called_back_may_be_published_again() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let first = brought(&world, "1", "Event Published", EVENING).await;
    notices::cancel(world.relay(), first).await.unwrap();
    world.advance(minutes(1)).await;
    assert_ne!(
        brought(&world, "2", "Event Published", EVENING).await,
        first
    );
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("Zurek");
    phone(&world, 0).receives_nothing();
}
