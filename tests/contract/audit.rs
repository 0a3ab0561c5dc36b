//! What every audit holds to.

use std::path::PathBuf;

use async_trait::async_trait;
use futures::future::join_all;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use relay::adapters::files::audit::FileAudit;
use relay::app::ports::audit::{Audit, Considered, HashKey, Kind, Record, VERSION};
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::phone::PhoneNumber;
use relay::domain::reconciliation::Counts;
use relay::hosts::server::AUDIT;

use super::{Held, contract};
use crate::support::memory::MemoryAudit;

contract! { cloudwatch, file, memory:
    records_are_kept_whole_and_in_order,
    writes_at_once_are_all_kept,
    many_records_are_kept,
    nothing_to_write_is_no_error,
}

/// An audit that can be read, as somebody who asks later reads it.
#[async_trait]
trait Legible: Audit {
    async fn read(&self) -> Vec<Record>;
}

async fn records_are_kept_whole_and_in_order(audit: &impl Legible) {
    let records: Vec<_> = (0..10).map(record).collect();
    for some in records.chunks(3) {
        audit.write(some).await.unwrap();
    }
    assert_eq!(audit.read().await, records);
}

async fn writes_at_once_are_all_kept(audit: &impl Legible) {
    let records: Vec<_> = (0..20).map(record).collect();
    let writes = records
        .iter()
        .map(|record| audit.write(std::slice::from_ref(record)));
    for written in join_all(writes).await {
        written.unwrap();
    }
    let mut read = audit.read().await;
    read.sort_by_key(|record| record.at);
    assert_eq!(read, records);
}

async fn many_records_are_kept(audit: &impl Legible) {
    let records: Vec<_> = (0..3_000).map(record).collect();
    audit.write(&records).await.unwrap();
    assert_eq!(audit.read().await, records);
}

async fn nothing_to_write_is_no_error(audit: &impl Legible) {
    audit.write(&[]).await.unwrap();
    assert_eq!(audit.read().await, []);
}

/// Of the present, since CloudWatch Logs takes no old records, and each of another millisecond.
fn record(n: u32) -> Record {
    let today = Timestamp::now().as_second() / 3600 * 3600;
    let at = Timestamp::from_second(today).unwrap() + SignedDuration::from_millis(n.into());
    let number = PhoneNumber::parse("+16195550107").unwrap();
    let key = HashKey::new(b"a key");
    Record {
        at,
        kind: Kind::Decision,
        version: VERSION,
        line: "qdn".to_owned(),
        notice: None,
        call_sid: None,
        message_sid: Some(MessageSid::parse(&format!("SM{n:032x}")).unwrap()),
        delivery: None,
        attempt: Some(n),
        rule: Some("first_available".to_owned()),
        fallback: None,
        from: Some(key.who(number.expose(), number.masked())),
        to_person: Some("María 🚐".to_owned()),
        to: None,
        candidates: vec![Considered {
            person: "Sergio".to_owned(),
            available: false,
            because: "outside the hours".to_owned(),
        }],
        outcome: None,
        error_code: Some(30003),
        sent_sid: None,
        next: Some(at),
        day: Some(date(2026, 11, 22)),
        topic: None,
        counts: Some(Counts::default()),
    }
}

struct InFile {
    audit: FileAudit,
    path: PathBuf,
}

async fn file() -> Held<InFile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(AUDIT);
    let held = InFile {
        audit: FileAudit::open(&path).unwrap(),
        path,
    };
    Held {
        held,
        folder: Some(folder),
    }
}

#[async_trait]
impl Audit for InFile {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        self.audit.write(records).await
    }
}

#[async_trait]
impl Legible for InFile {
    async fn read(&self) -> Vec<Record> {
        let lines = std::fs::read_to_string(&self.path).unwrap();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

async fn memory() -> Held<MemoryAudit> {
    MemoryAudit::default().into()
}

#[async_trait]
impl Legible for MemoryAudit {
    async fn read(&self) -> Vec<Record> {
        self.records()
    }
}

#[cfg(feature = "aws")]
use on_cloudwatch::cloudwatch;

#[cfg(feature = "aws")]
mod on_cloudwatch {
    use std::sync::Arc;

    use aws_sdk_cloudwatchlogs::Client;
    use relay::adapters::aws::cloudwatch::CloudWatchAudit;
    use relay::adapters::files::audit_fallback::Fallback;
    use relay::clock::SystemClock;

    use super::*;
    use crate::support::moto;

    pub struct Group {
        audit: CloudWatchAudit,
        client: Client,
        group: String,
    }

    const STREAM: &str = "2026/11/23/inbound-sms/0";

    pub async fn cloudwatch() -> Held<Group> {
        let config = moto::config(moto::url()).await;
        let group = moto::log_group(&config).await;
        let client = Client::new(&config);
        let audit = CloudWatchAudit::new(client.clone(), &group, STREAM);
        audit.open().await.unwrap();
        Held {
            held: Group {
                audit,
                client,
                group,
            },
            folder: None,
        }
    }

    #[async_trait]
    impl Audit for Group {
        async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
            self.audit.write(records).await
        }
    }

    #[async_trait]
    impl Legible for Group {
        async fn read(&self) -> Vec<Record> {
            let mut records = Vec::new();
            let mut token = None;
            loop {
                let page = self
                    .client
                    .get_log_events()
                    .log_group_name(&self.group)
                    .log_stream_name(STREAM)
                    .start_from_head(true)
                    .set_next_token(token.clone())
                    .send()
                    .await
                    .unwrap();
                for event in page.events() {
                    let record: Record = serde_json::from_str(event.message().unwrap()).unwrap();
                    assert_eq!(event.timestamp(), Some(record.at.as_millisecond()));
                    records.push(record);
                }
                // At the end, the token stays the same.
                if page.next_forward_token == token || page.events().is_empty() {
                    return records;
                }
                token = page.next_forward_token;
            }
        }
    }

    #[tokio::test]
    async fn a_stream_that_vanished_is_made_again() {
        let group = cloudwatch().await;
        group.audit.open().await.expect("it may be there already");
        let delete = group
            .client
            .delete_log_stream()
            .log_group_name(&group.group);
        delete.log_stream_name(STREAM).send().await.unwrap();
        let records = [record(1), record(2)];
        group.write(&records).await.unwrap();
        assert_eq!(group.read().await, records);
    }

    #[tokio::test]
    async fn records_too_old_for_cloudwatch_are_missed() {
        let group = cloudwatch().await;
        let at = Timestamp::now() - SignedDuration::from_hours(20 * 24);
        let old = Record { at, ..record(1) };
        let error = group.write(&[old]).await.unwrap_err().to_string();
        assert!(error.contains("threw away audit records"), "{error}");
    }

    #[tokio::test]
    async fn without_a_log_group_the_text_still_goes() {
        let config = moto::config(moto::url()).await;
        let audit = CloudWatchAudit::new(Client::new(&config), moto::unique("missing"), STREAM);
        let error = format!("{:#}", audit.write(&[record(1)]).await.unwrap_err());
        assert!(error.contains("the log group missing-"), "{error}");
        let fallback = Fallback::new(
            audit,
            Arc::new(SystemClock),
            "Relay",
            Box::new(std::io::sink()),
        );
        fallback.write(&[record(1)]).await.unwrap();
    }
}
