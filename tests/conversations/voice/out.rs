//! A person asks by text to be connected with a customer.

use std::sync::atomic::Ordering;

use relay::domain::call::NotReached;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::language::Language;
use relay::domain::line::Line;
use relay::domain::phone::Prefix;
use relay::domain::routing::Rule;
use relay::sandbox::{Act, Fault, Injection, Requests, TakesCalls};

use super::*;
use crate::support::world::{example, number};

/// A customer has written, and Sergio has read it.
async fn one_customer() -> World {
    let world = world().await;
    wrote(&world).await;
    world
}

async fn wrote(world: &World) {
    world.customer().texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
}

async fn of_line(change: impl FnOnce(&mut Line)) -> World {
    let mut line = example();
    change(&mut line);
    let world = World::with(line, IN_HOURS).await;
    wrote(&world).await;
    world
}

async fn outcome(world: &World, text: &MessageSid) -> Outcome {
    let call = world.call_of(text).await.expect("a call was begun");
    match call.stage {
        relay::domain::call::Stage::Over { outcome } => outcome,
        stage => panic!("the call is not over: {stage:?}"),
    }
}

async fn rule(world: &World, text: &MessageSid) -> Rule {
    let kept = world.relay().store.inbound(text).await.unwrap();
    kept.expect("it is kept").decision.rule
}

/// Whether the customer waits for an answer.
async fn waits(world: &World) -> bool {
    let customer = [number("+16195550107")];
    let (store, line) = (&world.relay().store, &world.line.number);
    let stored = store.conversations(line, &customer).await.unwrap();
    stored[0].waits.is_some()
}

/// Until nothing is left of it, and everybody has read what came.
async fn is_over(world: &World) {
    world.advance(minutes(130)).await;
    for phone in [
        world.sergio(),
        world.backup(),
        world.owner(),
        world.customer(),
    ] {
        phone.reads_all();
    }
}

/// Nobody's phone was called.
fn nobody_was_called(world: &World) {
    assert_eq!(world.sandbox.calls().len(), 0);
}

fn not_reached(because: NotReached) -> Outcome {
    Outcome::NotReached { because }
}

#[tokio::test]
async fn a_person_texts_call_presses_1_and_talks_with_the_customer() {
    let world = one_customer().await;
    let text = world.sergio().texts("CALL 0107").await;
    assert_eq!(rule(&world, &text).await, Rule::CallByText);
    assert!(world.sergio().rings() && !world.customer().rings());
    world.sergio().answers().await;
    assert_eq!(
        world.sergio().is_told(),
        "Q D N, your call to 0 1 0 7. Press 1."
    );
    assert_eq!(world.customer().was_rung(), 0, "picking up is not enough");
    world.sergio().presses("1").await;
    assert!(world.customer().rings());
    let leg = world.sandbox.calls()[0].legs[0].clone();
    assert_eq!(leg.from, world.line.number.expose());
    world.advance(seconds(6)).await;
    world.customer().picks_up().await;
    assert!(world.sergio().is_connected() && world.customer().is_connected());
    world.advance(seconds(125)).await;
    world.customer().hangs_up().await;
    later(&world).await;
    let spoke = Outcome::Spoke {
        person: "Sergio".to_owned(),
        seconds: Some(125),
    };
    assert_eq!(outcome(&world, &text).await, spoke);
    assert_eq!(
        world.sergio().reads(),
        "0107: Sergio called 10:00 AM: 2 min. A reply here goes to them."
    );
    world.sergio().receives_nothing();
    world.customer().receives_nothing();
    // The customer waits for no answer any more.
    assert!(!waits(&world).await);
    world.sergio().texts("See you at five").await;
    world.customer().receives("See you at five");
    assert!(!world.audit_text().contains("6195550107"));
}

#[tokio::test]
async fn with_one_customer_call_alone_is_enough_and_with_two_it_is_asked() {
    let world = one_customer().await;
    world.sergio().texts("Call!").await;
    assert!(world.sergio().rings());
    world.sergio().declines().await;
    later(&world).await;
    world
        .sergio()
        .receives("0107 was not called: nobody pressed 1 on your phone. Text CALL 0107");

    let world = one_customer().await;
    world
        .phone("+16195550108")
        .texts("Do you have diesel?")
        .await;
    world.sergio().receives("Do you have diesel?");
    world.sergio().texts("call").await;
    nobody_was_called(&world);
    world
        .sergio()
        .receives("Call which? 1 = 0108 \"Do you have diesel?\" 2 = 0107");
    let text = world.sergio().texts("1").await;
    assert_eq!(rule(&world, &text).await, Rule::CallByText);
    world.sergio().takes_the_call().await;
    assert!(world.phone("+16195550108").rings() && !world.customer().rings());
    world.sergio().hangs_up().await;
    world.advance(minutes(130)).await;
    assert_eq!(
        outcome(&world, &text).await,
        not_reached(NotReached::HungUp)
    );
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn the_tag_may_stand_in_front() {
    for body in [
        "0107 CALL",
        "#0107: call",
        "call #0107",
        "+16195550107 call",
    ] {
        let world = one_customer().await;
        world.sergio().texts(body).await;
        assert!(world.sergio().rings(), "{body}");
        world.customer().receives_nothing();
        is_over(&world).await;
    }
}

#[tokio::test]
async fn what_is_nearly_call_rings_nobody() {
    for (body, reads) in [
        (
            "call him",
            Some("Did you mean CALL? Text CALL 0107, and your phone rings."),
        ),
        ("calll", Some("Did you mean CALL?")),
        ("call 0199", Some("No customer's number ends in 0199.")),
        ("0199: call", Some("No customer's number ends in 0199.")),
        ("call me back", None),
        ("Call 6195550142", None),
        ("I will call", None),
        ("0107 call me back", None),
    ] {
        let world = one_customer().await;
        world.sergio().texts(body).await;
        nobody_was_called(&world);
        match reads {
            Some(reads) => {
                world.sergio().receives(reads);
                world.customer().receives_nothing();
            }
            None => {
                let words = body.trim_start_matches("0107 ");
                world.customer().receives(words);
            }
        }
    }
}

#[tokio::test]
async fn a_customer_who_does_not_answer_is_an_entry_of_the_conversation_and_waits_on() {
    for (how, because, heard) in [
        (
            TakesCalls::On,
            NotReached::NoAnswer,
            "They did not answer. Goodbye.",
        ),
        (
            TakesCalls::Busy,
            NotReached::Busy,
            "They did not answer. Goodbye.",
        ),
        (
            TakesCalls::Dead,
            NotReached::Failed,
            "They did not answer. Goodbye.",
        ),
    ] {
        let world = one_customer().await;
        world.customer().takes_calls(how);
        let text = world.sergio().texts("CALL").await;
        world.sergio().takes_the_call().await;
        world.advance(seconds(45)).await;
        assert!(world.sergio().is_told().ends_with(heard));
        later(&world).await;
        assert_eq!(outcome(&world, &text).await, not_reached(because));
        world.sergio().receives_nothing();
        let call = world.call_of(&text).await.unwrap();
        let entry = MessageSid::of_call(&call.sid);
        let kept = world.relay().store.inbound(&entry).await.unwrap().unwrap();
        assert_eq!(kept.decision.rule, Rule::NotReached);
        assert!(
            kept.sms.body.starts_with("Sergio called 10:00 AM: "),
            "{}",
            kept.sms.body
        );
        assert!(waits(&world).await);
    }
}

#[tokio::test]
async fn a_persons_mailbox_is_not_connected_and_a_phone_that_is_off_is_told() {
    for how in [
        TakesCalls::Off,
        TakesCalls::BusyMailbox,
        TakesCalls::Assistant,
        TakesCalls::NoMailbox,
    ] {
        let world = one_customer().await;
        world.sergio().takes_calls(how.clone());
        let text = world.sergio().texts("CALL 0107").await;
        later(&world).await;
        assert_eq!(world.customer().was_rung(), 0, "{how:?}");
        assert_eq!(
            outcome(&world, &text).await,
            not_reached(NotReached::NotTaken)
        );
        world
            .sergio()
            .receives("0107 was not called: nobody pressed 1");
        world.sergio().receives_nothing();
    }
}

#[tokio::test]
async fn who_cannot_be_called_is_said_in_words() {
    let world = of_line(|line| line.voice = None).await;
    world.sergio().texts("CALL 0107").await;
    world
        .sergio()
        .receives("takes no calls and makes none. Nobody was called.");
    nobody_was_called(&world);

    let world = of_line(|line| {
        line.language = Language::Spanish;
    })
    .await;
    world.advance(minutes(8 * 24 * 60)).await;
    world.sergio().reads_all();
    // Long ago, and answered since.
    world.sergio().texts("#0107 Yes").await;
    world.customer().receives("Yes");
    world.advance(minutes(8 * 24 * 60)).await;
    let text = world.sergio().texts("CALL 0107").await;
    world.sergio().receives("No se ha llamado a 0107");
    nobody_was_called(&world);
    assert_eq!(rule(&world, &text).await, Rule::CallByText);

    let world = one_customer().await;
    world.sergio().texts("block 0107").await;
    world.sergio().receives("Block 0107");
    world.sergio().texts("1").await;
    world.sergio().receives("reach nobody");
    world.sergio().texts("CALL 0107").await;
    world.sergio().receives("0107 is blocked");
    nobody_was_called(&world);
    is_over(&world).await;

    let abroad = "+527465550142";
    let prefixes = vec![Prefix::parse("+1619").unwrap()];
    let world = of_line(|line| line.policy.allowed_prefixes = prefixes).await;
    world.phone(abroad).texts("Hola").await;
    world.sergio().receives("Hola");
    world.sergio().texts("CALL 0142").await;
    world
        .sergio()
        .receives("The line does not call that country (allowed_prefixes). 0142 was not called.");
    nobody_was_called(&world);
}

#[tokio::test]
async fn one_text_makes_one_call_however_often_it_comes() {
    let world = one_customer().await;
    // Twilio had stopped to wait, so that the fallback has the text as well.
    world.faults.late_answers.store(1, Ordering::SeqCst);
    world.sergio().texts("CALL 0107").await;
    world.sergio().declines().await;
    assert_eq!(world.kept(), 1);
    world.take_kept_now().await;
    later(&world).await;
    assert_eq!(world.sergio().was_rung(), 1);
    is_over(&world).await;
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_is_not_made_twice() {
    for fault in [
        Fault::LostAnswer,
        Fault::ServerError { status: 500 },
        Fault::TooManyRequests { retry_after: None },
        Fault::LostRequest,
        Fault::ErrorAfterAccept { status: 503 },
    ] {
        let world = one_customer().await;
        // Without any call the world looks for none that is due.
        let earlier = world.phone("+16195550142").calls().await;
        world.advance(seconds(1)).await;
        earlier.hangs_up().await;
        world.advance(minutes(5)).await;
        assert_eq!(world.sergio().was_rung(), 1);
        world
            .sandbox
            .inject(Injection::of(fault.clone()).on(Requests::CreateCall));
        world.sergio().texts("CALL 0107").await;
        world.advance(seconds(90)).await;
        assert_eq!(world.sergio().was_rung(), 2, "{fault:?}");
        later(&world).await;
        assert_eq!(world.sergio().was_rung(), 2, "{fault:?}");
        world
            .sergio()
            .receives("0107 was not called: nobody pressed 1");
    }
    // Whoever picks up meanwhile is connected all the same.
    let world = one_customer().await;
    world
        .sandbox
        .inject(Injection::of(Fault::LostAnswer).on(Requests::CreateCall));
    world.sergio().texts("CALL 0107").await;
    world.sergio().takes_the_call().await;
    assert!(world.customer().rings());
    is_over(&world).await;
}

#[tokio::test]
async fn a_call_that_twilio_refuses_is_told_with_its_error() {
    let world = one_customer().await;
    let fault = Fault::Refuse {
        status: 400,
        code: 21215,
    };
    world
        .sandbox
        .inject(Injection::of(fault).on(Requests::CreateCall));
    let text = world.sergio().texts("CALL 0107").await;
    world
        .sergio()
        .receives("0107 was not called: your phone could not be rung (error 21215).");
    let because = NotReached::NotMade { code: Some(21215) };
    assert_eq!(outcome(&world, &text).await, not_reached(because));
}

#[tokio::test]
async fn who_is_in_a_call_of_the_line_is_not_called() {
    let world = one_customer().await;
    let call = world.phone("+16195550142").calls().await;
    world.advance(seconds(2)).await;
    assert!(world.sergio().rings());
    let text = world.sergio().texts("CALL 0107").await;
    assert_eq!(
        outcome(&world, &text).await,
        not_reached(NotReached::InACall)
    );
    world
        .sergio()
        .receives("0107 was not called: you are in a call of this line.");
    assert_eq!(world.sergio().was_rung(), 1);
    call.hangs_up().await;
    is_over(&world).await;
}

#[tokio::test]
async fn while_a_person_calls_out_another_caller_rings_the_next() {
    let world = one_customer().await;
    world.sergio().texts("CALL 0107").await;
    world.sergio().takes_the_call().await;
    world.customer().picks_up().await;
    let call = world.phone("+16195550142").calls().await;
    world.advance(seconds(2)).await;
    assert!(world.backup().rings());
    assert!(world.sergio().is_connected());
    world.sergio().hangs_up().await;
    call.hangs_up().await;
    is_over(&world).await;
}

#[tokio::test]
async fn a_restart_between_any_two_requests_changes_nothing() {
    let world = one_customer().await;
    world.restarts_before_each_request();
    let text = world.sergio().texts("CALL 0107").await;
    world.sergio().takes_the_call().await;
    world.customer().picks_up().await;
    world.advance(seconds(30)).await;
    world.sergio().hangs_up().await;
    later(&world).await;
    assert_eq!(
        outcome(&world, &text).await,
        Outcome::Spoke {
            person: "Sergio".to_owned(),
            seconds: Some(30)
        }
    );
    world.sergio().receives("Sergio called 10:00 AM: 30 s.");
}

#[tokio::test]
async fn a_call_that_a_person_asked_for_can_be_ended_from_outside() {
    let world = one_customer().await;
    world.sergio().texts("CALL 0107").await;
    world.sergio().takes_the_call().await;
    assert!(world.customer().rings());
    let sid = world.sandbox.latest_call().expect("a call goes on");
    let pressed = world.sandbox.caller_acts(&sid, &Act::Press("1".to_owned()));
    assert!(pressed.is_err(), "its keys are the phone's");
    let ended = world.sandbox.caller_acts(&sid, &Act::HangUp);
    ended.expect("it goes on");
    world.settle().await;
    assert!(!world.customer().rings());
    assert_eq!(world.sandbox.latest_call(), None);
    is_over(&world).await;
}
