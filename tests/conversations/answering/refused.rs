//! What cannot be done is answered in one sentence, and nothing goes to a customer by accident.

use relay::domain::routing::Rule;
use relay::domain::sms::segments;
use relay::sandbox::Text;

use super::*;

async fn is_refused(world: &World, text: Text, words: &str) -> Rule {
    let sid = world.sergio().sends(text).await;
    let answer = world.sergio().receives(words);
    let size = segments(&answer);
    assert_eq!((size.count, size.because), (1, None), "{answer}");
    ana(world).receives_nothing();
    ben(world).receives_nothing();
    world.backup().receives_nothing();
    decision(world, &sid).await.rule
}

#[tokio::test]
async fn a_person_without_a_customer_is_told_so() {
    let world = World::at(IN_HOURS).await;
    let rule = is_refused(
        &world,
        Text::new("On my way"),
        "No customer has written to you",
    )
    .await;
    assert_eq!(rule, Rule::FromPerson);
    let rule = is_refused(&world, Text::new("7"), "No customer has written to you").await;
    assert_eq!(rule, Rule::FromPerson);
}

#[tokio::test]
async fn an_unknown_tag_is_told_with_those_that_there_are() {
    let world = two_customers().await;
    let words = "No customer's number ends in 0199. Your last: 0108, 0107. Nothing was sent.";
    let rule = is_refused(&world, Text::new("#0199 hello"), words).await;
    assert_eq!(rule, Rule::UnknownTag);
    let rule = is_refused(&world, Text::new("#0107"), "Put words behind 0107").await;
    assert_eq!(rule, Rule::UnknownTag);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_sent() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    let rule = is_refused(
        &world,
        Text::new("x".repeat(5000)),
        "5000 characters are too many",
    )
    .await;
    assert_eq!(rule, Rule::TooLong);
    is_refused(
        &world,
        Text::new("🚤".repeat(900)),
        "an emoji counts as two",
    )
    .await;
    is_refused(&world, Text::new(" "), "That was an empty text.").await;
    world.sergio().texts(&"x".repeat(1600)).await;
    ana(&world).receives("xxxx");
}

#[tokio::test]
async fn a_time_that_cannot_be_read_changes_nothing_and_goes_to_nobody() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    for (body, words) in [
        ("away until yesterday", "That time is over."),
        ("away 90d", "more than 30 days"),
        ("away until half past never", "I cannot read that time."),
    ] {
        is_refused(&world, Text::new(body), words).await;
    }
}

#[tokio::test]
async fn a_phones_automatic_reply_goes_to_no_customer_and_its_owner_hears_of_it() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    let words = "Taken for your phone's automatic reply, not sent. \"0107 yes\" sends it.";
    let driving = "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I \
                   get where I'm going.";
    let rule = is_refused(&world, Text::new(driving), words).await;
    assert_eq!(rule, Rule::AutomaticReply);
    let second = "(I'm not receiving notifications. If this is urgent, reply \"urgent\" to send a \
                  notification through with your original message.)";
    // That one comes by itself, and he has heard of it.
    let sid = world.sergio().texts(second).await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::AutomaticReply);
    world.sergio().receives_nothing();
    ana(&world).receives_nothing();
    // What a person writes is none, whatever it is about.
    world.sergio().texts("I'm driving over now, 10 min").await;
    ana(&world).receives("I'm driving over now, 10 min");
}

#[tokio::test]
async fn a_reaction_goes_to_nobody_and_is_no_answer() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    let read = world.sergio().receives("Is the boat ready?");
    let sid = world.sergio().texts(&format!("Loved “{read}”")).await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Reaction);
    let words = "Liked “You are away until 5:00 PM. Texts go to Backup.”";
    let sid = world.sergio().texts(words).await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Reaction);
    world.sergio().receives_nothing();
    ana(&world).receives_nothing();
    // She still waits.
    world.sergio().texts("/status").await;
    world.sergio().receives("Waiting for you: 0107.");
}

#[tokio::test]
async fn the_relays_own_words_go_to_no_customer() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    let relayed = world.sergio().receives("Hello?");
    let sid = world.sergio().texts(&relayed).await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::OwnWords);
    world.sergio().receives_nothing();
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn a_strangers_tag_or_number_is_a_customers_text() {
    let world = World::at(IN_HOURS).await;
    for body in ["#1 hello", "1", "pass", "got it", "4711 away"] {
        let sid = ana(&world).texts(body).await;
        assert!(matches!(
            decision(&world, &sid).await.rule,
            Rule::FirstAvailable | Rule::Conversation
        ));
        world.sergio().receives(body);
    }
    ana(&world).receives_nothing();
}
