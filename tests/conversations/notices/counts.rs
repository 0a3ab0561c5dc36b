//! What is told of a notice is true at every moment.

use relay::app::notices::{PAGE, cancel};
use relay::domain::notice::NoticeState;
use relay::domain::phone::Sender;

use super::*;
use crate::support::world::{IN_HOURS, seconds};

/// Whether a subscriber's phone shows the notice.
fn has_it(world: &World, n: usize) -> bool {
    let screen = world.sandbox.screen(&Sender::Phone(subscriber(n)));
    let mut received = screen.iter().filter(|entry| !entry.sent);
    received.any(|entry| entry.body.contains("Zurek"))
}

async fn stops(world: &World, n: usize) {
    phone(world, n).texts("STOP").await;
    world.sergio().receives("STOP");
}

#[tokio::test]
async fn counts_add_up_while_people_opt_out_and_leave_and_the_notice_is_called_back() {
    let count = 2 * PAGE + 50;
    let world = with_subscribers(IN_HOURS, count).await;
    let id = accepted(&world, &published("zurek-1")).await.id;
    // One text goes out each second.
    for tens in 0..30 {
        match tens {
            // Of the first page, and it waits for its turn.
            3 => stops(&world, 60).await,
            // Of the third page, to which the fan-out has not come.
            5 => stops(&world, 240).await,
            // Of the second page.
            15 => leaves(&world, 199).await,
            21 => drop(cancel(world.relay(), id).await.unwrap()),
            _ => {}
        }
        world.advance(seconds(10)).await;
        let (notice, counts) = standing(&world, id).await;
        let passed = count.min(notice.page as usize * PAGE);
        assert_eq!(counts.total(), passed as u64, "{tens}: {counts:?}");
        let texts = (0..count).filter(|n| has_it(&world, *n)).count();
        let told = counts.delivered..=counts.delivered + counts.accepted;
        assert!(
            told.contains(&(texts as u64)),
            "{tens}: {texts}, {counts:?}"
        );
    }
    let (notice, counts) = standing(&world, id).await;
    assert!(matches!(notice.state, NoticeState::Cancelled { .. }));
    assert_eq!((counts.opted_out, counts.skipped), (2, 1), "{counts:?}");
    assert_eq!(counts.waiting + counts.sending + counts.failed, 0);
    assert!(counts.cancelled > 0 && 2 * PAGE as u64 <= counts.delivered + 2);
    for n in (0..count).filter(|n| has_it(&world, *n)) {
        phone(&world, n).receives("Zurek");
    }
    for n in [60, 240] {
        phone(&world, n).receives("unsubscribed");
    }
}

#[tokio::test]
async fn who_opts_out_after_their_page_broke_off_is_counted_once() {
    let world = with_subscribers(IN_HOURS, 12).await;
    // Its deliveries are kept, and not that the page is done.
    world.faults.die_while_fanning_out(1);
    let id = accepted(&world, &published("zurek-1")).await.id;
    world.advance(seconds(1)).await;
    assert_eq!(standing(&world, id).await.0.page, 0, "it broke off");
    // Who has the text, and who waits for it.
    for n in [0, 11] {
        stops(&world, n).await;
    }
    world.advance(seconds(60)).await;
    let (notice, counts) = standing(&world, id).await;
    assert_eq!(notice.state, NoticeState::Sent);
    assert_eq!(
        (counts.delivered, counts.opted_out, counts.total()),
        (11, 1, 12)
    );
    (0..11).for_each(|n| drop(phone(&world, n).receives("Zurek")));
    for n in [0, 11] {
        phone(&world, n).receives("unsubscribed");
    }
}
