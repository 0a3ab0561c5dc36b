//! An event changes, is called off, or its notice is called back.

use relay::app::notices::{Answer, cancel};
use relay::app::ports::audit::Kind;
use relay::domain::notice::NoticeState;
use serde_json::json;

use super::*;
use crate::support::world::{IN_HOURS, minutes, seconds};

const LATER: &str = "2026-12-17T19:00:00-08:00";
const NIGHT: &str = "2026-11-23T22:00:00-08:00";

#[tokio::test]
async fn those_who_heard_of_it_hear_of_the_change_and_nobody_else_does() {
    let world = with_subscribers(IN_HOURS, 3).await;
    let first = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    (0..3).for_each(|n| drop(phone(&world, n).receives("qdn: Zurek, Wed Dec 16")));
    leaves(&world, 1).await;
    joins(&world, 3).await;
    let change = accepted(&world, &changed("zurek-2", LATER)).await;
    world.advance(minutes(1)).await;
    for n in [0, 2] {
        let text = phone(&world, n).reads();
        assert_eq!(
            text,
            "qdn: Changed: Zurek is now Thu Dec 17, 7:00 PM, Mission Bay."
        );
    }
    for n in [1, 3] {
        phone(&world, n).receives_nothing();
    }
    let (first, _) = standing(&world, first.id).await;
    assert!(matches!(first.state, NoticeState::Superseded { by, .. } if by == change.id));
    let counts = counts(&world, change.id).await;
    assert_eq!(
        (counts.delivered, counts.skipped, counts.total()),
        (2, 1, 3)
    );
}

#[tokio::test]
async fn who_was_still_to_hear_of_it_hears_of_it_once_and_rightly() {
    let world = with_subscribers(NIGHT, 3).await;
    let first = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(60)).await;
    let change = accepted(&world, &changed("zurek-2", LATER)).await;
    world.advance(minutes(10 * 60)).await;
    for n in 0..3 {
        let text = phone(&world, n).reads();
        assert_eq!(text, "qdn: Zurek, Thu Dec 17, 7:00 PM, Mission Bay.");
        phone(&world, n).receives_nothing();
    }
    assert_eq!(counts(&world, first.id).await.total(), 0);
    assert_eq!(counts(&world, change.id).await.delivered, 3);
}

#[tokio::test]
async fn in_the_middle_of_a_fan_out_each_hears_what_is_right_for_them() {
    let world = with_subscribers(IN_HOURS, 10).await;
    let first = accepted(&world, &published("zurek-1")).await;
    // Five have it, and five wait for their turn.
    world.advance(seconds(4)).await;
    let change = accepted(&world, &changed("zurek-2", LATER)).await;
    world.advance(minutes(1)).await;
    for n in 0..5 {
        phone(&world, n).receives("qdn: Zurek, Wed Dec 16");
        phone(&world, n).receives("qdn: Changed: Zurek is now Thu Dec 17");
    }
    for n in 5..10 {
        phone(&world, n).receives("qdn: Zurek, Thu Dec 17");
    }
    let first = counts(&world, first.id).await;
    assert_eq!((first.delivered, first.superseded), (5, 5));
    assert_eq!(counts(&world, change.id).await.delivered, 10);
}

#[tokio::test]
async fn what_is_called_off_is_told_to_those_alone_who_heard_of_it() {
    let world = with_subscribers(IN_HOURS, 4).await;
    accepted(&world, &published("zurek-1")).await;
    world.advance(seconds(1)).await;
    let off = accepted(&world, &called_off("zurek-2")).await;
    world.advance(minutes(1)).await;
    for n in 0..2 {
        phone(&world, n).receives("qdn: Zurek, Wed Dec 16");
        phone(&world, n).receives("qdn: Cancelled: Zurek, Wed Dec 16");
    }
    for n in 2..4 {
        phone(&world, n).receives_nothing();
    }
    let counts = counts(&world, off.id).await;
    assert_eq!((counts.delivered, counts.skipped), (2, 2));
}

#[tokio::test]
async fn a_change_of_a_change_ends_with_the_last_word() {
    let world = with_subscribers(IN_HOURS, 3).await;
    accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    (0..3).for_each(|n| drop(phone(&world, n).receives("qdn: Zurek, Wed Dec 16")));
    let night = with(
        changed("zurek-2", LATER),
        json!({"not_before": "2026-11-23T12:00:00-08:00"}),
    );
    accepted(&world, &night).await;
    accepted(&world, &changed("zurek-3", "2026-12-18T20:00:00-08:00")).await;
    world.advance(minutes(5 * 60)).await;
    for n in 0..3 {
        phone(&world, n).receives("qdn: Changed: Zurek is now Fri Dec 18");
        phone(&world, n).receives_nothing();
    }
}

#[tokio::test]
async fn a_change_of_what_nobody_was_told_of_is_told_to_nobody() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let dry_run = with(changed("zurek-2", LATER), json!({"dry_run": true}));
    let Ok(Answer::DryRun(estimate)) = ask(&world, &dry_run).await else {
        panic!("a dry run answers with an estimate");
    };
    assert_eq!((estimate.recipients, estimate.skipped.unconcerned), (0, 2));
    let change = accepted(&world, &changed("zurek-2", LATER)).await;
    world.advance(minutes(1)).await;
    (0..2).for_each(|n| phone(&world, n).receives_nothing());
    assert_eq!(counts(&world, change.id).await.skipped, 2);
}

#[tokio::test]
async fn another_event_is_not_touched_by_a_change() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let another = with(published("bigos-1"), json!({"subject": "bigos"}));
    let another = accepted(&world, &another).await;
    accepted(&world, &changed("zurek-2", LATER)).await;
    world.advance(minutes(1)).await;
    (0..2).for_each(|n| drop(phone(&world, n).receives("qdn: Zurek, Wed Dec 16")));
    let (another, _) = standing(&world, another.id).await;
    assert_eq!(another.state, NoticeState::Sent);
}

#[tokio::test]
async fn what_has_not_gone_out_of_a_notice_that_is_called_back_does_not() {
    let world = with_subscribers(IN_HOURS, 6).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(seconds(2)).await;
    let cancelled = cancel(world.relay(), notice.id).await.unwrap().unwrap();
    assert!(matches!(cancelled.state, NoticeState::Cancelled { .. }));
    world.advance(minutes(1)).await;
    (0..3).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    (3..6).for_each(|n| phone(&world, n).receives_nothing());
    let counts = counts(&world, notice.id).await;
    assert_eq!(
        (counts.delivered, counts.cancelled, counts.total()),
        (3, 3, 6)
    );
    let again = cancel(world.relay(), notice.id).await.unwrap().unwrap();
    assert_eq!(again.state, cancelled.state, "once is enough");
    let called_back = world.audit().into_iter();
    let called_back = called_back.filter(|record| record.kind == Kind::NoticeCancelled);
    assert_eq!(called_back.count(), 1);
}

#[tokio::test]
async fn a_notice_that_is_called_back_at_night_reaches_nobody() {
    let world = with_subscribers(NIGHT, 2).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(60)).await;
    cancel(world.relay(), notice.id).await.unwrap();
    // Nobody was told, so nobody has to be told of the change.
    accepted(&world, &changed("zurek-2", LATER)).await;
    world.advance(minutes(10 * 60)).await;
    (0..2).for_each(|n| phone(&world, n).receives_nothing());
}
