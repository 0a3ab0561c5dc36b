//! The one worker that sends, the first attempt included: wakes deliveries and carries out what
//! their next step asks for.

use crate::queue::WakeUp;
use crate::relay::Relay;

/// Works on one wake-up until nothing is left to do now. An error means that the wake-up has to
/// come again.
pub async fn wake(relay: &Relay, wake_up: &WakeUp) -> anyhow::Result<()> {
    let _ = (relay, wake_up);
    todo!()
}

/// Wakes deliveries that are overdue because a wake-up got lost. Returns how many.
pub async fn sweep(relay: &Relay) -> anyhow::Result<usize> {
    let _ = relay;
    todo!()
}
