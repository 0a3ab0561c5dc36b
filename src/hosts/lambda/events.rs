//! What Lambda brings a function, whatever set it off, and how each function answers.

use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

/// What set a function off.
#[derive(Debug)]
pub(super) enum Trigger {
    /// A request to the HTTP API.
    Http,
    /// Messages of a queue.
    Messages(Vec<SqsMessage>),
    /// Something else: a schedule, or whoever invokes the function by its name.
    Invocation,
}

impl Trigger {
    /// Tells triggers apart by the shape of their events. What is wrong with an event, whoever
    /// takes it says.
    pub fn of(event: &str) -> Self {
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        if event.pointer("/requestContext/http").is_some() {
            return Trigger::Http;
        }
        match serde_json::from_value::<SqsEvent>(event) {
            Ok(batch) if !batch.records.is_empty() && batch.records.iter().all(is_of_a_queue) => {
                Trigger::Messages(batch.records)
            }
            _ => Trigger::Invocation,
        }
    }
}

fn is_of_a_queue(record: &SqsMessage) -> bool {
    record.event_source.as_deref() == Some("aws:sqs")
}

/// Answers a function's events until Lambda ends it. `answer` gets each event with the time that is
/// left for it, and `failure` is what Lambda hears of an error.
pub(super) async fn serve<E>(
    answer: impl AsyncFn(&str, Duration) -> Result<Value, E>,
    failure: impl Fn(E) -> Diagnostic,
) -> anyhow::Result<()> {
    let (answer, failure) = (&answer, &failure);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let left = event.context.deadline().duration_since(SystemTime::now());
        let answer = answer(event.payload.get(), left.unwrap_or_default()).await;
        answer.map_err(failure)
    }))
    .await
    .map_err(|error| anyhow!("the runtime stopped: {error}"))
}

/// What Lambda hears of an error: its text, under the function's own type of error.
pub(super) fn failed(error_type: &'static str) -> impl Fn(anyhow::Error) -> Diagnostic {
    move |error| Diagnostic {
        error_type: error_type.to_owned(),
        error_message: format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_way_in_is_told_by_its_event() {
        let record = |source: &str| json!({"messageId": "1", "eventSource": source, "body": "{}"});
        let http = json!({"version": "2.0", "requestContext": {"http": {"method": "POST"}}});
        assert!(matches!(Trigger::of(&http.to_string()), Trigger::Http));
        let batch = json!({"Records": [record("aws:sqs"), record("aws:sqs")]});
        let Trigger::Messages(records) = Trigger::of(&batch.to_string()) else {
            panic!("a batch of a queue");
        };
        assert_eq!(records.len(), 2);
        for event in [
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "{}"}}]}),
            json!({"Records": []}),
            json!({"detail-type": "Event Published", "detail": {}}),
            json!({"notice": {}}),
            json!({"sweep": true}),
            json!({"requestContext": {}}),
            json!(null),
        ] {
            let trigger = Trigger::of(&event.to_string());
            assert!(matches!(trigger, Trigger::Invocation), "{event}");
        }
    }
}
