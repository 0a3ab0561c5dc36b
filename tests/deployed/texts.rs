//! Conversations with the relay as deployed, while everything works.

use std::time::{Duration, Instant};

use relay::sandbox::{Fault, Injection, Text};
use serde_json::{Value, json};

use super::programs::{Shell, block_of};
use super::world::{BACKUP, CUSTOMER, FUNCTIONS, LINE, SERGIO, World, number_of, sid};
use crate::support::proxy::longest_chain;

#[tokio::test(flavor = "multi_thread")]
async fn a_text_reaches_the_person_on_duty_and_the_decision_is_on_record() {
    let world = World::deployed().await;
    let sid = world.customer_texts(Text::new("Is the boat ready?"));
    let received = world.receives(SERGIO, 1).await;
    assert!(received[0].contains("Is the boat ready?"), "{received:?}");

    let decision = world.recorded(|record| record["kind"] == "decision").await;
    assert_eq!(decision["message_sid"], sid.as_str());
    assert_eq!(decision["line"], "qdn");
    assert_eq!(decision["to_person"], "Sergio");
    assert_eq!(decision["candidates"][0]["person"], "Sergio");
    let delivered =
        |record: &Value| record["kind"] == "outcome" && record["outcome"] == "delivered";
    assert_eq!(world.recorded(delivered).await["to_person"], "Sergio");

    let audit = world.aws.audit(world.stack.output("AuditLogGroup")).await;
    let audit = serde_json::to_string(&audit).unwrap();
    for never in ["boat", CUSTOMER, SERGIO] {
        assert!(!audit.contains(never), "{never} is in the audit");
    }
    for (function, _) in FUNCTIONS {
        let log = world.function(function).log().join("\n");
        for never in ["boat", CUSTOMER, SERGIO, "sandbox-auth-token"] {
            assert!(
                !log.contains(never),
                "{never} is in the log of {function}: {log}"
            );
        }
    }
    world.settles().await;
    assert!(world.received(BACKUP).is_empty());
    // On a real clock a slot that is free at once is not one in the future.
    let told = world.relay(&["explain", sid.as_str()]);
    assert!(told.contains("it reached Sergio"), "{told}");
    assert!(!told.contains("slowed"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_twilio_repeats_sends_nothing_more() {
    let world = World::deployed().await;
    world.customer_texts(Text::new("once").copies(3));
    let repeats = async || {
        let audit = world.aws.audit(world.stack.output("AuditLogGroup")).await;
        let repeats = audit
            .iter()
            .filter(|record| record["kind"] == "duplicate")
            .count();
        (repeats == 2).then_some(())
    };
    super::world::eventually(repeats)
        .await
        .expect("two repetitions are on record");
    world.settles().await;
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
}

/// What whoever deploys first is told to try before Twilio calls.
#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_the_first_deployment_is_refused_as_forged() {
    let world = World::with_silent_queue().await;
    let shell = Shell::of(&world).await;
    let command = block_of(
        "docs/first-deployment.md",
        "X-Twilio-Signature",
        &world.stack,
    );
    let command = command.replace("$(out ApiUrl)", &world.api.url);
    let command = command.replace("LINE=+1…", &format!("LINE={LINE}"));
    assert_eq!(shell.done(&command), "403");
    assert!(world.counts("inbound-sms", "ForgedTextsAlarm").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_webhook_leaves_no_trace_but_a_count() {
    let world = World::with_silent_queue().await;
    let table = world.stack.output("TableName");
    let before = world.aws.items(table).await.len();
    assert_eq!(world.post_text(&sid('a'), "not the token").await, 403);
    // But a count, which the alarm watches.
    assert!(world.counts("inbound-sms", "ForgedTextsAlarm").await);
    assert_eq!(world.aws.items(table).await.len(), before);
    assert_eq!(
        world
            .aws
            .queue(world.stack.output("DeliveriesQueueUrl"))
            .await,
        [0, 0, 0]
    );
    assert!(
        world
            .aws
            .audit(world.stack.output("AuditLogGroup"))
            .await
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_or_method_reaches_no_function() {
    let world = World::with_silent_queue().await;
    let get = super::aws::http()
        .get(format!("{}/twilio/sms", world.api.url))
        .send()
        .await;
    assert_eq!(get.unwrap().status(), 404);
    let other = super::aws::http()
        .post(format!("{}/twilio", world.api.url))
        .send()
        .await;
    assert_eq!(other.unwrap().status(), 404);
    assert_eq!(world.function("inbound-sms").invocations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_having_too_much_to_do_costs_time_and_no_text() {
    let world = World::deployed().await;
    let busy = Fault::TooManyRequests {
        retry_after: Some("1".to_owned()),
    };
    world.sandbox.inject(Injection::of(busy));
    world.customer_texts(Text::new("patience"));
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
    let refused = world.recorded(|record| record["kind"] == "outcome").await;
    assert_eq!(refused["error_code"], 20429);
    world.settles().await;
    assert!(world.received(BACKUP).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_get_texts_is_passed_over_for_the_backup() {
    let world = World::deployed().await;
    let landline = Fault::Refuse {
        code: 21614,
        status: 400,
    };
    world
        .sandbox
        .inject(Injection::of(landline).to(&number_of(SERGIO)));
    world.customer_texts(Text::new("anyone?"));
    assert_eq!(world.receives(BACKUP, 1).await.len(), 1);
    assert_eq!(
        world.recorded(|record| record["kind"] == "hand_over").await["to_person"],
        "Backup"
    );
    assert!(world.received(SERGIO).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_wake_up_got_lost_is_found_by_the_sweep() {
    let world = World::with_silent_queue().await;
    assert_eq!(world.post_text(&sid('b'), "sandbox-auth-token").await, 200);
    let queue = world.stack.output("DeliveriesQueueUrl");
    world
        .aws
        .call("AmazonSQS.PurgeQueue", json!({"QueueUrl": queue}))
        .await;
    // Only what is overdue for a while is taken for lost; here it becomes so at once.
    world.make_overdue().await;

    world.sweep().await.unwrap();
    // The other one is the reminder, which its own word puts off again.
    assert_eq!(world.event_source().poll(1).await, 2);
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_cannot_be_read_is_not_woken_every_minute() {
    let world = World::with_silent_queue().await;
    keep_unreadable_delivery(&world).await;
    for woken in [1, 0, 0] {
        assert_eq!(world.sweep().await.unwrap(), json!({"woken": woken}));
    }
    let queue = world.stack.output("DeliveriesQueueUrl");
    assert_eq!(world.aws.queue(queue).await.iter().sum::<u32>(), 1);

    // Nor does it pass in silence.
    assert_eq!(world.event_source().poll(1).await, 1);
    assert!(world.counts("retry-worker", "FailedWakeUpsAlarm").await);
}

/// An entry of the table that says it is a delivery and long due, and has nothing else in it.
pub async fn keep_unreadable_delivery(world: &World) {
    let entry = json!({
        "TableName": world.stack.output("TableName"),
        "Item": {
            "pk": {"S": "delivery#in-unreadable"},
            "sk": {"S": "delivery"},
            "due_shard": {"S": "0"},
            "due_at": {"N": "0"},
        },
    });
    world.aws.call("DynamoDB_20120810.PutItem", entry).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_is_answered_after_two_round_trips_to_aws_in_sequence() {
    const LATENCY: Duration = Duration::from_millis(300);
    let world = World::with_silent_queue().await;
    let border = world.border("inbound-sms");
    border.delay(LATENCY);
    border.take_calls();
    let began = Instant::now();
    assert_eq!(world.post_text(&sid('c'), "sandbox-auth-token").await, 200);
    let took = began.elapsed();
    let calls = border.take_calls();
    assert_eq!(longest_chain(&calls).len(), 2, "{calls:#?}");
    assert!(calls.len() > 3, "what can go side by side does: {calls:#?}");
    assert!(took < 3 * LATENCY, "{took:?}");
}
