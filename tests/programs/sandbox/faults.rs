use relay::sandbox::{Fault, Injection, Power, Requests};
use relay::twilio::errors;

use super::*;

async fn answer_under(fault: Fault) -> (World, Answer) {
    let world = world();
    world.sandbox.inject(fault.into());
    let answer = world.sends(SERGIO, "hi").await;
    (world, answer)
}

/// Whether the text arrived on Sergio's phone after all.
fn arrived(world: &World) -> bool {
    world.all_webhooks();
    !world.screen(SERGIO).is_empty()
}

#[tokio::test]
async fn twilio_refuses_with_any_code() {
    let refuse = Fault::Refuse {
        code: 21408,
        status: 400,
    };
    let (world, answer) = answer_under(refuse).await;
    let refused = errors::refused(Some(21408), 400, None);
    assert_eq!(answer, refused);
    assert!(!arrived(&world));
    accepted(world.sends(SERGIO, "once only").await);
}

#[tokio::test]
async fn twilio_is_busy_and_says_for_how_long() {
    let busy = Fault::TooManyRequests {
        retry_after: Some("40".into()),
    };
    let (world, answer) = answer_under(busy).await;
    let refused = errors::refused(Some(20429), 429, Some(Duration::from_secs(40)));
    assert_eq!(answer, refused);
    assert!(!arrived(&world));
}

#[tokio::test]
async fn a_server_error_may_come_before_or_after_the_effect() {
    let (world, answer) = answer_under(Fault::ServerError { status: 503 }).await;
    assert!(matches!(
        answer,
        Answer::Refused {
            http_status: 503,
            ..
        }
    ));
    assert!(!arrived(&world));
    let (world, answer) = answer_under(Fault::ErrorAfterAccept { status: 502 }).await;
    assert!(matches!(
        answer,
        Answer::Refused {
            http_status: 502,
            ..
        }
    ));
    assert!(arrived(&world));
}

#[tokio::test]
async fn a_lost_answer_and_a_lost_request_look_the_same_from_here() {
    let (world, answer) = answer_under(Fault::LostAnswer).await;
    assert_eq!(answer, Answer::Unknown);
    assert!(arrived(&world));
    let (world, answer) = answer_under(Fault::LostRequest).await;
    assert_eq!(answer, Answer::Unknown);
    assert!(!arrived(&world));
}

#[tokio::test]
async fn a_slow_answer_counts_as_none_once_the_client_has_given_up() {
    let (_, answer) = answer_under(Fault::SlowAnswer { ms: 9_000 }).await;
    accepted(answer);
    let (world, answer) = answer_under(Fault::SlowAnswer { ms: 10_000 }).await;
    assert_eq!(answer, Answer::Unknown);
    assert!(arrived(&world));
}

#[tokio::test]
async fn a_fault_can_strike_the_look_up_instead_of_the_sending() {
    let world = world();
    let fault = Injection::of(Fault::ServerError { status: 500 });
    world.sandbox.inject(fault.on(Requests::Other));
    accepted(world.sends(SERGIO, "hi").await);
    assert!(world.listed(&world.account, EVER).await.is_err());
    assert_eq!(world.listed(&world.account, EVER).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_messages_to_the_chosen_phone_are_struck() {
    let world = world();
    let fault = Injection::of(Fault::LostAnswer).to(&number(SERGIO));
    world.sandbox.inject(fault.times(2));
    accepted(world.sends(CUSTOMER, "hi").await);
    assert_eq!(world.sends(SERGIO, "1").await, Answer::Unknown);
    assert_eq!(world.sends(SERGIO, "2").await, Answer::Unknown);
    accepted(world.sends(SERGIO, "3").await);
    assert!(world.sandbox.pending_faults().is_empty());
}

/// Status and error code of each callback.
fn callbacks(world: &World) -> Vec<(String, Option<String>)> {
    let field = |form: &Form, name| form.get(name).map(str::to_owned);
    world
        .all_webhooks()
        .iter()
        .map(|form| {
            (
                field(form, "MessageStatus").unwrap(),
                field(form, "ErrorCode"),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_phone_that_is_off_cannot_be_reached_and_a_silent_one_tells_nothing() {
    let world = world();
    world.sandbox.switch(&number(SERGIO), Power::Off);
    accepted(world.sends(SERGIO, "hi").await);
    let last = callbacks(&world).pop().unwrap();
    assert_eq!(last, ("undelivered".into(), Some("30003".into())));
    world.sandbox.switch(&number(SERGIO), Power::Silent);
    accepted(world.sends(SERGIO, "hi").await);
    assert_eq!(callbacks(&world).pop().unwrap(), ("sent".into(), None));
    world.sandbox.switch(&number(SERGIO), Power::On);
    accepted(world.sends(SERGIO, "at last").await);
    assert_eq!(callbacks(&world).pop().unwrap(), ("delivered".into(), None));
    assert_eq!(world.screen(SERGIO), ["< at last"]);
}

#[tokio::test]
async fn a_message_fails_at_twilio_or_at_the_carrier() {
    let world = world();
    for (code, last) in [(30034, "failed"), (30005, "undelivered")] {
        world.sandbox.inject(Fault::Undeliverable { code }.into());
        let sid = accepted(world.sends(SERGIO, "hi").await);
        let callbacks = callbacks(&world);
        let expected = (last.to_owned(), Some(code.to_string()));
        assert_eq!(callbacks.last(), Some(&expected));
        let sent = callbacks.iter().any(|(status, _)| status == "sent");
        assert_eq!(sent, last == "undelivered");
        let message = world.client.message(&world.account, &sid).await.unwrap();
        assert_eq!(message.unwrap().failure().code, Some(code));
    }
    assert!(!arrived(&world));
}

#[tokio::test]
async fn a_message_that_waits_longer_than_it_is_valid_expires() {
    let world = world();
    let sent = relay::clock::Clock::now(&*world.clock);
    world.sandbox.inject(Fault::Held { ms: 300_000 }.into());
    accepted(world.sends(SERGIO, "valid for four minutes").await);
    assert_eq!(callbacks(&world), [("failed".into(), Some("30036".into()))]);
    let waited = relay::clock::Clock::now(&*world.clock).duration_since(sent);
    assert_eq!(waited.as_secs(), 240);
}

#[tokio::test]
async fn what_twilio_writes_by_itself_uses_up_no_fault() {
    let world = world();
    world
        .sandbox
        .inject(Fault::Undeliverable { code: 30008 }.into());
    world.texts(SERGIO, Text::new("HELP"));
    world.all_webhooks();
    assert_eq!(world.screen(SERGIO).len(), 2);
    assert_eq!(world.sandbox.pending_faults().len(), 1);
}

#[tokio::test]
async fn a_message_may_arrive_without_a_report() {
    let world = world();
    world.sandbox.inject(Fault::Unreported.into());
    accepted(world.sends(SERGIO, "hi").await);
    assert_eq!(world.statuses(), ["sending", "sent"]);
    assert_eq!(world.screen(SERGIO), ["< hi"]);
}

#[tokio::test]
async fn callbacks_get_lost_repeated_late_and_out_of_order() {
    let cases: [(Fault, &[&str]); 4] = [
        (Fault::LostCallback, &["sent", "delivered"]),
        (
            Fault::RepeatedCallback,
            &["sending", "sending", "sent", "delivered"],
        ),
        (
            Fault::DelayedCallback { ms: 60_000 },
            &["sent", "delivered", "sending"],
        ),
        (Fault::ReorderedCallback, &["sent", "sending", "delivered"]),
    ];
    for (fault, expected) in cases {
        let world = world();
        world.sandbox.inject(fault.clone().into());
        accepted(world.sends(SERGIO, "hi").await);
        assert_eq!(world.statuses(), expected, "{fault:?}");
        assert_eq!(world.screen(SERGIO), ["< hi"]);
    }
}
