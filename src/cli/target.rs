use std::path::PathBuf;
use std::sync::Arc;

use crate::store::Store;

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
        todo!()
    }
}
