//! What is not accepted, and why.

use relay::domain::request::Because;
use serde_json::json;

use super::*;
use crate::support::world::{IN_HOURS, minutes};

#[tokio::test]
async fn a_wrong_notice_is_refused_with_the_field_and_nothing_is_sent() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let allowed = subscriber(1).expose().to_owned();
    for (fields, path) in [
        (json!({"topic": "parties"}), "topic"),
        (json!({"line": "another"}), "line"),
        (json!({"template": "no_such"}), "template"),
        (json!({"data": {"name": "Zurek"}}), "data.starts"),
        (
            json!({"data": {"name": "Zurek", "starts": "soon"}}),
            "data.starts",
        ),
        (json!({"expires": "2026-11-23T09:00:00-08:00"}), "expires"),
        (json!({"expires": "2027-01-23T09:00:00-08:00"}), "expires"),
        (
            json!({"not_before": "2028-01-23T09:00:00-08:00"}),
            "not_before",
        ),
        (
            json!({"audience": {"numbers": [allowed, "+442079460000"]}}),
            "audience.numbers[1]",
        ),
    ] {
        let refused = refused(&world, &with(published("zurek-1"), fields.clone())).await;
        assert_eq!(refused.because, Because::WrongFields, "{fields}");
        assert_eq!(refused.fields[0].path, path, "{fields}: {refused}");
    }
    world.advance(minutes(5)).await;
    phone(&world, 0).receives_nothing();
    accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("Zurek");
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_is_refused() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let first = accepted(&world, &published("zurek-1")).await;
    let another = with(published("zurek-1"), json!({"data": concert("2026-12-20")}));
    let refused = refused(&world, &another).await;
    assert_eq!(refused.because, Because::KeyReused);
    assert!(refused.detail.contains(&first.id.to_string()), "{refused}");
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("qdn: Zurek, Wed Dec 16");
    phone(&world, 0).receives_nothing();
}

#[tokio::test]
async fn with_several_lines_one_has_to_be_named() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let mut second = world.line.clone();
    second.name = "second".to_owned();
    second.number = crate::support::world::number("+16195550101");
    world.relay().store.put_line(&second).await.unwrap();
    let refused = refused(&world, &published("zurek-1")).await;
    assert_eq!(refused.fields[0].path, "line");
    assert!(refused.detail.contains("qdn, second"), "{refused}");
    for (key, line) in [("zurek-1", "QDN"), ("zurek-2", "+16195550100")] {
        accepted(&world, &with(published(key), json!({"line": line}))).await;
    }
    world.advance(minutes(1)).await;
    (0..2).for_each(|_| drop(phone(&world, 0).receives("Zurek")));
}

#[tokio::test]
async fn what_is_over_is_not_announced() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let with_data = |starts: &str, ends: &str| {
        with(
            published("zurek-1"),
            json!({"data": {"name": "Zurek", "starts": starts, "ends": ends}}),
        )
    };
    for (starts, ends, path, said) in [
        ("0001-01-01T00:00:00Z", "", "data.starts", "is over"),
        ("1970-01-01T00:00:00Z", "", "data.starts", "is over"),
        ("1970-01-01", "", "data.starts", "is over"),
        ("2026-04-29T18:00:00-07:00", "", "data.starts", "is over"),
        ("2026-11-23T09:59:59-08:00", "", "data.starts", "is over"),
        ("2026-11-22", "", "data.starts", "is over"),
        (
            "2026-11-23T08:00:00-08:00",
            "2026-11-23T09:00:00-08:00",
            "data.ends",
            "is over",
        ),
        (
            "2026-12-16T18:00:00-08:00",
            "2026-12-16T17:00:00-08:00",
            "data.ends",
            "must be after starts",
        ),
        (
            "2026-12-16",
            "2026-12-15",
            "data.ends",
            "must be after starts",
        ),
        (
            "2026-12-16T18:00",
            "2026-12-16T18:00",
            "data.ends",
            "must be after starts",
        ),
    ] {
        let refused = refused(&world, &with_data(starts, ends)).await;
        assert_eq!(refused.fields[0].path, path, "{starts} {ends}: {refused}");
        assert!(refused.detail.contains(said), "{starts} {ends}: {refused}");
    }
    world.advance(minutes(5)).await;
    phone(&world, 0).receives_nothing();
    // One that goes on, a day that is not over, and an empty end.
    for (key, starts, ends) in [
        (
            "a",
            "2026-11-23T09:00:00-08:00",
            "2026-11-23T19:00:00-08:00",
        ),
        ("b", "2026-11-23", ""),
        ("c", "20261216", ""),
    ] {
        accepted(
            &world,
            &with(with_data(starts, ends), json!({"idempotency_key": key})),
        )
        .await;
        world.advance(minutes(1)).await;
        let text = phone(&world, 0).reads();
        assert!(!text.contains("12:00 AM"), "a day is a day: {text}");
    }
}

#[tokio::test]
async fn what_begins_before_the_quiet_hours_end_is_refused_with_both_times() {
    let world = with_subscribers("2026-11-24T07:58:00-08:00", 1).await;
    let soon = with(
        published("a"),
        json!({"data": concert("2026-11-24T07:58:20-08:00")}),
    );
    let refused = refused(&world, &soon).await;
    assert_eq!(refused.fields[0].path, "data.starts");
    let said = "nothing is sent before Tue 2026-11-24 08:00 PST (the line's quiet_hours)";
    assert!(refused.detail.contains(said), "{refused}");
    let later = with(
        published("b"),
        json!({"data": concert("2026-11-24T08:00:30-08:00")}),
    );
    let notice = accepted(&world, &later).await;
    assert_eq!(notice.page_due.to_string(), "2026-11-24T16:00:00Z");
    assert_eq!(notice.expires.to_string(), "2026-11-24T16:00:30Z");
    world.advance(minutes(4)).await;
    phone(&world, 0).receives("Zurek");
}

#[tokio::test]
async fn a_text_that_comes_too_late_for_its_event_is_not_sent() {
    let world = with_subscribers("2026-11-23T20:59:58-08:00", 4).await;
    let tonight = with(
        published("a"),
        json!({"data": concert("2026-11-24T07:00:00-08:00")}),
    );
    let notice = accepted(&world, &tonight).await;
    world.advance(minutes(12 * 60)).await;
    (0..2).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    (2..4).for_each(|n| phone(&world, n).receives_nothing());
    assert_eq!(standing(&world, notice.id).await.1.expired, 2);
}

#[tokio::test]
async fn nobody_to_tell_is_a_reason_of_its_own() {
    let world = World::at(IN_HOURS).await;
    let refused = refused(&world, &published("zurek-1")).await;
    assert_eq!(refused.because, Because::NobodySubscribed);
    assert_eq!(refused.fields[0].path, "topic");
}
