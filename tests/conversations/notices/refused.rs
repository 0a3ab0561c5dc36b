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
        (json!({"topic": "maintenance"}), "topic"),
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
    phone(&world, 0).receives("Zurek, Wed Dec 16");
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
