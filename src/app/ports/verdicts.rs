//! What the doctor's daily look found last, so that only what changed is told.

use async_trait::async_trait;

#[async_trait]
pub trait Verdicts: Send + Sync {
    /// What was kept last, as JSON; `None` before the first look.
    async fn read(&self) -> anyhow::Result<Option<Vec<u8>>>;

    async fn keep(&self, verdicts: &[u8]) -> anyhow::Result<()>;
}
