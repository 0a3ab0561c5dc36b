//! An event is published.

use relay::app::notices::Answer;
use relay::app::ports::audit::Kind;
use relay::app::retry_worker;
use relay::domain::notice::{Counts, NoticeState};
use relay::sandbox::Fault;
use serde_json::json;

use super::*;
use crate::support::world::{IN_HOURS, minutes, seconds};

#[tokio::test]
async fn every_subscriber_hears_of_an_event_once_and_each_is_on_record() {
    let world = with_subscribers(IN_HOURS, 5).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    for n in 0..5 {
        let text = phone(&world, n).reads();
        assert_eq!(text, "qdn: Zurek, Wed Dec 16, 6:00 PM, Mission Bay.");
        phone(&world, n).receives_nothing();
    }
    let (notice, counts) = standing(&world, notice.id).await;
    assert_eq!(notice.state, NoticeState::Sent);
    let delivered = Counts {
        delivered: 5,
        ..Counts::default()
    };
    assert_eq!(counts, delivered);
    let audit = world.audit();
    let of_kind = |kind| {
        let records = audit.iter().filter(move |record| record.kind == kind);
        records
            .filter(|record| record.notice == Some(notice.id))
            .count()
    };
    assert_eq!((of_kind(Kind::Notice), of_kind(Kind::Attempt)), (1, 5));
    assert!(!world.audit_text().contains("5552000"), "only masked");
}

#[tokio::test]
async fn the_same_event_twice_sends_nothing_again() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let first = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    for _ in 0..2 {
        let Ok(Answer::Already(again)) = ask(&world, &published("zurek-1")).await else {
            panic!("accepted again");
        };
        assert_eq!(again.id, first.id);
        world.advance(minutes(1)).await;
    }
    for n in 0..2 {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
}

#[tokio::test]
async fn the_same_event_twice_at_once_goes_out_once() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let request = published("zurek-1");
    let (one, other) = futures::join!(ask(&world, &request), ask(&world, &request));
    let new = [one, other]
        .into_iter()
        .filter(|answer| matches!(answer, Ok(Answer::Accepted(_))));
    assert_eq!(new.count(), 1);
    world.advance(minutes(1)).await;
    for n in 0..2 {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
}

#[tokio::test]
async fn texts_follow_each_other_at_the_lines_pace() {
    let world = with_subscribers(IN_HOURS, 3).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.settle().await;
    for sent in 1..=3 {
        assert_eq!(counts(&world, notice.id).await.waiting, 3 - sent);
        world.advance(seconds(1)).await;
    }
    (0..3).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    world.advance(minutes(1)).await;
}

#[tokio::test]
async fn a_customers_text_does_not_wait_for_a_notice() {
    let world = with_subscribers(IN_HOURS, 30).await;
    accepted(&world, &published("zurek-1")).await;
    world.advance(seconds(3)).await;
    world.customer().texts("are you open?").await;
    world.sergio().receives("are you open?");
    let still_waits = (0..30).filter(|n| {
        world
            .sandbox
            .screen(&relay::domain::phone::Sender::Phone(subscriber(*n)))
            .is_empty()
    });
    assert!(still_waits.count() > 15);
    world.advance(minutes(1)).await;
    (0..30).for_each(|n| drop(phone(&world, n).receives("Zurek")));
}

#[tokio::test]
async fn a_text_that_fails_is_counted_and_nobody_is_alarmed() {
    let world = with_subscribers(IN_HOURS, 3).await;
    phone(&world, 1).next_request_meets(Fault::Refuse {
        code: 21211,
        status: 400,
    });
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(5)).await;
    let counts = counts(&world, notice.id).await;
    assert_eq!((counts.delivered, counts.failed, counts.total()), (2, 1, 3));
    let far = world.relay().now() + minutes(60 * 24 * 365);
    let dead = world.relay().store.gave_up_before(far, 10).await.unwrap();
    assert_eq!(dead, [], "no dead letter");
    world.owner().receives_nothing();
    phone(&world, 0).receives("Zurek");
    phone(&world, 2).receives("Zurek");
}

#[tokio::test]
async fn a_text_that_meets_passing_trouble_arrives_later() {
    let world = with_subscribers(IN_HOURS, 1).await;
    phone(&world, 0).next_request_meets(Fault::TooManyRequests {
        retry_after: Some("30".into()),
    });
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(seconds(20)).await;
    assert_eq!(counts(&world, notice.id).await.waiting, 1);
    world.advance(minutes(2)).await;
    phone(&world, 0).receives("Zurek");
    assert_eq!(counts(&world, notice.id).await.delivered, 1);
}

#[tokio::test]
async fn who_opts_out_in_the_middle_of_a_fan_out_gets_nothing_more() {
    let world = with_subscribers(IN_HOURS, 20).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(seconds(3)).await;
    phone(&world, 19).texts("STOP").await;
    phone(&world, 19).receives("unsubscribed");
    world.sergio().receives("STOP");
    leaves(&world, 18).await;
    world.advance(minutes(1)).await;
    (0..18).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    for n in [18, 19] {
        phone(&world, n).receives_nothing();
    }
    let counts = counts(&world, notice.id).await;
    assert_eq!(
        (counts.delivered, counts.opted_out, counts.total()),
        (18, 2, 20)
    );
}

#[tokio::test]
async fn who_opted_out_before_is_passed_over() {
    let world = with_subscribers(IN_HOURS, 3).await;
    phone(&world, 1).texts("STOP").await;
    phone(&world, 1).receives("unsubscribed");
    world.sergio().receives("STOP");
    let dry_run = with(published("zurek-1"), json!({"dry_run": true}));
    let Ok(Answer::DryRun(estimate)) = ask(&world, &dry_run).await else {
        panic!("a dry run answers with an estimate");
    };
    assert_eq!((estimate.recipients, estimate.segments), (2, 2));
    assert_eq!(estimate.cost.to_string(), "$0.0166");
    let [skipped] = &estimate.skipped_numbers[..] else {
        panic!("one is skipped: {estimate:?}");
    };
    assert_eq!(skipped.number.to_string(), "+1•••01");
    assert_eq!(skipped.because, "opted out of the line's texts");

    let notice = accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("Zurek");
    phone(&world, 2).receives("Zurek");
    phone(&world, 1).receives_nothing();
    let counts = counts(&world, notice.id).await;
    assert_eq!(
        (counts.delivered, counts.skipped, counts.total()),
        (2, 1, 3)
    );
}

#[tokio::test]
async fn a_dry_run_sends_and_keeps_nothing() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let dry_run = with(published("zurek-1"), json!({"dry_run": true}));
    for _ in 0..2 {
        assert!(matches!(ask(&world, &dry_run).await, Ok(Answer::DryRun(_))));
    }
    world.advance(minutes(5)).await;
    accepted(&world, &published("zurek-1")).await;
    world.advance(minutes(1)).await;
    (0..2).for_each(|n| drop(phone(&world, n).receives("Zurek")));
}

#[tokio::test]
async fn numbers_that_are_named_get_it_each_once_whether_they_subscribe_or_not() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let numbers = [3, 0, 3, 7].map(|n| subscriber(n).expose().to_owned());
    let request = with(
        published("zurek-1"),
        json!({"audience": {"numbers": numbers}}),
    );
    let notice = accepted(&world, &request).await;
    world.advance(minutes(1)).await;
    for n in [0, 3, 7] {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
    assert_eq!(counts(&world, notice.id).await.total(), 3);
}

#[tokio::test]
async fn a_notice_waits_until_its_time_and_its_lost_wake_up_is_found() {
    let world = with_subscribers(IN_HOURS, 1).await;
    let request = with(
        published("zurek-1"),
        json!({"not_before": "2026-11-23T12:00:00-08:00"}),
    );
    let notice = accepted(&world, &request).await;
    world.advance(minutes(60)).await;
    phone(&world, 0).receives_nothing();
    world.lose_wake_ups();
    world.advance(minutes(62)).await;
    phone(&world, 0).receives_nothing();
    assert_eq!(retry_worker::sweep(world.relay()).await.unwrap(), 1);
    world.advance(minutes(1)).await;
    phone(&world, 0).receives("Zurek");
    assert_eq!(counts(&world, notice.id).await.delivered, 1);
    assert_eq!(retry_worker::sweep(world.relay()).await.unwrap(), 0);
}
