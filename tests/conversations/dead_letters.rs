//! Texts that reached nobody, and what becomes of them when somebody has them tried again.

use relay::app::dead_letters as dead;
use relay::app::dead_letters::Wanted;
use relay::clock::Clock;
use relay::domain::delivery::State;
use relay::domain::duty::{Override, Presence};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::{Fault, Power};

use crate::support::world::{IN_HOURS, World, minutes, seconds};

const NO_TEXTS: Fault = Fault::Refuse {
    code: 21614,
    status: 400,
};

/// Neither Sergio nor the backup can be reached; Sergio and the owner hear of it later.
async fn a_text_that_reaches_nobody(world: &World) -> MessageSid {
    world.sergio().next_request_meets(NO_TEXTS);
    world.backup().next_request_meets(NO_TEXTS);
    let sid = world.customer().texts("Is anybody there?").await;
    world.sergio().receives("Moved on to Backup");
    world.owner().receives("reached nobody");
    sid
}

/// The texts that reached nobody and fit.
async fn dead(world: &World, wanted: Wanted) -> Vec<DeliveryId> {
    let letters = dead::letters(world.relay().store.as_ref(), wanted).await;
    letters.unwrap().into_iter().map(|d| d.id).collect()
}

async fn replays(world: &World, sid: &MessageSid) -> anyhow::Result<State> {
    let id = DeliveryId::of_inbound(sid);
    let replayed = dead::replay(world.relay(), &id).await?;
    world.settle().await;
    Ok(replayed.state)
}

#[tokio::test]
async fn a_text_that_reached_nobody_is_replayed_and_reaches_the_phone_once() {
    let world = World::at(IN_HOURS).await;
    let sid = a_text_that_reaches_nobody(&world).await;
    world.advance(minutes(24 * 60)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    let id = DeliveryId::of_inbound(&sid);
    assert_eq!(dead(&world, Wanted::default()).await, [id]);

    replays(&world, &sid).await.unwrap();
    world.advance(minutes(5)).await;
    let text = world.sergio().receives("Is anybody there?");
    assert!(!text.contains("reached"), "{text}");
    assert!(dead(&world, Wanted::default()).await.is_empty());
    let story = world.story(&sid);
    assert!(
        story.contains(&"replayed to be tried again Sergio".to_owned()),
        "{story:?}"
    );

    let again = replays(&world, &sid).await.unwrap_err().to_string();
    assert!(
        again.contains("is no dead letter: it reached Sergio"),
        "{again}"
    );
    world.advance(minutes(5)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_replay_goes_to_whoever_is_on_duty_by_then() {
    let world = World::at(IN_HOURS).await;
    let sid = a_text_that_reaches_nobody(&world).await;
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    world.set_override("Sergio", away).await;
    replays(&world, &sid).await.unwrap();
    world.advance(minutes(5)).await;
    world.backup().receives("Is anybody there?");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn two_people_who_replay_the_same_text_send_it_once() {
    let world = World::at(IN_HOURS).await;
    let sid = a_text_that_reaches_nobody(&world).await;
    let id = DeliveryId::of_inbound(&sid);
    let (one, two) = tokio::join!(
        dead::replay(world.relay(), &id),
        dead::replay(world.relay(), &id)
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    world.advance(minutes(5)).await;
    world.sergio().receives("Is anybody there?");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_replay_that_fails_is_a_dead_letter_again() {
    let world = World::at(IN_HOURS).await;
    let sid = a_text_that_reaches_nobody(&world).await;
    world.sergio().next_request_meets(NO_TEXTS);
    world.backup().next_request_meets(NO_TEXTS);
    world.advance(minutes(60)).await;
    replays(&world, &sid).await.unwrap();
    world.advance(minutes(5)).await;
    let id = DeliveryId::of_inbound(&sid);
    assert_eq!(dead(&world, Wanted::default()).await, [id]);
    world.sergio().receives("Moved on to Backup");
    world.owner().receives("reached nobody");
    replays(&world, &sid).await.unwrap();
    world.advance(minutes(5)).await;
    world.sergio().receives("Is anybody there?");
}

#[tokio::test]
async fn a_phone_that_was_off_until_the_deadline_gets_the_text_by_a_replay() {
    let world = World::at(IN_HOURS).await;
    for person in &world.line.people {
        world.sandbox.switch(&person.number, Power::Off);
    }
    let sid = world.customer().texts("urgent").await;
    world.advance(minutes(3 * 60)).await;
    world.owner().receives("reached nobody");
    for person in &world.line.people {
        world.sandbox.switch(&person.number, Power::On);
    }
    world.advance(minutes(60)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    replays(&world, &sid).await.unwrap();
    world.advance(minutes(5)).await;
    world.sergio().receives("urgent");
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}

#[tokio::test]
async fn dead_letters_are_found_by_age_and_by_error() {
    let world = World::at(IN_HOURS).await;
    let old = a_text_that_reaches_nobody(&world).await;
    world.advance(minutes(60)).await;
    world.sergio().next_request_meets(NO_TEXTS);
    world.backup().next_request_meets(Fault::Refuse {
        code: 30005,
        status: 400,
    });
    let young = world.phone("+18585550108").texts("And now?").await;
    world.sergio().receives("Moved on to Backup");
    world.owner().receives("reached nobody");
    let [old, young] = [old, young].map(|sid| DeliveryId::of_inbound(&sid));

    let now = world.clock.now();
    let found = async |before: Option<u64>, error| {
        let before = before.map(|age| now - minutes(age));
        dead(&world, Wanted { before, error }).await
    };
    assert_eq!(found(None, None).await, [old.clone(), young.clone()]);
    assert_eq!(found(Some(30), None).await, std::slice::from_ref(&old));
    assert_eq!(found(None, Some(30005)).await, [young]);
    assert_eq!(found(None, Some(21614)).await, [old]);
    assert!(found(Some(30), Some(30005)).await.is_empty());
    assert!(found(Some(120), None).await.is_empty());
}

#[tokio::test]
async fn an_answer_to_a_person_is_replayed_to_that_person_alone() {
    let world = World::at(IN_HOURS).await;
    world.backup().next_request_meets(NO_TEXTS);
    let sid = world.backup().texts("On my way").await;
    world.advance(seconds(10)).await;
    replays(&world, &sid).await.unwrap();
    world.advance(minutes(5)).await;
    world.backup().receives("No customer has written to you");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn without_the_line_nothing_is_replayed() {
    let world = World::at(IN_HOURS).await;
    let sid = a_text_that_reaches_nobody(&world).await;
    let number = &world.line.number;
    world.relay().store.remove_line(number).await.unwrap();
    let refused = replays(&world, &sid).await.unwrap_err().to_string();
    assert!(refused.contains("is not configured any more"), "{refused}");
    assert_eq!(dead(&world, Wanted::default()).await.len(), 1);
}
