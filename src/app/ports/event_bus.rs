//! Where other systems hear of invitations that failed.

use async_trait::async_trait;

use crate::domain::delivery::failed_invitation::Failed;

/// Where other systems hear of it.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Tells of a failure. With an error it may or may not have been told.
    async fn tell(&self, failed: &Failed) -> anyhow::Result<()>;
}

/// Nobody listens: what is told stands in the log. On one machine, whoever invited somebody asks.
pub struct NoBus;

#[async_trait]
impl Bus for NoBus {
    async fn tell(&self, failed: &Failed) -> anyhow::Result<()> {
        tracing::warn!(
            count = "invitation_failed",
            invitation = %failed.id,
            because = failed.because.in_words(),
            error_code = failed.error_code,
            "an invitation failed"
        );
        Ok(())
    }
}
