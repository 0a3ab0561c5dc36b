//! What the functions read from their environment. `template.yaml` sets all of it.

use super::needs::Needs;
use crate::adapters::files::audit_fallback;
use crate::twilio::API_URL;

/// The environment of a function. AWS's own variables are read by its SDK and are not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `TABLE_NAME`: the DynamoDB table with all state.
    pub table: String,
    /// `DELIVERIES_QUEUE_URL`: the SQS queue of wake-ups.
    pub queue_url: String,
    /// `BULK_QUEUE_URL`: the SQS queue of wake-ups for texts to many. Functions that send none such
    /// have none.
    pub bulk_queue_url: Option<String>,
    /// `EVENT_BUS_NAME`: the event bus on which other systems hear of invitations that failed. Only
    /// the worker has one.
    pub event_bus: Option<String>,
    /// `AUDIT_LOG_GROUP`: the CloudWatch log group of audit records.
    pub audit_log_group: String,
    /// `CREDENTIALS_SECRET_ID`: name or ARN of the secret with Twilio's credentials; several, with
    /// commas between them, if AWS rotates token and key as secrets of their own.
    pub secret_id: String,
    /// `TWILIO_API_URL`: where Twilio's REST API is. Default: the real one.
    pub twilio_url: String,
    /// `METRICS_NAMESPACE`: where the function's own metrics go. Default: `Relay`. Two stacks that
    /// shared one would set off each other's alarms.
    pub metrics_namespace: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`, set by Lambda: names the function in the audit's streams.
    pub function: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the environment variable {0} is missing; template.yaml sets it from the stack's resources"
)]
pub struct Missing(pub &'static str);

/// A variable that there must be. An empty one counts as a missing one.
pub(super) fn required(name: &'static str) -> Result<String, Missing> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or(Missing(name))
}

impl Settings {
    pub fn from_env() -> Result<Self, Missing> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// Reads the settings with `look_up`. An empty variable counts as a missing one.
    pub fn from_vars(look_up: impl Fn(&str) -> Option<String>) -> Result<Self, Missing> {
        let optional = |name: &str| look_up(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| optional(name).ok_or(Missing(name));
        Ok(Self {
            table: required("TABLE_NAME")?,
            queue_url: required("DELIVERIES_QUEUE_URL")?,
            bulk_queue_url: optional("BULK_QUEUE_URL"),
            event_bus: optional("EVENT_BUS_NAME"),
            audit_log_group: required("AUDIT_LOG_GROUP")?,
            secret_id: required("CREDENTIALS_SECRET_ID")?,
            twilio_url: optional("TWILIO_API_URL").unwrap_or_else(|| API_URL.to_owned()),
            metrics_namespace: optional("METRICS_NAMESPACE")
                .unwrap_or_else(|| audit_fallback::NAMESPACE.to_owned()),
            function: optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "relay".to_owned()),
        })
    }
}

impl Settings {
    /// Whether what not every function has is there, if this one needs it.
    pub fn check(&self, needs: Needs) -> Result<(), Missing> {
        if needs.bulk_queue && self.bulk_queue_url.is_none() {
            return Err(Missing("BULK_QUEUE_URL"));
        }
        if needs.event_bus && self.event_bus.is_none() {
            return Err(Missing("EVENT_BUS_NAME"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [&str; 4] = [
        "TABLE_NAME",
        "DELIVERIES_QUEUE_URL",
        "AUDIT_LOG_GROUP",
        "CREDENTIALS_SECRET_ID",
    ];

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        for missing in REQUIRED {
            for value in [None, Some(String::new())] {
                let read = Settings::from_vars(|name| match name {
                    _ if name == missing => value.clone(),
                    _ => Some("x".to_owned()),
                });
                assert_eq!(read, Err(Missing(missing)));
            }
        }
        assert!(Missing("TABLE_NAME").to_string().contains("TABLE_NAME"));
    }

    #[test]
    fn without_being_told_otherwise_the_relay_talks_to_the_real_twilio() {
        let settings =
            Settings::from_vars(|name| REQUIRED.contains(&name).then(|| "x".to_owned())).unwrap();
        assert_eq!(settings.twilio_url, API_URL);
        assert_eq!(settings.metrics_namespace, "Relay");
    }
}
