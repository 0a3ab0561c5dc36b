//! The line's automatic reply to customers.

use relay::domain::line::AutoReply;
use relay::domain::line::auto_reply::Sends;

use super::*;
use crate::support::world::example;

const AT_NIGHT: &str = "2026-11-23T20:00:00-08:00";

async fn with(when: Sends, instant: &str) -> World {
    let mut line = example();
    line.auto_reply = Some(AutoReply {
        text: "Thanks! We answer {% if opens %}from {{ opens | when }}{% else %}soon{% endif %}."
            .to_owned(),
        when,
    });
    World::with(line, instant).await
}

#[tokio::test]
async fn outside_the_hours_a_customer_reads_when_they_are_answered_once_in_a_conversation() {
    let world = with(Sends::OutsideHours, AT_NIGHT).await;
    ana(&world).texts("Hello?").await;
    ana(&world).receives("Thanks! We answer from Tue Nov 24, 8:00 AM.");
    world.backup().receives("Hello?");
    ana(&world).texts("Anybody?").await;
    ana(&world).receives_nothing();
    world.backup().receives("Anybody?");
    // Once they were answered, a day without a text ends it.
    world.backup().texts("Good evening").await;
    ana(&world).receives("Good evening");
    world.advance(minutes(24 * 60)).await;
    ana(&world).texts("Me again").await;
    ana(&world).receives("Thanks!");
    world.backup().receives("Me again");
}

#[tokio::test]
async fn within_the_hours_it_depends_on_the_configuration() {
    let world = with(Sends::OutsideHours, IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    ana(&world).receives_nothing();
    let world = with(Sends::Always, IN_HOURS).await;
    ana(&world).texts("Hello?").await;
    world.sergio().receives("Hello?");
    ana(&world).receives("Thanks! We answer soon.");
}

#[tokio::test]
async fn machines_and_those_who_opt_out_get_none() {
    let world = with(Sends::Always, IN_HOURS).await;
    for body in [
        "Automatic reply: out until Monday",
        "+16195550199: a relay's words",
    ] {
        ana(&world).texts(body).await;
        world.sergio().receives(body);
        ana(&world).receives_nothing();
    }
    world.phone("72975").texts("Your code is 1").await;
    world.sergio().receives("Your code is 1");
    ben(&world).texts("STOP").await;
    ben(&world).receives("unsubscribed");
    world.sergio().receives("opted out");
    ben(&world).receives_nothing();
}
