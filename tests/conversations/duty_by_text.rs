//! Whoever is on duty has a phone, and says with it that they are away or back.

use relay::app::ports::audit::Kind;
use relay::domain::line::Line;
use relay::domain::routing::Rule;

use crate::support::world::{IN_HOURS, World, example, minutes, number};

const HOUR: u64 = 60;

#[tokio::test]
async fn whoever_is_away_gets_no_texts_until_their_time_is_over() {
    let world = World::at(IN_HOURS).await;
    let sid = world.sergio().texts("Away 2h").await;
    assert_eq!(rule(&world, &sid).await, Rule::DutyByText);
    world.sergio().receives("You are away until");
    world.customer().texts("Is the boat ready?").await;
    world.backup().receives("Is the boat ready?");
    world.sergio().receives_nothing();
    world.advance(minutes(2 * HOUR)).await;
    world.phone("+18585550108").texts("And now?").await;
    world.sergio().receives("And now?");
    world.backup().receives_nothing();
    let changed = world.audit();
    let changed = changed.iter().filter(|r| r.kind == Kind::DutyByText);
    let changed: Vec<_> = changed.map(|r| r.outcome.clone().unwrap()).collect();
    assert_eq!(changed.len(), 1);
    assert!(changed[0].starts_with("away until "), "{changed:?}");
}

#[tokio::test]
async fn an_end_is_read_as_people_write_it_and_said_back() {
    let world = World::at(IN_HOURS).await;
    for (body, says) in [
        ("Away until 5", "You are away until 5:00 PM."),
        ("AWAY UNTIL 8 🚤", "You are away until 8:00 PM."),
        ("away until tomorrow 9", "You are away until Tue 9:00 AM."),
        (
            "away until Dec 10th",
            "You are away until Thu Dec 10, 12:00 AM.",
        ),
        ("away 12/10 9am", "You are away until Thu Dec 10, 9:00 AM."),
        ("Away for today", "You are away until Tue 12:00 AM."),
        ("away an hour and a half", "You are away until 11:30 AM."),
    ] {
        world.sergio().texts(body).await;
        world.sergio().receives(says);
    }
    world.backup().receives_nothing();
    world.customer().texts("hello").await;
    world.backup().receives("hello");
}

#[tokio::test]
async fn whoever_is_back_gets_the_next_text() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("away").await;
    world
        .sergio()
        .receives("until you text BACK. Texts go to Backup.");
    world.customer().texts("one").await;
    world.backup().receives("one");
    world.sergio().texts("BACK").await;
    world.sergio().receives("Texts go to you, then to Backup.");
    world.phone("+18585550108").texts("two").await;
    world.sergio().receives("two");
}

/// Another line of the same people.
async fn with_rentals(change: impl Fn(&mut Line)) -> (World, Line) {
    let world = World::at(IN_HOURS).await;
    let mut rentals = example();
    rentals.name = "Rentals".to_owned();
    rentals.number = number("+16195550102");
    change(&mut rentals);
    world.relay().store.put_line(&rentals).await.unwrap();
    (world, rentals)
}

async fn is_away(world: &World, line: &Line) -> bool {
    let overrides = world.relay().store.overrides(&line.number).await.unwrap();
    !overrides.0.is_empty()
}

#[tokio::test]
async fn whoever_is_away_is_so_on_all_their_lines_and_reads_which() {
    let (world, rentals) = with_rentals(|_| ()).await;
    world.sergio().texts("away until 5pm").await;
    assert_eq!(
        world.sergio().reads(),
        "You are away on qdn and Rentals until 5:00 PM."
    );
    assert!(is_away(&world, &world.line).await && is_away(&world, &rentals).await);
    let changed = world.audit();
    let changed = changed.iter().filter(|r| r.kind == Kind::DutyByText);
    let lines: Vec<_> = changed.map(|r| r.line.as_str()).collect();
    assert_eq!(lines, ["qdn", "Rentals"]);
    // Also by the answer to a question.
    world.customer().texts("Are you back?").await;
    world.backup().receives("Are you back?");
    world.backup().texts("pass to sergio").await;
    world.backup().receives("Sergio has");
    world.sergio().receives("Are you back?");
    world.sergio().texts("Back").await;
    world.sergio().receives("2 = you are back on duty");
    world.sergio().texts("2").await;
    world
        .sergio()
        .receives("You are on duty on qdn and Rentals until 6:00 PM.");
    assert!(!is_away(&world, &world.line).await && !is_away(&world, &rentals).await);
    world.advance(minutes(HOUR)).await;
}

#[tokio::test]
async fn a_line_where_it_is_not_possible_or_not_proven_is_told_apart() {
    let alone = |line: &mut Line| drop(line.people.pop());
    let (world, rentals) = with_rentals(alone).await;
    world.sergio().texts("away").await;
    assert_eq!(
        world.sergio().reads(),
        "You are away on qdn until you text BACK. You cannot be away: nobody else would get the texts of \
         Rentals. Texts go to you."
    );
    assert!(is_away(&world, &world.line).await && !is_away(&world, &rentals).await);

    let has_pin = |line: &mut Line| {
        line.people[0].pin = relay::domain::line::Pin::parse("4711").ok();
    };
    let (world, rentals) = with_rentals(has_pin).await;
    world.sergio().texts("away 2h").await;
    world
        .sergio()
        .receives("You are away until 12:00 PM. Texts go to Backup.");
    assert!(is_away(&world, &world.line).await && !is_away(&world, &rentals).await);
}

#[tokio::test]
async fn whoever_goes_away_reads_which_customers_still_wait_for_them() {
    let world = World::at(IN_HOURS).await;
    for (number, body) in [("+16195550107", "one"), ("+16195550108", "two")] {
        world.phone(number).texts(body).await;
        world.sergio().receives(body);
    }
    world.sergio().texts("away 2h").await;
    world
        .sergio()
        .receives("0107, 0108 still wait. PASS 0107 gives that one to Backup.");
}

#[tokio::test]
async fn the_owner_asks_from_the_alert_number_and_changes_nothing() {
    let mut line = example();
    line.policy.alert = Some(number("+16195550112"));
    let world = World::with(line, IN_HOURS).await;
    let sid = world.owner().texts("Who?").await;
    assert_eq!(
        world.owner().reads(),
        "qdn: Texts go to Sergio, then to Backup. Nobody is waiting."
    );
    assert_eq!(rule(&world, &sid).await, Rule::DutyByText);
    world.customer().texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    world.owner().texts("status").await;
    world.owner().receives("Waiting: 0107.");
    // Anything else is a text like a customer's.
    world.owner().texts("Is anybody there?").await;
    world.sergio().receives("Is anybody there?");
    world.owner().receives_nothing();
}

#[tokio::test]
async fn the_backup_cannot_leave_the_line_to_nobody() {
    let world = World::at(IN_HOURS).await;
    world.backup().texts("away 2h").await;
    world
        .backup()
        .receives("cannot be away; on duty now: Sergio.");
    world.sergio().texts("away 2h").await;
    world.sergio().reads();
    world.customer().texts("hello").await;
    world.backup().receives("hello");
}

#[tokio::test]
async fn an_unclear_command_changes_nothing_and_goes_to_nobody() {
    let world = World::at(IN_HOURS).await;
    for (body, words) in [
        ("away until whenever", "I cannot read that time."),
        ("away until yesterday", "That time is over."),
        ("away tomorrow", "text AWAY UNTIL WED 12:00 AM."),
        ("away next friday", "AWAY begins at once"),
        (
            "away until next friday",
            "UNTIL FRI 12:00 AM or AWAY UNTIL FRI DEC 4, 12:00 AM.",
        ),
        ("away 90d", "more than 30 days"),
        ("away for lunch", "AWAY UNTIL 5PM"),
    ] {
        world.sergio().texts(body).await;
        world.sergio().receives(words);
    }
    world.backup().receives_nothing();
    world.customer().texts("hello").await;
    world.sergio().receives("hello");
}

#[tokio::test]
async fn a_question_is_answered_and_changes_nothing() {
    let world = World::at(IN_HOURS).await;
    for (body, words) in [
        ("who", "Texts go to you, then to Backup."),
        ("status?", "You are on duty until"),
        ("commands", "AWAY UNTIL MON 8:00"),
    ] {
        world.sergio().texts(body).await;
        world.sergio().receives(words);
    }
    let audit = world.audit();
    assert!(audit.iter().all(|record| record.kind != Kind::DutyByText));
}

#[tokio::test]
async fn help_is_answered_by_twilio_and_by_the_relay() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("HELP").await;
    world.sergio().receives("Reply STOP to unsubscribe.");
    world.sergio().receives("AWAY UNTIL MON 8:00");
}

#[tokio::test]
async fn a_strangers_command_is_a_customers_text() {
    let world = World::at(IN_HOURS).await;
    for body in ["away 2h", "who", "back"] {
        let sid = world.customer().texts(body).await;
        let rule = rule(&world, &sid).await;
        assert!(matches!(rule, Rule::FirstAvailable | Rule::Conversation));
        world.sergio().receives(body);
    }
    world.customer().receives_nothing();
}

#[tokio::test]
async fn other_words_of_a_person_are_no_command() {
    let world = World::at(IN_HOURS).await;
    let sid = world.sergio().texts("away games are on Sunday").await;
    assert_eq!(rule(&world, &sid).await, Rule::FromPerson);
    world.sergio().receives("HELP");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn hours_are_hours_on_the_night_on_which_clocks_change() {
    // 1:30 in Los Angeles, half an hour before clocks go forward.
    let world = World::at("2027-03-14T09:30:00Z").await;
    world.sergio().texts("back").await;
    world
        .sergio()
        .receives("You are on duty until Mon 8:00 AM.");
    world.sergio().texts("away 1h").await;
    world.sergio().receives("You are away until 3:30 AM.");
    world.customer().texts("one").await;
    world.backup().receives("one");
}

async fn rule(world: &World, sid: &relay::domain::ids::message_sid::MessageSid) -> Rule {
    let inbound = world.relay().store.inbound(sid).await.unwrap();
    inbound.expect("it is kept").decision.rule
}
