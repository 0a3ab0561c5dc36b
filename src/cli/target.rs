use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;

use crate::machine::{DATABASE, Database};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;

/// Which relay a command works on: a deployed one by its table's name, otherwise the one-machine
/// relay of a data folder.
#[derive(clap::Args)]
pub struct Target {
    /// The one-machine relay's data folder
    #[arg(long, value_name = "DIR", default_value = crate::machine::DEFAULT_DATA)]
    pub data: PathBuf,
    /// A deployed relay's table (the stack's output TableName)
    #[arg(long, value_name = "NAME", env = "TABLE_NAME")]
    pub table: Option<String>,
}

impl Target {
    pub async fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        match self.table() {
            Some(table) => in_table(table).await,
            None => in_folder(&self.data),
        }
    }

    /// The table's name; a variable that is set to nothing names none.
    fn table(&self) -> Option<&str> {
        self.table.as_deref().filter(|name| !name.is_empty())
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
    use crate::aws::clients;
    use crate::store::dynamodb::DynamoStore;

    let system_roots = std::env::var(clients::TRUST_STORE).is_ok_and(|value| value == "system");
    let config = clients::loader(system_roots).load().await;
    if config.region().is_none() {
        bail!(
            "no AWS region is set; set AWS_REGION to the one that the stack {table} belongs to is in"
        );
    }
    let client = aws_sdk_dynamodb::Client::new(&config);
    Ok(Arc::new(DynamoStore::new(client, table)))
}

#[cfg(not(feature = "aws"))]
async fn in_table(table: &str) -> anyhow::Result<Arc<dyn Store>> {
    bail!(
        "this `relay` was built without AWS and cannot open the table {table}; build it with its default features, as `cargo run -- …` does"
    )
}

fn in_folder(data: &Path) -> anyhow::Result<Arc<dyn Store>> {
    let file = data.join(DATABASE);
    if !file.exists() {
        bail!(
            "there is no relay in {}; start one with `relay dev`, or name another folder with --data or a deployed relay with --table",
            data.display()
        );
    }
    Ok(Arc::new(SqliteStore::on(Database::open(&file)?)))
}
