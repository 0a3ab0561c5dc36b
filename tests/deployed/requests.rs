//! Requests of programs: signed ones over HTTP, and those that the relay does not take.

use jiff::{SignedDuration, Timestamp};
use relay::sandbox::DEMO_KEY;
use serde_json::{Value, json};

use super::border::Failure;
use super::notices::{lift, subscribe};
use super::programs::{Shell, Signed};
use super::world::{World, eventually};

const FUNCTION: &str = "outbound-notifier";

fn with(changes: Value) -> Value {
    let mut notice = lift();
    for (name, value) in changes.as_object().unwrap() {
        notice[name] = value.clone();
    }
    notice
}

/// How many notices, invitations and other texts the table has.
async fn kept(world: &World) -> usize {
    let items = world.aws.items(world.stack.output("TableName")).await;
    let keys = items.iter().filter_map(|item| item["pk"]["S"].as_str());
    keys.filter(|key| key.starts_with("notice#") || key.starts_with("delivery#"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_is_estimated_accepted_shown_and_called_back() {
    let world = World::deployed().await;
    let phones = subscribe(&world, "maintenance", 2);
    world.relay(&["optouts", "add", &phones[1]]);
    let dry = with(json!({"dry_run": true}));
    let (status, estimate) = world.call("POST", "/v1/notices", &dry).await;
    assert_eq!(
        (status, &estimate["recipients"]),
        (200, &json!(1)),
        "{estimate}"
    );
    assert_eq!(kept(&world).await, 0);

    let (status, accepted) = world.call("POST", "/v1/notices", &lift()).await;
    assert_eq!(status, 202, "{accepted}");
    let received = world.receives(&phones[0], 1).await;
    assert!(received[0].contains("8:00 AM"), "{received:?}");
    let (status, again) = world.call("POST", "/v1/notices", &lift()).await;
    assert_eq!((status, &again["id"]), (202, &accepted["id"]));
    assert_eq!(
        (&accepted["state"], &again["state"]),
        (&json!("scheduled"), &json!("sent"))
    );

    let in_an_hour = Timestamp::now() + SignedDuration::from_hours(1);
    let later = with(json!({"idempotency_key": "later", "not_before": in_an_hour}));
    let (_, later) = world.call("POST", "/v1/notices", &later).await;
    let path = format!("/v1/notices/{}", later["id"].as_str().unwrap());
    let (_, shown) = world.call("GET", &path, &Value::Null).await;
    assert_eq!(shown["state"], "scheduled");
    let (status, cancelled) = world.call("DELETE", &path, &Value::Null).await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")));
    world.settles().await;
    assert_eq!(world.received(&phones[0]).len(), 1);
    assert!(world.received(&phones[1]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_the_callers_own_leaves_no_trace_but_a_count() {
    let world = World::with_silent_queue().await;
    subscribe(&world, "maintenance", 1);
    let url = &world.api.url;
    let at = |at: Timestamp, key: &str| Signed::at(at, key, "POST", "/v1/notices", &lift());
    let now = Timestamp::now();
    let (status, problem) = at(now, &"x".repeat(43)).send(url).await;
    assert_eq!(
        (status, &problem["type"]),
        (401, &json!("/problems/wrong-signature"))
    );
    let (status, problem) = at(now - SignedDuration::from_mins(6), DEMO_KEY)
        .send(url)
        .await;
    assert_eq!(
        (status, &problem["type"]),
        (401, &json!("/problems/other-time"))
    );
    assert!(world.counts(FUNCTION, "ForgedCallsAlarm").await);
    assert_eq!(kept(&world).await, 0);

    let genuine = at(now, DEMO_KEY);
    assert_eq!(genuine.send(url).await.0, 202);
    let (status, problem) = genuine.send(url).await;
    assert_eq!(
        (status, &problem["type"]),
        (401, &json!("/problems/replayed"))
    );
    let log = world.function(FUNCTION).log().join("\n");
    assert!(
        !log.contains(DEMO_KEY) && !log.contains("Boat lift"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_answered_field_by_field() {
    let world = World::with_silent_queue().await;
    subscribe(&world, "maintenance", 1);
    let large = json!({"what": "x".repeat(65 * 1024), "starts": "2027-05-08"});
    for (changes, status, path) in [
        (json!({"topic": "sailing"}), 422, "topic"),
        (json!({"topic": "events"}), 422, "topic"),
        (json!({"template": "sailing"}), 422, "template"),
        (json!({"data": {"what": "Boat lift"}}), 422, "data.starts"),
        (json!({"expires": "2020-01-01T00:00:00Z"}), 422, "expires"),
        (
            json!({"audience": {"numbers": ["+442079460100"]}}),
            422,
            "audience.numbers[0]",
        ),
        (json!({"color": "red"}), 422, "color"),
        (json!({"data": large}), 413, ""),
    ] {
        let (answered, problem) = world.call("POST", "/v1/notices", &with(changes)).await;
        assert_eq!(answered, status, "{problem}");
        let fields = problem["fields"].as_array().into_iter().flatten();
        let paths: Vec<_> = fields
            .map(|field| field["path"].as_str().unwrap())
            .collect();
        assert_eq!(paths.join(" "), path, "{problem}");
    }
    let (status, _) = world.call("GET", "/v1/notices/no-such", &Value::Null).await;
    assert_eq!(status, 404);
    assert_eq!(kept(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_wrong_sends_nothing_and_is_heard_of() {
    let mut world = World::with_silent_queue().await;
    let phones = subscribe(&world, "events", 1);
    let shell = Shell::of(&world).await;
    let requests = world.stack.output("RequestsQueueUrl").to_owned();
    let wrong = shell.file("event.json", &json!({"id": "zurek", "name": "Zurek"}));
    shell.done(&format!("./put-event.sh 'Something Else' {wrong}"));
    assert_eq!(
        world.aws.queue(&requests).await,
        [0, 0, 0],
        "the rule lets it be"
    );
    shell.done(&format!("./put-event.sh 'Event Published' {wrong}"));
    assert_eq!(world.aws.queue(&requests).await, [1, 0, 0]);
    world.work();
    assert!(world.counts(FUNCTION, "RefusedRequestsAlarm").await);
    let log = world.function(FUNCTION).log().join("\n");
    assert!(log.contains("detail.starts"), "{log}");
    let taken = async || (world.aws.queue(&requests).await == [0, 0, 0]).then_some(());
    eventually(taken).await.expect("it does not come again");
    assert_eq!(kept(&world).await, 0);
    assert!(world.received(&phones[0]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_waits_on_its_queue_while_the_table_is_out_of_order() {
    let world = World::with_silent_queue().await;
    let phones = subscribe(&world, "events", 1);
    let shell = Shell::of(&world).await;
    let requests = world.stack.output("RequestsQueueUrl");
    // Of the three minutes.
    let sooner = json!({"QueueUrl": requests, "Attributes": {"VisibilityTimeout": "3"}});
    world.aws.call("AmazonSQS.SetQueueAttributes", sooner).await;
    let border = world.border(FUNCTION);
    border.fail("DynamoDB_20120810", Failure::Errors);
    shell.done("./put_event.py 'Event Published' event.json");
    assert_eq!(world.requests().poll(1).await, 1);
    assert_eq!(world.aws.queue(requests).await.iter().sum::<u32>(), 1);
    let (status, problem) = world.call("POST", "/v1/notices", &lift()).await;
    assert_eq!(
        (status, &problem["type"]),
        (503, &json!("/problems/failed"))
    );
    assert!(!problem.to_string().contains("DynamoDB"), "{problem}");

    border.repair();
    let comes_again = async || (world.requests().poll(1).await == 1).then_some(());
    eventually(comes_again)
        .await
        .expect("the event comes again");
    assert_eq!(world.aws.queue(requests).await, [0, 0, 0]);
    assert_eq!(world.bulk().poll(1).await, 1);
    assert_eq!(world.bulk().poll(1).await, 1);
    world.receives(&phones[0], 1).await;
}
