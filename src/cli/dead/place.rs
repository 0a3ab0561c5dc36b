//! Where dead letters are, and what a replay goes through: the data folder, or the stack's parts.

use std::sync::Arc;

use anyhow::bail;

use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::dead_letters::Means;
use crate::app::ports::queue::DeadLetterQueue;
use crate::app::ports::store::Store;
use crate::cli::WrongUsage;
use crate::cli::target::Target;
use crate::hosts::server::AUDIT;

#[derive(clap::Args)]
pub struct Place {
    #[command(flatten)]
    target: Target,
    /// A deployed relay's dead-letter queue (the stack's output DeadLetterQueueUrl), to take
    /// wake-ups into account as well
    #[arg(long, value_name = "URL", env = "DEAD_LETTER_QUEUE_URL")]
    dead_letter_queue_url: Option<String>,
}

/// What a change on a deployed relay needs besides.
#[derive(clap::Args)]
pub struct Outlets {
    /// A deployed relay's queue of wake-ups (the stack's output DeliveriesQueueUrl)
    #[arg(long, value_name = "URL", env = "DELIVERIES_QUEUE_URL")]
    queue_url: Option<String>,
    /// A deployed relay's audit (the stack's output AuditLogGroup)
    #[arg(long, value_name = "NAME", env = "AUDIT_LOG_GROUP")]
    log_group: Option<String>,
}

impl Outlets {
    fn queue_url(&self) -> Option<&str> {
        named(&self.queue_url)
    }

    fn log_group(&self) -> Option<&str> {
        named(&self.log_group)
    }
}

/// A variable that is set to nothing names nothing.
fn named(name: &Option<String>) -> Option<&str> {
    name.as_deref().filter(|name| !name.is_empty())
}

/// A relay with its dead letters.
pub struct Opened {
    pub store: Arc<dyn Store>,
    /// `None` if it was not said where they are.
    pub wake_ups: Option<Arc<dyn DeadLetterQueue>>,
    parts: Parts,
}

enum Parts {
    OneMachine(Database),
    #[cfg(feature = "aws")]
    Deployed(Box<aws_config::SdkConfig>),
}

impl Place {
    pub async fn open(&self) -> anyhow::Result<Opened> {
        match self.target.table() {
            Some(table) => self.deployed(table).await,
            None => {
                let database = self.target.database()?;
                Ok(Opened {
                    store: Arc::new(SqliteStore::on(database.clone())),
                    wake_ups: Some(Arc::new(SqliteQueue::on(database.clone()))),
                    parts: Parts::OneMachine(database),
                })
            }
        }
    }

    #[cfg(feature = "aws")]
    async fn deployed(&self, table: &str) -> anyhow::Result<Opened> {
        use crate::adapters::aws::dynamodb::DynamoStore;
        use crate::adapters::aws::sqs::SqsDeadLetterQueue;

        let aws = crate::cli::target::aws(&format!("the table {table}")).await?;
        let wake_ups = named(&self.dead_letter_queue_url).map(|url| {
            let client = aws_sdk_sqs::Client::new(&aws);
            Arc::new(SqsDeadLetterQueue::new(client, url)) as Arc<dyn DeadLetterQueue>
        });
        let client = aws_sdk_dynamodb::Client::new(&aws);
        Ok(Opened {
            store: Arc::new(DynamoStore::new(client, table)),
            wake_ups,
            parts: Parts::Deployed(Box::new(aws)),
        })
    }

    #[cfg(not(feature = "aws"))]
    async fn deployed(&self, _: &str) -> anyhow::Result<Opened> {
        // Says that this was built without AWS.
        self.target.store().await?;
        bail!("a deployed relay cannot be opened")
    }

    /// When the relay hears of what is put on its queue.
    pub fn hears(&self) -> &'static str {
        match self.target.table() {
            Some(_) => "now",
            None => "within seconds, if `relay dev` or `relay serve` runs",
        }
    }

    /// Fails if a change could not be carried out for want of a name.
    pub fn check(&self, outlets: &Outlets) -> Result<(), WrongUsage> {
        let missing = |what: &str, flag: &str, output: &str| {
            Err(WrongUsage(format!(
                "on a deployed relay this needs its {what}: name it with {flag} (the stack's output \
                 {output})"
            )))
        };
        match (
            self.target.table(),
            outlets.queue_url(),
            outlets.log_group(),
        ) {
            (Some(_), None, _) => missing("queue", "--queue-url", "DeliveriesQueueUrl"),
            (Some(_), _, None) => missing("audit", "--log-group", "AuditLogGroup"),
            _ => Ok(()),
        }
    }

    /// What a change goes through; `outlets` are those that were checked.
    #[cfg_attr(not(feature = "aws"), allow(unused_variables))]
    pub fn means(&self, opened: &Opened, outlets: &Outlets) -> anyhow::Result<Means> {
        match &opened.parts {
            Parts::OneMachine(database) => {
                use crate::adapters::files::audit::FileAudit;
                Ok(Means {
                    store: Arc::clone(&opened.store),
                    queue: Arc::new(SqliteQueue::on(database.clone())),
                    audit: Arc::new(FileAudit::open(&self.target.data.join(AUDIT))?),
                })
            }
            #[cfg(feature = "aws")]
            Parts::Deployed(aws) => {
                use crate::adapters::aws::cloudwatch::{CloudWatchAudit, stream_name};
                use crate::adapters::aws::sqs::SqsQueue;
                use crate::clock::{Clock, SystemClock};

                let (Some(queue), Some(group)) = (outlets.queue_url(), outlets.log_group()) else {
                    bail!("the queue and the audit have to be named");
                };
                let random =
                    getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
                let stream = stream_name("relay-dead", SystemClock.now(), random);
                let logs = aws_sdk_cloudwatchlogs::Client::new(aws.as_ref());
                Ok(Means {
                    store: Arc::clone(&opened.store),
                    queue: Arc::new(SqsQueue::new(aws_sdk_sqs::Client::new(aws.as_ref()), queue)),
                    audit: Arc::new(CloudWatchAudit::new(logs, group, stream)),
                })
            }
        }
    }
}
