//! A text that does not reach the person on duty goes to the next, in time and once, and whom it
//! concerns hears of it.

use relay::app::ports::audit::Kind;
use relay::clock::Clock;
use relay::domain::delivery::{GaveUp, MovedOn, State};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::line::Hours;
use relay::domain::line::Person;
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Fault, Injection, Power, Requests};

use crate::support::world::{IN_HOURS, World, example, minutes, number, seconds};

/// The next so many messages to this number end like this.
fn messages_meet(world: &World, to: &PhoneNumber, fault: Fault, times: u32) {
    world
        .sandbox
        .inject(Injection::of(fault).to(to).times(times));
}

/// Twilio takes messages, but does not say what became of them when it is asked.
fn mute() -> Injection {
    let broken = Injection::of(Fault::ServerError { status: 503 });
    broken.times(100).on(Requests::Other)
}

fn sergios(world: &World) -> PhoneNumber {
    world.line.people[0].number.clone()
}

fn backups(world: &World) -> PhoneNumber {
    world.line.people.last().unwrap().number.clone()
}

async fn delivery(world: &World, sid: &MessageSid) -> relay::domain::delivery::Delivery {
    let id = DeliveryId::of_inbound(sid);
    world.relay().store.delivery(&id).await.unwrap().unwrap()
}

/// Sergio, then María, then the backup.
async fn three_people() -> World {
    let mut line = example();
    let maria = Person {
        name: "María".to_owned(),
        number: number("+16195550113"),
        hours: Hours::Always,
        pin: None,
        may_write_first: false,
        calls: Default::default(),
        unscreened: false,
    };
    line.people.insert(1, maria);
    World::with(line, IN_HOURS).await
}

#[tokio::test]
async fn a_text_that_fails_for_sergio_reaches_the_backup_once_and_sergio_is_told() {
    let world = World::at(IN_HOURS).await;
    let sergio = sergios(&world);
    for code in [30003, 30005] {
        messages_meet(&world, &sergio, Fault::Undeliverable { code }, 1);
    }
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(seconds(175)).await;
    let text = world.backup().receives("Is it ready?");
    assert!(text.starts_with("Sergio could not be reached. "), "{text}");
    world.backup().receives_nothing();
    let told = world.sergio().receives("Moved on to Backup at 10:00 AM");
    assert!(
        told.contains("+16195550107") && told.contains("Is it ready?"),
        "{told}"
    );
    world.sergio().receives_nothing();

    let story = world.story(&sid);
    let moved = "hand_over moved on from Sergio: this number cannot be reached by text Backup";
    assert!(story.contains(&moved.to_owned()), "{story:#?}");
    assert!(
        story.contains(&"told the text moved on Sergio".to_owned()),
        "{story:#?}"
    );
    world.advance(minutes(120)).await;
}

#[tokio::test]
async fn a_text_whose_delivery_nobody_reports_reaches_the_backup_in_time_and_once() {
    let world = World::at(IN_HOURS).await;
    messages_meet(&world, &sergios(&world), Fault::Unreported, 1);
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(seconds(170)).await;
    world.backup().receives_nothing();
    world.advance(seconds(10)).await;
    world.backup().receives("Is it ready?");
    // For all that anybody knows, it never came.
    world.sergio().receives("Is it ready?");
    world.sergio().receives("Moved on to Backup at 10:03 AM");
    let moved = &delivery(&world, &sid).await.handed_over;
    assert_eq!(moved[0].because, MovedOn::NoReport);
    assert!(
        world
            .story(&sid)
            .contains(&"hand_over moved on from Sergio: no delivery report in time Backup".into())
    );
    world.advance(minutes(120)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}

#[tokio::test]
async fn twilio_does_not_bring_a_text_to_sergio_after_it_moved_on() {
    let world = World::at(IN_HOURS).await;
    let hour = Fault::Held { ms: 3_600_000 };
    messages_meet(&world, &sergios(&world), hour, 1);
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(minutes(3)).await;
    world.backup().receives("Is it ready?");
    world.sergio().receives("Moved on to Backup at 10:03 AM");
    assert_eq!(delivery(&world, &sid).await.last_error(), Some(30036));
    world.advance(minutes(120)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_text_that_arrived_without_any_callback_does_not_move_on() {
    let world = World::at(IN_HOURS).await;
    messages_meet(&world, &sergios(&world), Fault::LostCallback, 9);
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(minutes(10)).await;
    world.sergio().receives("Is it ready?");
    world.backup().receives_nothing();
    assert_eq!(delivery(&world, &sid).await.state, State::Delivered);
}

#[tokio::test]
async fn an_answer_that_stays_lost_moves_on_in_time() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::LostAnswer);
    messages_meet(&world, &sergios(&world), Fault::LostCallback, 9);
    world.sandbox.inject(mute());
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(seconds(180)).await;
    // Nobody can know that it arrived; so both have it, and each has it once.
    world.sergio().receives("Is it ready?");
    world.backup().receives("Is it ready?");
    world.sergio().receives("Moved on to Backup");
    let moved = &delivery(&world, &sid).await.handed_over;
    assert_eq!(moved[0].because, MovedOn::NoAnswer);
    world.advance(minutes(120)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn three_people_get_their_turns_and_each_is_told() {
    let world = three_people().await;
    let maria = world.phone("+16195550113");
    messages_meet(
        &world,
        &sergios(&world),
        Fault::Undeliverable { code: 30005 },
        1,
    );
    messages_meet(
        &world,
        &number("+16195550113"),
        Fault::Held { ms: 3_600_000 },
        1,
    );
    let sid = world.customer().texts("Is it ready?").await;
    world.sergio().receives("Moved on to María");
    world.advance(minutes(3)).await;
    let backup = world.phone(backups(&world).expose());
    let text = backup.receives("Is it ready?");
    assert!(text.starts_with("María could not be reached. "), "{text}");
    maria.receives("Moved on to Backup");
    maria.receives_nothing();
    let from: Vec<_> = delivery(&world, &sid).await.handed_over;
    let from: Vec<_> = from.iter().map(|h| h.from.person.as_str()).collect();
    assert_eq!(from, ["Sergio", "María"]);
    world.advance(minutes(120)).await;
}

#[tokio::test]
async fn the_last_persons_phone_is_tried_to_the_deadline_and_then_the_owner_hears_of_it() {
    let world = World::at(IN_HOURS).await;
    for person in &world.line.people {
        world.sandbox.switch(&person.number, Power::Off);
    }
    let sid = world.customer().texts("Is anybody there?").await;
    world.advance(minutes(40)).await;
    world.owner().receives_nothing();
    let tried = delivery(&world, &sid).await.attempts.len();
    assert!(tried > 6, "{tried}");
    world.advance(minutes(25)).await;
    let alert = world
        .owner()
        .receives("This text of 10:00 AM reached nobody, please call:");
    assert!(alert.contains("+16195550107"), "{alert}");
    assert!(alert.contains("Is anybody there?"), "{alert}");
    world.owner().receives_nothing();
    let dead = delivery(&world, &sid).await;
    let because = GaveUp::Late;
    assert_eq!(dead.state, State::GaveUp { because });
    assert!(dead.gave_up.is_some());
    let story = world.story(&sid);
    assert!(
        story.contains(&"alert the text reached nobody the owner".to_owned()),
        "{story:#?}"
    );
    world.advance(minutes(60)).await;
}

#[tokio::test]
async fn a_phone_that_comes_back_before_the_deadline_gets_the_text() {
    let world = World::at("2026-11-23T20:00:00-08:00").await;
    world.sandbox.switch(&backups(&world), Power::Off);
    world.customer().texts("Is it ready?").await;
    world.advance(minutes(30)).await;
    world.sandbox.switch(&backups(&world), Power::On);
    world.advance(minutes(30)).await;
    world.backup().receives("Is it ready?");
    world.owner().receives_nothing();
}

#[tokio::test]
async fn a_last_person_who_is_silent_is_a_dead_letter_that_may_have_arrived() {
    let world = World::at("2026-11-23T20:00:00-08:00").await;
    messages_meet(&world, &backups(&world), Fault::Unreported, 1);
    let sid = world.customer().texts("Is it ready?").await;
    world.backup().receives("Is it ready?");
    world.advance(minutes(60)).await;
    world.owner().receives("may have reached nobody");
    let because = GaveUp::NoReport;
    assert_eq!(
        delivery(&world, &sid).await.state,
        State::GaveUp { because }
    );
}

#[tokio::test]
async fn whoever_opted_out_is_passed_over_and_not_told() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::Refuse {
        code: 21610,
        status: 400,
    });
    let sid = world.customer().texts("Is it ready?").await;
    world.backup().receives("Is it ready?");
    world.advance(minutes(60)).await;
    world.sergio().receives_nothing();
    let story = world.story(&sid);
    let moved = "hand_over moved on from Sergio: this number opted out Backup";
    assert!(story.contains(&moved.to_owned()), "{story:#?}");
}

#[tokio::test]
async fn a_text_that_tells_of_another_and_fails_causes_no_further_ones() {
    let world = World::at(IN_HOURS).await;
    let no_texts = Fault::Refuse {
        code: 21614,
        status: 400,
    };
    let owners = world.line.policy.alert.clone().unwrap();
    for to in [sergios(&world), backups(&world), owners] {
        let injection = Injection::of(no_texts.clone()).to(&to).times(100);
        world.sandbox.inject(injection);
    }
    let sid = world.customer().texts("Is anybody there?").await;
    world.advance(minutes(24 * 60)).await;
    world.sergio().receives_nothing();
    world.owner().receives_nothing();
    let records = world.audit();
    let of_kind = |kind| records.iter().filter(|r| r.kind == kind).count();
    assert_eq!((of_kind(Kind::Told), of_kind(Kind::Alert)), (1, 1));
    // The text, what Sergio was to be told, and what the owner was to be told.
    assert_eq!(of_kind(Kind::GaveUp), 3);
    let far = world.clock.now() + minutes(60);
    let dead = world.relay().store.gave_up_before(far, 10).await.unwrap();
    assert_eq!(dead, [DeliveryId::of_inbound(&sid)]);
}

#[tokio::test]
async fn good_news_before_the_backup_is_tried_leaves_the_text_with_sergio() {
    let world = World::at(IN_HOURS).await;
    messages_meet(&world, &sergios(&world), Fault::LostCallback, 2);
    let late = Fault::DelayedCallback { ms: 184_000 };
    messages_meet(&world, &sergios(&world), late, 1);
    world.sandbox.inject(mute());
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(seconds(170)).await;
    // The worker saves the hand-over and dies before it has begun the attempt.
    world.faults.die_after_sending();
    world.advance(seconds(7)).await;
    assert_eq!(delivery(&world, &sid).await.to.person, "Backup");

    world.advance(minutes(30)).await;
    world.sergio().receives("Is it ready?");
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    let story = world.story(&sid);
    let back = "hand_back it had arrived before Backup was tried Sergio";
    assert!(story.contains(&back.to_owned()), "{story:#?}");
}

/// It is reported as undelivered, and arrives so much later.
fn arrives_after_all(code: u32, seconds: u64) -> Fault {
    Fault::ArrivesAfterAll {
        code,
        ms: seconds * 1000,
    }
}

#[tokio::test]
async fn a_text_that_was_reported_as_undelivered_and_then_as_delivered_is_not_sent_again() {
    let world = World::at(IN_HOURS).await;
    messages_meet(&world, &sergios(&world), arrives_after_all(30003, 1), 1);
    let sid = world.customer().texts("Is it ready?").await;
    world.advance(minutes(120)).await;
    world.sergio().receives("Is it ready?");
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    assert_eq!(delivery(&world, &sid).await.state, State::Delivered);
    let story = world.story(&sid);
    for told in [
        "outcome undelivered Sergio",
        "arrived it reached Sergio after all Sergio",
    ] {
        assert!(story.contains(&told.to_owned()), "{told}: {story:#?}");
    }
}

#[tokio::test]
async fn a_text_that_arrives_after_it_was_given_up_is_no_dead_letter_any_more() {
    let world = World::at("2026-11-23T20:00:00-08:00").await;
    messages_meet(&world, &backups(&world), arrives_after_all(30005, 7200), 1);
    let sid = world.customer().texts("Is it ready?").await;
    world.owner().receives("reached nobody, please call:");
    let because = GaveUp::NobodyLeft;
    assert_eq!(
        delivery(&world, &sid).await.state,
        State::GaveUp { because }
    );

    world.advance(minutes(121)).await;
    world.backup().receives("Is it ready?");
    assert_eq!(delivery(&world, &sid).await.state, State::Delivered);
    let far = world.clock.now() + minutes(60);
    assert_eq!(
        world.relay().store.gave_up_before(far, 10).await.unwrap(),
        []
    );
}
