//! Machines that answer machines come to rest.

use relay::app::inbound_sms;
use relay::app::ports::audit::Kind;
use relay::domain::inbound::sms::InboundSms;
use relay::domain::line::Line;
use relay::domain::phone::Sender;
use relay::domain::routing::Rule;

use crate::support::world::{IN_HOURS, World, minutes, number, seconds};

/// Another relay, whose number is Sergio's phone for this one, and whose person is this relay's
/// line: what it texts back for a text from here.
fn other_relay(here: &World, text: &str) -> Option<String> {
    let mut line: Line = here.line.clone();
    line.number = here.line.people[0].number.clone();
    line.people[0].number = here.line.number.clone();
    let sms = InboundSms {
        sid: relay::domain::ids::message_sid::MessageSid::parse(
            &("SM".to_owned() + &"0".repeat(32)),
        )
        .unwrap(),
        from: Sender::Phone(here.line.number.clone()),
        to: line.number.clone(),
        place: None,
        body: text.to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let now = relay::clock::Clock::now(&*here.clock);
    let text = inbound_sms::text::Text::of(sms, now);
    let (known, found, view) = Default::default();
    let planned = inbound_sms::plan(&line, &known, &text, &found, &view);
    planned
        .complete(&[])
        .deliveries
        .into_iter()
        .next()
        .map(|delivery| delivery.body)
}

async fn rule(world: &World, sid: &relay::domain::ids::message_sid::MessageSid) -> Rule {
    let record = world.relay().store.inbound(sid).await.unwrap();
    record.unwrap().decision.rule
}

#[tokio::test]
async fn two_relays_that_point_at_each_other_come_to_rest() {
    // Whatever begins it, the answer is the last thing that is said.
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("beep").await;
    let answer = world.sergio().receives("No customer has written to you");
    assert_eq!(other_relay(&world, &answer), None);
    let relayed = format!("{}: {answer}", world.line.number.expose());
    world.sergio().texts(&relayed).await;
    world.sergio().receives_nothing();

    world.customer().texts("hi").await;
    let text = world.sergio().receives("hi");
    assert_eq!(other_relay(&world, &text), None, "own words, no answer");

    // One that relays whatever comes, as if this relay were its customer.
    let relayed = format!("{}: {text}", world.line.number.expose());
    let sid = world.sergio().texts(&relayed).await;
    assert_eq!(rule(&world, &sid).await, Rule::OwnWords);
    world.sergio().receives_nothing();
    world.customer().receives_nothing();
}

#[tokio::test]
async fn automatic_replies_of_a_persons_phone_are_answered_once() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("hi").await;
    world.sergio().receives("hi");
    for words in [
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get \
         where I'm going.",
        "Respuesta automática: vuelvo el lunes",
        "Automatische Antwort: bin unterwegs",
    ] {
        let sid = world.sergio().texts(words).await;
        assert_eq!(rule(&world, &sid).await, Rule::AutomaticReply);
    }
    world
        .sergio()
        .receives("Taken for your phone's automatic reply");
    world.sergio().receives_nothing();
    world.customer().receives_nothing();
    world.customer().texts("Out of office until Monday").await;
    world.sergio().receives("Out of office until Monday");
}

#[tokio::test]
async fn a_machine_in_the_cascade_that_always_answers_gets_ever_fewer_answers() {
    let world = World::at(IN_HOURS).await;
    let machine = Sender::Phone(world.line.people[0].number.clone());
    let mut answers = 0;
    for n in 0..60 {
        let text = relay::sandbox::Text::new(format!("beep {n}"));
        let sent = world.sandbox.text(&machine, &world.line.number, text);
        sent.expect("the line's number is the sandbox's");
        world.advance(seconds(1)).await;
    }
    world.advance(minutes(1)).await;
    let withheld = world.audit();
    let withheld = withheld.iter().filter(|r| r.kind == Kind::Withheld).count();
    let all = world.sergio().reads_all();
    let (told, answered): (Vec<_>, Vec<_>) = all.iter().partition(|text| text.contains("faster"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(answered.len(), 60 - withheld);
    for answer in answered {
        assert!(
            answer.contains("No customer has written to you"),
            "{answer}"
        );
        answers += 1;
    }
    assert!(
        (10..=41).contains(&answers),
        "{answers} answers in a minute"
    );
    assert_eq!(
        world
            .relay()
            .store
            .gave_up_before(far(&world), 10)
            .await
            .unwrap(),
        []
    );

    // A customer's text to the same phone waits a moment at most.
    world.customer().texts("hello?").await;
    world.advance(seconds(10)).await;
    world.sergio().receives("hello?");
}

fn far(world: &World) -> jiff::Timestamp {
    relay::clock::Clock::now(&*world.clock) + minutes(60 * 24)
}

#[tokio::test]
async fn another_line_of_the_same_relay_is_relayed_to_nobody() {
    let world = World::at(IN_HOURS).await;
    let mut other = world.line.clone();
    other.name = "other".to_owned();
    other.number = number("+16195550102");
    world.relay().store.put_line(&other).await.unwrap();
    let sid = world.phone("+16195550102").texts("hi").await;
    assert_eq!(rule(&world, &sid).await, Rule::FromLine);
    world.sergio().receives_nothing();
}
