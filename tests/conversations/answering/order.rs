//! Texts of one conversation leave in the order in which they came.

use relay::domain::phone::Sender;
use relay::sandbox::{Fault, Injection, Text};

use super::*;
use crate::support::world::{number, seconds};

#[tokio::test]
async fn a_text_waits_for_the_one_before_it() {
    let world = World::at(IN_HOURS).await;
    let busy = Fault::TooManyRequests {
        retry_after: Some("40".to_owned()),
    };
    world.sergio().next_request_meets(busy);
    ana(&world).texts("one").await;
    ana(&world).texts("two").await;
    ben(&world).texts("another customer").await;
    world.sergio().receives("another customer");
    world.sergio().receives_nothing();
    world.advance(minutes(2)).await;
    world.sergio().receives("one");
    world.sergio().receives("two");
}

#[tokio::test]
async fn many_at_once_leave_one_after_the_other_without_a_pause() {
    let world = World::at(IN_HOURS).await;
    let ana = Sender::parse("+16195550107");
    for n in 0..8 {
        let text = Text::new(format!("text {n}"));
        let sent = world.sandbox.text(&ana, &world.line.number, text);
        sent.expect("the line's number is the sandbox's");
    }
    world.advance(seconds(2)).await;
    for n in 0..8 {
        world.sergio().receives(&format!("text {n}"));
    }
}

#[tokio::test]
async fn answers_wait_for_those_before_them_too() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("When?").await;
    world.sergio().receives("When?");
    let busy = Fault::TooManyRequests {
        retry_after: Some("40".to_owned()),
    };
    ana(&world).next_request_meets(busy);
    world.sergio().texts("At five").await;
    world.sergio().texts("Or at six").await;
    ana(&world).receives_nothing();
    world.advance(minutes(2)).await;
    ana(&world).receives("At five");
    ana(&world).receives("Or at six");
}

#[tokio::test]
async fn a_stuck_text_holds_up_others_no_longer_than_until_its_deadline() {
    let mut line = crate::support::world::example();
    line.people.remove(0);
    line.policy.deliver_within = minutes(20);
    let world = World::with(line, IN_HOURS).await;
    let backup = || world.phone("+16195550111");
    // Until the owner has repaired it, it is tried every ten minutes.
    let to = number("+16195550111");
    let refuse = Fault::Refuse {
        code: 21606,
        status: 400,
    };
    world.sandbox.inject(Injection::of(refuse).to(&to).times(2));
    ana(&world).texts("one").await;
    world.advance(seconds(30)).await;
    ana(&world).texts("two").await;
    world.advance(minutes(9)).await;
    backup().receives_nothing();
    world.advance(minutes(11)).await;
    backup().receives("two");
    backup().receives_nothing();
    world.owner().receives("texts of qdn wait until account");
    world.owner().receives("reached nobody");
}
