//! Whoever is on duty answers a relayed text by answering it.

use relay::domain::routing::Rule;
use relay::sandbox::{Fault, Text};

use super::*;
use crate::support::world::seconds;

#[tokio::test]
async fn an_answer_goes_to_the_customer_from_the_lines_number() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world
        .sergio()
        .receives("+16195550107 (San Diego, CA): Is the boat ready?");
    let sid = world.sergio().texts("Yes, come at five").await;
    assert_eq!(ana(&world).reads(), "Yes, come at five");
    let decision = decision(&world, &sid).await;
    assert_eq!(decision.rule, Rule::Answer);
    assert!(decision.because.unwrap().contains("only live thread"));
    world.sergio().receives_nothing();
    for entry in world
        .sandbox
        .screen(&relay::domain::phone::Sender::parse("+16195550107"))
    {
        assert_eq!(entry.with, "+16195550100");
    }
}

#[tokio::test]
async fn pictures_go_both_ways() {
    let world = World::at(IN_HOURS).await;
    let picture = |n: u32| vec![format!("https://api.twilio.com/media/{n}.jpg")];
    ana(&world)
        .sends(Text::new("This one?").media(picture(1)))
        .await;
    world.sergio().receives("This one?");
    assert_eq!(world.sergio().media(), picture(1));
    world.sergio().sends(Text::new("").media(picture(2))).await;
    ana(&world).receives("");
    assert_eq!(ana(&world).media(), picture(2));
    world
        .sergio()
        .sends(Text::new("#1").media(picture(3)))
        .await;
    ana(&world).receives("");
    assert_eq!(ana(&world).media(), picture(3));
}

#[tokio::test]
async fn a_tag_says_whom_an_answer_is_for_whatever_it_says() {
    let world = two_customers().await;
    let sid = world.sergio().texts("#1 It is").await;
    assert_eq!(ana(&world).reads(), "It is");
    assert_eq!(decision(&world, &sid).await.rule, Rule::TaggedAnswer);
    world.sergio().texts("#2 back").await;
    assert_eq!(ben(&world).reads(), "back");
    world.sergio().texts("# 2: away until five").await;
    assert_eq!(ben(&world).reads(), "away until five");
    ben(&world).texts("fine").await;
    world.sergio().receives("fine");
}

#[tokio::test]
async fn the_tag_is_shown_only_while_there_is_more_than_one_thread() {
    let world = two_customers().await;
    ana(&world).texts("Hello?").await;
    world
        .sergio()
        .receives("#1 +16195550107 (San Diego, CA): Hello?");
    world.advance(minutes(5 * 60)).await;
    ben(&world).texts("Still there?").await;
    assert_eq!(
        world.sergio().reads(),
        "+16195550108 (San Diego, CA): Still there?"
    );
}

#[tokio::test]
async fn a_customers_next_text_goes_to_whoever_has_the_thread() {
    // Sergio is off duty until eight.
    let world = World::at("2026-11-23T07:58:00-08:00").await;
    ana(&world).texts("Good morning").await;
    world.backup().receives("Good morning");
    world.advance(minutes(5)).await;
    let sid = ana(&world).texts("Anybody?").await;
    world.backup().receives("Anybody?");
    let thread = decision(&world, &sid).await;
    assert_eq!(thread.rule, Rule::Thread);
    assert_eq!(thread.because.as_deref(), Some("Backup has the thread"));
    assert_eq!(thread.then, ["Sergio"]);
    ben(&world).texts("Hi").await;
    world.sergio().receives("Hi");
}

#[tokio::test]
async fn while_whoever_has_the_thread_is_away_the_cascade_decides() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("away 1h").await;
    world.sergio().receives("You are away until");
    let sid = ana(&world).texts("Hello?").await;
    world.backup().receives("Hello?");
    let decision = decision(&world, &sid).await;
    assert_eq!(decision.rule, Rule::FirstAvailable);
    let because = decision.because.unwrap();
    assert_eq!(because, "Sergio has the thread, but is not available");
    // He may answer all the same, and the backup sees it.
    world.sergio().texts("In an hour").await;
    ana(&world).receives("In an hour");
    world
        .backup()
        .receives("Sergio has answered +16195550107: In an hour");
}

#[tokio::test]
async fn two_people_can_answer_one_customer() {
    let world = World::at("2026-11-23T07:58:00-08:00").await;
    ana(&world).texts("Good morning").await;
    world.backup().receives("Good morning");
    world.backup().texts("pass").await;
    world
        .backup()
        .receives("Nobody else is on duty, so it stays with you.");
    world.advance(minutes(5)).await;
    world.backup().texts("pass").await;
    world.backup().receives("Sergio has +16195550107 now");
    world
        .sergio()
        .receives("Backup passes +16195550107 to you.\nThey: Good morning");
    world.sergio().texts("Morning!").await;
    ana(&world).receives("Morning!");
    // The backup gave it away a while ago, and has no other thread.
    world.backup().texts("Sergio will answer").await;
    let question = world
        .backup()
        .receives("Who gets \"Sergio will answer\"? 1: 0107");
    assert!(question.contains("Good morning"), "{question}");
    world.backup().texts("1").await;
    ana(&world).receives("Sergio will answer");
    world
        .sergio()
        .receives("Backup has answered +16195550107: Sergio will answer");
    later(&world).await;
}

#[tokio::test]
async fn an_answer_that_fails_is_reported_in_plain_words() {
    for (fault, words) in [
        (
            Fault::Refuse {
                code: 21610,
                status: 400,
            },
            "\"At five\" did not reach your customer: they opted out of texts: call them at +16195550107.",
        ),
        (
            Fault::Undeliverable { code: 30006 },
            "their phone takes no texts: call them at",
        ),
        (
            Fault::Refuse {
                code: 21617,
                status: 400,
            },
            "Twilio could not deliver it",
        ),
    ] {
        let world = World::at(IN_HOURS).await;
        ana(&world).texts("When?").await;
        world.sergio().receives("When?");
        ana(&world).next_request_meets(fault);
        let sid = world.sergio().texts("At five").await;
        world.advance(seconds(30)).await;
        world.sergio().receives(words);
        ana(&world).receives_nothing();
        let story = world.story(&sid);
        assert!(
            story
                .iter()
                .any(|what| what.starts_with("told the words did not reach")),
            "{story:?}"
        );
    }
}

#[tokio::test]
async fn whoever_opted_out_is_not_texted_and_the_person_is_told() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("STOP").await;
    ana(&world).receives("unsubscribed");
    world
        .sergio()
        .receives("opted out: they get no more texts, call them");
    world.sergio().texts("Sorry to hear that").await;
    world
        .sergio()
        .receives("they opted out of texts: call them at +16195550107.");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn an_answer_that_twilio_loses_is_sent_once() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("When?").await;
    world.sergio().receives("When?");
    ana(&world).next_request_meets(Fault::LostAnswer);
    world.sergio().texts("At five").await;
    world.advance(minutes(5)).await;
    ana(&world).receives("At five");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn the_same_webhook_again_sends_nothing_again() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("When?").await;
    world.sergio().receives("When?");
    world.sergio().sends(Text::new("At five").copies(3)).await;
    ana(&world).receives("At five");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn a_text_that_moved_on_can_be_answered_by_whoever_got_it() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::Refuse {
        code: 21614,
        status: 400,
    });
    ana(&world).texts("Is it ready?").await;
    world
        .backup()
        .receives("Sergio could not be reached. +16195550107 (San Diego, CA): Is it ready?");
    world.sergio().receives("Moved on to Backup");
    world.backup().texts("Yes").await;
    ana(&world).receives("Yes");
    let sid = ana(&world).texts("Thanks").await;
    world.backup().receives("Thanks");
    assert_eq!(decision(&world, &sid).await.rule, Rule::Thread);
}
