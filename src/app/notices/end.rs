//! The end of a notice before all of it has gone out.

use anyhow::bail;

use crate::app::audit::records;
use crate::app::ports::store::Saved;
use crate::app::relay::Relay;
use crate::domain::ids::NoticeId;
use crate::domain::notice::{Counts, Notice, NoticeState};

/// How often somebody else may save the notice first.
const MOST_TRIES: usize = 16;

/// A notice as it stands, and how many of its recipients stand where; `None` if there is none.
pub async fn standing(relay: &Relay, id: NoticeId) -> anyhow::Result<Option<(Notice, Counts)>> {
    let Some(notice) = relay.store.notice(id).await? else {
        return Ok(None);
    };
    let mut counts = relay.store.counts(id).await?;
    counts.skipped += notice.skipped.total();
    Ok(Some((notice, counts)))
}

/// Calls a notice back: what has not gone out does not. Returns it as it stands then, which is as it
/// stood before if it was over already; `None` if there is none.
///
/// Deliveries that wait end when their turn comes.
pub async fn cancel(relay: &Relay, id: NoticeId) -> anyhow::Result<Option<Notice>> {
    let at = relay.now();
    end(relay, id, NoticeState::Cancelled { at }).await
}

/// Ends a notice whose texts may still go out, and puts that on record.
pub(super) async fn end(
    relay: &Relay,
    id: NoticeId,
    state: NoticeState,
) -> anyhow::Result<Option<Notice>> {
    for _ in 0..MOST_TRIES {
        let Some(mut notice) = relay.store.notice(id).await? else {
            return Ok(None);
        };
        if !notice.state.may_go_out() {
            return Ok(Some(notice));
        }
        notice.state = state;
        notice.version += 1;
        match relay.store.save_notice(&notice).await? {
            Saved::Outdated => continue,
            Saved::Yes => {
                tracing::info!(notice = %id, state = ?state, "a notice ends");
                let ended = records::notice_ended(&notice, relay.now());
                relay.report(ended.into_iter().collect()).await;
                return Ok(Some(notice));
            }
        }
    }
    bail!("notice {id} was saved by others {MOST_TRIES} times in a row")
}
