use std::time::Duration;

use super::fan_out::next_turn;
use crate::app::ports::store::Saved;
use crate::app::relay::Relay;
use crate::domain::ids::NoticeId;

/// How long a sweep leaves a notice alone that it has woken.
const WOKEN_FOR: Duration = Duration::from_secs(10 * 60);

/// Has the pages turned that are overdue because a wake-up got lost. Returns how many.
pub async fn sweep(relay: &Relay, overdue: Duration, most: usize) -> anyhow::Result<usize> {
    let now = relay.now();
    let mut turned = 0;
    for id in relay.store.notices_due_before(now - overdue, most).await? {
        turned += usize::from(turn(relay, id).await?);
    }
    if turned > 0 {
        tracing::warn!(notices = turned, "turned overdue pages");
    }
    Ok(turned)
}

async fn turn(relay: &Relay, id: NoticeId) -> anyhow::Result<bool> {
    let now = relay.now();
    let Some(mut notice) = relay.store.notice(id).await? else {
        return Ok(false);
    };
    if !notice.state.is_open() {
        return Ok(false);
    }
    // In this order, so that whoever is killed in between leaves one that is turned twice. If
    // somebody was at work after all, one of the two gets nowhere.
    relay.queue.turn_page(&next_turn(&notice, now), now).await?;
    notice.page_due = now + WOKEN_FOR;
    notice.version += 1;
    Ok(relay.store.save_notice(&notice).await? == Saved::Yes)
}
