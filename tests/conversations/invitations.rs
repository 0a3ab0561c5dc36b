//! One person is invited, and whoever invited them hears what became of it.

use relay::app::notices::NoticeRejected;
use relay::app::ports::audit::Kind;
use relay::app::{outbound_notifier, retry_worker};
use relay::clock::Clock;
use relay::domain::delivery::Because;
use relay::domain::phone::Prefix;
use relay::domain::request as payload;
use relay::sandbox::Fault;
use serde_json::{Value, json};

use crate::support::world::{IN_HOURS, Phone, World, example, minutes, seconds};

const ANA: &str = "+16195550121";

fn invitation() -> Value {
    json!({
        "name": "Ana",
        "number": ANA,
        "event": "Zurek",
        "starts": "2027-04-29T18:00:00-07:00",
        "link": "https://crew.example.com/i/7Jx2",
        "idempotency_key": "ana-zurek",
    })
}

/// The function is invoked by its name.
async fn invoke(world: &World, event: Value) -> Result<Value, NoticeRejected> {
    let event = event.to_string();
    outbound_notifier::invoked(world.relay(), event.as_bytes()).await
}

/// Everything happens that follows at once. Returns the invitation's id.
async fn invite(world: &World, invitation: Value) -> String {
    let answer = invoke(world, json!({ "invitation": invitation })).await;
    world.advance(seconds(5)).await;
    answer.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn refused(world: &World, invitation: Value) -> payload::Refused {
    match invoke(world, json!({ "invitation": invitation })).await {
        Err(NoticeRejected::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

async fn standing(world: &World, id: &str) -> Value {
    invoke(world, json!({ "show": id })).await.unwrap()
}

fn ana(world: &World) -> Phone<'_> {
    world.phone(ANA)
}

fn recorded(world: &World, kind: Kind) -> usize {
    let records = world.audit().into_iter();
    records.filter(|record| record.kind == kind).count()
}

#[tokio::test]
async fn an_invitation_is_one_text_to_one_person() {
    let world = World::at(IN_HOURS).await;
    let id = invite(&world, invitation()).await;
    let text = ana(&world).receives("Ana, you are on the crew of Zurek");
    assert!(text.contains("https://crew.example.com/i/7Jx2"), "{text}");
    world.sergio().receives_nothing();
    let now = standing(&world, &id).await;
    assert_eq!(now["state"], "delivered");
    assert_eq!(now["attempts"], 1);
    assert_eq!(recorded(&world, Kind::Invited), 1);
    assert!(world.listeners.hear().is_empty());
    let audit = world.audit_text();
    assert!(!audit.contains("6195550121") && !audit.contains("7Jx2"));
}

#[tokio::test]
async fn a_reply_goes_to_the_line_as_any_text_does() {
    let world = World::at(IN_HOURS).await;
    invite(&world, invitation()).await;
    ana(&world).reads();
    ana(&world).texts("I'll be there").await;
    world.sergio().receives("I'll be there");
}

#[tokio::test]
async fn the_same_key_invites_once_and_for_something_else_is_refused() {
    let world = World::at(IN_HOURS).await;
    let wish = json!({ "invitation": invitation() });
    let mut first = invoke(&world, wish.clone()).await.unwrap();
    let begins: jiff::Timestamp = first["begins"].as_str().unwrap().parse().unwrap();
    assert_eq!(begins, world.clock.now());
    // It has gone out by the time that it is asked for again.
    first.as_object_mut().unwrap().remove("begins");
    world.advance(minutes(1)).await;
    ana(&world).receives("Zurek");
    let again = invoke(&world, wish).await.unwrap();
    assert_eq!(again, first);
    let mut other = invitation();
    other["event"] = "Regatta".into();
    let refused = refused(&world, other).await;
    assert_eq!(refused.because, payload::Because::KeyReused);
    world.advance(minutes(1)).await;
    ana(&world).receives_nothing();
    assert_eq!(recorded(&world, Kind::Invited), 1);
}

#[tokio::test]
async fn an_assignment_that_is_put_on_the_bus_again_invites_once_and_with_another_link_again() {
    let world = World::at(IN_HOURS).await;
    for (id, link) in [("1", "7Jx2"), ("2", "7Jx2"), ("3", "9Kw1")] {
        let detail = json!({
            "id": "a-17", "name": "Ana", "number": ANA, "event": "Zurek",
            "link": format!("https://crew.example.com/i/{link}"),
        });
        let event = json!({"id": id, "detail-type": "Crew Assigned", "detail": detail});
        invoke(&world, event).await.unwrap();
        world.advance(seconds(5)).await;
    }
    ana(&world).receives("7Jx2");
    ana(&world).receives("9Kw1");
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn two_who_invite_at_once_with_one_key_invite_once() {
    let world = World::at(IN_HOURS).await;
    let wish = json!({ "invitation": invitation() });
    let (one, other) = futures::join!(invoke(&world, wish.clone()), invoke(&world, wish));
    assert_eq!(one.unwrap()["id"], other.unwrap()["id"]);
    world.advance(minutes(1)).await;
    ana(&world).reads();
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn whoever_invited_hears_once_that_it_failed() {
    let world = World::at(IN_HOURS).await;
    ana(&world).next_request_meets(Fault::Undeliverable { code: 30005 });
    let id = invite(&world, invitation()).await;
    let heard = world.listeners.hear();
    let [failed] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(failed.id.as_str(), id);
    assert_eq!(
        (failed.key.as_str(), failed.event.as_str()),
        ("ana-zurek", "Zurek")
    );
    assert_eq!(failed.because, Because::Undeliverable);
    assert_eq!(failed.error_code, Some(30005));
    assert!(!failed.may_have_arrived);
    let now = standing(&world, &id).await;
    assert_eq!(
        (&now["state"], &now["because"]),
        (&json!("failed"), &json!("undeliverable"))
    );
    assert_eq!(recorded(&world, Kind::InvitationFailed), 1);

    world.advance(minutes(60)).await;
    retry_worker::sweep(world.relay()).await.unwrap();
    world.advance(minutes(60)).await;
    assert!(world.listeners.hear().is_empty());
    let dead = world
        .relay()
        .store
        .gave_up_before(world.clock.now(), 9)
        .await;
    assert_eq!(dead.unwrap(), [], "it is no dead letter");
}

#[tokio::test]
async fn whoever_invited_hears_it_though_nobody_listened_at_first() {
    let world = World::at(IN_HOURS).await;
    ana(&world).next_request_meets(Fault::Undeliverable { code: 30005 });
    world.listeners.are_away(2);
    invite(&world, invitation()).await;
    assert!(world.listeners.hear().is_empty());
    world.advance(minutes(1)).await;
    assert_eq!(world.listeners.hear().len(), 1);
}

#[tokio::test]
async fn whoever_invited_hears_it_though_the_worker_died_between_save_and_event() {
    let mut world = World::at(IN_HOURS).await;
    ana(&world).next_request_meets(Fault::Undeliverable { code: 30005 });
    world.listeners.are_away(1);
    let id = invite(&world, invitation()).await;
    assert_eq!(
        standing(&world, &id).await["state"],
        "failed",
        "that is saved"
    );
    world.lose_wake_ups();
    world.restart().await;
    world.advance(minutes(2)).await;
    assert!(world.listeners.hear().is_empty());
    retry_worker::sweep(world.relay()).await.unwrap();
    world.advance(seconds(5)).await;
    assert_eq!(world.listeners.hear().len(), 1);
    assert_eq!(recorded(&world, Kind::InvitationFailed), 1);
}

#[tokio::test]
async fn who_opted_out_is_not_invited_and_whoever_invited_hears_why() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("STOP").await;
    world.sergio().receives("STOP");
    let id = invite(&world, invitation()).await;
    // Twilio confirms the opt-out.
    ana(&world).reads();
    ana(&world).receives_nothing();
    let heard = world.listeners.hear();
    assert_eq!(heard[0].because, Because::OptedOut);
    assert_eq!(standing(&world, &id).await["because"], "opted_out");
}

#[tokio::test]
async fn an_unreachable_phone_is_tried_until_the_invitation_expires() {
    let world = World::at(IN_HOURS).await;
    for _ in 0..50 {
        ana(&world).next_request_meets(Fault::Undeliverable { code: 30003 });
    }
    let mut wish = invitation();
    let end = world.clock.now() + minutes(6 * 60);
    wish["expires"] = end.to_string().into();
    let id = invite(&world, wish).await;
    world.advance(minutes(5 * 60)).await;
    assert!(world.listeners.hear().is_empty());
    world.advance(minutes(2 * 60)).await;
    let heard = world.listeners.hear();
    assert_eq!(heard[0].because, Because::Expired);
    assert_eq!(heard[0].error_code, Some(30003));
    let tries = standing(&world, &id).await["attempts"].as_u64().unwrap();
    // The pauses grow to an hour, and are half of that with jitter.
    assert!((5..=30).contains(&tries), "each try costs: {tries}");
    world.sandbox.clear_faults();
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_by_field_and_nothing_is_kept() {
    let mut line = example();
    line.policy.allowed_prefixes = vec![Prefix::parse("+1619").unwrap()];
    let world = World::with(line, IN_HOURS).await;
    let long_link = "https://crew.example.com/".to_owned() + &"x".repeat(150);
    for (field, value) in [
        ("link", json!(long_link)),
        ("link", json!("crew.example.com")),
        ("name", json!("Юлия")),
        ("number", json!("+18585550121")),
        ("number", json!("+16195550100")),
        ("number", json!("619-555-0121")),
        ("expires", json!("2026-11-22T10:00:00-08:00")),
        ("event", Value::Null),
        ("line", json!("sailing")),
        ("frend", json!("Ben")),
    ] {
        let mut wrong = invitation();
        wrong[field] = value.clone();
        let refused = refused(&world, wrong).await;
        let paths: Vec<_> = refused.fields.iter().map(|f| f.path.as_str()).collect();
        let path = format!("invitation.{field}");
        assert!(
            paths == [path.as_str()] || paths == [field],
            "{field} {value}: {refused:?}"
        );
    }
    world.advance(minutes(1)).await;
    ana(&world).receives_nothing();
    assert_eq!(recorded(&world, Kind::Invited), 0);
}

#[tokio::test]
async fn a_dry_run_tells_the_text_and_its_price() {
    let world = World::at(IN_HOURS).await;
    let mut wish = invitation();
    wish["name"] = "Pía".into();
    wish["dry_run"] = true.into();
    let answer = invoke(&world, json!({ "invitation": wish })).await.unwrap();
    assert_eq!(answer["segments"], 1);
    assert_eq!(answer["cost"], "0.0083");
    let text = answer["text"].as_str().unwrap();
    assert!(text.starts_with("Pia, "), "letters that cost less: {text}");
    world.advance(minutes(1)).await;
    ana(&world).receives_nothing();
}

#[tokio::test]
async fn an_invitation_waits_for_the_morning() {
    let world = World::at("2026-11-23T22:00:00-08:00").await;
    let id = invite(&world, invitation()).await;
    ana(&world).receives_nothing();
    assert_eq!(standing(&world, &id).await["state"], "waiting");
    world.advance(minutes(10 * 60 + 1)).await;
    ana(&world).receives("Zurek");
}

#[tokio::test]
async fn nobody_knows_an_invitation_that_there_is_not() {
    let world = World::at(IN_HOURS).await;
    let none = format!("iv-{}", "0".repeat(32));
    for id in [none.as_str(), "no-such", "in-1"] {
        match invoke(&world, json!({ "show": id })).await {
            Err(NoticeRejected::Refused(refused)) => {
                assert_eq!(refused.because, payload::Because::Unknown);
            }
            other => panic!("{other:?}"),
        }
    }
}
