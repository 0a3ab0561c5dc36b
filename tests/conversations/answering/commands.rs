//! `pass`, `done` and `got it`.

use relay::domain::routing::Rule;
use relay::sandbox::Text;

use super::*;

#[tokio::test]
async fn a_customer_is_passed_on_with_the_last_texts() {
    let world = World::at(IN_HOURS).await;
    let picture = vec!["https://api.twilio.com/media/1.jpg".to_owned()];
    ana(&world)
        .sends(Text::new("Can you mend this?").media(picture.clone()))
        .await;
    world.sergio().reads();
    world.sergio().texts("0107: I will ask").await;
    ana(&world).receives("I will ask");
    ana(&world).texts("Thanks").await;
    world.sergio().receives("Thanks");
    let sid = world.sergio().texts("Pass 0107.").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Passed);
    world
        .sergio()
        .receives("Backup has +16195550107 now and gets the last texts.");
    assert_eq!(
        world.backup().reads(),
        "Sergio passes +16195550107 to you.\nThey: Can you mend this?\nSergio: I will ask\nThey: Thanks"
    );
    assert_eq!(world.backup().media(), picture);
    world.backup().texts("We can").await;
    ana(&world).receives("We can");
    ana(&world).texts("Great").await;
    world.backup().receives("Great");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn with_several_customers_a_command_is_asked_about() {
    let world = two_customers().await;
    world.sergio().texts(".pass").await;
    world
        .sergio()
        .receives("Pass on which? 1 = 0108 \"Do you have diesel?\" 2 = 0107");
    world.sergio().texts("1").await;
    world.sergio().receives("Backup has +16195550108 now");
    world
        .backup()
        .receives("Sergio passes +16195550108 to you.\nThey: Do you have diesel?");
    world.sergio().texts("got it 0107").await;
    world.sergio().receives("You have +16195550107.");
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn a_customer_is_passed_to_whom_the_person_names() {
    let world = two_customers().await;
    world.sergio().texts("pass 0107 to backup").await;
    world.sergio().receives("Backup has +16195550107 now");
    world
        .backup()
        .receives("Sergio passes +16195550107 to you.\nThey: Is the boat ready?");
    // Nobody is called so: no customer reads it.
    world.sergio().texts("PASS ANA").await;
    world.sergio().receives("Did you mean PASS?");
    ben(&world).receives_nothing();
}

#[tokio::test]
async fn words_that_are_also_said_to_customers_are_asked_about_while_one_waits() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Are you back?").await;
    world.sergio().receives("Are you back?");
    world.sergio().texts("Back!").await;
    assert_eq!(
        world.sergio().reads(),
        "Who is \"Back!\" for? 1 = 0107 \"Are you back?\" 2 = you are back on duty. Text the number, or 0 \
         for nobody."
    );
    ana(&world).receives_nothing();
    world.sergio().texts("1").await;
    ana(&world).receives("Back!");
    // Nobody waits now.
    world.sergio().texts("Back").await;
    world.sergio().receives("You are on duty until");
    ana(&world).texts("Who?").await;
    world.sergio().receives("Who?");
    world.sergio().texts("/who").await;
    world.sergio().receives("Texts go to you");
    world.sergio().texts("who").await;
    world.sergio().receives("4 = who is on duty");
    world.sergio().texts("4").await;
    world.sergio().receives("Texts go to you");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn whoever_says_when_they_are_back_is_away_until_then_unless_it_may_be_for_a_customer() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("back in 5").await;
    world.sergio().receives("You are away until 10:05 AM.");
    world.sergio().texts("back").await;
    world.sergio().receives("You are on duty until");
    ana(&world).texts("Are you there?").await;
    world.sergio().receives("Are you there?");
    world.sergio().texts("Back in 10 min").await;
    world
        .sergio()
        .receives("1 = 0107 \"Are you there?\" 2 = you are away.");
    world.sergio().texts("2").await;
    world.sergio().receives("You are away until 10:10 AM.");
    world.sergio().texts(".back in 2 hours").await;
    world.sergio().receives("You are away until 12:00 PM.");
    world.sergio().texts("0107 Yes").await;
    ana(&world).receives("Yes");
    world.sergio().texts("Back at 1").await;
    world.sergio().receives("Who is \"Back at 1\" for?");
    world.sergio().texts("0107").await;
    ana(&world).receives("Back at 1");
    world.sergio().texts("away in 10 min").await;
    world
        .sergio()
        .receives("AWAY begins at once; text it when you go. Text AWAY, AWAY 2H");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn while_many_wait_whoever_asks_who_is_on_duty_is_told_at_once() {
    let world = World::at(IN_HOURS).await;
    for n in 1..=4 {
        world
            .phone(&format!("+1619555010{n}"))
            .texts("Hello?")
            .await;
        world.sergio().receives("Hello?");
    }
    world.sergio().texts("Who?").await;
    world.sergio().receives("Texts go to you");
    world.sergio().texts("STATUS").await;
    world.sergio().receives("Waiting for you: 0101, 0102");
    world.sergio().texts("back").await;
    world.sergio().receives("Who is \"back\" for?");
    world.sergio().texts("0").await;
    world.sergio().receives("Dropped");
    later(&world).await;
}

#[tokio::test]
async fn a_topics_keyword_is_asked_about_while_a_customer_waits() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("What do you offer?").await;
    world.sergio().receives("What do you offer?");
    world.sergio().texts("Events").await;
    world.sergio().receives("Who is \"Events\" for? 1 = 0107");
    world.sergio().texts("1").await;
    ana(&world).receives("Events");
    // Nobody waits now.
    let sid = world.sergio().texts("events").await;
    world.sergio().receives("you now get texts about");
    assert_eq!(decision(&world, &sid).await.rule, Rule::Keyword);
    ana(&world).texts("And how do I end it?").await;
    world.sergio().receives("And how do I end it?");
    world.sergio().texts("Stop events").await;
    world.sergio().receives("4 = your notices");
    let sid = world.sergio().texts("4").await;
    world.sergio().receives("you get no more texts about");
    assert_eq!(decision(&world, &sid).await.rule, Rule::LeftTopic);
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn a_customer_who_was_passed_on_is_not_passed_on_again() {
    let world = two_customers().await;
    world.sergio().texts("pass 0108").await;
    world.sergio().receives("Backup has +16195550108 now");
    world
        .backup()
        .receives("Sergio passes +16195550108 to you.");
    world.sergio().texts("pass 0108").await;
    world
        .sergio()
        .receives("You passed 0108 on: Backup has it. Nothing was changed.");
    world.backup().receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn got_it_goes_to_the_customer_who_waits_and_takes_the_conversation() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("I sent you the photos").await;
    world.sergio().receives("photos");
    let sid = world.sergio().texts("Got it!").await;
    ana(&world).receives("Got it!");
    assert_eq!(decision(&world, &sid).await.rule, Rule::Answer);
}

#[tokio::test]
async fn whoever_is_done_with_a_customer_says_so() {
    let world = two_customers().await;
    world.sergio().texts("done 0107").await;
    world
        .sergio()
        .receives("0107 is done: they wait no longer.");
    ana(&world).receives_nothing();
    world.sergio().texts("status").await;
    world.sergio().receives("2 = your status");
    world.sergio().texts("2").await;
    world.sergio().receives("Waiting for you: 0108.");
    later(&world).await;
}

#[tokio::test]
async fn what_is_nearly_a_command_reaches_no_customer() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    for (body, words) in [
        ("awya", "Did you mean AWAY? Text AWAY"),
        ("away tomorrow-ish", "Did you mean AWAY? Text AWAY"),
        ("off", "Did you mean AWAY?"),
        ("statsu", "Did you mean STATUS?"),
    ] {
        let sid = world.sergio().texts(body).await;
        world.sergio().receives(words);
        assert_eq!(decision(&world, &sid).await.rule, Rule::NearMiss, "{body}");
        ana(&world).receives_nothing();
    }
}

#[tokio::test]
async fn whoever_takes_a_customer_is_seen_by_the_others() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("away 1h").await;
    world.sergio().reads();
    ana(&world).texts("Hello?").await;
    world.backup().receives("Hello?");
    let sid = world.sergio().texts("got it 0107").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::Claimed);
    world
        .sergio()
        .receives("You have +16195550107. The other one was told.");
    world
        .backup()
        .receives("Sergio has +16195550107 and takes care of it.");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn without_a_customer_there_is_nothing_to_pass_on_or_to_take() {
    let world = World::at(IN_HOURS).await;
    for (body, words) in [
        ("pass", "You have no customer to pass on."),
        ("got it", "You have no customer to take."),
        ("done", "None of your customers is waiting."),
        (
            "pass 0104",
            "You have no customer whose number ends in 0104.",
        ),
    ] {
        world.sergio().texts(body).await;
        world.sergio().receives(words);
    }
    world.backup().receives_nothing();
}
