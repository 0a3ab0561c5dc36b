//! The audit in a log group of CloudWatch Logs, one stream per instance of a function.

mod batch;

use anyhow::{Context, bail};
use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::SdkError;
use aws_sdk_cloudwatchlogs::operation::create_log_stream::CreateLogStreamError;
use aws_sdk_cloudwatchlogs::operation::put_log_events::{PutLogEventsError, PutLogEventsOutput};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use jiff::Timestamp;

use crate::app::ports::audit::{Audit, Record};
use crate::aws_error::plain;

pub struct CloudWatchAudit {
    client: Client,
    group: String,
    stream: String,
}

impl CloudWatchAudit {
    /// `stream` is this instance's own; see [`stream_name`].
    pub fn new(client: Client, group: impl Into<String>, stream: impl Into<String>) -> Self {
        Self {
            client,
            group: group.into(),
            stream: stream.into(),
        }
    }

    /// Creates the stream, and so opens the connection. A write does the same if this was not done
    /// or somebody deleted the stream.
    pub async fn open(&self) -> anyhow::Result<()> {
        let created = self
            .client
            .create_log_stream()
            .log_group_name(&self.group)
            .log_stream_name(&self.stream)
            .send()
            .await;
        match created {
            Err(error) if !exists_already(&error) => Err(plain(error))
                .with_context(|| format!("cannot create a stream in the log group {}", self.group)),
            _ => Ok(()),
        }
    }

    async fn put(&self, batch: &[InputLogEvent]) -> anyhow::Result<()> {
        let send = || {
            self.client
                .put_log_events()
                .log_group_name(&self.group)
                .log_stream_name(&self.stream)
                .set_log_events(Some(batch.to_vec()))
                .send()
        };
        let mut answer = send().await;
        if answer.as_ref().is_err_and(misses_stream) {
            self.open().await?;
            answer = send().await;
        }
        let answer = answer
            .map_err(plain)
            .with_context(|| format!("cannot write to the log group {}", self.group))?;
        all_taken(&answer, batch.len())
    }
}

#[async_trait]
impl Audit for CloudWatchAudit {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        let events = records.iter().map(|record| {
            let event = InputLogEvent::builder().timestamp(record.at.as_millisecond());
            Ok(event.message(serde_json::to_string(record)?).build()?)
        });
        for batch in batch::batches(events.collect::<anyhow::Result<_>>()?)? {
            self.put(&batch).await?;
        }
        Ok(())
    }
}

fn misses_stream(error: &SdkError<PutLogEventsError>) -> bool {
    let error = error.as_service_error();
    error.is_some_and(PutLogEventsError::is_resource_not_found_exception)
}

fn exists_already(error: &SdkError<CreateLogStreamError>) -> bool {
    let error = error.as_service_error();
    error.is_some_and(CreateLogStreamError::is_resource_already_exists_exception)
}

/// CloudWatch Logs answers 200 even if it threw events away for their age.
fn all_taken(answer: &PutLogEventsOutput, sent: usize) -> anyhow::Result<()> {
    let Some(rejected) = answer.rejected_log_events_info() else {
        return Ok(());
    };
    let too_new = rejected
        .too_new_log_event_start_index()
        .map_or(0, |start| sent.saturating_sub(count(start)));
    let too_old = rejected.too_old_log_event_end_index().map_or(0, count);
    let expired = rejected.expired_log_event_end_index().map_or(0, count);
    bail!(
        "CloudWatch Logs threw away audit records: of {sent}, {too_new} too new, {too_old} too old, {expired} expired (is the clock right?)"
    )
}

fn count(index: i32) -> usize {
    usize::try_from(index).unwrap_or_default()
}

/// A name that no other instance uses and that sorts by day, as Lambda's own streams do. Colons and
/// asterisks are not allowed in it.
pub fn stream_name(function: &str, now: Timestamp, random: u64) -> String {
    let (day, function) = (now.strftime("%Y/%m/%d"), function.replace([':', '*'], "-"));
    format!("{day}/{function}/{random:016x}")
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatchlogs::types::RejectedLogEventsInfo;

    use super::*;

    #[test]
    fn records_that_were_thrown_away_inside_a_success_are_an_error() {
        let answer = |rejected: Option<RejectedLogEventsInfo>| {
            PutLogEventsOutput::builder()
                .set_rejected_log_events_info(rejected)
                .build()
        };
        assert!(all_taken(&answer(None), 10).is_ok());
        let rejected = RejectedLogEventsInfo::builder()
            .too_new_log_event_start_index(8)
            .expired_log_event_end_index(1)
            .build();
        let error = all_taken(&answer(Some(rejected)), 10)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("of 10, 2 too new, 0 too old, 1 expired"),
            "{error}"
        );
    }

    #[test]
    fn a_stream_is_named_by_day_function_and_instance() {
        let now = "2026-11-23T19:00:00Z".parse().unwrap();
        assert_eq!(
            stream_name("relay-inbound-sms", now, 255),
            "2026/11/23/relay-inbound-sms/00000000000000ff"
        );
    }
}
