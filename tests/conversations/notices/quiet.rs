//! Notices keep to the line's quiet hours, whatever its clock does; customers' texts do not.

use relay::domain::notice::NoticeState;
use serde_json::json;

use super::*;
use crate::support::world::{instant, minutes, seconds};

/// Publishes at `evening` and checks that the notice goes out at `morning` and not a second before.
async fn waits_from(evening: &str, morning: &str) {
    let world = with_subscribers(evening, 2).await;
    let summer = json!({"data": concert("2027-06-16T18:00:00-07:00")});
    let notice = accepted(&world, &with(published("zurek-1"), summer)).await;
    let night = instant(morning).duration_since(instant(evening));
    let night = std::time::Duration::try_from(night).unwrap();
    world.advance(night - seconds(1)).await;
    (0..2).for_each(|n| phone(&world, n).receives_nothing());
    assert_eq!(counts(&world, notice.id).await.total(), 0);
    world.advance(seconds(1)).await;
    assert_eq!(counts(&world, notice.id).await.total(), 2);
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("Zurek");
    phone(&world, 1).receives("Zurek");
    assert_eq!(counts(&world, notice.id).await.delivered, 2);
}

#[tokio::test]
async fn a_notice_of_the_night_waits_until_the_morning() {
    waits_from("2026-11-23T21:00:00-08:00", "2026-11-24T08:00:00-08:00").await;
    waits_from("2026-11-24T03:00:00-08:00", "2026-11-24T08:00:00-08:00").await;
}

#[tokio::test]
async fn the_night_in_which_clocks_are_put_back_is_longer() {
    waits_from("2026-10-31T22:00:00-07:00", "2026-11-01T08:00:00-08:00").await;
}

#[tokio::test]
async fn the_night_in_which_clocks_are_put_forward_is_shorter() {
    let line = crate::support::world::example();
    assert_eq!(line.time_zone.name(), "America/Los_Angeles");
    waits_from("2027-03-13T22:00:00-08:00", "2027-03-14T08:00:00-07:00").await;
}

#[tokio::test]
async fn a_moment_before_the_night_it_still_goes_out_and_the_rest_waits() {
    let world = with_subscribers("2026-11-23T20:59:58-08:00", 4).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(60)).await;
    (0..2).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    (2..4).for_each(|n| phone(&world, n).receives_nothing());
    assert_eq!(counts(&world, notice.id).await.waiting, 2);
    world.advance(minutes(11 * 60)).await;
    (2..4).for_each(|n| drop(phone(&world, n).receives("Zurek")));
}

#[tokio::test]
async fn a_customers_text_of_the_night_does_not_wait() {
    let world = with_subscribers("2026-11-23T22:00:00-08:00", 1).await;
    accepted(&world, &published("zurek-1")).await;
    world.customer().texts("is somebody there?").await;
    world.backup().receives("is somebody there?");
    world.advance(minutes(11 * 60)).await;
    phone(&world, 0).receives("Zurek");
}

#[tokio::test]
async fn what_expires_in_the_night_is_refused_or_ends_with_the_evening() {
    let world = with_subscribers("2026-11-23T22:00:00-08:00", 1).await;
    let expires = json!({"expires": "2026-11-24T07:00:00-08:00"});
    let refused = refused(&world, &with(published("zurek-1"), expires.clone())).await;
    assert_eq!(refused.fields[0].path, "expires");

    let world = with_subscribers("2026-11-23T20:59:58-08:00", 4).await;
    let notice = accepted(&world, &with(published("zurek-1"), expires)).await;
    world.advance(minutes(12 * 60)).await;
    (0..2).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    let (notice, counts) = standing(&world, notice.id).await;
    assert_eq!((counts.delivered, counts.expired), (2, 2));
    assert_eq!(notice.state, NoticeState::Sent);
}

#[tokio::test]
async fn a_line_without_quiet_hours_sends_at_any_time() {
    let mut line = crate::support::world::example();
    line.notices.quiet_hours = None;
    let world = World::with(line, "2026-11-23T03:00:00-08:00").await;
    joins(&world, 0).await;
    accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("Zurek");
}
