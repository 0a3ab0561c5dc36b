//! How the function that rotates credentials starts. It works with one secret and Twilio alone.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::events::{failed, serve};
use super::settings::Missing;
use super::start::run;
use crate::adapters::aws::clients;
use crate::clock::SystemClock;
use crate::credentials::rotation::Subject;
use crate::credentials::rotation::four_steps::{Done, Event, Rotator};
use crate::credentials::secrets_manager::SecretStore;
use crate::twilio::API_URL;
use crate::twilio::access::{Access, KeyType};
use crate::twilio::network::Network;

/// Runs the function until Lambda ends it. Returns only if it cannot start, or if Lambda's runtime
/// API fails.
pub fn start_rotation(handle: impl AsyncFn(&Rotator, Event) -> anyhow::Result<Done>) -> ExitCode {
    run(async {
        let rotator = rotator(|name| std::env::var(name).ok()).await?;
        let answer = async |event: &str, _| {
            let done = handle(&rotator, read(event)?).await?;
            tracing::info!(done = ?done, "a step of a rotation");
            Ok(serde_json::to_value(done)?)
        };
        let failure = |error: anyhow::Error| {
            tracing::error!(
                count = "rotation_failed",
                error = format!("{error:#}"),
                "a step of a rotation failed"
            );
            failed("Rotation")(error)
        };
        serve(answer, failure).await
    })
}

fn read(event: &str) -> anyhow::Result<Event> {
    serde_json::from_str(event).map_err(|_| {
        anyhow!(
            "the function takes the steps of Secrets Manager and {{\"finish\": true}}, and this event is neither"
        )
    })
}

async fn rotator(look_up: impl Fn(&str) -> Option<String>) -> anyhow::Result<Rotator> {
    let variable = |name: &str| look_up(name).filter(|value| !value.is_empty());
    let secret = variable("CREDENTIALS_SECRET_ID").ok_or(Missing("CREDENTIALS_SECRET_ID"))?;
    let subject = match variable("ROTATE").as_deref() {
        None | Some("api-key") => Subject::ApiKey,
        Some("auth-token") => Subject::AuthToken,
        Some(_) => bail!("ROTATE is neither api-key nor auth-token; template.yaml sets it"),
    };
    let key_type = match variable("KEY_TYPE").as_deref() {
        None | Some("standard") => KeyType::Standard,
        Some("restricted") => KeyType::Restricted,
        Some(_) => bail!("KEY_TYPE is neither standard nor restricted; template.yaml sets it"),
    };
    let aws = clients::loader().load().await;
    let url = variable("TWILIO_API_URL").unwrap_or_else(|| API_URL.to_owned());
    Ok(Rotator {
        secret: SecretStore::new(aws_sdk_secretsmanager::Client::new(&aws), secret),
        access: Access::new(Box::new(Network::new()), &url),
        subject,
        key_type,
        clock: Arc::new(SystemClock),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settings_that_make_no_sense_are_named() {
        let with = async |name: &'static str, value: &'static str| {
            let look_up = |wanted: &str| match wanted {
                _ if wanted == name => Some(value.to_owned()),
                "CREDENTIALS_SECRET_ID" => Some("relay".to_owned()),
                _ => None,
            };
            rotator(look_up)
                .await
                .map(|rotator| (rotator.subject, rotator.key_type))
        };
        let standard = (Subject::ApiKey, KeyType::Standard);
        assert_eq!(with("ROTATE", "api-key").await.unwrap(), standard);
        let token = with("ROTATE", "auth-token").await.unwrap();
        assert_eq!(token.0, Subject::AuthToken);
        let restricted = with("KEY_TYPE", "restricted").await.unwrap();
        assert_eq!(restricted.1, KeyType::Restricted);
        for (name, wrong) in [("ROTATE", "all"), ("KEY_TYPE", "main")] {
            let error = with(name, wrong).await.unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(with("CREDENTIALS_SECRET_ID", "").await.is_err());
    }

    #[test]
    fn an_event_of_another_kind_is_refused_without_being_quoted() {
        let error = read(r#"{"secret": "hunter2"}"#).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
