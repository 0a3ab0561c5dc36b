//! Who gets the text.

use relay::domain::duty::{Because, Override, Presence};
use relay::domain::routing::Rule;

use crate::support::world::{IN_HOURS, World, instant};

const AWAY: Override = Override {
    presence: Presence::Away,
    until: None,
};

#[tokio::test]
async fn in_hours_a_text_reaches_sergio() {
    let world = World::at(IN_HOURS).await;
    let sid = world.customer().texts("Is the boat ready?").await;
    let text = world.sergio().receives("Is the boat ready?");
    assert!(text.contains("+16195550107"), "it says who wrote: {text}");
    assert_eq!(world.answers()[0], 200);
    let story = world.story(&sid);
    assert_eq!(story[0], "decision Sergio");
    assert_eq!(story.last().unwrap(), "outcome delivered Sergio");
}

#[tokio::test]
async fn outside_hours_a_text_reaches_the_backup() {
    let world = World::at("2026-11-23T18:00:00-08:00").await;
    let sid = world.customer().texts("Anyone there?").await;
    world.backup().receives("Anyone there?");
    let record = world.relay().store.inbound(&sid).await.unwrap().unwrap();
    let because: Vec<_> = record
        .decision
        .candidates
        .iter()
        .map(|c| (c.person.as_str(), &c.because))
        .collect();
    assert_eq!(
        because,
        [
            ("Sergio", &Because::OutsideHours),
            ("Backup", &Because::Backup)
        ]
    );
}

#[tokio::test]
async fn an_override_beats_the_hours_until_it_ends() {
    let world = World::at(IN_HOURS).await;
    let until = instant("2026-11-23T11:00:00-08:00");
    world
        .set_override(
            "Sergio",
            Override {
                until: Some(until),
                ..AWAY
            },
        )
        .await;
    world.customer().texts("one").await;
    world.backup().receives("one");
    world.clock.set(until);
    world.phone("+18585550108").texts("two").await;
    world.sergio().receives("two");
}

#[tokio::test]
async fn somebody_set_on_duty_gets_texts_outside_the_hours() {
    let world = World::at("2026-11-22T12:00:00-08:00").await;
    world
        .set_override(
            "Sergio",
            Override {
                presence: Presence::On,
                until: None,
            },
        )
        .await;
    world.customer().texts("It is Sunday").await;
    world.sergio().receives("It is Sunday");
}

#[tokio::test]
async fn the_backup_cannot_be_away() {
    let world = World::at("2026-11-22T12:00:00-08:00").await;
    world.set_override("Backup", AWAY).await;
    world.customer().texts("Anyone?").await;
    world.backup().receives("Anyone?");
}

/// Hours over the night on which clocks change: 20:00 to 02:30, and 02:30 to 06:00.
async fn night_world(at: &str) -> World {
    let text = r#"
        [[line]]
        name = "night"
        number = "+16195550100"
        country = "US"
        time_zone = "America/Los_Angeles"
        public_url = "https://relay.example.com"
        answer_within = "never"

        [[line.person]]
        name = "Sergio"
        number = "619-555-0110"
        hours = ["Sat 20:00-02:30"]

        [[line.person]]
        name = "Backup"
        number = "619-555-0111"
        hours = "always"
    "#;
    let line = relay::domain::line::config::parse(text, "night.toml")
        .unwrap()
        .remove(0);
    World::with(line, at).await
}

#[tokio::test]
async fn when_clocks_go_forward_the_hours_follow_the_wall() {
    // On 2027-03-14 the clock goes from 02:00 to 03:00: 02:30 never comes.
    let world = night_world("2027-03-14T01:59:00-08:00").await;
    world.customer().texts("before").await;
    world.sergio().receives("before");
    world.clock.set(instant("2027-03-14T03:00:00-07:00"));
    world.customer().texts("after").await;
    world.backup().receives("after");
}

#[tokio::test]
async fn when_clocks_go_back_the_repeated_hour_counts_twice() {
    // On 2026-11-01 the clock goes from 02:00 back to 01:00.
    let world = night_world("2026-11-01T01:45:00-07:00").await;
    for (at, text) in [
        ("2026-11-01T01:45:00-08:00", "again"),
        ("2026-11-01T02:29:00-08:00", "later"),
    ] {
        world.clock.set(instant(at));
        world.customer().texts(text).await;
        world.sergio().receives(text);
    }
    world.clock.set(instant("2026-11-01T02:30:00-08:00"));
    world.customer().texts("too late").await;
    world.backup().receives("too late");
}

#[tokio::test]
async fn a_person_of_the_cascade_is_no_customer() {
    let world = World::at(IN_HOURS).await;
    let sid = world.sergio().texts("On my way").await;
    world.sergio().receives("No customer has written to you");
    world.backup().receives_nothing();
    world.customer().receives_nothing();
    let record = world.relay().store.inbound(&sid).await.unwrap().unwrap();
    assert_eq!(
        (record.decision.rule, record.decision.to_person),
        (Rule::FromPerson, None)
    );
}

#[tokio::test]
async fn a_text_from_the_line_itself_goes_nowhere() {
    let world = World::at(IN_HOURS).await;
    let sid = world.phone("+16195550100").texts("echo").await;
    let record = world.relay().store.inbound(&sid).await.unwrap().unwrap();
    assert_eq!(
        (record.decision.rule, record.deliveries.len()),
        (Rule::FromLine, 0)
    );
}
