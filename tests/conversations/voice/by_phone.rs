//! A person calls the line, or a customer's reply number, from their own phone.

use relay::domain::call::NotReached;
use relay::domain::language::Language;
use relay::domain::line::Line;
use relay::domain::line::pin::Pin;
use relay::sandbox::{Kind, NewCall};

use super::*;
use crate::support::world::{example, number};

const REPLY_NUMBER: &str = "+16195550150";

fn attested(level: &str) -> NewCall {
    NewCall {
        stir_verstat: Some(format!("TN-Validation-Passed-{level}")),
        ..NewCall::default()
    }
}

async fn of_line(change: impl FnOnce(&mut Line)) -> World {
    let mut line = example();
    change(&mut line);
    let world = World::with(line, IN_HOURS).await;
    world.set_fallback_url();
    world
}

fn with_pin(line: &mut Line) {
    line.people[0].pin = Some(Pin::parse("4711").expect("a PIN"));
}

/// A customer called six minutes ago, and nobody took the call.
async fn missed_a_call(world: &World) {
    let call = world.customer().calls().await;
    world.advance(seconds(8)).await;
    call.hangs_up().await;
    world.advance(minutes(6)).await;
    world.sergio().reads_all();
}

const MENU: &str = "Q D N, the last caller ends 0 1 0 7, 6 minutes ago. Press 1 to ring back.";

#[tokio::test]
async fn a_person_hears_who_called_last_and_calls_them_back_as_the_line() {
    let world = world().await;
    missed_a_call(&world).await;
    let call = world.sergio().calls_as(attested("A")).await;
    assert_eq!(call.heard(), MENU);
    assert!(!world.backup().rings());
    world.advance(seconds(6)).await;
    call.presses("1").await;
    assert!(world.customer().rings());
    world.customer().picks_up().await;
    assert!(call.is_connected());
    assert_eq!(call.view().legs[0].from, world.line.number.expose());
    world.advance(seconds(240)).await;
    call.hangs_up().await;
    later(&world).await;
    assert_eq!(spoke_with(&call).await, "Sergio");
    world
        .sergio()
        .receives("0107: Sergio called 10:06 AM: 4 min. A reply here goes to them.");
    world.sergio().texts("See you at five").await;
    world.customer().receives("See you at five");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_customer_who_does_not_answer_and_a_person_who_thinks_better_of_it_leave_nobody_a_text() {
    for keys in [Some("1"), Some("3"), Some("2"), None] {
        let world = world().await;
        missed_a_call(&world).await;
        let call = world.sergio().calls_as(attested("A")).await;
        if let Some(keys) = keys {
            call.presses(keys).await;
        }
        world.advance(minutes(2)).await;
        assert!(!call.goes_on(), "{keys:?}");
        later(&world).await;
        let because = match keys {
            Some("1") => NotReached::NoAnswer,
            _ => NotReached::NotTaken,
        };
        assert_eq!(call.outcome().await, Outcome::NotReached { because });
        assert_eq!(world.customer().was_rung(), usize::from(keys == Some("1")));
        assert!(!call.heard().contains("leave a message"), "{keys:?}");
        for phone in [world.sergio(), world.backup(), world.owner()] {
            assert_eq!(phone.reads_all(), [""; 0], "{keys:?}");
        }
    }
}

#[tokio::test]
async fn a_person_who_hangs_up_at_the_menu_calls_nobody_and_keeps_nobody_busy() {
    let world = world().await;
    missed_a_call(&world).await;
    let call = world.sergio().calls_as(attested("A")).await;
    world.advance(seconds(2)).await;
    call.hangs_up().await;
    let because = NotReached::NotTaken;
    assert_eq!(call.outcome().await, Outcome::NotReached { because });
    let next = world.phone("+16195550142").calls().await;
    assert!(world.sergio().rings());
    next.hangs_up().await;
    later(&world).await;
    world.sergio().reads_all();
}

#[tokio::test]
async fn whoever_proves_nothing_is_a_caller_like_any_other() {
    for how in [NewCall::default(), attested("B"), attested("C")] {
        let world = world().await;
        missed_a_call(&world).await;
        let call = world.sergio().calls_as(how).await;
        assert_eq!(call.heard(), "");
        world.advance(seconds(2)).await;
        assert!(world.backup().rings());
        call.hangs_up().await;
        later(&world).await;
        assert_eq!(world.customer().was_rung(), 0);
        world.sergio().reads_all();
        world.backup().reads_all();
    }
    // And whoever calls when no customer called lately.
    let world = world().await;
    let call = world.sergio().calls_as(attested("A")).await;
    world.advance(seconds(2)).await;
    assert!(world.backup().rings());
    call.hangs_up().await;
    later(&world).await;
    world.sergio().reads_all();
    world.backup().reads_all();
}

#[tokio::test]
async fn a_pin_proves_who_calls_and_is_asked_for_before_a_message_is_heard() {
    for vouched in [false, true] {
        let world = of_line(with_pin).await;
        let left = world.customer().calls().await;
        world.sergio().declines().await;
        world.advance(seconds(1)).await;
        world.backup().declines().await;
        left.leaves_a_message(12).await;
        world.sergio().receives("Voicemail 0:12");
        let how = if vouched {
            attested("A")
        } else {
            attested("C")
        };
        let call = world.sergio().calls_as(how).await;
        let asks = "Enter your PIN, then the pound key.";
        let menu = "Q D N, the last caller ends 0 1 0 7, a minute ago. Press 1 to ring back, 2 to hear the message.";
        if vouched {
            assert_eq!(call.heard(), menu);
            call.presses("2").await;
        }
        assert!(call.heard().ends_with(asks), "{}", call.heard());
        call.presses("1234#").await;
        assert!(call.heard().ends_with(asks), "{}", call.heard());
        call.presses("4711#").await;
        if !vouched {
            assert!(call.heard().ends_with(menu), "{}", call.heard());
            call.presses("2").await;
        }
        let heard = call.view().heard;
        let played = heard.iter().find(|it| it.kind == Kind::Plays);
        let played = played.expect("the message is played");
        assert!(played.text.contains("/v/"), "{}", played.text);
        // Nothing is pressed after it.
        world.advance(minutes(1)).await;
        assert!(!call.goes_on());
        later(&world).await;
        assert_eq!(world.customer().was_rung(), 0);
        world.sergio().receives_nothing();
    }
}

#[tokio::test]
async fn after_three_wrong_pins_the_call_is_over() {
    let world = of_line(with_pin).await;
    missed_a_call(&world).await;
    let call = world.sergio().calls().await;
    for pin in ["1111#", "2222#", "3333#"] {
        assert!(call.goes_on());
        call.presses(pin).await;
    }
    assert!(!call.goes_on());
    later(&world).await;
    assert_eq!(world.customer().was_rung(), 0);
    assert!(!call.heard().contains("0 1 0 7"), "{}", call.heard());
    for phone in [world.sergio(), world.backup()] {
        assert_eq!(phone.reads_all(), [""; 0]);
    }
}

#[tokio::test]
async fn a_person_who_calls_a_reply_number_is_connected_with_its_customer() {
    for proof in ["A", "a PIN"] {
        let world = of_line(|line| {
            line.reply_numbers = vec![number(REPLY_NUMBER)];
            with_pin(line);
        })
        .await;
        world.customer().texts("Is the boat ready?").await;
        world.sergio().reads_all();
        let how = match proof {
            "A" => attested("A"),
            _ => NewCall::default(),
        };
        let call = world.sergio().calls_number(REPLY_NUMBER, how).await;
        if proof != "A" {
            assert!(call.heard().starts_with("Enter your PIN"));
            call.presses("4711#").await;
        }
        assert!(world.customer().rings(), "{proof}");
        assert_eq!(call.view().legs[0].from, world.line.number.expose());
        world.customer().picks_up().await;
        world.advance(seconds(60)).await;
        world.customer().hangs_up().await;
        later(&world).await;
        assert_eq!(spoke_with(&call).await, "Sergio");
        world.sergio().receives("Sergio called 10:00 AM: 1 min");
        world.backup().receives_nothing();
    }
}

#[tokio::test]
async fn nobody_is_offered_whom_the_line_may_not_call() {
    let world = world().await;
    missed_a_call(&world).await;
    world.sergio().texts("BLOCK 0107").await;
    world.sergio().texts("1").await;
    world.sergio().reads_all();
    let call = world.sergio().calls_as(attested("A")).await;
    world.advance(seconds(2)).await;
    assert!(world.backup().rings());
    assert_eq!(call.heard(), "");
    call.hangs_up().await;
    world.advance(minutes(130)).await;
    world.owner().reads_all();
    world.sergio().reads_all();
    world.backup().reads_all();
}

#[tokio::test]
async fn a_spanish_line_says_it_in_spanish() {
    let world = of_line(|line| {
        line.language = Language::Spanish;
        let voice = line.voice.get_or_insert_default();
        voice.language = "es-MX".to_owned();
        with_pin(line);
    })
    .await;
    missed_a_call(&world).await;
    let call = world.sergio().calls_as(attested("A")).await;
    assert_eq!(
        call.heard(),
        "Q D N, la última llamada es de 0 1 0 7, hace 6 minutos. Pulse 1 para llamar."
    );
    call.hangs_up().await;
    let call = world.sergio().calls().await;
    assert_eq!(call.heard(), "Marque su PIN y la tecla numeral.");
    call.hangs_up().await;
    later(&world).await;
    world.sergio().receives_nothing();
}
