//! What happens to a text when something is out of order.

use relay::sandbox::{Fault, Injection, Requests, Text};
use serde_json::{Value, json};

use super::border::Failure;
use super::world::{SERGIO, World, eventually, sid};

const TOKEN: &str = "sandbox-auth-token";

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_cannot_be_kept_is_not_acknowledged() {
    for service in ["DynamoDB_20120810", "AmazonSQS"] {
        let world = World::with_silent_queue().await;
        world.border("inbound-sms").fail(service, Failure::Errors);
        let status = world.post_text(&sid('1'), TOKEN).await;
        assert!(
            (500..600).contains(&status),
            "{service} fails and Twilio hears {status}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_never_answers_is_given_up_in_time_for_twilios_fallback() {
    let world = World::with_silent_queue().await;
    world
        .border("inbound-sms")
        .fail("DynamoDB_20120810", Failure::Hangs);
    let began = std::time::Instant::now();
    let status = world.post_text(&sid('2'), TOKEN).await;
    assert!((500..600).contains(&status), "Twilio hears {status}");
    // API Gateway's 500 after the function ran out of time would do, but says less in the log.
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_not_there_yet_refuse_texts_until_they_are() {
    let world = World::with_silent_queue().await;
    let secret = world.stack.output("CredentialsSecretArn");
    let seeded = world
        .aws
        .call("secretsmanager.GetSecretValue", json!({"SecretId": secret}))
        .await;
    put_secret(&world, "{}", '1').await;
    world.start("inbound-sms").await;
    let status = world.post_text(&sid('3'), TOKEN).await;
    assert!((500..600).contains(&status), "Twilio hears {status}");
    let log = world.function("inbound-sms").log().join("\n");
    assert!(log.contains("TWILIO_ACCOUNT_SID is missing"), "{log}");

    put_secret(&world, seeded["SecretString"].as_str().unwrap(), '2').await;
    let kept = async || (world.post_text(&sid('3'), TOKEN).await == 200).then_some(());
    eventually(kept)
        .await
        .expect("the text is kept once the credentials are there");
}

async fn put_secret(world: &World, value: &str, token: char) {
    let asked = json!({
        "SecretId": world.stack.output("CredentialsSecretArn"),
        "SecretString": value,
        "ClientRequestToken": token.to_string().repeat(32),
    });
    world.aws.call("secretsmanager.PutSecretValue", asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_audit_the_text_goes_and_the_record_is_printed() {
    let world = World::deployed().await;
    let group = world.stack.output("AuditLogGroup");
    world
        .aws
        .call(
            "Logs_20140328.DeleteLogGroup",
            json!({"logGroupName": group}),
        )
        .await;
    let sid = world.customer_texts(Text::new("hi"));
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);

    let lines = || -> Vec<Value> {
        let log = world.function("inbound-sms").log();
        log.iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let printed = eventually(async || lines().into_iter().find(|line| line["audit"].is_object()));
    let printed = printed.await.expect("the record is printed");
    assert_eq!(printed["audit"]["kind"], "decision");
    assert_eq!(printed["audit"]["message_sid"], sid.as_str());
    let counted = eventually(async || lines().into_iter().find(|line| line["_aws"].is_object()));
    let counted = counted.await.expect("the record is counted");

    // The alarm watches what is counted.
    let alarm = world.stack.properties("AuditFallbackAlarm");
    let metrics = &counted["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(metrics["Namespace"], alarm["Namespace"]);
    assert_eq!(metrics["Metrics"][0]["Name"], alarm["MetricName"]);
    assert_eq!(metrics["Dimensions"], json!([[]]));
    assert!(alarm["Dimensions"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_makes_no_sense_fails_alone() {
    let world = World::with_silent_queue().await;
    let queue = world.stack.output("DeliveriesQueueUrl");
    let poison = json!({"QueueUrl": queue, "MessageBody": "{\"not\": \"a wake-up\"}"});
    world.aws.call("AmazonSQS.SendMessage", poison).await;
    assert_eq!(world.post_text(&sid('4'), TOKEN).await, 200);

    let source = world.event_source();
    let mut messages = 0;
    while messages < 2 {
        messages += source.poll(1).await;
    }
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
    let [waiting, _, worked_on] = world.aws.queue(queue).await;
    assert_eq!(waiting, 0);
    assert_eq!(
        worked_on, 1,
        "the poison stays, to come again and end as a dead letter"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_that_cannot_be_worked_on_comes_again() {
    let world = World::with_silent_queue().await;
    assert_eq!(world.post_text(&sid('5'), TOKEN).await, 200);
    world
        .border("retry-worker")
        .fail("DynamoDB_20120810", Failure::Errors);
    assert_eq!(world.event_source().poll(1).await, 1);
    let queue = world.stack.output("DeliveriesQueueUrl");
    // The reminder is left to the sweep.
    assert_eq!(world.aws.queue(queue).await, [0, 0, 1], "it is not deleted");
    assert!(world.received(SERGIO).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_after_twilio_took_the_text_does_not_make_it_two() {
    let world = World::with_silent_queue().await;
    world
        .sandbox
        .inject(Injection::of(Fault::SlowAnswer { ms: 60_000 }));
    assert_eq!(world.post_text(&sid('6'), TOKEN).await, 200);
    let source = world.event_source();
    let working = tokio::spawn(async move { source.poll(1).await });
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
    world.function("retry-worker").kill();
    working.await.unwrap();

    // Nothing was saved after the text was sent, and yet Twilio's callback is enough to know.
    world
        .recorded(|record| record["outcome"] == "delivered")
        .await;
    world.start("retry-worker").await;
    let delivery = format!("in-{}", sid('6'));
    let now = jiff::Timestamp::now();
    let wake_up = json!({"delivery": delivery, "asked": now, "due": now}).to_string();
    let again =
        json!({"QueueUrl": world.stack.output("DeliveriesQueueUrl"), "MessageBody": wake_up});
    world.aws.call("AmazonSQS.SendMessage", again).await;
    assert_eq!(world.event_source().poll(1).await, 1);
    assert_eq!(world.received(SERGIO).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_twilios_that_gets_lost_does_not_make_two_texts() {
    let world = World::deployed().await;
    world
        .sandbox
        .inject(Injection::of(Fault::LostAnswer).on(Requests::Create));
    world.customer_texts(Text::new("hi"));
    world
        .recorded(|record| record["outcome"] == "delivered")
        .await;
    assert_eq!(world.received(SERGIO).len(), 1);
}
