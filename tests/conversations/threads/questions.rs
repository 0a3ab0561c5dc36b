//! When it is not certain whom an answer is for, it waits, and the person is asked.

use relay::app::ports::audit::Kind;
use relay::domain::routing::Rule;

use super::*;
use crate::support::world::seconds;

#[tokio::test]
async fn with_several_threads_it_is_asked_and_the_number_sends_it() {
    let world = two_customers().await;
    let sid = world.sergio().texts("Yes, at five").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Held);
    assert_eq!(
        world.sergio().reads(),
        "Who gets \"Yes, at five\"? 1: 0107 Is the boat ready? 2: 0108 Do you have diesel? Text \
         the number, or 0 for nobody."
    );
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    let choice = world.sergio().texts("2").await;
    assert_eq!(decision(&world, &choice).await.rule, Rule::Choice);
    assert_eq!(ben(&world).reads(), "Yes, at five");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn a_text_that_nobody_places_is_asked_about_once_more_and_then_reported() {
    let world = two_customers().await;
    let sid = world.sergio().texts("Yes, at five").await;
    world.sergio().receives("Who gets \"Yes, at five\"?");
    world.advance(minutes(10) - seconds(10)).await;
    world.sergio().receives_nothing();
    world.advance(seconds(10)).await;
    world
        .sergio()
        .receives("Once more: Who gets \"Yes, at five\"?");
    world.advance(minutes(10)).await;
    let report = world
        .sergio()
        .receives("Not sent, as you did not say to whom: Yes, at five");
    assert!(relay::domain::loop_guard::own_words::is_own(&report));
    // Too late for an answer.
    world.sergio().texts("1").await;
    world.sergio().receives("No question is open any more.");
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    let story = world.story(&sid);
    assert!(
        story.iter().any(|what| what == "outcome delivered Sergio"),
        "{story:?}"
    );
}

#[tokio::test]
async fn several_texts_wait_in_their_order_and_each_has_its_own_answer() {
    let world = two_customers().await;
    world.sergio().texts("one").await;
    world.sergio().receives("Who gets \"one\"?");
    world.sergio().texts("two").await;
    world.sergio().receives_nothing();
    world.sergio().texts("1").await;
    assert_eq!(ana(&world).reads(), "one");
    world.sergio().receives("Who gets \"two\"?");
    world.sergio().texts("#2").await;
    assert_eq!(ben(&world).reads(), "two");
    world.sergio().receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn what_waits_behind_is_asked_about_when_the_time_of_the_first_is_over() {
    let world = two_customers().await;
    world.sergio().texts("one").await;
    world.sergio().receives("Who gets \"one\"?");
    world.advance(minutes(1)).await;
    world.sergio().texts("two").await;
    world.advance(minutes(19)).await;
    world.sergio().receives("Once more: Who gets \"one\"?");
    world
        .sergio()
        .receives("Not sent, as you did not say to whom: one");
    world.advance(minutes(5)).await;
    world.sergio().receives("Who gets \"two\"?");
    world.sergio().texts("2").await;
    assert_eq!(ben(&world).reads(), "two");
    later(&world).await;
}

#[tokio::test]
async fn a_text_can_be_dropped() {
    let world = two_customers().await;
    world.sergio().texts("never mind").await;
    world.sergio().receives("Who gets \"never mind\"?");
    world.sergio().texts("0").await;
    world
        .sergio()
        .receives("Dropped, nobody gets it: never mind");
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_number_that_was_not_asked_about_sends_nothing() {
    let world = two_customers().await;
    world.sergio().texts("Yes").await;
    world.sergio().receives("Who gets \"Yes\"?");
    world.sergio().texts("3").await;
    world.sergio().receives("Once more: Who gets \"Yes\"?");
    world.sergio().texts("1").await;
    assert_eq!(ana(&world).reads(), "Yes");
    // The question was asked twice; its second answer is no text.
    world.sergio().texts("1").await;
    world
        .sergio()
        .receives("To send just a number, put the tag in front, such as: #1 1.");
    ana(&world).receives_nothing();
    world.sergio().texts("#1 1").await;
    assert_eq!(ana(&world).reads(), "1");
    later(&world).await;
}

#[tokio::test]
async fn an_answer_that_crossed_with_a_newer_customers_text_is_held() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    world.sergio().texts("pass").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives("Sergio passes +16195550107 to you.");
    world.advance(minutes(10)).await;
    ben(&world).texts("Do you have diesel?").await;
    assert_eq!(
        world.sergio().reads(),
        "+16195550108 (San Diego, CA): Do you have diesel?"
    );
    // For Ana or for Ben?
    world.sergio().texts("Yes").await;
    let question = world.sergio().receives("Who gets \"Yes\"? 1: 0107");
    assert!(
        question.contains("2: 0108 Do you have diesel?"),
        "{question}"
    );
    ben(&world).receives_nothing();
    world.sergio().texts("2").await;
    assert_eq!(ben(&world).reads(), "Yes");
    // A while later there is no doubt any more.
    world.advance(minutes(5)).await;
    world.sergio().texts("Ten litres").await;
    assert_eq!(ben(&world).reads(), "Ten litres");
    later(&world).await;
}

#[tokio::test]
async fn whoever_answers_a_thread_that_has_just_ended_is_asked() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    world.advance(minutes(4 * 60 + 1)).await;
    world.sergio().texts("It is").await;
    world.sergio().receives("Who gets \"It is\"? 1: 0107");
    world.sergio().texts("1").await;
    assert_eq!(ana(&world).reads(), "It is");
    later(&world).await;
}

#[tokio::test]
async fn tags_are_used_again_but_not_at_once() {
    let world = two_customers().await;
    world.sergio().texts("pass #1").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives("Sergio passes +16195550107 to you.");
    world.phone("+16195550109").texts("Me too").await;
    world
        .sergio()
        .receives("#3 +16195550109 (San Diego, CA): Me too");
    world.advance(minutes(71)).await;
    world.phone("+18585550107").texts("And me").await;
    world
        .sergio()
        .receives("#1 +18585550107 (La Jolla, CA): And me");
}

#[tokio::test]
async fn an_answer_found_at_night_is_asked_about_first() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.faults.break_store();
    world.set_fallback_url();
    world.sergio().texts("Yes").await;
    world.advance(minutes(2)).await;
    world.faults.repair_store();
    world.take_kept().await;
    world
        .sergio()
        .receives("Who gets \"Yes\"? 1: 0107 Is it ready?");
    ana(&world).receives_nothing();
    world.sergio().texts("1").await;
    assert_eq!(ana(&world).reads(), "Yes");
    later(&world).await;
}

#[tokio::test]
async fn what_is_decided_about_answers_is_in_the_audit_without_their_words() {
    let world = two_customers().await;
    world.sergio().texts("Secret words").await;
    world.sergio().receives("Who gets");
    world.sergio().texts("1").await;
    ana(&world).receives("Secret words");
    let audit = world.audit();
    let decisions = audit.iter().filter(|r| r.kind == Kind::Decision);
    let rules: Vec<_> = decisions.map(|r| r.rule.clone().unwrap()).collect();
    assert_eq!(
        rules,
        ["first_available", "first_available", "held", "choice"]
    );
    let because: Vec<_> = audit.iter().filter_map(|r| r.outcome.as_deref()).collect();
    assert!(
        because.contains(&"the person has several live threads, so it is asked"),
        "{because:?}"
    );
    let text = world.audit_text();
    for private in ["Secret", "boat", "diesel", "6195550107"] {
        assert!(!text.contains(private), "{private}");
    }
    later(&world).await;
}
