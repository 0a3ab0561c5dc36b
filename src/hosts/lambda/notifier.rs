//! The events of outbound-notifier: requests by HTTP, batches of its queue, and whatever it is
//! invoked with by its name.

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use lambda_runtime::Diagnostic;
use serde_json::Value;

use super::batch::SIDE_BY_SIDE;
use super::events::{Trigger, serve};
use super::{batch, http as http_api};
use crate::app::notices::NoticeRejected;
use crate::app::outbound_notifier::problem;
use crate::app::relay::Relay;

/// Answers the events of this function until Lambda ends it. A message that `queued` fails on comes
/// again when the queue's visibility timeout is over.
pub async fn run(
    relay: &Relay,
    handler: impl AsyncFn(&Relay, Request<Bytes>) -> Response<String>,
    queued: impl AsyncFn(&Relay, &str) -> Result<()>,
    invoked: impl AsyncFn(&Relay, &[u8]) -> Result<Value, NoticeRejected>,
) -> Result<()> {
    let handler = async |request| handler(relay, request).await;
    let queued = async |body: &str| queued(relay, body).await;
    let answer = async |event: &str, left| match Trigger::of(event) {
        Trigger::Http => Ok(http_api::answer(&handler, event).await?),
        Trigger::Messages(records) => {
            Ok(batch::work(records, (SIDE_BY_SIDE, left), "request_failed", &queued).await?)
        }
        Trigger::Invocation => invoked(relay, event.as_bytes()).await,
    };
    serve(answer, said).await
}

/// What whoever invoked the function reads: the type to branch on, and what is wrong, field by field,
/// as JSON.
fn said(untaken: NoticeRejected) -> Diagnostic {
    match untaken {
        NoticeRejected::Refused(refused) => {
            tracing::warn!("an invocation is refused: {refused}");
            let error_type = format!("{:?}", refused.because);
            let document = problem::Document::from(refused);
            Diagnostic {
                error_type,
                error_message: serde_json::to_string(&document).unwrap_or(document.detail),
            }
        }
        NoticeRejected::Failed(error) => {
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
    use super::*;
    use crate::domain::request as payload;

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
