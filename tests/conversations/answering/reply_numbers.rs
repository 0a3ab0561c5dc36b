//! Each customer is a conversation of their own on a person's phone, by the number that it comes from.

use jiff::civil::date;
use relay::app::reconciliation;
use relay::app::reconciliation::Mode;
use relay::domain::line::Line;
use relay::domain::reconciliation::What;
use relay::domain::routing::Rule;
use relay::sandbox::{Fault, Injection};

use super::*;
use crate::support::world::{example, number, seconds};

const LINE: &str = "+16195550100";
const FIRST: &str = "+16195550150";
const SECOND: &str = "+16195550151";

fn line() -> Line {
    Line {
        reply_numbers: vec![number(FIRST), number(SECOND)],
        ..example()
    }
}

/// Two customers have written, and Sergio has each under a number of their own.
async fn two_on_numbers() -> World {
    let world = World::with(line(), IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    let first = "+16195550107 (San Diego, CA): Is the boat ready?";
    world.sergio().receives_from(FIRST, first);
    ben(&world).texts("Do you have diesel?").await;
    let first = "+16195550108 (San Diego, CA): Do you have diesel?";
    world.sergio().receives_from(SECOND, first);
    world
}

fn cleo(world: &World) -> Phone<'_> {
    world.phone("+16195550109")
}

async fn push(world: &World, line: &Line) {
    world.relay().store.put_line(line).await.unwrap();
}

/// Eight days later.
async fn a_week_later(world: &World) {
    world.advance(minutes(8 * 24 * 60)).await;
}

#[tokio::test]
async fn what_a_person_texts_to_a_reply_number_goes_to_its_customer_unasked() {
    let world = two_on_numbers().await;
    let sid = world.sergio().texts_to(FIRST, "Yes, at five").await;
    ana(&world).receives_from(LINE, "Yes, at five");
    let decision = decision(&world, &sid).await;
    assert_eq!(decision.rule, Rule::Answer);
    let because = decision.because.unwrap();
    assert_eq!(because, "it came to the customer's reply number");
    world.sergio().texts_to(SECOND, "Two cans").await;
    ben(&world).receives_from(LINE, "Two cans");
    ana(&world).texts("Great").await;
    world.sergio().receives_from(FIRST, "0107: Great");
    // Long after it was answered, too.
    world.advance(minutes(3 * 24 * 60)).await;
    world.sergio().texts_to(SECOND, "The diesel is here").await;
    ben(&world).receives("The diesel is here");
    ben(&world).texts("Coming").await;
    world.sergio().receives_from(SECOND, "0108: Coming");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn whatever_a_text_to_a_reply_number_says_is_for_the_customer() {
    let world = two_on_numbers().await;
    for words in [
        "Back!",
        "who?",
        "pass",
        "away",
        "EVENTS",
        "1",
        "awya",
        "1230 works",
    ] {
        world.sergio().texts_to(FIRST, words).await;
        assert_eq!(ana(&world).reads(), words);
    }
    // Digits that name the customer are no words for them.
    for words in [
        "0107 yes",
        "#0107: yes",
        "+16195550107 (San Diego, CA): yes",
    ] {
        world.sergio().texts_to(FIRST, words).await;
        assert_eq!(ana(&world).reads(), "yes");
    }
    ben(&world).receives_nothing();
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_sign_in_front_makes_it_a_command_about_the_customer() {
    let world = two_on_numbers().await;
    world.sergio().texts_to(FIRST, ".done").await;
    world.sergio().receives("0107 is done");
    world.sergio().texts_to(FIRST, "/who").await;
    world.sergio().receives("Texts go to you");
    world.sergio().texts_to(FIRST, ".awya").await;
    world.sergio().receives("Did you mean AWAY?");
    ana(&world).receives_nothing();
    world.sergio().texts_to(SECOND, ".pass").await;
    world.sergio().receives("Backup has +16195550108 now");
    world
        .backup()
        .receives_from(FIRST, "Sergio passes +16195550108 to you.");
    ben(&world).receives_nothing();
}

#[tokio::test]
async fn a_command_that_says_whom_it_is_about_needs_no_sign() {
    let world = two_on_numbers().await;
    world.sergio().texts_to(FIRST, "PASS 0107").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives_from(FIRST, "Sergio passes +16195550107");
    world.sergio().texts_to(SECOND, "done 0108").await;
    world.sergio().receives("0108 is done");
    // Words for the customer, though they look alike.
    world.sergio().texts_to(SECOND, "pass 7").await;
    ben(&world).receives("pass 7");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn after_a_pass_a_command_without_digits_is_about_the_numbers_own_customer() {
    let world = two_on_numbers().await;
    world.sergio().texts_to(FIRST, ".pass").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives_from(FIRST, "Sergio passes +16195550107");
    world.sergio().texts_to(FIRST, ".pass").await;
    world
        .sergio()
        .receives("You passed 0107 on: Backup has it. Nothing was changed.");
    world.backup().receives_nothing();
    world.sergio().texts_to(FIRST, ".block").await;
    world
        .sergio()
        .receives("Block 0107 \"Is the boat ready?\"?");
    world.sergio().texts("0").await;
    world.sergio().receives("Nothing was changed.");
    world.sergio().texts_to(FIRST, ".unblock").await;
    world
        .sergio()
        .receives("Put the last digits of their number");
    later(&world).await;
}

#[tokio::test]
async fn what_is_for_no_customer_is_not_sent_to_the_one_of_the_number() {
    let world = two_on_numbers().await;
    let liked = "Liked \u{201c}Is the boat ready?\u{201d}";
    let sid = world.sergio().texts_to(FIRST, liked).await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Reaction);
    let driving = "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I \
                   get where I'm going.";
    world.sergio().texts_to(SECOND, driving).await;
    world.sergio().receives("\"0108 yes\" sends it.");
    let sid = world.sergio().texts_to(FIRST, "  ").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::FromPerson);
    world.sergio().receives("That was an empty text.");
    // It names the other customer.
    for words in [
        "#0108 two cans",
        "0108 two cans",
        "Re +16195550108: two cans",
    ] {
        world.sergio().texts_to(FIRST, words).await;
        world
            .sergio()
            .receives("This number is for 0107, and you named 0108.");
    }
    // It names nobody, or a customer of somebody else's.
    for (words, named) in [
        ("#9999 two cans", "9999"),
        ("@9999: two cans", "9999"),
        ("+16195550199: two cans", "16195550199"),
    ] {
        world.sergio().texts_to(FIRST, words).await;
        let named = format!("This number is for 0107, and you named {named}.");
        world.sergio().receives(&named);
    }
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
}

#[tokio::test]
async fn a_pin_is_sent_to_nobody_and_an_opt_out_stays_one() {
    let mut line = line();
    line.people[0].pin = relay::domain::line::Pin::parse("4711").ok();
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("What is the code?").await;
    world.sergio().receives_from(FIRST, "What is the code?");
    world.sergio().texts_to(FIRST, "It is 4711").await;
    world.sergio().receives("Nothing was sent.");
    world.sergio().texts_to(FIRST, ".away").await;
    world.sergio().receives("Put your PIN in front");
    world.sergio().texts_to(FIRST, "4711 .away 1h").await;
    world.sergio().receives("You are away until");
    let sid = world.sergio().texts_to(FIRST, "STOP").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::OptOutWord);
    world.sergio().receives_from(FIRST, "unsubscribed");
    for other in [world.backup(), world.owner()] {
        other.receives("Sergio opted out of texts");
    }
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn when_no_number_is_free_texts_come_from_the_line_with_digits_in_front() {
    let world = two_on_numbers().await;
    cleo(&world).texts("And petrol?").await;
    let first = "+16195550109 (San Diego, CA): And petrol?";
    world.sergio().receives_from(LINE, first);
    // It is not certain whom a text to the line is for: two customers have numbers of their own.
    world.sergio().texts("Yes").await;
    world.sergio().receives_from(LINE, "Who is \"Yes\" for?");
    world.sergio().texts("0109").await;
    cleo(&world).receives("Yes");
    // A conversation stays where its first text came.
    world.sergio().texts_to(FIRST, "Yes").await;
    ana(&world).receives("Yes");
    a_week_later(&world).await;
    cleo(&world).texts("Thanks").await;
    world.sergio().receives("Thanks");
    later(&world).await;
}

#[tokio::test]
async fn a_text_to_the_line_is_asked_about_if_the_only_customer_has_a_number() {
    let world = World::with(line(), IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives_from(FIRST, "Is the boat ready?");
    world.advance(minutes(30)).await;
    world.sergio().texts("Yes").await;
    world
        .sergio()
        .receives_from(LINE, "Who is \"Yes\" for? 1 = 0107");
    ana(&world).receives_nothing();
    world.sergio().texts("1").await;
    ana(&world).receives("Yes");
    later(&world).await;
}

#[tokio::test]
async fn the_number_that_was_idle_longest_becomes_another_customers_after_a_week() {
    let world = two_on_numbers().await;
    world.sergio().texts_to(FIRST, "Yes").await;
    ana(&world).receives("Yes");
    a_week_later(&world).await;
    // Ben still waits, so his number is not touched.
    cleo(&world).texts("And petrol?").await;
    world
        .sergio()
        .receives_from(FIRST, "+16195550109 (San Diego, CA): And petrol?");
    // Written when nothing but Ana's texts can have been read under the number.
    world
        .sergio()
        .texts_to(FIRST, "By the way, bring the key")
        .await;
    world
        .sergio()
        .receives("Who is \"By the way, bring the key\" for? 1 = 0109 \"And petrol?\" 2 = 0107");
    cleo(&world).receives_nothing();
    world.sergio().texts("2").await;
    ana(&world).receives("By the way, bring the key");
    world.advance(minutes(5)).await;
    world.sergio().texts_to(FIRST, "We do").await;
    cleo(&world).receives("We do");
    // Who had the number before gets another, or none.
    ana(&world).texts("Which key?").await;
    world.sergio().receives_from(LINE, "0107: Which key?");
    later(&world).await;
}

#[tokio::test]
async fn whoever_passed_a_customer_on_does_not_reach_them_unnoticed_by_the_old_number() {
    let world = two_on_numbers().await;
    world.sergio().texts("pass 0107").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives_from(FIRST, "Sergio passes +16195550107 to you.");
    world.sergio().texts_to(FIRST, "Yes").await;
    world
        .sergio()
        .receives("You gave 0107 to somebody else, so this was not sent.");
    ana(&world).receives_nothing();
    world.sergio().texts_to(FIRST, "#0107 yes").await;
    ana(&world).receives("yes");
    world
        .backup()
        .receives_from(LINE, "Sergio has answered +16195550107: yes");
    // It is his again.
    world.sergio().texts_to(FIRST, "At five").await;
    ana(&world).receives("At five");
    ana(&world).texts("Thanks").await;
    world.sergio().receives_from(FIRST, "0107: Thanks");
    world.backup().texts_to(FIRST, "You are welcome").await;
    ana(&world).receives("You are welcome");
    world.sergio().receives("Backup has answered +16195550107");
}

#[tokio::test]
async fn a_text_that_fails_goes_to_the_next_person_from_their_own_number_for_it() {
    let mut line = line();
    line.policy.answer_within = Some(minutes(15));
    let world = World::with(line, IN_HOURS).await;
    ben(&world).texts("Do you have diesel?").await;
    world.sergio().receives_from(FIRST, "Do you have diesel?");
    world.sergio().texts_to(FIRST, "Yes").await;
    ben(&world).receives("Yes");
    let refused = Fault::Refuse {
        code: 21211,
        status: 400,
    };
    world.sergio().next_request_meets(refused);
    ana(&world).texts("Is the boat ready?").await;
    world.backup().receives_from(FIRST, "Is the boat ready?");
    world.sergio().receives("Moved on to Backup");
    world.advance(minutes(16)).await;
    world
        .backup()
        .receives_from(FIRST, "+16195550107 has waited for an answer since");
    world.backup().texts_to(FIRST, "Yes").await;
    ana(&world).receives("Yes");
    later(&world).await;
}

#[tokio::test]
async fn what_twilio_does_not_send_from_a_reply_number_comes_from_the_line() {
    let world = World::with(line(), IN_HOURS).await;
    // Such as a number that is not the account's.
    world.sergio().next_request_meets(Fault::Refuse {
        code: 21606,
        status: 400,
    });
    ana(&world).texts("Is the boat ready?").await;
    world.advance(minutes(1)).await;
    world
        .sergio()
        .receives_from(LINE, "+16195550107 (San Diego, CA): Is the boat ready?");
    world.owner().receives("21606");
}

#[tokio::test]
async fn a_number_that_is_taken_out_is_no_longer_used_and_nothing_is_lost() {
    let world = two_on_numbers().await;
    let mut fewer = line();
    fewer.reply_numbers.clear();
    push(&world, &fewer).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives_from(LINE, "0107: Hello?");
    world.sergio().texts("0107 yes").await;
    ana(&world).receives("yes");
    // Twilio's webhook for the number finds no line.
    world.answers();
    world.sergio().texts_to(FIRST, "At five").await;
    assert_eq!(world.answers(), [403]);
    // It comes back with the same conversations.
    push(&world, &line()).await;
    ben(&world).texts("Hello?").await;
    world.sergio().receives_from(SECOND, "0108: Hello?");
    world.sergio().texts_to(FIRST, "At five").await;
    ana(&world).receives("At five");
}

#[tokio::test]
async fn without_their_number_a_customer_is_answered_by_what_came_from_the_line() {
    let world = World::with(line(), IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives_from(FIRST, "Is the boat ready?");
    push(&world, &example()).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives_from(LINE, "0107: Hello?");
    world.sergio().texts("Yes").await;
    ana(&world).receives("Yes");
}

#[tokio::test]
async fn a_stranger_who_texts_a_reply_number_texts_the_line() {
    let world = two_on_numbers().await;
    let sid = cleo(&world).texts_to(FIRST, "And petrol?").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::FirstAvailable);
    world
        .sergio()
        .receives_from(LINE, "+16195550109 (San Diego, CA): And petrol?");
    ana(&world).texts_to(SECOND, "It is me").await;
    world.sergio().receives_from(FIRST, "0107: It is me");
    // A person under whose number there is nothing: by the ordinary rules.
    world.backup().texts_to(FIRST, "Yes").await;
    world
        .backup()
        .receives_from(LINE, "No customer has written to you");
    world.backup().texts_to(FIRST, "#0107 yes").await;
    ana(&world).receives("yes");
    world.sergio().receives("Backup has answered");
    ben(&world).receives_nothing();
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_by_the_number_that_the_text_was_sent_from() {
    let world = World::with(line(), IN_HOURS).await;
    let sergio = number("+16195550110");
    world.sergio().next_request_meets(Fault::LostAnswer);
    let lost = Injection::of(Fault::LostCallback).to(&sergio);
    world.sandbox.inject(lost.times(5));
    ana(&world).texts("Is the boat ready?").await;
    world.advance(minutes(5)).await;
    world.sergio().receives_from(FIRST, "Is the boat ready?");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn the_night_compares_what_went_to_and_from_reply_numbers() {
    let world = two_on_numbers().await;
    world.sandbox.set_number(number(FIRST), Default::default());
    world.sergio().texts_to(FIRST, "Yes, at five").await;
    ana(&world).receives_nothing();
    let compare = async |mode| {
        let day = date(2026, 11, 23);
        let report = reconciliation::reconcile(world.relay(), &line(), day, mode).await;
        report.expect("the day is compared")
    };
    world.advance(minutes(18 * 60)).await;
    let report = compare(Mode::Look).await;
    let counts = (report.counts.received, report.counts.sent);
    assert_eq!(counts, (3, 2), "{report:?}");
    assert_eq!(report.differences.len(), 1);
    assert_eq!(report.differences[0].what, What::NeverRecorded);
    compare(Mode::PutRight).await;
    world.advance(seconds(5)).await;
    ana(&world).receives("Yes, at five");
}
