//! What the functions read from their environment. `template.yaml` sets all of it.

use anyhow::Context;

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
    /// `INDEX_SHARDS`: over how many shards of the table's index due deliveries are spread. Default: 8.
    pub index_shards: Option<String>,
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
    /// Reads the settings of a function with `look_up`. An empty variable counts as a missing one.
    pub fn from_vars(
        needs: Needs,
        look_up: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Missing> {
        let optional = |name: &str| look_up(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| optional(name).ok_or(Missing(name));
        let if_needed = |needed: bool, name| needed.then(|| required(name)).transpose();
        Ok(Self {
            table: required("TABLE_NAME")?,
            queue_url: required("DELIVERIES_QUEUE_URL")?,
            bulk_queue_url: if_needed(needs.bulk_queue, "BULK_QUEUE_URL")?,
            event_bus: if_needed(needs.event_bus, "EVENT_BUS_NAME")?,
            audit_log_group: required("AUDIT_LOG_GROUP")?,
            secret_id: required("CREDENTIALS_SECRET_ID")?,
            index_shards: optional("INDEX_SHARDS"),
            twilio_url: optional("TWILIO_API_URL").unwrap_or_else(|| API_URL.to_owned()),
            metrics_namespace: optional("METRICS_NAMESPACE")
                .unwrap_or_else(|| audit_fallback::NAMESPACE.to_owned()),
            function: optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "relay".to_owned()),
        })
    }
}

/// How many calls to Twilio an instance of the worker makes at once, so that all instances together never make
/// more than `TWILIO_CONCURRENCY`: there are as many as `WORKER_CONCURRENCY` and `BULK_CONCURRENCY` allow, beside
/// the comparisons of `RECONCILIATION_CONCURRENCY`, which make one call at a time each. `None` where nothing
/// says how many there may be.
pub fn calls_at_once(look_up: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<usize>> {
    let number = |name: &str| -> anyhow::Result<Option<usize>> {
        let text = look_up(name).filter(|text| !text.is_empty());
        let number = text.map(|text| text.parse());
        let wrong =
            || format!("the environment variable {name} is no number; template.yaml sets it");
        number.transpose().with_context(wrong)
    };
    let Some(most) = number("TWILIO_CONCURRENCY")? else {
        return Ok(None);
    };
    let mut instances = 0;
    for name in ["WORKER_CONCURRENCY", "BULK_CONCURRENCY"] {
        instances += number(name)?.ok_or(Missing(name))?;
    }
    let comparisons = number("RECONCILIATION_CONCURRENCY")?.unwrap_or_default();
    let for_worker = most.saturating_sub(comparisons);
    if for_worker < instances {
        tracing::warn!(
            "WorkerConcurrency, BulkConcurrency and ReconciliationConcurrency come to more calls to Twilio at \
             once than TwilioConcurrency; Twilio may answer 429 (infra/README.md, \"How much it takes\")"
        );
    }
    Ok(Some((for_worker / instances.max(1)).max(1)))
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
                let read = Settings::from_vars(Needs::default(), |name| match name {
                    _ if name == missing => value.clone(),
                    _ => Some("x".to_owned()),
                });
                assert_eq!(read, Err(Missing(missing)));
            }
        }
        assert!(Missing("TABLE_NAME").to_string().contains("TABLE_NAME"));
    }

    #[test]
    fn what_not_every_function_has_is_read_and_named_where_it_is_needed() {
        let read = |needs, missing: &str| {
            Settings::from_vars(needs, |name| (name != missing).then(|| "x".to_owned()))
        };
        let bulk_queue = Needs {
            bulk_queue: true,
            ..Needs::default()
        };
        let settings = read(bulk_queue, "EVENT_BUS_NAME").unwrap();
        assert_eq!(settings.bulk_queue_url.as_deref(), Some("x"));
        assert_eq!(settings.event_bus, None);
        let error = read(bulk_queue, "BULK_QUEUE_URL").unwrap_err();
        assert_eq!(error, Missing("BULK_QUEUE_URL"));
        let event_bus = Needs {
            event_bus: true,
            ..Needs::default()
        };
        let error = read(event_bus, "EVENT_BUS_NAME").unwrap_err();
        assert_eq!(error, Missing("EVENT_BUS_NAME"));
    }

    #[test]
    fn no_more_calls_to_twilio_are_made_at_once_than_the_account_may() {
        let of = |worker: usize, bulk: usize, comparisons: usize, twilio: usize| {
            calls_at_once(|name| {
                let number = match name {
                    "WORKER_CONCURRENCY" => worker,
                    "BULK_CONCURRENCY" => bulk,
                    "RECONCILIATION_CONCURRENCY" => comparisons,
                    "TWILIO_CONCURRENCY" => twilio,
                    _ => return None,
                };
                Some(number.to_string())
            })
            .unwrap()
            .unwrap()
        };
        for twilio in [25, 80, 100, 150, 1000] {
            for worker in 2..=60 {
                for (bulk, comparisons) in [(2, 0), (5, 10), (20, 2)] {
                    let each = of(worker, bulk, comparisons, twilio);
                    let calls = (worker + bulk) * each + comparisons;
                    assert!(calls <= twilio || each == 1, "{worker} {bulk} {twilio}");
                    // And not fewer than there could be.
                    assert!(twilio < calls + worker + bulk, "{worker} {bulk} {twilio}");
                }
            }
        }
        assert_eq!(calls_at_once(|_| None).unwrap(), None);
        let error = calls_at_once(|_| Some("many".to_owned())).unwrap_err();
        assert!(error.to_string().contains("TWILIO_CONCURRENCY"), "{error}");
    }

    #[test]
    fn without_being_told_otherwise_the_relay_talks_to_the_real_twilio() {
        let settings = Settings::from_vars(Needs::default(), |name| {
            REQUIRED.contains(&name).then(|| "x".to_owned())
        })
        .unwrap();
        assert_eq!(settings.twilio_url, API_URL);
        assert_eq!(settings.metrics_namespace, "Relay");
    }
}
