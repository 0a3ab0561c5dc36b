//! A relay that is asked in its own store and queue, past HTTP.

use std::sync::Arc;

use anyhow::bail;
use async_trait::async_trait;

use super::{NotifierRequest, Said, StackParts};
use crate::adapters::files::audit::FileAudit;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::notices::NoticeRejected;
use crate::app::outbound_notifier::{self, problem};
use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::app::ports::event_bus::NoBus;
use crate::app::relay::Relay;
use crate::cli::target::Target;
use crate::clock::{SystemChance, SystemClock};
use crate::domain::credentials::Credentials;
use crate::hosts::server::AUDIT;
use crate::twilio::API_URL;
use crate::twilio::client::Client;
use crate::twilio::network::Network;

pub async fn ask(
    target: &Target,
    stack: &StackParts,
    request: &NotifierRequest,
) -> anyhow::Result<Said> {
    let relay = match target.table() {
        Some(table) => deployed(target, table, stack).await?,
        None => one_machine(target)?,
    };
    let event = request.event().to_string();
    let by = crate::domain::delivery::source::Source::Shell;
    match outbound_notifier::asked(&relay, event.as_bytes(), by).await {
        Ok(answer) => Ok(Said::Done(answer)),
        Err(NoticeRejected::Refused(refused)) => {
            let document = problem::Document::from(within(refused, request));
            Ok(Said::Refused(serde_json::to_value(document)?))
        }
        Err(NoticeRejected::Failed(error)) => Err(error),
    }
}

/// Without the name of what is around the request: nobody has written that.
fn within(
    mut refused: crate::domain::request::Refused,
    request: &NotifierRequest,
) -> crate::domain::request::Refused {
    let around = match request {
        NotifierRequest::Notice(_) => "notice.",
        NotifierRequest::Invitation(_) => "invitation.",
        NotifierRequest::Show(_) | NotifierRequest::Cancel(_) => return refused,
    };
    let bare = |text: &str| text.strip_prefix(around).unwrap_or(text).to_owned();
    refused.detail = bare(&refused.detail);
    for field in &mut refused.fields {
        field.path = bare(&field.path);
    }
    refused
}

fn one_machine(target: &Target) -> anyhow::Result<Relay> {
    let database = target.database()?;
    Ok(Relay {
        store: Arc::new(SqliteStore::on(database.clone())),
        queue: Arc::new(SqliteQueue::on(database)),
        audit: Arc::new(FileAudit::open(&target.data.join(AUDIT))?),
        credentials: Arc::new(NoCredentials),
        twilio: Client::new(Box::new(Network::new()), API_URL),
        bus: Arc::new(NoBus),
        clock: Arc::new(SystemClock),
        chance: Arc::new(SystemChance),
    })
}

/// Whoever asks needs no credentials of Twilio's: the worker sends.
struct NoCredentials;

#[async_trait]
impl CredentialsSource for NoCredentials {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        bail!("no credentials are at hand")
    }

    async fn newer(&self, _: &Credentials, _: RefreshReason) -> Option<Arc<Credentials>> {
        None
    }
}

#[cfg(feature = "aws")]
async fn deployed(_: &Target, table: &str, stack: &StackParts) -> anyhow::Result<Relay> {
    use crate::adapters::aws::cloudwatch::{CloudWatchAudit, stream_name};
    use crate::adapters::aws::dynamodb::DynamoStore;
    use crate::adapters::aws::sqs::SqsQueue;
    use crate::cli::WrongUsage;
    use crate::clock::Clock;

    let part = |name: &Option<String>, what: &str, flag: &str, output: &str| {
        let name = name.as_deref().filter(|name| !name.is_empty());
        name.map(str::to_owned).ok_or_else(|| {
            WrongUsage(format!(
                "on a deployed relay this needs its {what}: name it with {flag} (the stack's output \
                 {output}), or ask over HTTP with --url and --caller"
            ))
        })
    };
    let queue = part(
        &stack.queue_url,
        "queue",
        "--queue-url",
        "DeliveriesQueueUrl",
    )?;
    let bulk = part(
        &stack.bulk_queue_url,
        "queue of texts to many",
        "--bulk-queue-url",
        "BulkQueueUrl",
    )?;
    let group = part(&stack.log_group, "audit", "--log-group", "AuditLogGroup")?;
    let aws = crate::cli::target::aws(&format!("the table {table}")).await?;
    let random = getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let stream = stream_name("relay-notify", SystemClock.now(), random);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&aws), queue).with_bulk(Some(bulk));
    Ok(Relay {
        store: Arc::new(DynamoStore::new(aws_sdk_dynamodb::Client::new(&aws), table)),
        queue: Arc::new(queue),
        audit: Arc::new(CloudWatchAudit::new(
            aws_sdk_cloudwatchlogs::Client::new(&aws),
            group,
            stream,
        )),
        credentials: Arc::new(NoCredentials),
        twilio: Client::new(Box::new(Network::new()), API_URL),
        bus: Arc::new(NoBus),
        clock: Arc::new(SystemClock),
        chance: Arc::new(SystemChance),
    })
}

#[cfg(not(feature = "aws"))]
async fn deployed(target: &Target, _: &str, _: &StackParts) -> anyhow::Result<Relay> {
    // Says that this was built without AWS.
    target.store().await?;
    bail!("a deployed relay cannot be opened")
}
