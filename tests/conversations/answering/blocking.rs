//! `block` and `unblock`: a customer whose texts reach nobody.

use relay::app::ports::audit::Kind;
use relay::domain::line::AutoReply;
use relay::domain::line::auto_reply::Sends;
use relay::domain::line::pin::Pin;
use relay::domain::routing::Rule;

use super::*;
use crate::support::world::{example, number, seconds};

/// Two customers have written, Sergio has read both and has blocked Ana. The owner is somebody else.
async fn blocked() -> World {
    let world = two_customers().await;
    let asked = world.sergio().texts("block 0107").await;
    assert_eq!(decision(&world, &asked).await.rule, Rule::Asked);
    assert_eq!(
        world.sergio().reads(),
        "Block 0107 \"Is the boat ready?\"? Their texts and calls reach nobody from then on. Text 1 to block, 0 \
         to keep."
    );
    let done = world.sergio().texts("1").await;
    assert_eq!(decision(&world, &done).await.rule, Rule::BlockByText);
    world.sergio().receives(
        "0107 is blocked: their texts and calls reach nobody. UNBLOCK 0107 takes it back.",
    );
    world.owner().receives(
        "Sergio has blocked +16195550107: their texts and calls reach nobody. UNBLOCK 0107",
    );
    world
}

#[tokio::test]
async fn a_blocked_customers_texts_are_kept_and_reach_nobody() {
    let world = blocked().await;
    let sid = ana(&world).texts("Hello? It is urgent").await;
    let record = world.relay().store.inbound(&sid).await.unwrap().unwrap();
    assert_eq!(record.sms.body, "Hello? It is urgent");
    assert_eq!(
        (record.decision.rule, record.decision.because.as_deref()),
        (
            Rule::Blocked,
            Some("blocked by Sergio on Mon 2026-11-23 10:00 PST")
        )
    );
    assert_eq!(record.deliveries, []);
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    // Ben is the only customer left.
    world.sergio().texts("We do").await;
    ben(&world).receives("We do");
    ana(&world).receives_nothing();
    let audit = world.audit();
    let blocks: Vec<_> = audit.iter().filter(|r| r.kind == Kind::Block).collect();
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].outcome.as_deref(), Some("blocked by Sergio"));
    later(&world).await;
}

#[tokio::test]
async fn nothing_is_sent_to_a_blocked_customer_until_somebody_unblocks_them() {
    let world = blocked().await;
    for body in ["0107 yes", "#0107 yes"] {
        let sid = world.sergio().texts(body).await;
        world.sergio().receives(
            "0107 is blocked by Sergio. Nothing was sent. To write to them, text UNBLOCK 0107 first.",
        );
        assert_eq!(decision(&world, &sid).await.rule, Rule::Blocked, "{body}");
    }
    for body in ["pass 0107", "done 0107"] {
        world.sergio().texts(body).await;
        world.sergio().receives("0107 is blocked by Sergio.");
    }
    world.sergio().texts("block 0107").await;
    world
        .sergio()
        .receives("0107 is blocked already, by Sergio.");
    ana(&world).receives_nothing();
    // Backup never had this customer.
    let sid = world.backup().texts("Unblock 0107").await;
    assert_eq!(decision(&world, &sid).await.rule, Rule::BlockByText);
    world
        .backup()
        .receives("0107 is not blocked any more: their texts and calls come again.");
    world.backup().texts("unblock 0107").await;
    world.backup().receives("0107 is not blocked.");
    ana(&world).texts("Hello?").await;
    world.sergio().receives("0107: Hello?");
    world.sergio().texts("0107 Hello!").await;
    ana(&world).receives("Hello!");
    later(&world).await;
}

#[tokio::test]
async fn whoever_is_to_be_kept_is_kept() {
    let world = two_customers().await;
    world.sergio().texts("Block 0107!").await;
    world
        .sergio()
        .receives("Block 0107 \"Is the boat ready?\"?");
    // A word of theirs blocks nobody.
    world.sergio().texts("boat").await;
    world
        .sergio()
        .receives("This one was not sent. First: Block 0107");
    world.sergio().texts("0").await;
    world.sergio().receives("Nothing was changed.");
    ana(&world).texts("Hello?").await;
    world.sergio().receives("0107: Hello?");
    // Nobody says so: nobody is blocked.
    world.sergio().texts("block 0108").await;
    world.sergio().receives("Block 0108");
    later(&world).await;
    world.sergio().receives("Once more: Block 0108");
    world
        .sergio()
        .receives("Nobody was blocked, as you did not say so.");
    ben(&world).texts("Hello?").await;
    world.sergio().receives("0108: Hello?");
}

#[tokio::test]
async fn without_digits_it_is_about_the_only_customer_or_asked() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("block").await;
    world.sergio().receives("such as: BLOCK 0107.");
    world.sergio().texts("unblock").await;
    world.sergio().receives("such as: UNBLOCK 0107.");
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    world.sergio().texts("block").await;
    world
        .sergio()
        .receives("Block 0107 \"Is the boat ready?\"?");
    world.sergio().texts("0").await;
    world.sergio().receives("Nothing was changed.");
    ben(&world).texts("Do you have diesel?").await;
    world.sergio().receives("Do you have diesel?");
    world.sergio().texts("block").await;
    world.sergio().receives("Block which?");
    world.sergio().texts("0108").await;
    world.sergio().receives("0108 is blocked");
    world.owner().receives("Sergio has blocked +16195550108");
    world.sergio().texts("unblock").await;
    world.sergio().receives("0108 is not blocked any more");
    ben(&world).texts("Hello?").await;
    world.sergio().receives("0108: Hello?");
    later(&world).await;
}

#[tokio::test]
async fn only_customers_of_the_line_can_be_blocked() {
    let world = two_customers().await;
    for body in ["block 0111", "block 0199", "unblock 0199"] {
        world.sergio().texts(body).await;
        world.sergio().receives("No customer's number ends in 01");
    }
    world.sergio().texts("block him").await;
    world
        .sergio()
        .receives("Did you mean BLOCK? Text BLOCK 0107.");
}

#[tokio::test]
async fn a_blocked_customer_is_answered_nothing_but_what_twilio_answers() {
    let mut line = example();
    line.auto_reply = Some(AutoReply {
        text: "We answer soon.".to_owned(),
        when: Sends::Always,
    });
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("EVENTS").await;
    ana(&world).receives("you now get texts about new events");
    ana(&world).texts("Hi").await;
    ana(&world).receives("We answer soon.");
    world.sergio().receives("Hi");
    world.sergio().texts("block 0107").await;
    world.sergio().reads();
    world.sergio().texts("1").await;
    world.sergio().receives("0107 is blocked");
    world.owner().receives("Sergio has blocked +16195550107");
    world.advance(minutes(48 * 60)).await;
    for body in ["Hi again", "MAINTENANCE", "stop events"] {
        let sid = ana(&world).texts(body).await;
        assert_eq!(decision(&world, &sid).await.rule, Rule::Blocked, "{body}");
        ana(&world).receives_nothing();
    }
    // Whoever wants no more texts gets none, blocked or not.
    let (store, line) = (&world.relay().store, &world.line.number);
    let (from, subscribed) = (number("+16195550107"), |topic: &'static str| async move {
        let number = number("+16195550107");
        let subscriber = store.subscriber(line, topic, &number).await.unwrap();
        subscriber.is_some_and(|subscriber| subscriber.is_active())
    });
    assert!(!subscribed("events").await && !subscribed("maintenance").await);
    ana(&world).texts("STOP").await;
    ana(&world).receives("unsubscribed");
    assert!(store.opt_outs(line).await.unwrap().of(&from).is_some());
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_block_needs_the_pin() {
    let mut line = example();
    line.people[0].pin = Some(Pin::parse("4711").unwrap());
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    for (body, words) in [
        (
            "block 0107",
            "Put your PIN in front, such as: 0000 BLOCK 0107.",
        ),
        ("4711 block 0107", "Block 0107 \"Hello?\"?"),
        ("1", "0107 is blocked: their texts and calls reach nobody"),
        ("unblock 0107", "Put your PIN in front"),
        ("4711 unblock 0107", "0107 is not blocked any more"),
    ] {
        world.sergio().texts(body).await;
        world.sergio().receives(words);
    }
    world.owner().receives("Sergio has blocked +16195550107");
    later(&world).await;
}

#[tokio::test]
async fn a_text_that_waits_for_its_turn_is_not_sent_after_the_block() {
    let mut line = example();
    line.policy.sender_limit = 1;
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("Buy now!").await;
    world.sergio().receives("Buy now!");
    let sid = ana(&world).texts("Only today!").await;
    world.sergio().texts("block 0107").await;
    world.sergio().receives("Block 0107 \"Only today!\"?");
    world.sergio().texts("1").await;
    world.sergio().receives("0107 is blocked");
    world.owner().receives("Sergio has blocked +16195550107");
    later(&world).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
    let story = world.story(&sid);
    assert!(
        story.contains(&"withheld blocked Sergio".to_owned()),
        "{story:?}"
    );
}

#[tokio::test]
async fn a_question_that_offers_a_customer_who_was_blocked_since_sends_nothing() {
    let world = two_customers().await;
    world.sergio().texts("Yes").await;
    world.sergio().receives("Who is \"Yes\" for? 1 = 0108");
    world.backup().texts("block 0107").await;
    world.backup().receives("Block 0107");
    world.backup().texts("1").await;
    world.backup().receives("0107 is blocked");
    world.owner().receives("Backup has blocked +16195550107");
    world.sergio().texts("2").await;
    world.sergio().receives("0107 is blocked by Backup.");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn who_only_called_is_blocked_by_name_of_their_call() {
    let world = World::at(IN_HOURS).await;
    let call = world.customer().calls().await;
    world.advance(seconds(8)).await;
    call.hangs_up().await;
    world.advance(seconds(10)).await;
    world
        .sergio()
        .receives("Missed call 10:00 AM, rang Sergio.");
    world.sergio().texts("BLOCK").await;
    world.sergio().receives(
        "Block 0107 \"Missed call 10:00 AM, rang Sergio.\"? Their texts and calls reach nobody from then on.",
    );
    world.sergio().texts("1").await;
    world
        .sergio()
        .receives("0107 is blocked: their texts and calls reach nobody.");
    let again = world.customer().calls().await;
    assert!(!again.goes_on());
    assert!(!world.sergio().rings());
    world.owner().receives("Sergio has blocked +16195550107");
    world.advance(minutes(130)).await;
}
