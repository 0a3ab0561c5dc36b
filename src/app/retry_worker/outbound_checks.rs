//! What speaks against a text that tells somebody outside something: a notice's or an invitation's.

use anyhow::Result;
use jiff::Timestamp;

use crate::app::relay::Relay;
use crate::domain::delivery::{Delivery, Hold, Limit, Slowed, Withheld};
use crate::domain::ids::NoticeId;
use crate::domain::line::{Line, quiet_until};
use crate::domain::notice::{Audience, Notice, NoticeState};

/// `line` is as it is configured now, if it still is.
pub async fn hold(relay: &Relay, delivery: &Delivery, line: Option<&Line>) -> Result<Option<Hold>> {
    // Who has a half of it gets the rest.
    if !delivery.purpose.is_outbound() || delivery.has_begun() {
        return Ok(None);
    }
    let now = relay.now();
    // Once there was an attempt, that failed, and it gives up by itself.
    if delivery.attempts.is_empty() && delivery.deadline <= now {
        return Ok(Some(Hold::Over(Withheld::Expired)));
    }
    if let Some(id) = delivery.purpose.notice()
        && let Some(because) = is_over(relay, delivery, id).await?
    {
        return Ok(Some(Hold::Over(because)));
    }
    Ok(line.and_then(|line| quiet(delivery, line, now)))
}

/// Why the notice has nothing to say to this recipient any more.
async fn is_over(relay: &Relay, delivery: &Delivery, id: NoticeId) -> Result<Option<Withheld>> {
    let Some(notice) = relay.store.notice(id).await? else {
        return Ok(Some(Withheld::Expired));
    };
    let because = match notice.state {
        NoticeState::Cancelled { .. } => Some(Withheld::Cancelled),
        NoticeState::Superseded { .. } => Some(Withheld::Superseded),
        NoticeState::Scheduled
        | NoticeState::Sending
        | NoticeState::Sent
        | NoticeState::Expired { .. } => None,
    };
    if because.is_some() || is_subscribed(relay, delivery, &notice).await? {
        return Ok(because);
    }
    Ok(Some(Withheld::LeftTopic))
}

async fn is_subscribed(relay: &Relay, delivery: &Delivery, notice: &Notice) -> Result<bool> {
    if notice.audience != Audience::Subscribers {
        return Ok(true);
    }
    let (line, topic) = (&notice.from, &notice.topic);
    let subscriber = relay.store.subscriber(line, topic, &delivery.to.number);
    Ok(subscriber.await?.is_some_and(|s| s.is_active()))
}

/// It waits until it is day. A notice that is no news by then ends; an invitation is rather sent at
/// night than not at all.
fn quiet(delivery: &Delivery, line: &Line, now: Timestamp) -> Option<Hold> {
    let until = quiet_until(line, now)?;
    if until < delivery.deadline {
        let by = Limit::QuietHours;
        return Some(Hold::Slowed(Slowed::new(by, now, until)));
    }
    let is_notice = delivery.purpose.notice().is_some();
    is_notice.then_some(Hold::Over(Withheld::Expired))
}
