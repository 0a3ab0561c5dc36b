//! A secret in Secrets Manager, read and replaced without losing what somebody else wrote.
//!
//! `PutSecretValue` has no condition. So a new version is put under a stage of ours, and then
//! `AWSCURRENT` is moved from the version that was seen to the new one, which fails if it is
//! somewhere else by then.
//!
//! Source: AWS, Secrets Manager API Reference, `PutSecretValue` and `UpdateSecretVersionStage`.

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::aws_error::plain;
use crate::credentials::exchange::{NotStored, Stored, VersionedSecret};
use crate::credentials::keyed_hash::keyed_hash;
use crate::credentials::values::Values;
use crate::domain::credentials::{API_SECRET, AUTH_TOKEN, Secret};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";
/// The stage under which a version waits to become the current one.
const CANDIDATE: &str = "RELAY_CANDIDATE";

/// A secret by its name or ARN.
#[derive(Debug, Clone)]
pub struct SecretStore {
    client: Client,
    id: String,
}

impl SecretStore {
    pub fn new(client: Client, id: impl Into<String>) -> Self {
        Self {
            client,
            id: id.into(),
        }
    }

    /// The pending version of a rotation, if it has a value yet.
    pub async fn pending(&self, version: &str) -> anyhow::Result<Option<Stored>> {
        let asked = self.client.get_secret_value().secret_id(&self.id);
        // Asked for version and stage at once, AWS calls a version in another stage a mistake.
        match asked.version_id(version).send().await {
            Ok(answer) => {
                let stored = self.stored(answer)?;
                let is_pending = stored.stages.iter().any(|stage| stage == PENDING);
                Ok(is_pending.then_some(stored))
            }
            // A version that RotateSecret made has no value until somebody puts one in.
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(plain(error)).with_context(|| {
                format!("cannot read the pending version of the secret {}", self.id)
            }),
        }
    }

    /// Gives the pending version of a rotation its value.
    pub async fn put_pending(&self, version: &str, values: &Values) -> anyhow::Result<()> {
        self.put(version, PENDING, values.to_json()).await
    }

    /// Moves `AWSCURRENT` from the version `seen` to `version`.
    pub async fn make_current(&self, version: &str, seen: &str) -> Result<(), NotStored> {
        if version == seen {
            return Ok(());
        }
        let moved = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.id)
            .version_stage(CURRENT)
            .move_to_version_id(version)
            .remove_from_version_id(seen)
            .send()
            .await;
        let Err(error) = moved else { return Ok(()) };
        let conflict = matches!(
            error.code(),
            Some("InvalidParameterException" | "InvalidRequestException")
        );
        // The first answer may have been lost, and this be the second time.
        match self.current().await {
            Ok(current) if current.version == version => Ok(()),
            Ok(current) if conflict && current.version != seen => {
                Err(NotStored::ChangedMeanwhile(self.id.clone()))
            }
            _ => Err(plain(error)
                .context(format!(
                    "cannot put a version of the secret {} in force",
                    self.id
                ))
                .into()),
        }
    }

    /// Ends the pending of a version that was put in force: a pending version that is not the
    /// current one would keep the next rotation from beginning.
    pub async fn end_pending(&self, stored: &Stored) -> anyhow::Result<()> {
        if !stored.stages.iter().any(|stage| stage == PENDING) {
            return Ok(());
        }
        let ended = self.client.update_secret_version_stage();
        let ended = ended
            .secret_id(&self.id)
            .version_stage(PENDING)
            .remove_from_version_id(&stored.version);
        let ended = ended.send().await.map_err(plain);
        ended
            .map(drop)
            .with_context(|| format!("cannot end the pending version of the secret {}", self.id))
    }

    /// When anything about the secret was changed last.
    pub async fn changed(&self) -> anyhow::Result<Option<Timestamp>> {
        let described = self.client.describe_secret().secret_id(&self.id).send();
        let described = described.await.map_err(plain);
        let described =
            described.with_context(|| format!("cannot describe the secret {}", self.id))?;
        Ok(described.last_changed_date().and_then(instant))
    }

    async fn put(&self, version: &str, stage: &str, json: Zeroizing<String>) -> anyhow::Result<()> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(&self.id)
            .client_request_token(version)
            .version_stages(stage)
            .secret_string(json.as_str());
        put.send().await.map_err(plain).with_context(|| {
            format!(
                "cannot put a version into the secret {} (may this role do that, and does the secret exist?)",
                self.id
            )
        })?;
        Ok(())
    }

    fn stored(
        &self,
        answer: aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput,
    ) -> anyhow::Result<Stored> {
        let id = &self.id;
        let created = answer.created_date().and_then(instant);
        let version = answer.version_id.unwrap_or_default();
        let stages = answer.version_stages.unwrap_or_default();
        let json = answer.secret_string.map(Zeroizing::new);
        let json = json.ok_or_else(|| anyhow!("the secret {id} holds bytes, not text"))?;
        let values = Values::parse(&json).map_err(|bad| {
            anyhow!(
                "the secret {id} is {bad}; write it as {{\"TWILIO_ACCOUNT_SID\": \"…\", \"TWILIO_AUTH_TOKEN\": \"…\"}}, with the names of repos.env"
            )
        })?;
        Ok(Stored {
            version,
            values,
            stages,
            created,
        })
    }
}

#[async_trait]
impl VersionedSecret for SecretStore {
    fn id(&self) -> &str {
        &self.id
    }

    async fn current(&self) -> anyhow::Result<Stored> {
        let asked = self.client.get_secret_value().secret_id(&self.id);
        let answer = asked.version_stage(CURRENT).send().await;
        let answer = answer.map_err(plain).with_context(|| {
            format!(
                "cannot read the secret {} from Secrets Manager (does it have a value, and may this role read it? `relay secrets seed` puts one in)",
                self.id
            )
        })?;
        self.stored(answer)
    }

    async fn replace(&self, seen: &str, values: &Values) -> Result<String, NotStored> {
        let json = values.to_json();
        let version = version_id(seen, &json, values);
        self.put(&version, CANDIDATE, json).await?;
        self.make_current(&version, seen).await?;
        Ok(version)
    }
}

fn instant(at: &aws_sdk_secretsmanager::primitives::DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), 0).ok()
}

/// The id of the version that `json` becomes in the place of `seen`: the same for the same, so that
/// a repetition is recognised. It is logged by AWS, so it is a hash that only those can compute who
/// know the credentials.
fn version_id(seen: &str, json: &str, values: &Values) -> String {
    let mut keys = [AUTH_TOKEN, API_SECRET].into_iter();
    let key = keys.find_map(|name| values.filled(name));
    let hash = keyed_hash(key.map_or("", Secret::expose).as_bytes(), [seen, json]);
    let parts = [
        &hash[..8],
        &hash[8..12],
        &hash[12..16],
        &hash[16..20],
        &hash[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_what_it_replaces_and_holds_and_by_a_key() {
        let values = |token: &str| {
            let mut values = Values::default();
            values.set(AUTH_TOKEN, Secret::new(token));
            values
        };
        let name = |seen, json, token| version_id(seen, json, &values(token));
        let first = name("v1", "{}", "a");
        assert_eq!(first.len(), 36);
        assert_eq!(first, name("v1", "{}", "a"));
        for other in [
            name("v2", "{}", "a"),
            name("v1", "[]", "a"),
            name("v1", "{}", "b"),
            name("v1{", "}", "a"),
        ] {
            assert_ne!(first, other);
        }
    }
}
