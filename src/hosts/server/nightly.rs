//! The comparison with Twilio's list in the one-machine mode: what a schedule invokes on AWS.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::parts::until_asked;
use crate::app::reconciliation;
use crate::app::relay::Relay;

/// How often it is looked whether a line's day is to be compared; the relay's clock says which. The
/// first time is as long after the start, so that a machine that was off does first things first.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);

/// Works until `stop` says so. A comparison that has begun is left where it is: it begins anew with
/// the next start.
pub async fn run(relay: Arc<Relay>, stop: watch::Receiver<bool>) {
    let mut look = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let work = async {
        loop {
            look.tick().await;
            if let Err(error) = reconciliation::run(&relay).await {
                let error = format!("{error:#}");
                tracing::error!(error, "the comparison with Twilio's list was not finished");
            }
        }
    };
    until_asked(stop, work).await;
}
