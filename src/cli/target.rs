use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;

use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::ports::store::Store;
use crate::hosts::server::DATABASE;

/// Which relay a command works on: a deployed one by its table's name, otherwise the one-machine
/// relay of a data folder.
#[derive(clap::Args)]
pub struct Target {
    /// The one-machine relay's data folder
    #[arg(long, value_name = "DIR", default_value = crate::hosts::server::DEFAULT_DATA)]
    pub data: PathBuf,
    /// A deployed relay's table (the stack's output TableName)
    #[arg(long, value_name = "NAME", env = "TABLE_NAME")]
    pub table: Option<String>,
}

impl Target {
    pub async fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        match self.table() {
            Some(table) => in_table(table).await,
            None => Ok(Arc::new(SqliteStore::on(self.database()?))),
        }
    }

    /// The table's name; a variable that is set to nothing names none.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref().filter(|name| !name.is_empty())
    }

    /// The one-machine relay's database.
    pub fn database(&self) -> anyhow::Result<Database> {
        let data = &self.data;
        if data.exists() && !data.is_dir() {
            bail!(
                "{} is no folder; name the relay's data folder with --data",
                data.display()
            );
        }
        let file = data.join(DATABASE);
        if !file.exists() {
            bail!(
                "there is no relay in {}; start one with `relay dev`, or name another folder with --data or a deployed relay with --table",
                data.display()
            );
        }
        Database::open(&file)
    }

    /// What the store is, for a message.
    pub fn place(&self) -> String {
        match self.table() {
            Some(table) => format!("the table {table}"),
            None => format!("the data folder {}", self.data.display()),
        }
    }
}

#[cfg(feature = "aws")]
async fn in_table(table: &str) -> anyhow::Result<Arc<dyn Store>> {
    use crate::adapters::aws::dynamodb::DynamoStore;

    let client = aws_sdk_dynamodb::Client::new(&aws(&format!("the table {table}")).await?);
    Ok(Arc::new(DynamoStore::new(client, table)))
}

/// What clients are made from to reach `what`, such as `the table relay`.
#[cfg(feature = "aws")]
pub async fn aws(what: &str) -> anyhow::Result<aws_config::SdkConfig> {
    use crate::adapters::aws::clients;

    let system_roots = std::env::var(clients::TRUST_STORE).is_ok_and(|value| value == "system");
    let config = clients::loader(system_roots).load().await;
    if config.region().is_none() {
        bail!(
            "no AWS region is set; set AWS_REGION to the one in which {what} is, or \
             AWS_PROFILE to a profile that has one"
        );
    }
    if let Some(credentials) = config.credentials_provider() {
        use aws_credential_types::provider::ProvideCredentials;
        // Asked for here, since the error of a request goes on about a host's metadata service.
        if credentials.provide_credentials().await.is_err() {
            bail!(
                "there are no AWS credentials for {what}; set AWS_PROFILE to a profile \
                 of ~/.aws/config (and sign in with `aws sso login`), or AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY"
            );
        }
    }
    Ok(config)
}

#[cfg(not(feature = "aws"))]
async fn in_table(table: &str) -> anyhow::Result<Arc<dyn Store>> {
    bail!(
        "this `relay` was built without AWS and cannot open the table {table}; build it with its default features, as `cargo run -- …` does"
    )
}
