//! The events of a function that only a schedule invokes.

use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::relay::Relay;

/// Kept free at the end, to say in the log that the time was up.
const RESERVE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Done {
    done: usize,
}

/// Does `work` at each event, whatever is in it, until Lambda ends the function. Work that takes
/// longer than the function may is cut off in the middle.
pub async fn run(
    relay: &Relay,
    work: impl AsyncFn(&Relay) -> anyhow::Result<usize>,
) -> Result<(), lambda_runtime::Error> {
    let work = &work;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let left = event.context.deadline().duration_since(SystemTime::now());
        let left = left.unwrap_or_default().saturating_sub(RESERVE);
        let done = tokio::time::timeout(left, work(relay)).await;
        let done = done.unwrap_or_else(|_| Err(anyhow!("cut off: the function's time was up")));
        match done {
            Ok(done) => Ok(Done { done }),
            Err(error) => {
                let error_message = format!("{error:#}");
                tracing::error!(error = error_message, "the scheduled work was not finished");
                Err(Diagnostic {
                    error_type: "Schedule".to_owned(),
                    error_message,
                })
            }
        }
    }))
    .await
}
