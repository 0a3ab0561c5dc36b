//! Twilio's credentials from Secrets Manager: one secret, a JSON object with the names of
//! `repos.env`. Kept for a while, so that no text waits for them.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{
    ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, Credentials, PREVIOUS_AUTH_TOKEN, Secret, Source,
};
use crate::aws::plain;
use crate::clock::Clock;

/// After this, the secret is read again.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// Until then, what was read last is used if Secrets Manager does not answer.
const USABLE: Duration = Duration::from_secs(60 * 60);
/// Between two attempts to reach a Secrets Manager that does not answer.
const PAUSE: Duration = Duration::from_secs(30);

pub struct SecretsManager {
    client: Client,
    id: String,
    clock: Arc<dyn Clock>,
    kept: RwLock<Option<Kept>>,
    /// Held while the secret is being read, so that it is read once for all who want it.
    reading: Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    credentials: Arc<Credentials>,
    read: Timestamp,
    /// When to read it again.
    refresh: Timestamp,
}

impl SecretsManager {
    /// `id` is the secret's name or ARN.
    pub fn new(client: Client, id: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            id: id.into(),
            clock,
            kept: RwLock::default(),
            reading: Mutex::default(),
        }
    }

    fn kept(&self) -> Option<Kept> {
        self.kept.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    fn keep(&self, kept: Kept) {
        *self.kept.write().unwrap_or_else(|e| e.into_inner()) = Some(kept);
    }

    fn fresh(&self) -> Option<Arc<Credentials>> {
        let kept = self.kept()?;
        (self.clock.now() < kept.refresh).then_some(kept.credentials)
    }

    async fn read(&self) -> anyhow::Result<Credentials> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await
            .map_err(plain)
            .with_context(|| {
                format!(
                    "cannot read the secret {} from Secrets Manager (does it have a value, and may this role read it? `aws secretsmanager put-secret-value` puts one in)",
                    self.id
                )
            })?;
        let json = answer
            .secret_string
            .map(Zeroizing::new)
            .ok_or_else(|| anyhow!("the secret {} holds bytes, not text", self.id))?;
        parse(&self.id, &json)
    }
}

#[async_trait]
impl Source for SecretsManager {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        if let Some(credentials) = self.fresh() {
            return Ok(credentials);
        }
        let _reading = self.reading.lock().await;
        // Somebody else may have read it meanwhile.
        if let Some(credentials) = self.fresh() {
            return Ok(credentials);
        }
        match self.read().await {
            Ok(credentials) => {
                let credentials = Arc::new(credentials);
                let now = self.clock.now();
                self.keep(Kept {
                    credentials: Arc::clone(&credentials),
                    read: now,
                    refresh: now + FRESH,
                });
                Ok(credentials)
            }
            Err(error) => {
                let now = self.clock.now();
                match self.kept() {
                    Some(kept) if now < kept.read + USABLE => {
                        tracing::warn!("going on with credentials of {}: {error:#}", kept.read);
                        let credentials = Arc::clone(&kept.credentials);
                        self.keep(Kept {
                            refresh: now + PAUSE,
                            ..kept
                        });
                        Ok(credentials)
                    }
                    _ => Err(error),
                }
            }
        }
    }
}

/// The values that the relay uses; the secret may hold those of other services too.
#[derive(Deserialize)]
struct Values {
    #[serde(rename = "TWILIO_ACCOUNT_SID")]
    account_sid: Option<Secret>,
    #[serde(rename = "TWILIO_AUTH_TOKEN")]
    auth_token: Option<Secret>,
    #[serde(rename = "TWILIO_AUTH_TOKEN_PREVIOUS")]
    previous_auth_token: Option<Secret>,
    #[serde(rename = "TWILIO_API_KEY")]
    api_key: Option<Secret>,
    #[serde(rename = "TWILIO_API_SECRET")]
    api_secret: Option<Secret>,
}

fn parse(id: &str, json: &str) -> anyhow::Result<Credentials> {
    // The message of a JSON error may quote the value.
    let values: Values = serde_json::from_str(json).map_err(|error| {
        anyhow!(
            "the secret {id} is not a JSON object of texts (line {}, column {}); write it as {{\"TWILIO_ACCOUNT_SID\": \"…\", \"TWILIO_AUTH_TOKEN\": \"…\"}}, with the names of repos.env",
            error.line(),
            error.column()
        )
    })?;
    let place = format!("the secret {id}");
    let credentials = Credentials::from_values(&place, |name| {
        let value = match name {
            ACCOUNT_SID => &values.account_sid,
            AUTH_TOKEN => &values.auth_token,
            PREVIOUS_AUTH_TOKEN => &values.previous_auth_token,
            API_KEY => &values.api_key,
            API_SECRET => &values.api_secret,
            _ => &None,
        };
        value.as_ref().map(|value| Secret::new(value.expose()))
    })?;
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(prefix: &str) -> String {
        prefix.to_owned() + &"0".repeat(32)
    }

    #[test]
    fn the_names_in_the_secret_are_those_of_the_env_file() {
        let values = [
            (ACCOUNT_SID, sid("AC")),
            (AUTH_TOKEN, "token".to_owned()),
            (PREVIOUS_AUTH_TOKEN, "old".to_owned()),
            (API_KEY, sid("SK")),
            (API_SECRET, "shh".to_owned()),
            ("TSHEETS_TOKEN", "of another service".to_owned()),
        ];
        let json = serde_json::to_string(&std::collections::HashMap::from(values)).unwrap();
        let credentials = parse("relay", &json).unwrap();
        assert_eq!(credentials.signing_tokens().count(), 2);
        let (user, password) = credentials.basic_auth();
        assert_eq!((user, password.expose()), (sid("SK").as_str(), "shh"));
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_said_without_showing_it() {
        let error = |json: &str| format!("{:#}", parse("relay/creds", json).unwrap_err());
        let missing = error(&format!(r#"{{"{ACCOUNT_SID}": "{}"}}"#, sid("AC")));
        assert!(missing.contains("TWILIO_AUTH_TOKEN is missing from the secret relay/creds"));
        for json in ["hunter2", r#"{"TWILIO_AUTH_TOKEN": 20770}"#, "[]", ""] {
            let error = error(json);
            assert!(error.contains("the secret relay/creds"), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains("20770"),
                "{error}"
            );
        }
    }
}
