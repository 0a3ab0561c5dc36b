//! What happens when Twilio, the store or the process itself goes wrong.

use std::sync::atomic::Ordering;

use relay::app::ports::queue::WakeUp;
use relay::app::retry_worker;
use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::{Fault, Injection, Power};

use crate::support::world::{IN_HOURS, World, minutes, seconds};

/// The delivery that the text set in motion, for a wake-up by hand.
async fn wake_up_for(world: &World, sid: &MessageSid) -> WakeUp {
    use relay::clock::Clock;
    let record = world.relay().store.inbound(sid).await.unwrap().unwrap();
    let now = world.clock.now();
    WakeUp::new(&record.deliveries[0], now, now)
}

#[tokio::test]
async fn a_repeated_webhook_sends_nothing() {
    let world = World::at(IN_HOURS).await;
    let text = relay::sandbox::Text::new("once").copies(3);
    let sid = world.customer().sends(text).await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
    assert_eq!(world.answers()[..3], [200, 200, 200]);
    let decisions = world
        .story(&sid)
        .iter()
        .filter(|line| line.starts_with("decision"))
        .count();
    assert_eq!(decisions, 1);
}

#[tokio::test]
async fn a_repeated_wake_up_sends_nothing() {
    let world = World::at(IN_HOURS).await;
    let sid = world.customer().texts("once").await;
    let wake_up = wake_up_for(&world, &sid).await;
    for _ in 0..3 {
        retry_worker::wake(world.relay(), &wake_up).await.unwrap();
    }
    world.advance(minutes(10)).await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn two_workers_at_once_send_once() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::TooManyRequests {
        retry_after: Some("30".into()),
    });
    let sid = world.customer().texts("once").await;
    world.clock.advance(minutes(1));
    let wake_up = wake_up_for(&world, &sid).await;
    let (one, two) = tokio::join!(
        retry_worker::wake(world.relay(), &wake_up),
        retry_worker::wake(world.relay(), &wake_up)
    );
    one.and(two).unwrap();
    world.advance(minutes(5)).await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn twilios_429_is_waited_out_for_as_long_as_it_asks() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::TooManyRequests {
        retry_after: Some("40".into()),
    });
    world.customer().texts("patience").await;
    world.advance(seconds(30)).await;
    world.sergio().receives_nothing();
    world.advance(seconds(10)).await;
    world.sergio().receives("patience");
}

#[tokio::test]
async fn twilios_5xx_is_tried_again() {
    let world = World::at(IN_HOURS).await;
    for _ in 0..3 {
        world
            .sergio()
            .next_request_meets(Fault::ServerError { status: 503 });
    }
    world.customer().texts("again and again").await;
    world.advance(minutes(3)).await;
    world.sergio().receives("again and again");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_5xx_after_which_the_text_went_out_all_the_same_doubles_nothing() {
    let world = World::at(IN_HOURS).await;
    world
        .sergio()
        .next_request_meets(Fault::ErrorAfterAccept { status: 502 });
    world.customer().texts("once").await;
    world.advance(minutes(5)).await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_lost_answer_doubles_nothing() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::LostAnswer);
    world.customer().texts("once").await;
    world.advance(minutes(5)).await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_lost_request_is_found_absent_and_sent_again() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::LostRequest);
    let sid = world.customer().texts("lost and found").await;
    world.sergio().receives_nothing();
    world.advance(minutes(2)).await;
    world.sergio().receives("lost and found");
    assert!(
        world
            .story(&sid)
            .contains(&"outcome absent Sergio".to_owned())
    );
}

#[tokio::test]
async fn a_worker_that_dies_between_send_and_save_doubles_nothing() {
    let mut world = World::at(IN_HOURS).await;
    world.faults.die_after_sending();
    world.customer().texts("once").await;
    world.sergio().receives("once");
    world.restart().await;
    world.advance(minutes(5)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_restart_in_the_middle_picks_up_where_it_stopped() {
    let mut world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::TooManyRequests {
        retry_after: Some("60".into()),
    });
    world.customer().texts("hold on").await;
    world.restart().await;
    world.advance(minutes(2)).await;
    world.sergio().receives("hold on");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_text_that_could_not_be_kept_is_not_acknowledged_and_comes_again() {
    let world = World::at(IN_HOURS).await;
    for fault in [&world.faults.reads, &world.faults.records] {
        fault.store(1, Ordering::SeqCst);
        let sid = world.customer().texts("keep me").await;
        assert_eq!(world.answers()[0], 503);
        assert_eq!(world.relay().store.inbound(&sid).await.unwrap(), None);
        world.sergio().receives_nothing();
    }
    world.advance(minutes(2)).await;
}

#[tokio::test]
async fn a_wake_up_that_got_lost_is_found_by_the_sweep() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::TooManyRequests {
        retry_after: Some("30".into()),
    });
    world.customer().texts("do not forget me").await;
    world.lose_wake_ups();
    world.advance(seconds(100)).await;
    world.sergio().receives_nothing();
    assert_eq!(retry_worker::sweep(world.relay()).await.unwrap(), 1);
    world.advance(seconds(5)).await;
    world.sergio().receives("do not forget me");
    assert_eq!(retry_worker::sweep(world.relay()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_phone_that_stays_off_moves_the_text_on_to_the_backup() {
    let world = World::at(IN_HOURS).await;
    world
        .sandbox
        .switch(&world.line.people[0].number, Power::Off);
    let sid = world.customer().texts("urgent").await;
    world.advance(minutes(2)).await;
    let text = world.backup().receives("urgent");
    assert!(
        text.contains("Sergio"),
        "the backup reads why it came: {text}"
    );
    world.sergio().receives_nothing();
    world.advance(minutes(60)).await;
    assert!(
        world
            .story(&sid)
            .iter()
            .any(|line| line.starts_with("hand_over"))
    );
}

#[tokio::test]
async fn a_number_that_takes_no_texts_moves_the_text_on_at_once() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::Refuse {
        code: 21614,
        status: 400,
    });
    world.customer().texts("urgent").await;
    world.backup().receives("urgent");
    world.sergio().receives("Moved on to Backup");
}

#[tokio::test]
async fn a_lost_callback_is_made_up_for_by_asking() {
    let world = World::at(IN_HOURS).await;
    let sergio = &world.line.people[0].number;
    world
        .sandbox
        .inject(Injection::of(Fault::Undeliverable { code: 30005 }).to(sergio));
    world
        .sandbox
        .inject(Injection::of(Fault::LostCallback).to(sergio).times(5));
    world.customer().texts("does anyone read this?").await;
    world.backup().receives_nothing();
    world.advance(minutes(2)).await;
    world.backup().receives("does anyone read this?");
    world.sergio().receives("Moved on to Backup");
}

#[tokio::test]
async fn a_clock_that_is_ahead_of_twilios_doubles_nothing() {
    let world = World::with_twilios_clock_behind(seconds(30)).await;
    world.sergio().next_request_meets(Fault::LostAnswer);
    world.customer().texts("once").await;
    world.advance(minutes(5)).await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn the_audit_says_which_decisions_are_void() {
    let world = World::at(IN_HOURS).await;
    world.faults.records.store(1, Ordering::SeqCst);
    let sid = world.customer().texts("keep me").await;
    assert_eq!(world.story(&sid), ["decision Sergio", "not_kept"]);
    world.advance(minutes(2)).await;
}

#[tokio::test]
async fn two_texts_with_the_same_words_stay_two_when_one_is_lost() {
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let world = World::at(IN_HOURS).await;
        world.sergio().next_request_meets(fault);
        world.customer().texts("same words").await;
        world.customer().texts("same words").await;
        world.advance(minutes(5)).await;
        world.sergio().receives("same words");
        world.sergio().receives("same words");
        world.sergio().receives_nothing();
    }
}
