//! `pass` and `got it`.

use relay::domain::routing::Rule;
use relay::sandbox::Text;

use super::*;

#[tokio::test]
async fn a_thread_is_passed_on_with_its_last_texts() {
    let world = World::at(IN_HOURS).await;
    let picture = vec!["https://api.twilio.com/media/1.jpg".to_owned()];
    ana(&world)
        .sends(Text::new("Can you mend this?").media(picture.clone()))
        .await;
    world.sergio().reads();
    world.sergio().texts("#1 I will ask").await;
    ana(&world).receives("I will ask");
    ana(&world).texts("Thanks").await;
    world.sergio().receives("Thanks");
    let sid = world.sergio().texts("Pass.").await;
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
async fn with_several_threads_a_command_is_asked_about() {
    let world = two_customers().await;
    world.sergio().texts("pass").await;
    world
        .sergio()
        .receives("Pass on which? 1: 0107 Is the boat ready? 2: 0108");
    world.sergio().texts("2").await;
    world.sergio().receives("Backup has +16195550108 now");
    world
        .backup()
        .receives("Sergio passes +16195550108 to you.\nThey: Do you have diesel?");
    world.sergio().texts("got it 1").await;
    world.sergio().receives("You have +16195550107.");
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn whoever_takes_a_thread_is_seen_by_the_others() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("away 1h").await;
    world.sergio().reads();
    ana(&world).texts("Hello?").await;
    world.backup().receives("Hello?");
    let sid = world.sergio().texts("got it").await;
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
async fn without_a_thread_there_is_nothing_to_pass_on_or_to_take() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("pass").await;
    world
        .sergio()
        .receives("You have no open thread to pass on.");
    world.sergio().texts("got it").await;
    world.sergio().receives("You have no open thread to take.");
    world.sergio().texts("pass #4").await;
    world
        .sergio()
        .receives("You have no #4. You have no open thread.");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn the_status_tells_of_open_threads() {
    let world = two_customers().await;
    world.sergio().texts("status").await;
    let status = world.sergio().receives("You are on duty until");
    assert!(
        status.ends_with("Open: #1 +16195550107, #2 +16195550108."),
        "{status}"
    );
}
