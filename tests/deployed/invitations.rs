//! Invitations as deployed, and how other systems hear of those that fail.

use relay::sandbox::{Fault, Injection, Text};
use serde_json::{Value, json};

use super::aws::{ACCOUNT, REGION};
use super::border::Failure;
use super::programs::{Shell, of_the_readme};
use super::world::{SERGIO, World, eventually, number_of};

pub const ANA: &str = "+16195550121";

pub fn invitation() -> Value {
    json!({
        "name": "Ana",
        "number": ANA,
        "event": "Zurek",
        "link": "https://crew.example.com/i/7Jx2",
        "idempotency_key": "ana-zurek",
    })
}

fn landline(world: &World) {
    let landline = Fault::Refuse {
        code: 21614,
        status: 400,
    };
    let always = Injection::of(landline).to(&number_of(ANA));
    world.sandbox.inject(always);
}

/// What another system has the bus bring to a queue of its own.
struct Listening<'w> {
    world: &'w World,
    queue: String,
}

impl<'w> Listening<'w> {
    /// By the commands of the README.
    async fn to_failures(world: &'w World) -> Self {
        let name = format!("{}-crew", world.stack.name);
        let queue = json!({"QueueName": name});
        let queue = world.aws.call("AmazonSQS.CreateQueue", queue).await;
        let shell = Shell::of(world).await;
        for command in ["aws events put-rule", "aws events put-targets"] {
            let arn = format!("QUEUE_ARN=arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
            shell.done(&format!("{arn}; {}", of_the_readme(command)));
        }
        let queue = queue["QueueUrl"].as_str().unwrap().to_owned();
        Self { world, queue }
    }

    async fn hears(&self) -> Option<Value> {
        let asked = json!({"QueueUrl": self.queue, "MaxNumberOfMessages": 1});
        let received = self.world.aws.call("AmazonSQS.ReceiveMessage", asked).await;
        let message = received["Messages"][0]["Body"].as_str()?;
        Some(serde_json::from_str(message).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_assigned_to_a_crew_gets_a_text_and_may_answer_it() {
    let world = World::deployed().await;
    let shell = Shell::of(&world).await;
    let assigned = json!({
        "id": "ana-zurek",
        "name": "Ana",
        "number": ANA,
        "event": "Zurek",
        "link": "https://crew.example.com/i/7Jx2",
    });
    let file = shell.file("crew.json", &assigned);
    shell.done(&format!("./put-event.sh 'Crew Assigned' {file}"));
    let received = world.receives(ANA, 1).await;
    assert_eq!(
        received[0],
        "Ana, you are on the crew of Zurek: https://crew.example.com/i/7Jx2"
    );
    let invited = world.recorded(|record| record["kind"] == "invited").await;
    let id = invited["delivery"].as_str().unwrap();
    world.stands(id, |now| now["state"] == "delivered").await;
    world.texts(ANA, Text::new("I'll be there"));
    assert!(world.receives(SERGIO, 1).await[0].contains("I'll be there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_invited_somebody_hears_on_the_bus_that_it_failed() {
    let world = World::deployed().await;
    let listening = Listening::to_failures(&world).await;
    landline(&world);
    let (status, invited) = world.call("POST", "/v1/invitations", &invitation()).await;
    assert_eq!(status, 202, "{invited}");
    let id = invited["id"].as_str().unwrap();
    let heard = eventually(async || listening.hears().await).await;
    let heard = heard.expect("an event on the bus");
    assert_eq!(
        (&heard["detail-type"], &heard["source"]),
        (&json!("Invitation Failed"), &json!("sms-relay"))
    );
    let detail = &heard["detail"];
    for (name, value) in [
        ("id", json!(id)),
        ("key", json!("ana-zurek")),
        ("line", json!("qdn")),
        ("name", json!("Ana")),
        ("event", json!("Zurek")),
        ("because", json!("undeliverable")),
        ("error_code", json!(21614)),
        ("may_have_arrived", json!(false)),
    ] {
        assert_eq!(detail[name], value, "{detail}");
    }
    let path = format!("/v1/invitations/{id}");
    let (status, shown) = world.call("GET", &path, &Value::Null).await;
    assert_eq!(
        (status, &shown["state"]),
        (200, &json!("failed")),
        "{shown}"
    );
    assert_eq!(shown["error_code"], 21614);
    let of_invitation = |record: &Value| record["kind"] == "invitation_failed";
    assert_eq!(world.recorded(of_invitation).await["delivery"], *id);
    // It is no text of a customer's that somebody has to look after.
    let log = world.function("retry-worker").log().join("\n");
    assert!(!log.contains("gave_up"), "{log}");
    world.settles().await;
    assert!(listening.hears().await.is_none(), "once");
    assert!(world.received(ANA).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_when_the_bus_is_in_order_again() {
    let world = World::with_silent_queue().await;
    let listening = Listening::to_failures(&world).await;
    landline(&world);
    let (_, invited) = world.call("POST", "/v1/invitations", &invitation()).await;
    let id = invited["id"].as_str().unwrap();
    let border = world.border("retry-worker");
    border.fail("AWSEvents", Failure::Errors);
    assert_eq!(world.event_source().poll(1).await, 1);
    assert_eq!(world.invoke(json!({"show": id})).await["state"], "failed");
    assert!(listening.hears().await.is_none());

    border.repair();
    let queue = world.stack.output("DeliveriesQueueUrl");
    let lost = json!({"QueueUrl": queue});
    world.aws.call("AmazonSQS.PurgeQueue", lost).await;
    world.make_overdue().await;
    assert_eq!(world.sweep().await.unwrap(), json!({"woken": 1}));
    assert_eq!(world.event_source().poll(1).await, 1);
    let heard = eventually(async || listening.hears().await).await;
    assert_eq!(heard.expect("an event on the bus")["detail"]["id"], *id);
    world.make_overdue().await;
    assert_eq!(world.sweep().await.unwrap(), json!({"woken": 0}));
}
