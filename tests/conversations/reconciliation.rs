//! What the night finds: texts that came by no webhook, callbacks that never came, and messages
//! that are none of the relay's.

use std::time::Duration;

use jiff::civil::date;
use relay::app::missed_texts;
use relay::app::ports::audit::{Kind, Record};
use relay::app::reconciliation;
use relay::app::reconciliation::Mode;
use relay::clock::Clock;
use relay::domain::delivery::Answer;
use relay::domain::duty::{Override, Presence};
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::reconciliation::{Counts, What};
use relay::sandbox::{Fault, Injection, Number, Requests, Text, demo_account};
use relay::twilio::client::NewMessage;

use crate::support::world::{IN_HOURS, World, instant, minutes, number, seconds};

/// Five past four in the morning after.
const NIGHT: &str = "2026-11-24T04:05:00-08:00";

const PASSER_BY: &str = "+16195550108";

/// A relay that has had its line for more than a day.
async fn relay_since_sunday() -> World {
    let world = World::at(IN_HOURS).await;
    let (store, line) = (&world.relay().store, &world.line.number);
    let sunday = store.set_reconciled(line, date(2026, 11, 22)).await;
    sunday.expect("the day is stored");
    world
}

/// Twilio calls nobody: neither the webhook nor the fallback is reached.
fn unplug(world: &World) {
    let number = world.line.number.clone();
    world.sandbox.set_number(number, Number::default());
}

fn plug_in(world: &World) {
    let setup = Number {
        sms_url: Some(format!("{}/twilio/sms", world.line.public_url)),
        ..Number::default()
    };
    world.sandbox.set_number(world.line.number.clone(), setup);
}

async fn lost(world: &World, text: Text) -> MessageSid {
    unplug(world);
    let sid = world.customer().sends(text).await;
    plug_in(world);
    sid
}

/// Sergio wants every text, at any hour.
async fn sergio_never_sleeps(world: &World) {
    let on = Override {
        presence: Presence::On,
        until: None,
    };
    world.set_override("Sergio", on).await;
}

async fn night(world: &World) -> usize {
    let until = instant(NIGHT).duration_since(world.clock.now());
    let until = Duration::try_from(until).unwrap_or_default();
    world.advance(until).await;
    let days = reconciliation::run(world.relay()).await;
    world.advance(minutes(1)).await;
    days.expect("the days are compared")
}

async fn compared(world: &World, mode: Mode) -> Vec<(What, bool)> {
    let day = date(2026, 11, 23);
    let report = reconciliation::reconcile(world.relay(), &world.line, day, mode).await;
    let report = report.expect("the day is compared");
    let differences = report.differences.iter();
    differences.map(|d| (d.what, d.put_right)).collect()
}

fn records(world: &World, kind: Kind) -> Vec<Record> {
    let audit = world.audit().into_iter();
    audit.filter(|record| record.kind == kind).collect()
}

/// Somebody sends with the account's credentials, past the relay.
async fn by_hand(world: &World, to: &str, body: &str) {
    let message = NewMessage {
        from: &world.line.number,
        to: &number(to),
        body,
        media: &[],
        status_callback: "https://elsewhere.example.com/",
        validity: minutes(4),
    };
    let twilio = &world.relay().twilio;
    let answer = twilio.create_message(&demo_account(), &message).await;
    assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    world.advance(minutes(1)).await;
}

#[tokio::test]
async fn a_text_that_came_by_no_webhook_reaches_sergio_once_and_says_that_it_is_late() {
    let world = relay_since_sunday().await;
    sergio_never_sleeps(&world).await;
    let sid = lost(&world, Text::new("Is the boat ready?")).await;
    world.advance(minutes(60)).await;
    world.sergio().receives_nothing();

    assert_eq!(night(&world).await, 1);
    let text = world.sergio().receives("Is the boat ready?");
    assert_eq!(
        text,
        "Late, received Mon 10:00 AM. +16195550107: Is the boat ready?"
    );
    let difference = &records(&world, Kind::Difference)[0];
    assert_eq!(difference.rule.as_deref(), Some("never_recorded"));
    assert_eq!(difference.message_sid.as_ref(), Some(&sid));
    assert_eq!(difference.day, Some(date(2026, 11, 23)));
    assert_eq!(world.story(&sid)[0], "decision Sergio");

    // The next time all is well, and so it stays.
    assert_eq!(reconciliation::run(world.relay()).await.unwrap(), 0);
    assert_eq!(compared(&world, Mode::PutRight).await, []);
    world.advance(minutes(10)).await;
    world.sergio().receives_nothing();
}

/// What one machine looks for at its start and every few minutes.
async fn catches_up(world: &World, since: &str) -> usize {
    let (since, until) = (instant(since), world.clock.now());
    let taken = missed_texts::take_in(world.relay(), &world.line, since, until).await;
    world.advance(seconds(5)).await;
    taken.expect("Twilio's list is read")
}

#[tokio::test]
async fn what_came_while_the_relay_was_off_is_taken_in_once_and_in_order() {
    let world = World::at(IN_HOURS).await;
    lost(&world, Text::new("Is the boat ready?")).await;
    world.advance(minutes(1)).await;
    lost(&world, Text::new("Hello?")).await;
    world.advance(minutes(1)).await;
    assert_eq!(catches_up(&world, IN_HOURS).await, 2);
    let first = world.sergio().receives("Is the boat ready?");
    assert!(first.starts_with("Late, received 10:00 AM."), "{first}");
    world.sergio().receives("Hello?");

    assert_eq!(catches_up(&world, IN_HOURS).await, 0);
    world.customer().texts("And this one by webhook").await;
    world.sergio().receives("And this one by webhook");
    assert_eq!(catches_up(&world, IN_HOURS).await, 0);
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn what_was_answered_by_somebody_else_before_is_not_taken_in() {
    let world = World::at(IN_HOURS).await;
    lost(&world, Text::new("Before")).await;
    world.advance(minutes(10)).await;
    lost(&world, Text::new("After")).await;
    world.advance(minutes(10)).await;
    assert_eq!(catches_up(&world, "2026-11-23T10:05:00-08:00").await, 1);
    world.sergio().receives("After");
    world.sergio().receives_nothing();
    // Nor what is older than three days.
    world.advance(minutes(4 * 24 * 60)).await;
    assert_eq!(catches_up(&world, IN_HOURS).await, 0);
}

#[tokio::test]
async fn more_texts_than_a_page_of_twilios_list_holds_are_all_taken_in() {
    let world = World::at(IN_HOURS).await;
    unplug(&world);
    for area in 201..321 {
        let from = format!("+1{area}5550150");
        world.phone(&from).sends(Text::new("hello")).await;
        world.advance(seconds(1)).await;
    }
    plug_in(&world);
    assert_eq!(catches_up(&world, IN_HOURS).await, 120);
    assert_eq!(catches_up(&world, IN_HOURS).await, 0);
    world.advance(minutes(120)).await;
    let (sergio, backup) = (world.sergio().reads_all(), world.backup().reads_all());
    assert!(120 <= sergio.len() + backup.len());
}

#[tokio::test]
async fn the_pictures_of_a_lost_text_are_not_lost() {
    let world = relay_since_sunday().await;
    sergio_never_sleeps(&world).await;
    let picture = "https://media.example.com/boat.png".to_owned();
    lost(&world, Text::new("look").media(vec![picture.clone()])).await;
    night(&world).await;
    world.sergio().receives("look");
    assert_eq!(world.sergio().media(), [picture]);
}

#[tokio::test]
async fn a_text_of_long_ago_is_reported_and_not_relayed_any_more() {
    let world = relay_since_sunday().await;
    lost(&world, Text::new("Is the boat ready?")).await;
    world.advance(minutes(4 * 24 * 60)).await;
    for _ in 0..2 {
        assert_eq!(
            compared(&world, Mode::PutRight).await,
            [(What::NeverRecorded, false)]
        );
    }
    world.advance(minutes(10)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}

#[tokio::test]
async fn who_only_looks_changes_nothing() {
    let world = relay_since_sunday().await;
    lost(&world, Text::new("Is the boat ready?")).await;
    world.advance(minutes(60)).await;
    for _ in 0..2 {
        assert_eq!(
            compared(&world, Mode::Look).await,
            [(What::NeverRecorded, false)]
        );
    }
    assert_eq!(records(&world, Kind::Difference), []);
    world.advance(minutes(10)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn what_became_of_a_text_that_moved_on_in_silence_becomes_known() {
    let world = relay_since_sunday().await;
    let sergio = &world.line.people[0].number;
    let never = Injection::of(Fault::Undeliverable { code: 30005 }).to(sergio);
    world.sandbox.inject(never);
    let silent = Injection::of(Fault::LostCallback).to(sergio).times(3);
    world.sandbox.inject(silent);
    // Nor does Twilio say so when it is asked.
    let mute = Injection::of(Fault::ServerError { status: 503 });
    world.sandbox.inject(mute.times(2).on(Requests::Other));
    let sid = world.customer().texts("does anyone read this?").await;
    world.backup().receives_nothing();
    world.advance(minutes(3)).await;
    world.backup().receives("does anyone read this?");
    world.sergio().receives("Moved on to Backup");

    night(&world).await;
    assert!(
        world
            .story(&sid)
            .contains(&"outcome undelivered Sergio".to_owned())
    );
    let difference = &records(&world, Kind::Difference)[0];
    assert_eq!(difference.rule.as_deref(), Some("other_end"));
    assert_eq!(difference.error_code, Some(30005));
    assert_eq!(compared(&world, Mode::PutRight).await, []);
}

#[tokio::test]
async fn a_message_that_somebody_else_sends_is_reported_and_nothing_else() {
    let world = relay_since_sunday().await;
    by_hand(&world, PASSER_BY, "Closed tomorrow").await;
    world.phone(PASSER_BY).receives("Closed tomorrow");
    night(&world).await;
    for _ in 0..2 {
        assert_eq!(
            compared(&world, Mode::PutRight).await,
            [(What::NotOurs, false)]
        );
    }
    let [first, ..] = &records(&world, Kind::Difference)[..] else {
        panic!("there is a difference");
    };
    assert_eq!(first.rule.as_deref(), Some("not_ours"));
    let audit = world.audit_text();
    assert!(!audit.contains("Closed tomorrow"));
    assert!(!audit.contains(PASSER_BY));
}

#[tokio::test]
async fn a_text_with_the_words_of_one_of_ours_may_be_a_double() {
    let world = relay_since_sunday().await;
    world.customer().texts("Is the boat ready?").await;
    let ours = world.sergio().receives("Is the boat ready?");
    let sergio = world.line.people[0].number.expose().to_owned();
    by_hand(&world, &sergio, &ours).await;
    world.sergio().receives("Is the boat ready?");
    assert_eq!(compared(&world, Mode::Look).await, [(What::Doubled, false)]);
}

#[tokio::test]
async fn a_day_on_which_all_went_well_is_on_record_with_its_counts() {
    let world = relay_since_sunday().await;
    for text in ["one", "two", "three"] {
        world.customer().texts(text).await;
        world.sergio().receives(text);
    }
    assert_eq!(night(&world).await, 1);
    assert_eq!(records(&world, Kind::Difference), []);
    let [summary] = &records(&world, Kind::Reconciled)[..] else {
        panic!("there is one summary");
    };
    assert_eq!(summary.day, Some(date(2026, 11, 23)));
    let counts = Counts {
        received: 3,
        sent: 3,
        ..Counts::default()
    };
    assert_eq!(summary.counts, Some(counts));
    assert_eq!(night(&world).await, 0, "once a day");
}

#[tokio::test]
async fn a_night_in_which_twilio_is_silent_is_made_up_for_in_the_next() {
    let world = relay_since_sunday().await;
    sergio_never_sleeps(&world).await;
    lost(&world, Text::new("Is the boat ready?")).await;
    world.advance(minutes(18 * 60 + 5)).await;
    let silent = Injection::of(Fault::LostRequest);
    world.sandbox.inject(Injection {
        requests: Requests::Other,
        ..silent
    });
    let error = reconciliation::run(world.relay()).await.unwrap_err();
    assert!(format!("{error:#}").contains("qdn"), "{error:#}");
    world.advance(minutes(60)).await;
    world.sergio().receives_nothing();

    world.advance(minutes(24 * 60)).await;
    assert_eq!(reconciliation::run(world.relay()).await.unwrap(), 2);
    world.advance(minutes(1)).await;
    world.sergio().receives("Is the boat ready?");
}

#[tokio::test]
async fn texts_from_before_the_relay_had_the_line_are_left_alone() {
    let world = World::at(IN_HOURS).await;
    lost(&world, Text::new("Is the boat ready?")).await;
    world.advance(minutes(60)).await;
    for _ in 0..3 {
        assert_eq!(reconciliation::run(world.relay()).await.unwrap(), 0);
        world.advance(minutes(8 * 60)).await;
    }
    world.sergio().receives_nothing();
    world.backup().receives_nothing();

    // The first whole day is compared.
    sergio_never_sleeps(&world).await;
    lost(&world, Text::new("Are you there?")).await;
    world.advance(minutes(24 * 60)).await;
    assert_eq!(reconciliation::run(world.relay()).await.unwrap(), 1);
    world.advance(minutes(1)).await;
    world.sergio().receives("Are you there?");
}
