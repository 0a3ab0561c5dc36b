//! Where credentials come from while the relay runs.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::credentials::Credentials;
use crate::twilio::form::Form;
use crate::twilio::webhook::{Refusal, Unverified, Verified};

/// Where credentials come from, again and again: a rotation changes them while the relay runs.
#[async_trait]
pub trait CredentialsSource: Send + Sync {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>>;

    /// Reads them from where they come from, whatever is still kept of them: whether that works.
    async fn look(&self) -> anyhow::Result<Arc<Credentials>> {
        self.current().await
    }

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

/// Always the same credentials: those of an env file, read once.
#[async_trait]
impl CredentialsSource for Arc<Credentials> {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        Ok(Arc::clone(self))
    }

    async fn newer(&self, _: &Credentials, _: RefreshReason) -> Option<Arc<Credentials>> {
        None
    }
}

/// Verifies a webhook over the line's `public_url`. A signature that is not right with the
/// credentials that were `seen` is checked with newer ones, if there are any: a rotation may have
/// been faster than the news of it.
pub async fn verify(
    webhook: Unverified,
    source: &dyn CredentialsSource,
    seen: &Credentials,
    public_url: &str,
) -> Result<Verified<Form>, Refusal> {
    let Err(refusal) = webhook.check_signature(seen, public_url) else {
        return webhook.verify(seen, public_url);
    };
    match source.newer(seen, RefreshReason::Signature).await {
        Some(newer) => webhook.verify(&newer, public_url),
        None => Err(refusal),
    }
}
