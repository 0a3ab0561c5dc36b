//! The relay that a command works on: a deployed one, or the one-machine relay of a data folder. All
//! that a command opens of it, it opens here.

mod flags;
mod named;
#[cfg(feature = "aws")]
mod stack;
#[cfg(not(feature = "aws"))]
mod without_aws;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use async_trait::async_trait;

#[cfg(feature = "aws")]
use self::stack::Stack;
#[cfg(not(feature = "aws"))]
use self::without_aws::Stack;
use super::WrongUsage;
use crate::adapters::files::audit::FileAudit;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::ports::audit::Audit;
use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::app::ports::event_bus::NoBus;
use crate::app::ports::queue::{DeadLetterQueue, Queue};
use crate::app::ports::store::Store;
use crate::app::relay::Relay;
use crate::clock::{SystemChance, SystemClock};
use crate::credentials::repos_env;
use crate::domain::credentials::Credentials;
use crate::hosts::server::{AUDIT, DATABASE};
use crate::twilio::API_URL;
use crate::twilio::client::Client;
use crate::twilio::network::Network;

pub use self::flags::{RelayFlags, SecretFlags};

/// What a deployed relay consists of. Each part has a name, which a flag gives, or the variable that
/// the functions have it from, or an output of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Table,
    Queue,
    BulkQueue,
    DeadLetterQueue,
    Audit,
    Secret,
}

impl Part {
    const ALL: [Part; 6] = [
        Part::Table,
        Part::Queue,
        Part::BulkQueue,
        Part::DeadLetterQueue,
        Part::Audit,
        Part::Secret,
    ];

    /// What it is, its flag, its variable and its output.
    fn known_as(self) -> [&'static str; 4] {
        match self {
            Part::Table => ["table", "--table", "TABLE_NAME", "TableName"],
            Part::Queue => [
                "queue",
                "--queue-url",
                "DELIVERIES_QUEUE_URL",
                "DeliveriesQueueUrl",
            ],
            Part::BulkQueue => [
                "queue of texts to many",
                "--bulk-queue-url",
                "BULK_QUEUE_URL",
                "BulkQueueUrl",
            ],
            Part::DeadLetterQueue => [
                "dead-letter queue",
                "--dead-letter-queue-url",
                "DEAD_LETTER_QUEUE_URL",
                "DeadLetterQueueUrl",
            ],
            Part::Audit => ["audit", "--log-group", "AUDIT_LOG_GROUP", "AuditLogGroup"],
            Part::Secret => [
                "credentials",
                "--secret-id",
                "CREDENTIALS_SECRET_ID",
                "CredentialsSecretArn",
            ],
        }
    }
}

/// A relay that was found. Its parts are opened when they are asked for.
pub enum Deployment {
    OneMachine { data: PathBuf, database: Database },
    Stack(Box<Stack>),
}

impl Deployment {
    fn in_folder(data: PathBuf) -> anyhow::Result<Self> {
        if data.exists() && !data.is_dir() {
            bail!(
                "{} is no folder; name the relay's data folder with --data",
                data.display()
            );
        }
        let file = data.join(DATABASE);
        if !file.exists() {
            bail!(
                "there is no relay in {}; start one with `relay dev`, or name another folder with \
                 --data or a deployed relay with --stack",
                data.display()
            );
        }
        let database = Database::open(&file)?;
        Ok(Self::OneMachine { data, database })
    }

    pub fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        match self {
            Self::OneMachine { database, .. } => Ok(Arc::new(SqliteStore::on(database.clone()))),
            Self::Stack(stack) => stack.store(),
        }
    }

    pub fn queue(&self) -> anyhow::Result<Arc<dyn Queue>> {
        match self {
            Self::OneMachine { database, .. } => Ok(Arc::new(SqliteQueue::on(database.clone()))),
            Self::Stack(stack) => stack.queue(),
        }
    }

    /// The wake-ups that were brought too often in vain; `None` if it is not known where they are.
    pub fn wake_ups(&self) -> Option<Arc<dyn DeadLetterQueue>> {
        match self {
            Self::OneMachine { database, .. } => Some(Arc::new(SqliteQueue::on(database.clone()))),
            Self::Stack(stack) => stack.wake_ups(),
        }
    }

    /// `command`, such as `relay-dead`, is what the records' stream is named after.
    pub fn audit(&self, command: &str) -> anyhow::Result<Arc<dyn Audit>> {
        match self {
            Self::OneMachine { data, .. } => Ok(Arc::new(FileAudit::open(&data.join(AUDIT))?)),
            Self::Stack(stack) => stack.audit(command),
        }
    }

    /// Twilio's credentials: of a one-machine relay those in `file`.
    pub fn credentials(&self, file: Option<&Path>) -> anyhow::Result<Arc<dyn CredentialsSource>> {
        match (self, file) {
            (Self::OneMachine { .. }, Some(file)) => {
                let credentials: Credentials = repos_env::read(file)?;
                Ok(Arc::new(Arc::new(credentials)))
            }
            (Self::OneMachine { .. }, None) => {
                let needed = "Twilio's credentials are needed: name the file that has them with \
                    --env-file, or a deployed relay with --stack";
                Err(WrongUsage(needed.to_owned()).into())
            }
            (Self::Stack(stack), _) => stack.credentials(),
        }
    }

    /// What the functions work with, without credentials: the relay's worker sends.
    pub fn relay(&self, command: &str) -> anyhow::Result<Relay> {
        Ok(Relay {
            store: self.store()?,
            queue: self.queue()?,
            audit: self.audit(command)?,
            credentials: Arc::new(NoCredentials),
            twilio: Client::new(Box::new(Network::new()), API_URL),
            bus: Arc::new(NoBus),
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
        })
    }

    /// What the store is, for a message.
    pub fn place(&self) -> String {
        match self {
            Self::OneMachine { data, .. } => format!("the data folder {}", data.display()),
            Self::Stack(stack) => stack.place(),
        }
    }

    /// Whether something has to run on this machine for what is put on the queue to be heard.
    pub fn is_one_machine(&self) -> bool {
        matches!(self, Self::OneMachine { .. })
    }
}

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
