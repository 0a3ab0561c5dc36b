//! Those who fan out die in the middle of it, or are two at once.

use relay::app::notices::PAGE;
use relay::app::ports::queue::PageTurn;
use relay::app::retry_worker;

use super::*;
use crate::support::world::{IN_HOURS, minutes};

#[tokio::test]
async fn a_page_that_breaks_off_is_done_again_and_nobody_gets_two() {
    let mut line = crate::support::world::example();
    line.notices.segments_a_minute = 6_000;
    let mut world = World::with(line, IN_HOURS).await;
    let count = 2 * PAGE + 5;
    for n in 0..count {
        joins(&world, n).await;
    }
    let notice = accepted(&world, &published("zurek-1")).await;
    // Of each page, the writing of its deliveries and the cursor: the second page's break off.
    for spared in [2, 0, 1] {
        world.faults.die_while_fanning_out(spared);
        world.advance(minutes(1)).await;
        world.restart().await;
    }
    world.advance(minutes(2)).await;
    for n in 0..count {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
    let counts = counts(&world, notice.id).await;
    assert_eq!(
        (counts.delivered, counts.total()),
        (count as u64, count as u64)
    );
}

#[tokio::test]
async fn two_who_turn_the_same_page_at_once_send_each_text_once() {
    let world = with_subscribers(IN_HOURS, 3).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    let turn = PageTurn {
        notice: notice.id,
        page: 0,
        due: world.relay().now(),
        group: None,
    };
    let turning = || notices::turn_page(world.relay(), &turn);
    let (one, other) = futures::join!(turning(), turning());
    one.and(other).unwrap();
    world.advance(minutes(1)).await;
    for n in 0..3 {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
    assert_eq!(counts(&world, notice.id).await.delivered, 3);
}

#[tokio::test]
async fn lost_wake_ups_of_deliveries_and_pages_are_found_by_the_sweep() {
    let world = with_subscribers(IN_HOURS, 2).await;
    let notice = accepted(&world, &published("zurek-1")).await;
    world.lose_wake_ups();
    world.advance(minutes(2)).await;
    assert_eq!(retry_worker::sweep(world.relay()).await.unwrap(), 1);
    // The page is turned, and its deliveries' wake-ups get lost.
    world.advance(crate::support::world::seconds(0)).await;
    world.lose_wake_ups();
    world.advance(minutes(5)).await;
    retry_worker::sweep(world.relay()).await.unwrap();
    world.advance(minutes(1)).await;
    for n in 0..2 {
        phone(&world, n).receives("Zurek");
        phone(&world, n).receives_nothing();
    }
    assert_eq!(counts(&world, notice.id).await.delivered, 2);
}

#[tokio::test]
async fn whoever_changes_an_event_while_another_fans_it_out_leaves_nobody_with_the_old_date() {
    for pauses in 0..6 {
        let world = with_subscribers(IN_HOURS, 3).await;
        let notice = accepted(&world, &published("zurek-1")).await;
        let turn = PageTurn {
            notice: notice.id,
            page: 0,
            due: world.relay().now(),
            group: None,
        };
        let change = async {
            for _ in 0..pauses {
                tokio::task::yield_now().await;
            }
            ask(&world, &changed("zurek-2", "2026-12-17T19:00:00-08:00")).await
        };
        let (turned, changed) = futures::join!(notices::turn_page(world.relay(), &turn), change);
        turned.unwrap();
        changed.unwrap();
        world.advance(minutes(1)).await;
        for n in 0..3 {
            let first = phone(&world, n).receives("Zurek");
            if !first.contains("Zurek, Thu Dec 17") {
                assert!(first.contains("qdn: Zurek, Wed Dec 16"), "{first}");
                phone(&world, n).receives("qdn: Changed: Zurek is now Thu Dec 17");
            }
            phone(&world, n).receives_nothing();
        }
    }
}
