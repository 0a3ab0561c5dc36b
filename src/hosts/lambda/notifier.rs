//! The events of outbound-notifier: requests by HTTP, batches of its queue, and whatever it is
//! invoked with by its name.

use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use bytes::Bytes;
use http::{Request, Response};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{batch, http as http_api};
use crate::app::notices::Unaccepted;
use crate::app::outbound_notifier::problem;
use crate::app::relay::Relay;

#[derive(Debug)]
enum Event {
    Http,
    Batch(Vec<SqsMessage>),
    Invoked,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Http(Box<ApiGatewayV2httpResponse>),
    Batch(SqsBatchResponse),
    Invoked(Value),
}

/// Answers the events of this function until Lambda ends it. A message that `queued` fails on comes
/// again when the queue's visibility timeout is over.
pub async fn run(
    relay: &Relay,
    handler: impl AsyncFn(&Relay, Request<Bytes>) -> Response<String>,
    queued: impl AsyncFn(&Relay, &str) -> anyhow::Result<()>,
    invoked: impl AsyncFn(&Relay, &[u8]) -> Result<Value, Unaccepted>,
) -> Result<(), lambda_runtime::Error> {
    let handler = async |request| handler(relay, request).await;
    let queued = async |record: &SqsMessage| {
        let body = record.body.as_deref().unwrap_or_default();
        queued(relay, body).await
    };
    let answer = async |event: LambdaEvent<Box<RawValue>>| {
        let payload = event.payload.get();
        Ok(match read(payload) {
            Event::Http => Answer::Http(Box::new(http_api::answer(&handler, payload).await)),
            Event::Batch(records) => {
                let deadline = event.context.deadline();
                let left = deadline.duration_since(SystemTime::now());
                let left = left.unwrap_or(Duration::ZERO);
                let worked = batch::work(records, left, "request_failed", &queued).await;
                Answer::Batch(worked.map_err(Unaccepted::Failed)?)
            }
            Event::Invoked => Answer::Invoked(invoked(relay, payload.as_bytes()).await?),
        })
    };
    let answer = &answer;
    lambda_runtime::run(service_fn(async |event| answer(event).await.map_err(said))).await
}

/// Which way it came. What is wrong with it, whoever takes it says.
fn read(event: &str) -> Event {
    #[derive(Deserialize)]
    struct Shape {
        #[serde(rename = "requestContext")]
        request_context: Option<RequestContext>,
    }
    #[derive(Deserialize)]
    struct RequestContext {
        #[serde(rename = "http")]
        _http: Value,
    }
    let is_http = matches!(
        serde_json::from_str(event),
        Ok(Shape {
            request_context: Some(_)
        })
    );
    if is_http {
        return Event::Http;
    }
    match serde_json::from_str::<SqsEvent>(event) {
        Ok(batch) if batch.records.iter().all(is_of_a_queue) && !batch.records.is_empty() => {
            Event::Batch(batch.records)
        }
        _ => Event::Invoked,
    }
}

fn is_of_a_queue(record: &SqsMessage) -> bool {
    record.event_source.as_deref() == Some("aws:sqs")
}

/// What whoever invoked the function reads: the type to branch on, and what is wrong, field by field,
/// as JSON.
fn said(untaken: Unaccepted) -> Diagnostic {
    match untaken {
        Unaccepted::Refused(refused) => {
            tracing::warn!("an invocation is refused: {refused}");
            let error_type = format!("{:?}", refused.because);
            let document = problem::Document::from(refused);
            Diagnostic {
                error_type,
                error_message: serde_json::to_string(&document).unwrap_or(document.detail),
            }
        }
        Unaccepted::Failed(error) => {
            tracing::error!(error = format!("{error:#}"), "an invocation failed");
            Diagnostic {
                error_type: "Failed".to_owned(),
                error_message: "The relay cannot do that at the moment; ask again.".to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::request as payload;

    #[test]
    fn each_way_in_is_told_by_its_event() {
        let record = |source: &str| json!({"messageId": "1", "eventSource": source, "body": "{}"});
        let http = json!({"version": "2.0", "requestContext": {"http": {"method": "POST"}}});
        assert!(matches!(read(&http.to_string()), Event::Http));
        let batch = json!({"Records": [record("aws:sqs"), record("aws:sqs")]});
        let Event::Batch(records) = read(&batch.to_string()) else {
            panic!("a batch of a queue");
        };
        assert_eq!(records.len(), 2);
        for event in [
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "{}"}}]}),
            json!({"Records": []}),
            json!({"detail-type": "Event Published", "detail": {}}),
            json!({"notice": {}}),
            json!({"requestContext": {}}),
            json!(null),
        ] {
            assert!(
                matches!(read(&event.to_string()), Event::Invoked),
                "{event}"
            );
        }
    }

    #[test]
    fn whoever_invoked_the_function_reads_what_is_wrong_field_by_field() {
        let refused = payload::invoked(br#"{"notice": {"topic": 7}}"#).unwrap_err();
        let said = said(refused.into());
        assert_eq!(said.error_type, "WrongFields");
        let problem: Value = serde_json::from_str(&said.error_message).unwrap();
        assert_eq!(problem["type"], "/problems/wrong-fields");
        assert_eq!(problem["fields"][0]["path"], "notice.topic");
        let failed = anyhow::anyhow!("the table relay is gone");
        let told = super::said(failed.into());
        assert_eq!(told.error_type, "Failed");
        assert!(!told.error_message.contains("table"));
    }
}
