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
async fn a_person_without_a_thread_is_told_so() {
    let world = World::at(IN_HOURS).await;
    let rule = is_refused(&world, Text::new("On my way"), "You have no open thread").await;
    assert_eq!(rule, Rule::FromPerson);
    let rule = is_refused(&world, Text::new("7"), "You have no open thread").await;
    assert_eq!(rule, Rule::FromPerson);
}

#[tokio::test]
async fn an_unknown_tag_is_told_with_those_that_there_are() {
    let world = two_customers().await;
    let words = "You have no #9. Open: #1 +16195550107, #2 +16195550108. Nothing was sent.";
    let rule = is_refused(&world, Text::new("#9 hello"), words).await;
    assert_eq!(rule, Rule::UnknownTag);
    let rule = is_refused(&world, Text::new("#1"), "#1 needs words behind it").await;
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
        ("away until yesterday", "I cannot read that time."),
        ("away 90d", "more than 30 days"),
        ("away until half past never", "I cannot read that time."),
    ] {
        is_refused(&world, Text::new(body), words).await;
    }
}

#[tokio::test]
async fn no_more_than_a_few_texts_wait() {
    let world = two_customers().await;
    for body in ["one", "two", "three", "four", "five"] {
        world.sergio().texts(body).await;
    }
    world.sergio().receives("Who gets \"one\"?");
    is_refused(
        &world,
        Text::new("six"),
        "Several of your texts wait already.",
    )
    .await;
    for body in ["one", "two", "three", "four", "five"] {
        world.sergio().texts("1").await;
        assert_eq!(ana(&world).reads(), body);
        if body != "five" {
            world.sergio().receives("Who gets");
        }
    }
    later(&world).await;
}

#[tokio::test]
async fn what_phones_write_by_themselves_goes_to_no_customer() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    let relayed = world.sergio().receives("Hello?");
    for body in [
        "I'm driving right now, I'll get back to you later.",
        relayed.as_str(),
    ] {
        world.sergio().texts(body).await;
        world.sergio().receives_nothing();
        ana(&world).receives_nothing();
    }
}

#[tokio::test]
async fn a_strangers_tag_or_number_is_a_customers_text() {
    let world = World::at(IN_HOURS).await;
    for body in ["#1 hello", "1", "pass", "got it", "4711 away"] {
        let sid = ana(&world).texts(body).await;
        assert!(matches!(
            decision(&world, &sid).await.rule,
            Rule::FirstAvailable | Rule::Thread
        ));
        world.sergio().receives(body);
    }
    ana(&world).receives_nothing();
}
