//! When it is not certain whom an answer is for, it waits, and the person is asked.

use relay::app::ports::audit::Kind;
use relay::domain::routing::Rule;

use super::*;
use crate::support::world::seconds;

#[tokio::test]
async fn with_several_customers_it_is_asked_and_the_number_sends_it() {
    let world = two_customers().await;
    let sid = world.sergio().texts("Yes, at five").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Asked);
    assert_eq!(
        world.sergio().reads(),
        "Who is \"Yes, at five\" for? 1 = 0108 \"Do you have diesel?\" 2 = 0107 \"Is the boat ready?\" Text \
         the number, or 0 for nobody."
    );
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    let choice = world.sergio().texts("1").await;
    assert_eq!(decision(&world, &choice).await.rule, Rule::Choice);
    assert_eq!(ben(&world).reads(), "Yes, at five");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn an_answer_is_taken_as_people_give_it() {
    for (reply, also) in [
        ("2.", None),
        ("boat", None),
        ("0107", None),
        ("2, and it is clean", Some("and it is clean")),
    ] {
        let world = two_customers().await;
        world.sergio().texts("Yes").await;
        world.sergio().receives("Who is \"Yes\" for?");
        world.sergio().texts(reply).await;
        ana(&world).receives("Yes");
        if let Some(also) = also {
            ana(&world).receives(also);
        }
        ben(&world).receives_nothing();
        later(&world).await;
    }
}

#[tokio::test]
async fn a_text_that_nobody_places_is_asked_about_once_more_and_then_reported() {
    let world = two_customers().await;
    let sid = world.sergio().texts("Yes, at five").await;
    world.sergio().receives("Who is \"Yes, at five\" for?");
    world.advance(minutes(10) - seconds(10)).await;
    world.sergio().receives_nothing();
    world.advance(seconds(10)).await;
    world
        .sergio()
        .receives("Once more: Who is \"Yes, at five\" for?");
    world.advance(minutes(50)).await;
    let report = world
        .sergio()
        .receives("Not sent, as you did not say to whom: \"Yes, at five\". To send it, text 0108");
    assert!(relay::domain::loop_guard::own_words::is_own(&report));
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    let story = world.story(&sid);
    assert!(
        story.iter().any(|what| what == "outcome delivered Sergio"),
        "{story:?}"
    );
}

#[tokio::test]
async fn what_is_written_while_a_question_is_open_is_not_sent_and_its_writer_hears_at_once() {
    let world = two_customers().await;
    world.sergio().texts("one").await;
    world.sergio().receives("Who is \"one\" for?");
    world.sergio().texts("and six").await;
    world
        .sergio()
        .receives("This one was not sent. First: Who is \"one\" for? 1 = 0108");
    world.sergio().texts("2").await;
    assert_eq!(ana(&world).reads(), "one");
    world.sergio().texts("#0107 two").await;
    assert_eq!(ana(&world).reads(), "two");
    ben(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn a_tag_needs_no_question_whatever_is_open() {
    let world = two_customers().await;
    world.sergio().texts("one").await;
    world.sergio().receives("Who is \"one\" for?");
    world.sergio().texts("0108 we do").await;
    assert_eq!(ben(&world).reads(), "we do");
    world.sergio().texts("2").await;
    assert_eq!(ana(&world).reads(), "one");
    later(&world).await;
}

#[tokio::test]
async fn a_text_can_be_dropped() {
    let world = two_customers().await;
    world.sergio().texts("never mind").await;
    world.sergio().receives("Who is \"never mind\" for?");
    world.sergio().texts("0").await;
    world
        .sergio()
        .receives("Dropped, nobody gets it: \"never mind\"");
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_number_that_was_not_offered_sends_nothing() {
    let world = two_customers().await;
    world.sergio().texts("Yes").await;
    world.sergio().receives("Who is \"Yes\" for?");
    world.sergio().texts("3").await;
    world.sergio().receives("Once more: Who is \"Yes\" for?");
    world.sergio().texts("2").await;
    assert_eq!(ana(&world).reads(), "Yes");
    // The question was asked twice; its second answer is no text.
    world.sergio().texts("2").await;
    world.sergio().receives("No question is open any more.");
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    world.sergio().texts("0107 2").await;
    assert_eq!(ana(&world).reads(), "2");
    later(&world).await;
}

#[tokio::test]
async fn a_question_that_follows_another_offers_other_numbers() {
    let world = two_customers().await;
    world.sergio().texts("Yes").await;
    world.sergio().receives("1 = 0108");
    world.sergio().texts("0").await;
    world.sergio().receives("Dropped");
    world.sergio().texts("No").await;
    world.sergio().receives("Who is \"No\" for? 3 = 0108");
    // An answer to the one before.
    world.sergio().texts("1").await;
    world
        .sergio()
        .receives("Once more: Who is \"No\" for? 3 = 0108");
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    world.sergio().texts("4").await;
    ana(&world).receives("No");
    later(&world).await;
}

#[tokio::test]
async fn an_answer_soon_after_a_pass_is_asked_about() {
    let world = two_customers().await;
    world.sergio().texts("pass 0107").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives("Sergio passes +16195550107 to you.");
    // For Ana or for Ben?
    world.sergio().texts("Yes").await;
    world.sergio().receives("Who is \"Yes\" for? 1 = 0108");
    ben(&world).receives_nothing();
    world.sergio().texts("1").await;
    assert_eq!(ben(&world).reads(), "Yes");
    // A while later there is no doubt any more.
    world.advance(minutes(5)).await;
    world.sergio().texts("Ten litres").await;
    assert_eq!(ben(&world).reads(), "Ten litres");
    later(&world).await;
}

#[tokio::test]
async fn an_answer_that_comes_late_is_judged_by_what_was_on_the_phone_when_it_was_written() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.faults.break_store();
    world.set_fallback_url();
    world.advance(minutes(2)).await;
    world.sergio().texts("Yes").await;
    world.advance(minutes(2)).await;
    world.faults.repair_store();
    world.take_kept().await;
    assert_eq!(ana(&world).reads(), "Yes");
    later(&world).await;
}

#[tokio::test]
async fn what_is_decided_about_answers_is_in_the_audit_without_their_words() {
    let world = two_customers().await;
    world.sergio().texts("Secret words").await;
    world.sergio().receives("Who is");
    world.sergio().texts("2").await;
    ana(&world).receives("Secret words");
    let audit = world.audit();
    let decisions = audit.iter().filter(|r| r.kind == Kind::Decision);
    let rules: Vec<_> = decisions.map(|r| r.rule.clone().unwrap()).collect();
    assert_eq!(
        rules,
        ["first_available", "first_available", "asked", "choice"]
    );
    let because: Vec<_> = audit.iter().filter_map(|r| r.outcome.as_deref()).collect();
    assert!(
        because.contains(&"it may be for several customers, so it is asked"),
        "{because:?}"
    );
    let text = world.audit_text();
    for private in ["Secret", "boat", "diesel", "6195550107"] {
        assert!(!text.contains(private), "{private}");
    }
    later(&world).await;
}
