//! Calls as deployed: API Gateway, inbound-voice, the table, the worker, and the fallback without all of that.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use relay::adapters::aws::dynamodb::DynamoStore;
use relay::app::ports::store::{Calls, Saved};
use relay::domain::call::Call;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::sandbox::{Act, CallView, NewCall, TakesCalls};
use serde_json::{Value, json};

use super::aws;
use super::border::Failure;
use super::emulator::Emulator;
use super::world::{BACKUP, CUSTOMER, LINE, SERGIO, World, eventually, number_of};
use crate::support::moto;

impl World {
    fn calls(&self) -> String {
        let (line, new) = (number_of(LINE), NewCall::default());
        self.sandbox.call(CUSTOMER, &line, new).unwrap()
    }

    fn phone(&self, number: &str, how: TakesCalls) {
        self.sandbox.takes_calls(&number_of(number), how);
    }

    fn call_of(&self, sid: &str) -> CallView {
        self.sandbox.call_view(sid).unwrap()
    }

    /// Waits until somebody at the phone could do so, and does.
    async fn does(&self, phone: &str, act: Act) {
        let number: PhoneNumber = number_of(phone);
        let done = async || self.sandbox.callee_acts(&number, &act).ok();
        eventually(done).await.expect("the phone rings");
    }

    async fn hears(&self, sid: &str, what: &str) {
        let heard = async || {
            let heard = self.call_of(sid).heard;
            heard
                .iter()
                .any(|heard| heard.text.contains(what))
                .then_some(())
        };
        let heard = eventually(heard).await;
        heard.unwrap_or_else(|| panic!("no {what}: {:#?}", self.call_of(sid).heard));
    }

    async fn is_over(&self, sid: &str) {
        let over = async || self.call_of(sid).ended.map(drop);
        eventually(over).await.expect("the call ends");
    }
}

/// Sergio's phone is busy; the backup picks up, presses 1 and talks to the customer for a moment.
pub async fn talks_to_backup(world: &World) -> String {
    world.phone(SERGIO, TakesCalls::Busy);
    let call = world.calls();
    world.does(BACKUP, Act::Answer).await;
    // A key that is pressed before it is asked for goes unheard.
    let asked = async || {
        let legs = world.call_of(&call).legs;
        let mut heard = legs.iter().flat_map(|leg| &leg.heard);
        heard
            .any(|heard| heard.text.contains("Press 1"))
            .then_some(())
    };
    eventually(asked)
        .await
        .expect("the backup is asked for a key");
    world.does(BACKUP, Act::Press("1".to_owned())).await;
    let connected = async || world.call_of(&call).connected.then_some(());
    eventually(connected).await.expect("they talk");
    world.sandbox.caller_acts(&call, &Act::HangUp).unwrap();
    world.is_over(&call).await;
    call
}

/// The customer calls and hangs up while it rings.
pub async fn is_missed(world: &World) {
    let new = NewCall {
        hang_up_after: Some(Duration::from_secs(4)),
        ..NewCall::default()
    };
    let line = number_of(LINE);
    let call = world.sandbox.call(CUSTOMER, &line, new).unwrap();
    let ended = |record: &Value| record["kind"] == "call_ended" && record["call_sid"] == call;
    let ended = world.recorded(ended).await;
    assert_eq!(ended["outcome"], "missed: ringing");
}

/// A call of ten minutes ago, of which Twilio does not know any more.
pub async fn keep_call_without_an_end(world: &World, caller: &str) {
    let ago = Timestamp::now() - SignedDuration::from_mins(10);
    let call = json!({
        "sid": "CA".to_owned() + &"e".repeat(32),
        "version": 1,
        "line": LINE,
        "caller": {"phone": caller},
        "opened": ago,
        "decision": {
            "line": "qdn", "at": ago, "rule": "first_available", "to_person": "Sergio",
            "then": ["Backup"], "candidates": [],
        },
        "stage": "taking_message",
        "message": {"began": ago},
        "due": ago,
    });
    let call: Call = serde_json::from_value(call).unwrap();
    let config = moto::config(&Emulator::shared().url).await;
    let region = aws_sdk_dynamodb::config::Region::new(aws::REGION);
    let config = config.into_builder().region(region).build();
    let client = aws_sdk_dynamodb::Client::new(&config);
    let store = DynamoStore::new(client, world.stack.output("TableName"));
    assert_eq!(store.save_call(&call, None).await.unwrap(), Saved::Yes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_reaches_the_backup_and_the_answer_to_its_text_reaches_the_caller() {
    let world = World::deployed().await;
    let call = talks_to_backup(&world).await;

    let texts = world.receives(BACKUP, 1).await;
    assert!(texts[0].starts_with(CUSTOMER), "{texts:?}");
    assert!(texts[0].contains("with Backup"), "{texts:?}");
    world.texts(BACKUP, relay::sandbox::Text::new("See you at five"));
    assert_eq!(world.receives(CUSTOMER, 1).await, ["See you at five"]);
    assert_eq!(world.received(SERGIO), [""; 0]);

    let came = world.recorded(|record| record["kind"] == "call").await;
    assert_eq!(came["call_sid"], call);
    assert_eq!(came["to_person"], "Sergio");
    let ended = world
        .recorded(|record| record["kind"] == "call_ended")
        .await;
    assert_eq!(ended["to_person"], "Backup");
    let log = world.function("inbound-voice").log().join("\n");
    for never in [CUSTOMER, SERGIO, BACKUP, "sandbox-auth-token"] {
        assert!(!log.contains(never), "{never} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_told_kept_played_and_deleted_at_twilio() {
    let world = World::deployed().await;
    for phone in [SERGIO, BACKUP] {
        world.phone(phone, TakesCalls::Busy);
    }
    let call = world.calls();
    world.hears(&call, "recording").await;
    world.sandbox.caller_acts(&call, &Act::Say(3.0)).unwrap();
    world.is_over(&call).await;

    let texts = world.receives(SERGIO, 1).await;
    let link = texts[0]
        .split_whitespace()
        .find(|word| word.contains("/v/"));
    let link = link
        .unwrap_or_else(|| panic!("no link: {texts:?}"))
        .to_owned();
    assert!(link.starts_with(&world.api.url), "{link}");
    let heard = aws::http().get(&link).send().await.unwrap();
    assert_eq!(heard.status(), 200);
    assert_eq!(heard.headers()["content-type"], "audio/mpeg");
    let sound = heard.bytes().await.unwrap();
    assert!(1000 < sound.len(), "{}", sound.len());

    // It may have come to be fetched before Twilio had the file; then the sweep looks again.
    let deleted = async || {
        world.sweep().await.unwrap();
        let listed = world.relay(&["voicemail", "list", "--json"]);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        (listed[0]["messages"][0]["is_at_twilio"] == false).then_some(())
    };
    eventually(deleted).await.unwrap_or_else(|| {
        let listed = world.relay(&["voicemail", "list", "--json"]);
        let log = world.function("retry-worker").log();
        panic!("Twilio keeps it: {listed} {log:#?}")
    });
    assert_eq!(
        aws::http()
            .get(&link)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap(),
        sound
    );
    let other = link[..link.len() - 1].to_owned() + if link.ends_with('0') { "1" } else { "0" };
    assert_eq!(aws::http().get(&other).send().await.unwrap().status(), 404);
}

/// With the table out of order nobody can be rung, and no message is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_leaves_a_message_while_the_table_is_down_and_people_hear_of_it_later() {
    let world = World::with_silent_queue().await;
    let border = world.border("inbound-voice");
    border.fail("DynamoDB_20120810", Failure::Errors);
    let call = world.calls();
    world.hears(&call, "recording").await;
    world.sandbox.caller_acts(&call, &Act::Say(3.0)).unwrap();
    world.is_over(&call).await;
    let view = world.call_of(&call);
    assert!(view.legs.is_empty(), "{:#?}", view.legs);
    assert!(world.counts("inbound-fallback", "CallFallbackAlarm").await);

    border.repair();
    let queue = world.stack.output("KeptTextsQueueUrl");
    let soon = json!({"QueueUrl": queue, "Attributes": {"VisibilityTimeout": "1"}});
    world.aws.call("AmazonSQS.SetQueueAttributes", soon).await;
    let taken = async || {
        world.kept_texts().poll(1).await;
        (world.aws.queue(queue).await == [0, 0, 0]).then_some(())
    };
    eventually(taken).await.expect("what was kept is taken");
    while world.event_source().poll(1).await > 0 {}
    let texts = world.receives(SERGIO, 1).await;
    assert!(texts[0].contains("Voicemail 0:0"), "{texts:?}");
    assert_eq!(texts.len(), 1);
    let screen = world.sandbox.screen(&Sender::parse(BACKUP));
    assert!(screen.is_empty(), "one person is told");
}
