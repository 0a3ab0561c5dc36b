//! The events of a function that only a schedule invokes.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;

use super::events::{failed, serve};
use crate::app::relay::Relay;

/// Kept free at the end, to say in the log that the time was up.
const RESERVE: Duration = Duration::from_secs(2);

/// Does `work` at each event, whatever is in it, until Lambda ends the function. Work that takes
/// longer than the function may is cut off in the middle.
pub async fn run(
    relay: &Relay,
    work: impl AsyncFn(&Relay) -> anyhow::Result<usize>,
) -> anyhow::Result<()> {
    let answer = async |_: &str, left: Duration| {
        let done = tokio::time::timeout(left.saturating_sub(RESERVE), work(relay)).await;
        let done = done.unwrap_or_else(|_| Err(anyhow!("cut off: the function's time was up")));
        let done = done.inspect_err(|error| {
            let error = format!("{error:#}");
            tracing::error!(error, "the scheduled work was not finished");
        });
        done.map(|done| json!({ "done": done }))
    };
    serve(answer, failed("Schedule")).await
}
