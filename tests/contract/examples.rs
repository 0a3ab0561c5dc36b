//! Stores to test, and things to keep in them.

use crate::support::records::Records as _;
use jiff::{SignedDuration, Timestamp};
use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::store::SqliteStore;
use relay::app::ports::store::Store;
use relay::domain::delivery::{Delivery, Recipient, State};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound::sms::InboundSms;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Hours;
use relay::domain::line::{Line, Person};
use relay::domain::phone::{PhoneNumber, Sender};
use relay::domain::routing::nature::Nature;
use relay::domain::routing::{Known, decide};
use relay::domain::sms::part::Part;
use relay::domain::time_zone::TimeZone;
use relay::hosts::server::DATABASE;

use super::Held;
use crate::support::memory::MemoryStore;

#[cfg(feature = "aws")]
pub async fn dynamodb() -> Held<impl Store> {
    use crate::support::moto;
    let config = moto::config(moto::url()).await;
    let table = moto::table(&config).await;
    dynamodb_with(&config, table)
}

/// On DynamoDB while it throttles: a partition takes so many transactions a second.
#[cfg(feature = "aws")]
pub async fn throttling_dynamodb(transactions: u32) -> Held<impl Store> {
    use crate::support::moto;
    let config = moto::config(moto::url()).await;
    let table = moto::throttled_table(&config, transactions).await;
    dynamodb_with(&config, table)
}

#[cfg(feature = "aws")]
fn dynamodb_with(config: &aws_config::SdkConfig, table: String) -> Held<impl Store + use<>> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let held = relay::adapters::aws::dynamodb::DynamoStore::new(client, table);
    Held { held, folder: None }
}

pub async fn sqlite() -> Held<impl Store> {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join(DATABASE)).unwrap();
    let held = SqliteStore::on(database);
    Held {
        held,
        folder: Some(folder),
    }
}

pub async fn memory() -> Held<impl Store> {
    MemoryStore::default().into()
}

/// Records inbound and delivery number `n`. Returns the delivery.
pub async fn recorded(store: &impl Store, n: u32) -> Delivery {
    let delivery = delivery(n);
    store
        .record(&record(n), std::slice::from_ref(&delivery))
        .await
        .unwrap();
    delivery
}

pub fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

pub fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

pub fn sid(n: u32) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

pub fn number(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{n:04}")).unwrap()
}

pub fn line(n: u32) -> Line {
    let person = |name: &str, n, hours| Person {
        name: name.to_owned(),
        number: number(n),
        hours,
        pin: None,
        may_write_first: false,
        calls: Default::default(),
        unscreened: false,
    };
    Line {
        name: format!("line {n}"),
        number: number(n),
        time_zone: TimeZone::named("America/Los_Angeles").unwrap(),
        public_url: "https://relay.example.com".to_owned(),
        people: vec![
            person("Sergio", 110, Hours::Never),
            person("Backup", 111, Hours::Always),
        ],
        policy: Default::default(),
        country: "US".to_owned(),
        language: Default::default(),
        notices: Default::default(),
        retention: Default::default(),
        auto_reply: None,
        voice: None,
        reply_numbers: Vec::new(),
    }
}

pub fn record(n: u32) -> InboundRecord {
    let from = Sender::Phone(number(107));
    InboundRecord {
        decision: decide(
            &line(100),
            &Known::default(),
            &from,
            Nature::Ordinary,
            now(),
        ),
        sms: InboundSms {
            sid: sid(n),
            from,
            to: number(100),
            place: Some("San Diego, CA".to_owned()),
            body: "¿Está abierto? 🚐".to_owned(),
            media: Vec::new(),
            media_left_out: 1,
            opt_out_type: None,
        },
        received: now(),
        deliveries: vec![delivery(n).id],
        by_fallback: None,
        conversation: None,
        opt_out: None,
        subscriptions: Vec::new(),
        duty: None,
        words_removed: None,
    }
}

pub fn delivery(n: u32) -> Delivery {
    let recipient = |name: &str, n| Recipient {
        person: name.to_owned(),
        number: number(n),
    };
    let body = "+16195550107: ¿Está abierto? 🚐".to_owned();
    Delivery {
        id: DeliveryId::of_inbound(&sid(n)),
        version: 0,
        line: "line 100".to_owned(),
        from: number(100),
        public_url: "https://relay.example.com".to_owned(),
        message_sid: Some(sid(n)),
        sender: Some(Sender::Phone(number(107))),
        to: recipient("Sergio", 110),
        remaining: vec![recipient("Backup", 111)],
        parts: vec![Part {
            body: body.clone(),
            media: Vec::new(),
        }],
        body,
        media: Vec::new(),
        attached: String::new(),
        attempts: Vec::new(),
        state: State::Waiting { due: now() },
        created: now(),
        deadline: after(3600),
        gave_up: None,
        replays: Vec::new(),
        slowed: Vec::new(),
        invitation: None,
        handed_over: Vec::new(),
        restored: None,
        in_conversation: None,
        purpose: Default::default(),
        policy: Default::default(),
        country: "US".to_owned(),
        language: Default::default(),
        time_zone: Default::default(),
    }
}
