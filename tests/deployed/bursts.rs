//! Very many texts at once, as deployed.

use std::time::Duration;

use futures::future::{join, join_all};
use relay::domain::ids::message_sid::MessageSid;
use relay::twilio::network;
use serde_json::{Value, json};

use super::world::World;

const TEXTS: usize = 200;

/// Lambda would start one for each text. Here AWS is one process of Python: with more instances its
/// answers take longer than the relay waits for AWS.
const INSTANCES: usize = 6;

/// How long texts may wait here for an instance, which on Lambda they need not.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often is looked how many instances are at work.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Customer and SID of each text.
fn texts() -> Vec<(String, MessageSid)> {
    let texts = (0..TEXTS).map(|n| {
        let customer = format!("+1{}55501{:02}", 858 + n / 100, n % 100);
        let sid = MessageSid::parse(&format!("SM{n:032x}"));
        (customer, sid.expect("32 hexadecimal digits"))
    });
    texts.collect()
}

async fn is_kept(world: &World, pk: String, sk: &str) -> bool {
    let key = json!({
        "TableName": world.stack.output("TableName"),
        "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
    });
    let found: Value = world.aws.call("DynamoDB_20120810.GetItem", key).await;
    found["Item"].is_object()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_customers_who_text_at_once_are_all_acknowledged_at_the_first_webhook() {
    let world = World::with_silent_queue().await;
    let function = world.function("inbound-sms");
    function.scale_to(INSTANCES).await;
    let client = network::build(network::client().no_proxy().timeout(PATIENCE));
    let texts = texts();
    let posts = texts
        .iter()
        .map(|(from, sid)| world.post_text_of(from, sid, &client));
    let watched = async {
        let mut most_at_once = 0;
        while function.invocations() < TEXTS as u64 {
            most_at_once = most_at_once.max(INSTANCES - function.idle());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        most_at_once
    };
    // Twilio would bring to the fallback what is answered with anything but 200.
    let (answers, most_at_once) = join(join_all(posts), watched).await;
    assert_eq!(answers, [200; TEXTS]);
    assert_eq!(most_at_once, INSTANCES, "they were not worked on at once");
    assert_eq!(function.invocations(), TEXTS as u64);

    for (_, sid) in &texts {
        let record = is_kept(&world, format!("inbound#{sid}"), "inbound").await;
        assert!(record, "there is no record of {sid}");
        let delivery = is_kept(&world, format!("delivery#in-{sid}"), "delivery").await;
        assert!(delivery, "there is no delivery of {sid}");
    }
    let queue = world.stack.output("DeliveriesQueueUrl");
    let [waiting, delayed, _] = world.aws.queue(queue).await;
    // Each has a wake-up; a text that is decided anew has two. The reminders are left to the sweep.
    assert!(waiting >= TEXTS as u32, "{waiting}");
    assert_eq!(delayed, 0);
}
