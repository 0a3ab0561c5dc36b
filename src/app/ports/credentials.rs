//! Where credentials come from while the relay runs.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::credentials::Credentials;

/// Where credentials come from, again and again: a rotation changes them while the relay runs.
#[async_trait]
pub trait Source: Send + Sync {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>>;

    /// Newer credentials than those that were `seen` and seem not to be right any more. `None` if
    /// there are none, or if that was looked into a moment ago.
    async fn newer(&self, seen: &Credentials, because: RefreshReason) -> Option<Arc<Credentials>>;
}

/// Why credentials seem not to be right any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshReason {
    /// Twilio does not know them.
    Refused,
    /// A webhook's signature does not match, as with any forgery.
    Signature,
    /// A caller is not known, or its signature does not match.
    Caller,
}
