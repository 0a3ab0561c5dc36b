//! What is done about each class of Twilio's errors, from the webhook to the phone.

use relay::app::dead_letters as dead;
use relay::domain::delivery::{Delivery, GaveUp, State};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::{Fault, Injection, Text};

use crate::support::world::{IN_HOURS, World, minutes, seconds};

fn refuse(code: u32) -> Fault {
    Fault::Refuse { code, status: 400 }
}

async fn delivery(world: &World, sid: &MessageSid) -> Delivery {
    let id = DeliveryId::of_inbound(sid);
    world.relay().store.delivery(&id).await.unwrap().unwrap()
}

async fn replay(world: &World, sid: &MessageSid) {
    let id = DeliveryId::of_inbound(sid);
    dead::replay(world.relay(), &id).await.unwrap();
    world.advance(seconds(5)).await;
}

/// No request for a message gets through until it is repaired.
fn break_the_account(world: &World, code: u32) {
    world
        .sandbox
        .inject(Injection::of(refuse(code)).times(1000));
}

fn repair(world: &World) {
    world.sandbox.clear_faults();
}

#[tokio::test]
async fn retry_passing_trouble_reaches_the_same_person_a_little_later() {
    for code in [30001, 20429, 30022, 30500] {
        let world = World::at(IN_HOURS).await;
        world.sergio().next_request_meets(refuse(code));
        world.sergio().next_request_meets(refuse(code));
        world.customer().texts("Is it ready?").await;
        world.advance(seconds(30)).await;
        world.sergio().receives("Is it ready?");
        world.backup().receives_nothing();
    }
}

#[tokio::test]
async fn retry_once_a_phone_that_was_out_of_reach_for_a_moment_gets_the_text() {
    let world = World::at(IN_HOURS).await;
    let sergio = world.line.people[0].number.clone();
    let unreachable = Fault::Undeliverable { code: 30003 };
    world
        .sandbox
        .inject(Injection::of(unreachable.clone()).to(&sergio));
    world.customer().texts("Is it ready?").await;
    world.advance(seconds(30)).await;
    world.sergio().receives("Is it ready?");
    world.backup().receives_nothing();

    world
        .sandbox
        .inject(Injection::of(unreachable).to(&sergio).times(2));
    world.customer().texts("And now?").await;
    world.advance(seconds(30)).await;
    world.backup().receives("And now?");
    world.sergio().receives("Moved on to Backup");
}

/// A photo, with words or without.
fn photo(words: &str) -> Text {
    Text::new(words).media(vec!["https://api.twilio.com/photo".to_owned()])
}

#[tokio::test]
async fn attachment_the_same_text_goes_to_the_same_person_at_once_without_it() {
    let refused = [21620, 21623, 21621].map(refuse);
    let undelivered = [11200, 12300, 12400, 30011, 30019, 63019, 63021];
    let undelivered = undelivered.map(|code| Fault::Undeliverable { code });
    for fault in refused.into_iter().chain(undelivered) {
        let world = World::at(IN_HOURS).await;
        // As often as it likes: messages without attachments are spared.
        let injection = Injection::of(fault.clone()).times(1000);
        world.sandbox.inject(injection);
        let sid = world.customer().sends(photo("Is it ready?")).await;
        world.advance(seconds(10)).await;
        let text = world.sergio().receives("Is it ready?");
        assert!(
            text.ends_with("\n(1 photo could not be passed on)"),
            "{text}"
        );
        world.sergio().receives_nothing();
        world.backup().receives_nothing();
        assert_eq!(
            delivery(&world, &sid).await.state,
            State::Delivered,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn uncertain_what_may_have_arrived_is_not_repeated_and_goes_on_in_time() {
    let world = World::at(IN_HOURS).await;
    let sergio = world.line.people[0].number.clone();
    let timed_out = Fault::Undeliverable { code: 30410 };
    world.sandbox.inject(Injection::of(timed_out).to(&sergio));
    world.customer().texts("Is it ready?").await;
    world.advance(seconds(175)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    world.advance(seconds(10)).await;
    world.backup().receives("Is it ready?");
    world.sergio().receives("Moved on to Backup");
    world.advance(minutes(120)).await;
}

#[tokio::test]
async fn hand_over_the_next_person_gets_it_at_once() {
    for code in [21211, 21612, 21614, 30004, 30005, 30006] {
        let world = World::at(IN_HOURS).await;
        world.sergio().next_request_meets(refuse(code));
        world.customer().texts("Is it ready?").await;
        world.backup().receives("Is it ready?");
        world.sergio().receives("Moved on to Backup");
    }
}

#[tokio::test]
async fn stop_a_number_that_opted_out_gets_nothing_more_of_it() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("STOP").await;
    world.sergio().receives("unsubscribed");
    for other in [world.backup(), world.owner()] {
        other.receives("Sergio opted out of texts");
    }
    world.advance(minutes(2)).await;
    world.customer().texts("Is it ready?").await;
    world.advance(minutes(60)).await;
    world.backup().receives("Is it ready?");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn configuration_the_text_waits_for_the_repair_and_the_owner_is_asked_for_it_once() {
    let world = World::at(IN_HOURS).await;
    for person in &world.line.people {
        let to = &person.number;
        world
            .sandbox
            .inject(Injection::of(refuse(30034)).to(to).times(1000));
    }
    let sids = [
        world.customer().texts("One?").await,
        world.phone("+18585550108").texts("Two?").await,
    ];
    let asked = world.owner().receives("Twilio error 30034");
    assert!(asked.contains("errors/30034"), "{asked}");
    world.advance(minutes(30)).await;
    world.owner().receives_nothing();
    world.backup().receives_nothing();
    let waiting = delivery(&world, &sids[0]).await.state;
    assert!(matches!(waiting, State::Waiting { .. }), "{waiting:?}");

    // Once it is repaired they go out by themselves.
    repair(&world);
    world.advance(minutes(15)).await;
    world.backup().receives("One?");
    world.backup().receives("Two?");
    world.sergio().receives("Moved on to Backup");
    world.sergio().receives("Moved on to Backup");
    world.owner().receives_nothing();
}

#[tokio::test]
async fn configuration_what_was_not_repaired_in_time_is_replayed_after_it() {
    let world = World::at(IN_HOURS).await;
    break_the_account(&world, 20003);
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(minutes(120)).await;
    let dead = delivery(&world, &sid).await;
    let because = GaveUp::Late;
    assert_eq!(dead.last_error(), Some(20003));
    assert_eq!(dead.state, State::GaveUp { because });
    repair(&world);
    replay(&world, &sid).await;
    world.sergio().receives("Is it ready?");
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}

#[tokio::test]
async fn our_bug_the_text_is_a_dead_letter_at_once_and_the_owner_hears_of_it() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(refuse(21617));
    let sid = world.customer().texts("Is it ready?").await;
    world.backup().receives_nothing();
    world.sergio().receives_nothing();
    world
        .owner()
        .receives("reached nobody, please call: +16195550107");
    let because = GaveUp::Refused;
    assert_eq!(
        delivery(&world, &sid).await.state,
        State::GaveUp { because }
    );
    replay(&world, &sid).await;
    world.sergio().receives("Is it ready?");
}

#[tokio::test]
async fn ambiguous_twilio_is_asked_before_anything_is_sent_again() {
    for (fault, attempts) in [
        (Fault::ErrorAfterAccept { status: 500 }, 1),
        (Fault::ServerError { status: 500 }, 2),
        (refuse(20500), 2),
    ] {
        let world = World::at(IN_HOURS).await;
        world.sergio().next_request_meets(fault.clone());
        let sid = world.customer().texts("Is it ready?").await;
        world.advance(minutes(1)).await;
        world.sergio().receives("Is it ready?");
        world.sergio().receives_nothing();
        world.backup().receives_nothing();
        let made = delivery(&world, &sid).await.attempts.len();
        assert_eq!(made, attempts, "{fault:?}");
    }
}

#[tokio::test]
async fn a_code_that_nobody_knows_goes_by_how_it_came() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(refuse(99999));
    world.customer().texts("One?").await;
    world.backup().receives("One?");
    world.sergio().receives("Moved on to Backup");

    let sergio = world.line.people[0].number.clone();
    let unknown = Fault::Undeliverable { code: 39999 };
    world.sandbox.inject(Injection::of(unknown).to(&sergio));
    world.phone("+18585550108").texts("Two?").await;
    world.advance(seconds(30)).await;
    world.sergio().receives("Two?");
}

#[tokio::test]
async fn blocked_the_next_person_gets_it_at_once_and_the_last_one_when_the_block_may_be_over() {
    for code in [30450, 30453, 30038, 30039] {
        let world = World::at(IN_HOURS).await;
        let sergio = world.line.people[0].number.clone();
        let blocked = Fault::Undeliverable { code };
        world.sandbox.inject(Injection::of(blocked).to(&sergio));
        world.customer().texts("Is it ready?").await;
        world.backup().receives("Is it ready?");
        world.sergio().receives("Moved on to Backup");
    }
    let world = World::at("2026-11-23T20:00:00-08:00").await;
    let blocked = Fault::Undeliverable { code: 30450 };
    world.sandbox.inject(blocked.into());
    world.customer().texts("Is it ready?").await;
    world.advance(minutes(14)).await;
    world.backup().receives_nothing();
    world.advance(minutes(2)).await;
    world.backup().receives("Is it ready?");
    world.owner().receives_nothing();
}
