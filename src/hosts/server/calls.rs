//! Looks at calls that are due: what the worker's sweep does on AWS.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::parts::asked;
use crate::app::inbound_voice;
use crate::app::relay::Relay;

/// Between two looks. A caller who hung up is told of so much later at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The most calls of one look.
const MOST: usize = 100;

/// Works until `stop` says so.
pub(super) async fn run(relay: Arc<Relay>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = inbound_voice::sweep(&relay, MOST).await {
            tracing::error!(
                count = "call_failed",
                error = format!("{error:#}"),
                "calls that are due cannot be read"
            );
        }
        tokio::select! {
            () = asked(&mut stop) => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
