use std::io::ErrorKind;
use std::path::PathBuf;

use async_trait::async_trait;

use super::private_folder::replace;
use crate::app::ports::verdicts::Verdicts;

/// A file for its owner alone.
pub struct VerdictsFile(pub PathBuf);

#[async_trait]
impl Verdicts for VerdictsFile {
    async fn read(&self) -> anyhow::Result<Option<Vec<u8>>> {
        match std::fs::read(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            kept => Ok(Some(kept?)),
        }
    }

    async fn keep(&self, verdicts: &[u8]) -> anyhow::Result<()> {
        Ok(replace(&self.0, verdicts)?)
    }
}
