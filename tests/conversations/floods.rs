//! Too much at once: customers' texts come later, and all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use relay::app::ports::audit::Kind;
use relay::clock::Clock;
use relay::domain::pace::{Key, PAIR, Rate, URGENT};
use relay::sandbox::{Fault, Text};

use crate::support::world::{IN_HOURS, World, minutes, number, seconds};

const SERGIO: &str = "+16195550110";
const BACKUP: &str = "+16195550111";

/// So many texts wait for this phone, those that begin conversations among them.
async fn keep_busy(world: &World, phone: &str, texts: u32) {
    let (line, phone, now) = (&world.line.number, number(phone), world.clock.now());
    let store = &world.relay().store;
    for (key, texts, interval) in [
        (Key::pair(line, &phone), texts, PAIR.interval()),
        // First texts that have to wait longer take no slot.
        (Key::urgent(line, &phone), 2, URGENT.interval()),
    ] {
        let rate = Rate::apart(interval * texts);
        let slot = store.claim_slot(&key, rate, Duration::MAX, now).await;
        slot.unwrap();
    }
}

/// Texts `0` to `count - 1` come in, with a pause after each.
async fn flood(world: &World, from: &str, count: u32, pause: u64) {
    let from = relay::domain::phone::Sender::parse(from);
    for n in 0..count {
        let text = Text::new(format!("text {n}."));
        let sent = world.sandbox.text(&from, &world.line.number, text);
        sent.expect("the line's number is the sandbox's");
        world.advance(seconds(pause)).await;
    }
}

/// Texts `0` to `count - 1` come in at once, each of another customer.
fn customers_text(world: &World, count: u32) {
    for n in 0..count {
        let from = relay::domain::phone::Sender::parse(&format!("+185855501{n:02}"));
        let text = Text::new(format!("text {n}."));
        let sent = world.sandbox.text(&from, &world.line.number, text);
        sent.expect("the line's number is the sandbox's");
    }
}

fn slowed(world: &World) -> usize {
    let audit = world.audit();
    audit
        .iter()
        .filter(|record| record.kind == Kind::Slowed)
        .count()
}

#[tokio::test]
async fn twenty_five_texts_in_a_minute_all_arrive_in_order_and_slowed() {
    let world = World::at(IN_HOURS).await;
    flood(&world, "+16195550107", 25, 1).await;
    for n in 0..14 {
        world.sergio().receives(&format!("text {n}."));
    }
    assert!(slowed(&world) >= 10, "{}", slowed(&world));
    world.advance(minutes(2)).await;
    for n in 14..25 {
        world.sergio().receives(&format!("text {n}."));
    }
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_second_wake_up_takes_no_second_turn() {
    let world = World::at(IN_HOURS).await;
    flood(&world, "+16195550107", 14, 0).await;
    let before = slowed(&world);
    world.lose_wake_ups();
    world.advance(minutes(3)).await;
    while relay::app::retry_worker::sweep(world.relay())
        .await
        .unwrap()
        > 0
    {
        world.advance(seconds(5)).await;
    }
    assert_eq!(slowed(&world), before);
    // In their order, one after the other.
    world.advance(minutes(2)).await;
    for n in 0..14 {
        world.sergio().receives(&format!("text {n}."));
    }
}

#[tokio::test]
async fn one_senders_flood_leaves_room_for_others() {
    let mut line = World::at(IN_HOURS).await.line.clone();
    line.policy.sender_limit = 5;
    let world = World::with(line, IN_HOURS).await;
    flood(&world, "+16195550107", 30, 0).await;
    world.advance(seconds(5)).await;
    for n in 0..5 {
        world.sergio().receives(&format!("text {n}."));
    }
    world.sergio().receives_nothing();
    world.phone("+16195550108").texts("me too").await;
    world.sergio().receives("me too");
    world.advance(minutes(6)).await;
    for n in 5..30 {
        world.sergio().receives(&format!("text {n}."));
    }
}

#[tokio::test]
async fn texts_that_would_wait_too_long_for_a_phone_go_to_the_next_one() {
    let world = World::at(IN_HOURS).await;
    customers_text(&world, 100);
    world.settle().await;
    world.customer().texts("The boat is sinking").await;
    world.advance(minutes(1)).await;
    let mut sergio = world.sergio().reads_all();
    let mut backup = world.backup().reads_all();
    let is_told = |texts: &[String]| texts.iter().any(|text| text.contains("boat is sinking"));
    assert!(is_told(&sergio) || is_told(&backup));
    assert!(
        backup[0].starts_with("Sergio's phone is busy. +1858"),
        "{}",
        backup[0]
    );

    // Within the time that a text has with a person, all are there, each once.
    world.advance(minutes(2)).await;
    sergio.extend(world.sergio().reads_all());
    backup.extend(world.backup().reads_all());
    assert_eq!(sergio.len() + backup.len(), 101);
    let words = |text: &String| text.rsplit(": ").next().map(str::to_owned);
    let words: BTreeSet<_> = sergio.iter().chain(&backup).filter_map(words).collect();
    assert_eq!(words.len(), 101);
}

#[tokio::test]
async fn a_busy_phone_is_passed_over_and_its_person_is_not_disturbed() {
    let world = World::at(IN_HOURS).await;
    keep_busy(&world, SERGIO, 90).await;
    let sid = world.customer().texts("The boat is sinking").await;
    let text = world.backup().receives("The boat is sinking");
    assert_eq!(
        text,
        "Sergio's phone is busy. +16195550107 (San Diego, CA): The boat is sinking"
    );
    let moved = "hand_over moved on from Sergio: the phone of Sergio is busy until 10:04 AM Backup";
    let story = world.story(&sid);
    assert!(story.iter().any(|record| record == moved), "{story:?}");
    world.backup().texts("Coming").await;
    world.customer().receives("Coming");
    world.advance(minutes(5)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_short_wait_is_no_reason_to_pass_somebody_over() {
    let world = World::at(IN_HOURS).await;
    keep_busy(&world, SERGIO, 60).await;
    world.customer().texts("No hurry").await;
    world.advance(minutes(3)).await;
    world.sergio().receives("No hurry");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn if_the_free_phone_fails_the_text_comes_back_to_the_busy_one() {
    let world = World::at(IN_HOURS).await;
    keep_busy(&world, SERGIO, 90).await;
    let off = Fault::Refuse {
        code: 21614,
        status: 400,
    };
    world.backup().next_request_meets(off);
    world.customer().texts("The boat is sinking").await;
    world.advance(minutes(3)).await;
    world.sergio().receives_nothing();
    world.advance(minutes(2)).await;
    let text = world.sergio().receives("The boat is sinking");
    assert!(text.starts_with("Backup could not be reached. "), "{text}");
    world.backup().receives("Moved on to Sergio");
}

#[tokio::test]
async fn if_all_phones_are_busy_for_long_the_owner_hears_it_once() {
    let world = World::at(IN_HOURS).await;
    keep_busy(&world, SERGIO, 270).await;
    keep_busy(&world, BACKUP, 250).await;
    customers_text(&world, 3);
    world.advance(seconds(5)).await;
    world
        .owner()
        .receives("All phones of qdn are busy until 10:12 AM");
    world.owner().receives_nothing();
    world.sergio().receives_nothing();
    world.advance(minutes(14)).await;
    for n in 0..3 {
        world.backup().receives(&format!("text {n}."));
    }
    world.owner().receives_nothing();
}

#[tokio::test]
async fn one_customers_flood_delays_another_customer_by_a_few_texts_at_most() {
    let mut line = World::at(IN_HOURS).await.line.clone();
    line.policy.sender_limit = 1000;
    let world = World::with(line, IN_HOURS).await;
    world.customer().texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    flood(&world, "+16195550108", 150, 0).await;
    world.settle().await;
    world.customer().texts("The boat is sinking").await;
    world.advance(seconds(5)).await;
    let texts = world.sergio().reads_all();
    let others = texts.iter().filter(|text| text.contains("text "));
    assert!(others.count() < 20);
    assert!(
        texts
            .iter()
            .any(|text| text.contains("The boat is sinking")),
        "{texts:?}"
    );
    world.advance(minutes(8)).await;
    let rest = world.sergio().reads_all();
    assert_eq!(texts.len() + rest.len(), 151);
    world.backup().receives_nothing();
}

#[tokio::test]
async fn commands_are_answered_while_two_thousand_texts_wait() {
    let world = World::at(IN_HOURS).await;
    keep_busy(&world, SERGIO, 2000).await;
    for (command, answer) in [("WHO", "Texts go to you"), ("STATUS", "on duty")] {
        world.sergio().texts(command).await;
        world.sergio().receives(answer);
    }
}

#[tokio::test]
async fn the_first_text_of_a_conversation_goes_before_the_rest() {
    let world = World::at(IN_HOURS).await;
    keep_busy(&world, SERGIO, 60).await;
    world.advance(seconds(11)).await;
    world.customer().texts("Is the boat ready?").await;
    world.advance(seconds(10)).await;
    world.sergio().receives("Is the boat ready?");
    world.customer().texts("Hello?").await;
    world.advance(minutes(1)).await;
    world.sergio().receives_nothing();
    world.advance(minutes(2)).await;
    world.sergio().receives("Hello?");
}

/// They answer a notice. The line's people get forty texts a minute together, so it takes two hours.
#[tokio::test]
#[ignore = "takes minutes"]
async fn five_thousand_customers_within_a_minute_are_all_taken_and_none_is_lost() {
    const CUSTOMERS: u32 = 5_000;
    let line = World::at(IN_HOURS).await.line.clone();
    let world = World::in_memory(line, IN_HOURS).await;
    let numbers = (0..CUSTOMERS).map(|n| format!("+1{}55501{:02}", 700 + n / 100, n % 100));
    let mut sids = Vec::new();
    for (n, from) in numbers.enumerate() {
        let from = relay::domain::phone::Sender::parse(&from);
        let text = Text::new(format!("text {n}."));
        let sent = world.sandbox.text(&from, &world.line.number, text);
        sids.push(sent.expect("the line's number is the sandbox's"));
        if n % 100 == 99 {
            world.advance(seconds(1)).await;
        }
    }
    world.advance(seconds(10)).await;
    let answers = world.answers();
    assert!(
        answers.iter().all(|status| *status == 200),
        "a webhook was refused"
    );
    let owner = world.owner().reads_all();
    assert!(
        owner[0].starts_with("All phones of qdn are busy until"),
        "{owner:?}"
    );
    // Nobody waits behind them with a command, or with an answer.
    world.sergio().texts(".who").await;
    let read = world.sergio().reads_all();
    assert!(
        read.iter().any(|text| text.starts_with("Texts go to you")),
        "{read:?}"
    );
    world.sergio().texts("+17005550107: We are closed").await;
    world.phone("+17005550107").receives("We are closed");

    world.advance(minutes(240)).await;
    for sid in &sids {
        let id = relay::domain::ids::DeliveryId::of_inbound(sid);
        let delivery = world.relay().store.delivery(&id).await.unwrap();
        assert!(
            delivery.unwrap().reached().is_some(),
            "{sid} reached nobody"
        );
    }
    world.sergio().reads_all();
    world.backup().reads_all();
    world.owner().reads_all();
}
