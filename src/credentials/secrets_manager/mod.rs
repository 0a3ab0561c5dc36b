//! Twilio's credentials from Secrets Manager: a JSON object with the names of `repos.env`, or with
//! those of the secrets that AWS rotates itself.

mod shape;
mod store;

pub use store::SecretStore;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use futures::future::try_join_all;
use jiff::Timestamp;

use super::cache::{Cache, Fetch};
use super::exchange::VersionedSecret;
use crate::clock::Clock;
use crate::domain::credentials::Credentials;

/// One secret, or several that complete one another.
pub struct Secrets(Vec<SecretStore>);

/// The credentials of a running relay. `ids` are names or ARNs, separated by commas where there are
/// several: those that AWS rotates hold either a token or a key.
pub type SecretsManager = Cache<Secrets>;

impl SecretsManager {
    pub fn reading(client: Client, ids: &str, clock: Arc<dyn Clock>) -> Self {
        Self::new(Secrets::named(client, ids), clock)
    }
}

impl Secrets {
    pub fn named(client: Client, ids: &str) -> Self {
        let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
        let store = |id| SecretStore::new(client.clone(), id);
        Self(ids.map(store).collect())
    }

    fn place(&self) -> String {
        let ids: Vec<_> = self.0.iter().map(SecretStore::id).collect();
        match ids.as_slice() {
            [id] => format!("the secret {id}"),
            ids => format!("the secrets {}", ids.join(" and ")),
        }
    }
}

#[async_trait]
impl Fetch for Secrets {
    async fn fetch(&self, now: Timestamp) -> anyhow::Result<Credentials> {
        let read = try_join_all(self.0.iter().map(SecretStore::current)).await?;
        let written = read.iter().filter_map(|stored| stored.created).max();
        let (versions, values): (Vec<_>, Vec<_>) = read
            .into_iter()
            .map(|stored| (stored.version, stored.values))
            .unzip();
        let mut credentials = shape::credentials(&self.place(), &values, written, now)?;
        credentials.version = Some(versions.join(" "));
        Ok(credentials)
    }
}
