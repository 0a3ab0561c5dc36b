//! Calls that somebody has to look at: their end was not heard of, or their message is to be fetched or deleted.

use crate::app::call_work::{Work, found};
use crate::app::relay::Relay;
use crate::domain::call::Event;
use crate::domain::ids::CallSid;

/// Looks at the calls that are due, at most `most`. Returns how many.
pub async fn sweep(relay: &Relay, most: usize) -> anyhow::Result<usize> {
    let due = relay.store.calls_due_before(relay.now(), most).await?;
    for sid in &due {
        if let Err(error) = look_at(relay, sid).await {
            tracing::error!(
                count = "call_failed", call.sid = %sid, error = format!("{error:#}"),
                "a call that is due could not be looked at; it comes again"
            );
        }
    }
    Ok(due.len())
}

async fn look_at(relay: &Relay, sid: &CallSid) -> anyhow::Result<()> {
    let Some(call) = relay.store.call(sid).await? else {
        return Ok(());
    };
    let (line, stored) = found(relay, &call).await?;
    let credentials = relay.credentials.current().await?;
    let work = Work {
        relay,
        credentials: &credentials,
        line: &line,
        sid,
        from: None,
        to: None,
        at: None,
    };
    work.take(stored, Event::Due).await?;
    Ok(())
}
