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
    assert!(decision.because.unwrap().contains("only conversation"));
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
        .sends(Text::new("#0107").media(picture(3)))
        .await;
    ana(&world).receives("");
    assert_eq!(ana(&world).media(), picture(3));
}

#[tokio::test]
async fn a_tag_says_whom_an_answer_is_for_whatever_it_says() {
    let world = two_customers().await;
    let sid = world.sergio().texts("#0107 It is").await;
    assert_eq!(ana(&world).reads(), "It is");
    assert_eq!(decision(&world, &sid).await.rule, Rule::TaggedAnswer);
    world.sergio().texts("0108 back").await;
    assert_eq!(ben(&world).reads(), "back");
    world.sergio().texts("0108: away until five").await;
    assert_eq!(ben(&world).reads(), "away until five");
    ben(&world).texts("fine").await;
    world.sergio().receives("fine");
}

#[tokio::test]
async fn the_first_text_shows_the_whole_number_and_the_next_ones_its_last_digits() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    assert_eq!(
        world.sergio().reads(),
        "+16195550107 (San Diego, CA): Is the boat ready?"
    );
    ana(&world).texts("Hello?").await;
    assert_eq!(world.sergio().reads(), "0107: Hello?");
    // After a day without a text it begins anew, unless the customer waits.
    world.advance(minutes(30 * 60)).await;
    ana(&world).texts("Still there?").await;
    assert_eq!(world.sergio().reads(), "0107: Still there?");
    world.sergio().texts("Yes").await;
    ana(&world).receives("Yes");
    world.advance(minutes(30 * 60)).await;
    ana(&world).texts("And today?").await;
    world
        .backup()
        .receives("+16195550107 (San Diego, CA): And today?");
}

#[tokio::test]
async fn whoever_gets_it_next_reads_the_whole_number() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    world.sergio().next_request_meets(Fault::Refuse {
        code: 21614,
        status: 400,
    });
    ana(&world).texts("Hello?").await;
    assert_eq!(
        world.backup().reads(),
        "Sergio could not be reached. +16195550107 (San Diego, CA): Hello?"
    );
    world.sergio().receives("Moved on to Backup");
    ana(&world).texts("Anybody?").await;
    assert_eq!(world.backup().reads(), "0107: Anybody?");
}

#[tokio::test]
async fn customers_whose_numbers_end_alike_are_told_apart() {
    let world = World::at(IN_HOURS).await;
    let other = world.phone("+18585550107");
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    other.texts("Do you have diesel?").await;
    world.sergio().receives("Do you have diesel?");
    other.texts("Hello?").await;
    assert_eq!(world.sergio().reads(), "85550107: Hello?");
    world.sergio().texts("85550107 yes").await;
    other.receives("yes");
    world.sergio().texts("0107: it is").await;
    world.sergio().receives("Who is \"it is\" for? 1 = ");
    ana(&world).receives_nothing();
    world.sergio().texts("boat").await;
    ana(&world).receives("it is");
    later(&world).await;
}

#[tokio::test]
async fn a_customer_who_waits_is_not_forgotten() {
    // Late in the evening one customer asks, early in the morning another.
    let world = World::at("2026-11-23T22:05:00-08:00").await;
    ana(&world)
        .texts("Is the boat ready for tomorrow 9am?")
        .await;
    world.backup().receives("Is the boat ready");
    world.advance(minutes(9 * 60 + 20)).await;
    ben(&world).texts("Do you still have the red jacket?").await;
    world.backup().receives("red jacket");
    world.advance(minutes(15)).await;
    let sid = world
        .backup()
        .texts("Yes it is ready, code for the gate is 4471")
        .await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Asked);
    world.backup().receives("1 = 0108 \"Do you still have the");
    ben(&world).receives_nothing();
    world.backup().texts("0107").await;
    ana(&world).receives("code for the gate is 4471");
    ben(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn of_several_the_only_one_who_waits_gets_the_answer_and_its_writer_a_receipt() {
    let world = two_customers().await;
    world.sergio().texts("0107 yes").await;
    ana(&world).receives("yes");
    world.advance(minutes(5)).await;
    let sid = world.sergio().texts("We do").await;
    ben(&world).receives("We do");
    world.sergio().receives("Sent to 0108.");
    let because = decision(&world, &sid).await.because.unwrap();
    assert_eq!(because, "of several, only this customer waits");
    // Nobody waits any more: it could be for both.
    world.sergio().texts("Anything else?").await;
    world.sergio().receives("Who is \"Anything else?\" for?");
    world.sergio().texts("both").await;
    ana(&world).receives("Anything else?");
    ben(&world).receives("Anything else?");
    later(&world).await;
}

#[tokio::test]
async fn an_answer_that_may_have_crossed_with_a_newer_text_is_asked_about() {
    let world = two_customers().await;
    world.sergio().texts("0107 yes").await;
    ana(&world).receives("yes");
    ana(&world).texts("Great").await;
    world.sergio().receives("0107: Great");
    world.sergio().texts("0107 see you").await;
    ana(&world).receives("see you");
    // Ben waits, but what came to the phone last is Ana's.
    world.advance(minutes(5)).await;
    world.sergio().texts("At five").await;
    world.sergio().receives("Who is \"At five\" for? 1 = 0108");
    ben(&world).receives_nothing();
    world.sergio().texts("2").await;
    ana(&world).receives("At five");
    later(&world).await;
}

#[tokio::test]
async fn a_customers_next_text_goes_to_whoever_has_the_conversation() {
    // Sergio is off duty until eight.
    let world = World::at("2026-11-23T07:58:00-08:00").await;
    ana(&world).texts("Good morning").await;
    world.backup().receives("Good morning");
    world.advance(minutes(5)).await;
    let sid = ana(&world).texts("Anybody?").await;
    world.backup().receives("Anybody?");
    let decided = decision(&world, &sid).await;
    assert_eq!(decided.rule, Rule::Conversation);
    assert_eq!(
        decided.because.as_deref(),
        Some("Backup has the conversation")
    );
    assert_eq!(decided.then, ["Sergio"]);
    ben(&world).texts("Hi").await;
    world.sergio().receives("Hi");
}

#[tokio::test]
async fn while_whoever_has_the_conversation_is_away_the_cascade_decides() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("away 1h").await;
    world
        .sergio()
        .receives("0107 still waits. PASS gives it to Backup.");
    let sid = ana(&world).texts("Hello?").await;
    assert_eq!(
        world.backup().reads(),
        "+16195550107 (San Diego, CA): Hello?\nBefore, to Sergio:\nThey: Is it ready?"
    );
    ana(&world).texts("Anybody?").await;
    assert_eq!(world.backup().reads(), "0107: Anybody?");
    let decision = decision(&world, &sid).await;
    assert_eq!(decision.rule, Rule::FirstAvailable);
    let because = decision.because.unwrap();
    assert_eq!(because, "Sergio has the conversation, but is not available");
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
    world.backup().texts("pass 0107").await;
    world
        .backup()
        .receives("Nobody else is on duty, so it stays with you.");
    world.advance(minutes(5)).await;
    world.backup().texts("pass 0107").await;
    world.backup().receives("Sergio has +16195550107 now");
    world
        .sergio()
        .receives("Backup passes +16195550107 to you.\nThey: Good morning");
    world.sergio().texts("Morning!").await;
    ana(&world).receives("Morning!");
    // The backup gave it away: it is named, or asked about.
    world.backup().texts("Sergio will answer").await;
    world
        .backup()
        .receives("Who is \"Sergio will answer\" for? 1 = 0107");
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
    assert_eq!(decision(&world, &sid).await.rule, Rule::Conversation);
}

#[tokio::test]
async fn a_text_that_names_two_customers_or_a_mistyped_number_goes_to_nobody() {
    let world = two_customers().await;
    for (words, answer) in [
        (
            "0108 0107 hi",
            "That names 0108 and 0107. Text each of them by itself.",
        ),
        ("#0107 #0108 hi", "That names 0107 and 0108."),
        (
            "6195550 hi",
            "No customer's number ends in 6195550. Your last: 0108, 0107.",
        ),
        ("619555010 hi", "To send it as it is, put 0108 in front."),
        ("+1619555010 hi", "No customer's number ends in 1619555010."),
    ] {
        let sid = world.sergio().texts(words).await;
        world.sergio().receives(answer);
        assert_eq!(
            decision(&world, &sid).await.rule,
            Rule::UnknownTag,
            "{words}"
        );
    }
    world.sergio().texts("0108 6195550 hi").await;
    ben(&world).receives("6195550 hi");
    ana(&world).receives_nothing();
}
