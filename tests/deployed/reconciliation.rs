//! The day that is over against Twilio's list, with the function as deployed. It lives by the real
//! clock, so Twilio lives in the past.

use jiff::SignedDuration;
use relay::sandbox::{Fault, Injection, Requests, Text};
use serde_json::json;

use super::world::{CUSTOMER, SERGIO, World};

/// As far back as the day that is compared now, whatever the hour: a day, and the four hours after
/// which a day is settled.
pub const YESTERDAY: SignedDuration = SignedDuration::from_hours(28);

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_came_by_no_webhook_is_found_in_the_night_and_relayed_once() {
    let mut world = World::with_twilios_clock_behind(YESTERDAY).await;
    world.work();
    world.plug(false);
    let sid = world.customer_texts(Text::new("Is the boat ready?"));
    world.plug(true);

    let compared = world.schedule("reconciliation").await.unwrap();
    assert_eq!(compared["done"], 0, "the line is new");
    world.since_last_week().await;
    let compared = world.schedule("reconciliation").await.unwrap();
    assert!(compared["done"].as_u64().unwrap() > 0, "{compared}");
    let received = world.receives(SERGIO, 1).await;
    assert!(received[0].starts_with("Late, received "), "{received:?}");
    assert!(received[0].ends_with("Is the boat ready?"), "{received:?}");

    let lost = world
        .recorded(|record| record["kind"] == "difference")
        .await;
    assert_eq!(lost["rule"], "never_recorded");
    assert_eq!(lost["message_sid"], sid.as_str());
    world
        .recorded(|record| record["counts"]["received"] == 1)
        .await;
    let alarm = world.stack.properties("ReconciliationDifferenceAlarm");
    let log = world.function("reconciliation").log().join("\n");
    let watched = alarm["Dimensions"][0]["Value"].as_str().unwrap();
    assert!(log.contains(watched), "{log}");
    assert!(!log.contains("boat") && !log.contains(CUSTOMER), "{log}");

    let again = world.schedule("reconciliation").await.unwrap();
    assert_eq!(again, json!({"done": 0}));
    world.since_last_week().await;
    world.schedule("reconciliation").await.unwrap();
    world.settles().await;
    assert_eq!(world.received(SERGIO).len(), 1);
}

/// Where there are many lines, one invocation would take hours.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_queue_each_line_is_compared_by_itself_and_comes_again_by_itself() {
    let by_queue = json!({"ReconciliationConcurrency": "2"});
    let mut world = World::with_parameters(YESTERDAY, by_queue).await;
    world.since_last_week().await;
    world.plug(false);
    world.customer_texts(Text::new("Is the boat ready?"));
    world.plug(true);
    let queue = world.stack.output("ReconciliationQueueUrl").to_owned();

    let sent = world.schedule("reconciliation").await.unwrap();
    assert_eq!(sent, json!({"sent": 1}));
    let waiting = world.aws.queue(&queue).await;
    assert_eq!(waiting, [1, 0, 0], "the run itself compares nothing");

    // Twilio's list is not to be had: the message stays, and the function's error is an alarm's.
    let silent = Injection {
        requests: Requests::Other,
        ..Injection::of(Fault::ServerError { status: 503 })
    };
    world.sandbox.inject(silent.times(9));
    assert_eq!(world.lines().poll(1).await, 1);
    assert_eq!(world.aws.queue(&queue).await, [0, 0, 1]);
    let log = world.function("reconciliation").log().join("\n");
    assert!(log.contains("a line was not reconciled"), "{log}");
    world.sandbox.clear_faults();

    // The next run sends the line again, since it is not done.
    let sent = world.schedule("reconciliation").await.unwrap();
    assert_eq!(sent, json!({"sent": 1}));
    world.work();
    let received = world.receives(SERGIO, 1).await;
    assert!(received[0].ends_with("Is the boat ready?"), "{received:?}");
    world
        .recorded(|record| record["counts"]["received"] == 1)
        .await;
    let done = super::world::eventually(async || {
        let [waiting, _, _] = world.aws.queue(&queue).await;
        let sent = world.schedule("reconciliation").await.unwrap();
        (waiting == 0 && sent == json!({"sent": 0})).then_some(())
    });
    assert!(done.await.is_some(), "a day that is done is not sent again");
}
