//! How every function starts: settings, clients, open connections, then events.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_config::SdkConfig;

use super::logs;
use super::needs::Needs;
use super::settings::{Settings, calls_at_once};
use crate::adapters::aws::clients;
use crate::adapters::aws::cloudwatch::{CloudWatchAudit, stream_name};
use crate::adapters::aws::dynamodb::DynamoStore;
use crate::adapters::aws::event_bus::EventBus;
use crate::adapters::aws::sqs::SqsQueue;
use crate::adapters::files::audit_fallback::Fallback;
use crate::app::ports::alerts::NoAlerts;
use crate::app::ports::credentials::CredentialsSource;
use crate::app::ports::event_bus::{Bus, NoBus};
use crate::app::relay::{PublicUrls, Relay};
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::credentials::secrets_manager::SecretsManager;
use crate::twilio::AtMost;
use crate::twilio::client::{Client, Transport};
use crate::twilio::network::Network;

/// How long the start may spend on opening connections.
const WARM_UP: Duration = Duration::from_secs(2);

/// Runs a function: `events` answers what Lambda hands it. Returns only if the function cannot
/// start, or if Lambda's runtime API fails.
pub fn start(needs: Needs, events: impl AsyncFnOnce(&Relay) -> anyhow::Result<()>) -> ExitCode {
    run(async {
        let settings = Settings::from_vars(needs, |name| std::env::var(name).ok())?;
        let aws = clients::loader().load().await;
        let relay = build(&settings, &aws, needs).await?;
        events(&relay).await
    })
}

/// Runs a function's whole life, with its log.
pub(super) fn run(life: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    logs::init();
    // One event at a time needs one thread; a second one would only cost start-up time.
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
        .and_then(|runtime| runtime.block_on(life));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Builds what the handlers work with and opens its connections, all at once: a function's first
/// TLS handshakes are what makes its cold start slow, and Lambda gives the start a whole processor.
pub async fn build(settings: &Settings, aws: &SdkConfig, needs: Needs) -> anyhow::Result<Relay> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random = getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let shards = settings.index_shards.as_deref().map(str::parse);
    let shards = shards
        .transpose()
        .context("the environment variable INDEX_SHARDS")?;
    let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(aws), &settings.table)
        .spread_over(shards.unwrap_or_default());
    let sqs = aws_sdk_sqs::Client::new(aws);
    let queue = SqsQueue::new(sqs, &settings.queue_url, settings.bulk_queue_url.clone());
    let audit = CloudWatchAudit::new(
        aws_sdk_cloudwatchlogs::Client::new(aws),
        &settings.audit_log_group,
        stream_name(&settings.function, clock.now(), random),
    );
    let credentials = SecretsManager::reading(
        aws_sdk_secretsmanager::Client::new(aws),
        &settings.secret_id,
        Arc::clone(&clock),
    );
    let bus: Arc<dyn Bus> = match &settings.event_bus {
        Some(name) => Arc::new(EventBus::new(aws_sdk_eventbridge::Client::new(aws), name)),
        None => Arc::new(NoBus),
    };
    let transport: Box<dyn Transport> = match calls_at_once(|name| std::env::var(name).ok())? {
        Some(count) => Box::new(AtMost::new(Network::new(), count)),
        None => Box::new(Network::new()),
    };
    let client = Client::new(transport, &settings.twilio_url);
    tokio::join!(
        warm("Secrets Manager", async {
            credentials.current().await.map(drop)
        }),
        warm("DynamoDB", store.warm()),
        warm("SQS", queue.warm()),
        warm("CloudWatch Logs", audit.open()),
        warm("Twilio", async {
            if needs.twilio {
                client.warm().await;
            }
            Ok(())
        }),
    );
    Ok(Relay {
        store: Arc::new(store),
        queue: Arc::new(queue),
        audit: Arc::new(Fallback::new(
            audit,
            Arc::clone(&clock),
            &settings.metrics_namespace,
            Box::new(std::io::stdout()),
        )),
        credentials: Arc::new(credentials),
        public_urls: PublicUrls::default(),
        twilio: client,
        bus,
        alerts: Arc::new(NoAlerts),
        clock,
        chance: Arc::new(SystemChance),
    })
}

/// A failure here fails nothing: whoever needs the connection opens it then, and says what is
/// wrong.
pub(super) async fn warm(what: &str, opening: impl Future<Output = anyhow::Result<()>>) {
    match tokio::time::timeout(WARM_UP, opening).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("{what} is not ready yet: {error:#}"),
        Err(_) => tracing::warn!("{what} is not ready yet: no answer within {WARM_UP:?}"),
    }
}
