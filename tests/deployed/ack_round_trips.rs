//! How many round trips to AWS stand, one after the other, between a webhook and its
//! acknowledgement: shown by which calls waited for which, not by the clock.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use relay::app::inbound_sms;
use relay::app::ports::store::Saved;
use relay::app::relay::Relay;
use relay::domain::call::{Call, LineCalls};
use relay::domain::credentials::Secret;
use relay::domain::ids::CallSid;
use relay::domain::line::{Hours, Line, config};
use relay::domain::phone::{PhoneNumber, Sender};
use relay::domain::routing::decide;
use relay::domain::routing::nature::Nature;
use relay::hosts::lambda as aws;
use relay::hosts::lambda::Needs;
use relay::hosts::lambda::settings::Settings;
use relay::twilio::form::Form;
use relay::twilio::signature::{Signed, sign};
use serde_json::json;

use crate::support::moto;
use crate::support::proxy::{Proxy, longest_chain};

/// Long enough that calls which are sent together overlap on a busy machine too.
const LATENCY: Duration = Duration::from_millis(200);

const TOKEN: &str = "an auth token";

const REPLY_NUMBER: &str = "+16195550150";

/// A relay on AWS as a function has it after its start, behind a proxy that has recorded nothing
/// yet.
struct Deployed {
    relay: Relay,
    proxy: Proxy,
    line: Line,
}

impl Deployed {
    async fn start() -> Self {
        let direct = moto::config(moto::url()).await;
        let sid = "AC".to_owned() + &"0".repeat(32);
        let secret = json!({"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": TOKEN}).to_string();
        let settings = Settings {
            metrics_namespace: "Relay".to_owned(),
            table: moto::table(&direct).await,
            queue_url: moto::queue(&direct).await,
            bulk_queue_url: None,
            event_bus: None,
            index_shards: None,
            audit_log_group: moto::log_group(&direct).await,
            secret_id: moto::secret(&direct, &secret).await,
            twilio_url: "http://127.0.0.1:9".to_owned(),
            function: "inbound-sms".to_owned(),
        };
        let mut line = Line {
            public_url: "https://relay.example.com".to_owned(),
            reply_numbers: vec![PhoneNumber::parse(REPLY_NUMBER).unwrap()],
            ..config::example(443).remove(0)
        };
        // A customer's text goes to the backup, whatever the time.
        line.people[0].hours = Hours::Never;
        let proxy = Proxy::start(moto::url(), LATENCY).await;
        let through = moto::config(&proxy.url).await;
        let relay = aws::build(&settings, &through, Needs::default())
            .await
            .unwrap();
        relay.store.put_line(&line).await.unwrap();
        proxy.take_calls();
        Self { relay, proxy, line }
    }

    /// The status of the answer to a customer's text, and the operations it took: all of them, and
    /// those that waited for one another.
    async fn receive(&self, n: u32) -> (i64, BTreeSet<String>, usize) {
        self.receive_from("+16195550107", n).await
    }

    async fn receive_from(&self, from: &str, n: u32) -> (i64, BTreeSet<String>, usize) {
        self.receive_at(self.line.number.expose(), from, n).await
    }

    async fn receive_at(&self, to: &str, from: &str, n: u32) -> (i64, BTreeSet<String>, usize) {
        let form = Form::from_fields([
            ("MessageSid", "SM".to_owned() + &format!("{n:032x}")),
            ("AccountSid", "AC".to_owned() + &"0".repeat(32)),
            ("From", from.to_owned()),
            ("To", to.to_owned()),
            ("Body", "Are you open?".to_owned()),
            ("NumMedia", "0".to_owned()),
        ]);
        let url = format!("{}/twilio/sms", self.line.public_url);
        let event = json!({
            "version": "2.0",
            "rawPath": "/twilio/sms",
            "rawQueryString": "",
            "headers": {
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": sign(&Secret::new(TOKEN), &url, Signed::Form(&form)),
            },
            "requestContext": {"stage": "$default", "http": {"method": "POST"}},
            "body": STANDARD.encode(form.encode()),
            "isBase64Encoded": true,
        });
        let handler = async |request| inbound_sms::handle(&self.relay, request).await;
        let answer = aws::http::answer(handler, &event.to_string())
            .await
            .unwrap();
        let calls = self.proxy.take_calls();
        let operations = calls
            .iter()
            .filter_map(|call| call.operation.split('.').next_back());
        let operations = operations.map(str::to_owned).collect();
        (
            answer["statusCode"].as_i64().unwrap(),
            operations,
            longest_chain(&calls).len(),
        )
    }
}

#[tokio::test]
async fn a_text_is_acknowledged_after_two_round_trips() {
    let deployed = Deployed::start().await;
    for n in 0..3 {
        let (status, operations, in_sequence) = deployed.receive(n).await;
        assert_eq!(status, 200);
        let expected = [
            "BatchGetItem",
            "PutLogEvents",
            "Query",
            "SendMessage",
            "TransactWriteItems",
        ];
        assert!(operations.iter().eq(&expected), "{operations:?}");
        assert_eq!(in_sequence, 2, "{operations:?}");
    }
}

#[tokio::test]
async fn a_persons_answer_is_acknowledged_after_four_round_trips() {
    let deployed = Deployed::start().await;
    deployed.receive(0).await;
    let backup = deployed.line.people[1].number.expose();
    for n in 1..3 {
        let (status, operations, in_sequence) = deployed.receive_from(backup, n).await;
        // Their customers' conversations are read, and then what of them is on their phone.
        assert_eq!((status, in_sequence), (200, 4), "{operations:?}");
    }
}

#[tokio::test]
async fn a_text_to_a_reply_number_takes_one_round_trip_more() {
    let deployed = Deployed::start().await;
    deployed.receive(0).await;
    let backup = deployed.line.people[1].number.expose();
    for (n, from, expected) in [(1, "+16195550108", 3), (2, backup, 5)] {
        let (status, operations, in_sequence) = deployed.receive_at(REPLY_NUMBER, from, n).await;
        assert_eq!((status, in_sequence), (200, expected), "{operations:?}");
    }
}

#[tokio::test]
async fn a_repeated_webhook_is_acknowledged_after_two_round_trips() {
    let deployed = Deployed::start().await;
    deployed.receive(1).await;
    let (status, operations, in_sequence) = deployed.receive(1).await;
    assert_eq!(status, 200);
    assert!(!operations.contains("TransactWriteItems"), "{operations:?}");
    assert!(in_sequence <= 2, "{operations:?}");
}

#[tokio::test]
async fn while_aws_is_down_twilio_is_sent_to_its_fallback() {
    let deployed = Deployed::start().await;
    deployed.proxy.set_broken(true);
    let (status, ..) = deployed.receive(1).await;
    assert!(status >= 500, "{status}");
    deployed.proxy.set_broken(false);
    let (status, ..) = deployed.receive(1).await;
    assert_eq!(status, 200);
}

/// Whatever else it takes to answer: what is stored of a call is read once and saved once.
#[tokio::test]
async fn a_call_is_read_in_one_round_trip_and_saved_in_one() {
    let deployed = Deployed::start().await;
    let (store, line) = (&deployed.relay.store, &deployed.line);
    let caller = PhoneNumber::parse("+16195550107").unwrap();
    let read = async |n: u32| {
        let sid = CallSid::parse(&format!("CA{n:032x}")).unwrap();
        let found = store.for_call(&line.number, &sid, Some(&caller)).await;
        (sid, found.unwrap())
    };
    for n in 0..3 {
        let (sid, found) = read(n).await;
        let live = LineCalls {
            version: found.live.version + 1,
            ..found.live
        };
        let from = Sender::Phone(caller.clone());
        let known = found.inbound.known(Timestamp::UNIX_EPOCH);
        let begun = json!({
            "sid": sid, "version": 1, "line": line.number, "caller": {"phone": caller},
            "opened": Timestamp::UNIX_EPOCH, "stage": "taking_message",
            "decision": decide(line, &known, &from, Nature::Ordinary, Timestamp::UNIX_EPOCH),
            "message": {"began": Timestamp::UNIX_EPOCH, "token": format!("token {n}")},
        });
        let call: Call = serde_json::from_value(begun).unwrap();
        let saved = store.save_call(&call, Some(&live)).await.unwrap();
        assert_eq!(saved, Saved::Yes);
        let calls = deployed.proxy.take_calls();
        let operations: Vec<&str> = calls
            .iter()
            .filter_map(|call| call.operation.split('.').next_back())
            .collect();
        let chain = longest_chain(&calls).len();
        assert_eq!((chain, calls.len()), (2, 4), "{operations:?}");
        // One more request of the same call, such as that of a leg's end.
        let (_, found) = read(n).await;
        let next = Call {
            version: 2,
            message: None,
            ..found.call.unwrap()
        };
        assert_eq!(store.save_call(&next, None).await.unwrap(), Saved::Yes);
        assert_eq!(longest_chain(&deployed.proxy.take_calls()).len(), 2);
    }
}
