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
use futures::future::BoxFuture;
use jiff::Timestamp;

#[cfg(feature = "aws")]
use self::stack as deployed;
#[cfg(not(feature = "aws"))]
use self::without_aws as deployed;
use super::WrongUsage;
use crate::adapters::files::audit::FileAudit;
use crate::adapters::files::data_folder::check;
use crate::adapters::files::kept_texts::aside;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::doctor::stack::StackFacts;
use crate::app::ports::alerts::NoAlerts;
use crate::app::ports::audit::Audit;
use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::app::ports::event_bus::NoBus;
use crate::app::ports::queue::{DeadLetterQueue, Queue};
use crate::app::ports::store::Store;
use crate::app::relay::{PublicUrls, Relay};
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::credentials::repos_env;
use crate::domain::credentials::Credentials;
use crate::hosts::server::{AUDIT, DATABASE, FILES, KEPT_TEXTS};
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

/// A relay that was found.
pub type Deployment = Box<dyn Parts>;

/// The parts of a relay, each opened when it is asked for.
pub trait Parts {
    fn store(&self) -> anyhow::Result<Arc<dyn Store>>;

    fn queue(&self) -> anyhow::Result<Arc<dyn Queue>>;

    /// The wake-ups that were brought too often in vain; `None` if it is not known where they are.
    fn wake_ups(&self) -> Option<Arc<dyn DeadLetterQueue>>;

    /// `command`, such as `relay-dead`, is what the records' stream is named after.
    fn audit(&self, command: &str) -> anyhow::Result<Arc<dyn Audit>>;

    /// Twilio's credentials: of a one-machine relay those in `file`.
    fn credentials(&self, file: Option<&Path>) -> anyhow::Result<Arc<dyn CredentialsSource>>;

    /// What the store is, for a message.
    fn place(&self) -> String;

    /// Whether something has to run on this machine for what is put on the queue to be heard.
    fn is_one_machine(&self) -> bool;

    /// What a one-machine relay keeps; `None` of a deployed one.
    fn machine(&self) -> Option<Machine> {
        None
    }

    /// What a stack consists of, for the doctor; `None` of a relay that no stack is named of.
    fn stack(&self, _: Timestamp) -> BoxFuture<'_, Option<StackFacts>> {
        Box::pin(async { None })
    }

    /// What the functions work with, without credentials: the relay's worker sends.
    fn relay(&self, command: &str) -> anyhow::Result<Relay> {
        Ok(Relay {
            store: self.store()?,
            queue: self.queue()?,
            audit: self.audit(command)?,
            credentials: Arc::new(NoCredentials),
            public_urls: PublicUrls::default(),
            twilio: Client::new(Box::new(Network::new()), API_URL),
            bus: Arc::new(NoBus),
            alerts: Arc::new(NoAlerts),
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
        })
    }
}

/// Where a one-machine relay keeps what people wrote.
pub struct Machine {
    pub store: SqliteStore,
    /// The texts that wait to be taken in.
    pub kept_texts: PathBuf,
    /// Those that could not be.
    pub unusable: PathBuf,
}

/// The relay of a data folder.
struct OneMachine {
    data: PathBuf,
    database: Database,
}

impl OneMachine {
    fn open(data: PathBuf) -> anyhow::Result<Self> {
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
        check(&data, &FILES)?;
        let database = Database::open(&file)?;
        Ok(Self { data, database })
    }
}

impl Parts for OneMachine {
    fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        Ok(Arc::new(SqliteStore::on(self.database.clone())))
    }

    fn queue(&self) -> anyhow::Result<Arc<dyn Queue>> {
        Ok(Arc::new(SqliteQueue::on(self.database.clone())))
    }

    fn wake_ups(&self) -> Option<Arc<dyn DeadLetterQueue>> {
        Some(Arc::new(SqliteQueue::on(self.database.clone())))
    }

    fn audit(&self, _: &str) -> anyhow::Result<Arc<dyn Audit>> {
        Ok(Arc::new(FileAudit::open(&self.data.join(AUDIT))?))
    }

    fn credentials(&self, file: Option<&Path>) -> anyhow::Result<Arc<dyn CredentialsSource>> {
        let Some(file) = file else {
            let needed = "Twilio's credentials are needed: name the file that has them with \
                --env-file, or a deployed relay with --stack";
            return Err(WrongUsage(needed.to_owned()).into());
        };
        let credentials: Credentials = repos_env::read(file, SystemClock.now())?;
        Ok(Arc::new(Arc::new(credentials)))
    }

    fn machine(&self) -> Option<Machine> {
        let kept_texts = self.data.join(KEPT_TEXTS);
        Some(Machine {
            store: SqliteStore::on(self.database.clone()),
            unusable: aside(&kept_texts),
            kept_texts,
        })
    }

    fn place(&self) -> String {
        format!("the data folder {}", self.data.display())
    }

    fn is_one_machine(&self) -> bool {
        true
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
