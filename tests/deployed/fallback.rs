//! The fallback as deployed: what happens to a text when the main path is down.

use relay::sandbox::Text;
use relay::twilio::form::Form;
use serde_json::{Value, json};

use super::border::Failure;
use super::world::{CUSTOMER, SERGIO, World, eventually, sid};

const TOKEN: &str = "sandbox-auth-token";

async fn kept(world: &World) -> [u32; 3] {
    world
        .aws
        .queue(world.stack.output("KeptTextsQueueUrl"))
        .await
}

async fn is_logged(world: &World, function: &str, count: &Value) {
    let is_there = async || {
        let log = world.function(function).log();
        let mut lines = log
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.any(|line| line["count"] == *count).then_some(())
    };
    eventually(is_there).await.expect("the alarm counts it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_comes_while_the_table_is_down_reaches_sergio_once_it_is_back() {
    let world = World::with_silent_queue().await;
    world
        .border("inbound-sms")
        .fail("DynamoDB_20120810", Failure::Errors);
    world.customer_texts(Text::new("Is the boat ready?"));
    let is_kept = async || (kept(&world).await == [1, 0, 0]).then_some(());
    eventually(is_kept).await.expect("the text is kept");
    let alarm = &world.stack.properties("FallbackAlarm")["Dimensions"][0]["Value"];
    is_logged(&world, "inbound-fallback", alarm).await;

    // The table is still down: the text stays, and somebody hears of it.
    let queue = world.stack.output("KeptTextsQueueUrl");
    let soon = json!({"QueueUrl": queue, "Attributes": {"VisibilityTimeout": "1"}});
    world.aws.call("AmazonSQS.SetQueueAttributes", soon).await;
    assert_eq!(world.kept_texts().poll(1).await, 1);
    let alarm = &world.stack.properties("KeptTextsAlarm")["Dimensions"][0]["Value"];
    is_logged(&world, "inbound-sms", alarm).await;

    world.border("inbound-sms").repair();
    let again = async || (world.kept_texts().poll(1).await == 1).then_some(());
    eventually(again).await.expect("the text comes again");
    assert_eq!(kept(&world).await, [0, 0, 0]);
    while world.event_source().poll(1).await > 0 {}
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
    let decision = world.recorded(|record| record["kind"] == "decision").await;
    assert_eq!(decision["fallback"]["error_code"], 11200);
    assert!(decision["fallback"]["received"].as_str() < decision["at"].as_str());
    for function in ["inbound-fallback", "inbound-sms"] {
        let log = world.function(function).log().join("\n");
        for never in ["boat", CUSTOMER, SERGIO, TOKEN] {
            assert!(!log.contains(never), "{never} is in the log of {function}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_main_path_has_taken_is_not_sent_again() {
    let world = World::deployed().await;
    assert_eq!(world.post_text(&sid('1'), TOKEN).await, 200);
    assert_eq!(world.post_to_fallback(&sid('1'), "hi", TOKEN).await, 200);
    let repeated = world.recorded(|record| record["kind"] == "duplicate").await;
    assert_eq!(repeated["fallback"]["error_code"], 11200);
    world.settles().await;
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_twilios_or_no_text_is_refused_and_not_kept() {
    let world = World::with_silent_queue().await;
    assert_eq!(
        world.post_to_fallback(&sid('2'), "hi", "guessed").await,
        403
    );
    let alarm = &world.stack.properties("ForgedFallbacksAlarm")["Dimensions"][0]["Value"];
    is_logged(&world, "inbound-fallback", alarm).await;

    let large = "x".repeat(64 * 1024);
    assert_eq!(world.post_to_fallback(&sid('2'), &large, TOKEN).await, 413);
    let nameless = Form::from_fields([("From", CUSTOMER), ("Body", "hi")]);
    assert_eq!(world.post("/twilio/fallback", nameless, TOKEN).await, 400);
    let url = format!("{}/twilio/fallback", world.api.url);
    let got = super::aws::http().get(url).send().await.unwrap();
    assert_eq!(got.status(), 404);
    assert_eq!(kept(&world).await, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_queue_it_does_not_say_that_the_text_is_kept() {
    let world = World::with_silent_queue().await;
    world
        .border("inbound-fallback")
        .fail("AmazonSQS", Failure::Errors);
    let status = world.post_to_fallback(&sid('3'), "hi", TOKEN).await;
    assert!((500..600).contains(&status), "Twilio hears {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_texts_are_kept_and_sorted_out_later() {
    let world = World::with_silent_queue().await;
    for failure in [Failure::Errors, Failure::Hangs] {
        world
            .border("inbound-fallback")
            .fail("secretsmanager", failure);
        // One that has the credentials already would go on with them.
        world.start("inbound-fallback").await;
        assert_eq!(world.post_to_fallback(&sid('4'), "hi", TOKEN).await, 200);
    }
    assert_eq!(
        world.post_to_fallback(&sid('5'), "spam", "guessed").await,
        200
    );
    assert_eq!(kept(&world).await, [3, 0, 0]);

    let mut brought = 0;
    while brought < 3 {
        brought += world.kept_texts().poll(1).await;
    }
    assert_eq!(kept(&world).await, [0, 0, 0], "what is forged is dropped");
    is_logged(&world, "inbound-sms", &json!("forged")).await;
    while world.event_source().poll(1).await > 0 {}
    world
        .recorded(|record| record["outcome"] == "delivered")
        .await;
    while world.event_source().poll(1).await > 0 {}
    let received = world.received(SERGIO);
    assert_eq!(received.len(), 1, "the two copies are one text");
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_stays_on_the_queue_alone_and_ends_among_the_dead_letters() {
    let world = World::with_silent_queue().await;
    let queue = world.stack.output("KeptTextsQueueUrl");
    // Two receives here, as after a day.
    let dead = world.stack.output("KeptTextsDeadLetterQueueUrl");
    let name = dead.rsplit('/').next().unwrap();
    let (region, account) = (super::aws::REGION, super::aws::ACCOUNT);
    let redrive = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:{region}:{account}:{name}"),
        "maxReceiveCount": 2,
    });
    let soon = json!({"VisibilityTimeout": "1", "RedrivePolicy": redrive.to_string()});
    let soon = json!({"QueueUrl": queue, "Attributes": soon});
    world.aws.call("AmazonSQS.SetQueueAttributes", soon).await;
    let poison = json!({"QueueUrl": queue, "MessageBody": "{\"not\": \"a text\"}"});
    world.aws.call("AmazonSQS.SendMessage", poison).await;
    assert_eq!(world.post_to_fallback(&sid('6'), "hi", TOKEN).await, 200);
    let died = async || {
        world.kept_texts().poll(1).await;
        (world.aws.queue(dead).await == [1, 0, 0]).then_some(())
    };
    eventually(died).await.expect("the poison is a dead letter");
    assert_eq!(kept(&world).await, [0, 0, 0]);
    while world.event_source().poll(1).await > 0 {}
    assert_eq!(world.receives(SERGIO, 1).await.len(), 1);
}
