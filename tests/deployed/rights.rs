//! That no function may do more than it does.

use std::collections::BTreeSet;

use relay::domain::delivery::Status;
use relay::sandbox::{Fault, Injection, Text};
use serde_json::Value;

use super::calls::{is_missed, keep_call_without_an_end, talks_to_backup};
use super::invitations::{ANA, invitation};
use super::notices::{lift, phone, subscribe};
use super::permissions::{Permission, granted};
use super::reconciliation::YESTERDAY;
use super::texts::keep_unreadable_delivery;
use super::world::{CUSTOMER, FUNCTIONS, SERGIO, World, eventually, number_of, sid};

#[tokio::test(flavor = "multi_thread")]
async fn every_permission_that_the_template_grants_is_needed() {
    let mut world = World::with_twilios_clock_behind(YESTERDAY).await;
    world.since_last_week().await;
    yesterday(&world).await;
    world.schedule("reconciliation").await.unwrap();
    world.work();
    world.receives(SERGIO, 1).await;
    relays_texts(&world).await;
    tells_people(&world).await;
    talks_to_backup(&world).await;
    // The customer waits again by each of the two: first inbound-voice moves them in lists, then the sweep does.
    let other = "+16195550108";
    answers_the_customer(&world, CUSTOMER, "0107 Yes").await;
    is_missed(&world).await;
    world.texts(other, Text::new("Is it open?"));
    let arrives = async || {
        let received = world.received(SERGIO);
        received
            .iter()
            .any(|text| text.contains("Is it open?"))
            .then_some(())
    };
    eventually(arrives).await.expect("the text reaches Sergio");
    answers_the_customer(&world, other, "0108 Come at five").await;
    keep_call_without_an_end(&world, other).await;
    // And the sweep finds something to wake.
    keep_unreadable_delivery(&world).await;
    world.sweep().await.unwrap();
    // Twilio's clock is a day behind, which the owner is told.
    world.push_owner();
    world.schedule("doctor").await.unwrap();
    world.rotate().await;

    for (function, _) in FUNCTIONS {
        let unused = || unused(&world, function);
        let all_used = eventually(async || unused().is_empty().then_some(()));
        assert!(
            all_used.await.is_some(),
            "{function} has no use for {:?}",
            unused()
        );
    }
}

async fn answers_the_customer(world: &World, customer: &str, words: &str) {
    world.texts(SERGIO, Text::new(words));
    let (_, answer) = words.split_once(' ').unwrap();
    let received = async || {
        let received = world.received(customer);
        received.iter().any(|text| text == answer).then_some(())
    };
    eventually(received)
        .await
        .expect("the customer is answered");
}

/// A text came by no webhook, nor did a subscriber's who left, nor the news that a notice did not arrive.
async fn yesterday(world: &World) {
    subscribe(world, "maintenance", 1);
    for fault in [Fault::Undeliverable { code: 30003 }, Fault::LostCallback] {
        let injection = Injection::of(fault).to(&number_of(&phone(0)));
        world.sandbox.inject(injection.times(9));
    }
    let (status, accepted) = world.call("POST", "/v1/notices", &lift()).await;
    assert_eq!(status, 202, "{accepted}");
    for _page_and_text in 0..2 {
        assert_eq!(world.bulk().poll(1).await, 1);
    }
    let failed = async || {
        let mut messages = world.sandbox.messages().into_iter();
        messages.find(|message| message.status == Status::Undelivered)
    };
    eventually(failed).await.expect("the text does not arrive");
    world.sandbox.clear_faults();

    let member = phone(1);
    let long_ago = "2020-01-01";
    world.relay(&[
        "subscribers",
        "add",
        &member,
        "--topic",
        "maintenance",
        "--since",
        long_ago,
    ]);
    world.plug(false);
    world.texts(&member, Text::new("STOP DOCK"));
    world.customer_texts(Text::new("lost"));
    world.plug(true);
}

/// The worker has to wait, then the status callback asks for another attempt, and the next one tells
/// that Sergio opted out, which he takes back. Another text comes by the fallback.
async fn relays_texts(world: &World) {
    let busy = Fault::TooManyRequests {
        retry_after: Some("1".to_owned()),
    };
    for fault in [
        busy,
        Fault::Undeliverable { code: 30003 },
        Fault::Undeliverable { code: 21610 },
    ] {
        world
            .sandbox
            .inject(Injection::of(fault).to(&number_of(SERGIO)));
    }
    world.customer_texts(Text::new("hi"));
    world
        .recorded(|record| record["outcome"] == "undelivered" && record["to_person"] == "Sergio")
        .await;
    world.recorded(|record| record["kind"] == "opt_out").await;
    world.texts(SERGIO, Text::new("START"));
    world
        .recorded(|record| record["outcome"] == "gets texts again")
        .await;
    let kept = sid('d');
    let status = world.post_to_fallback(&kept, "hi", "sandbox-auth-token");
    assert_eq!(status.await, 200);
}

/// A notice does not arrive at once, and an invitation never does.
async fn tells_people(world: &World) {
    let unreachable = Fault::Undeliverable { code: 30003 };
    let landline = Fault::Refuse {
        code: 21614,
        status: 400,
    };
    for (fault, number) in [(unreachable, phone(0)), (landline, ANA.to_owned())] {
        world
            .sandbox
            .inject(Injection::of(fault).to(&number_of(&number)));
    }
    let mut notice = lift();
    notice["idempotency_key"] = "another".into();
    let (status, accepted) = world.call("POST", "/v1/notices", &notice).await;
    assert_eq!(status, 202, "{accepted}");
    let (status, invited) = world.call("POST", "/v1/invitations", &invitation()).await;
    assert_eq!(status, 202, "{invited}");
    let told = |record: &Value| record["kind"] == "invitation_failed";
    world.recorded(told).await;
}

fn unused(world: &World, function: &str) -> BTreeSet<Permission> {
    let role = world.function_properties(function)["Role"]
        .as_str()
        .unwrap();
    granted(world.stack.role(role))
        .difference(&world.border(function).used())
        .filter(|permission| !lambdas_own(permission))
        .cloned()
        .collect()
}

/// What a role grants for Lambda to use: the function's own log, and receiving messages.
fn lambdas_own(permission: &Permission) -> bool {
    permission.resource.contains(":log-group:/aws/lambda/")
        || [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        ]
        .contains(&permission.action.as_str())
}
