//! Invitations: accepted, set on their way, and shown.

use crate::app::audit::records;
use crate::app::notices::{NoticeRejected, key_reused, line_called};
use crate::app::relay::Relay;
use crate::app::spending::CallerLimit;
use crate::domain::delivery::Delivery;
use crate::domain::delivery::source::Source;
use crate::domain::ids::DeliveryId;
use crate::domain::invitation::{self, InvitationStatus, plan};
use crate::domain::line::Dollars;
use crate::domain::notice::segments;
use crate::domain::request::{InvitationRequest, Refused};

/// What became of the wish.
#[derive(Debug)]
pub enum Invited {
    /// It is kept and on its way; or was before, by the same key, and nothing was changed.
    Accepted(Box<Delivery>),
    /// It was a dry run: this is how it would go out.
    DryRun {
        delivery: Box<Delivery>,
        cost: Dollars,
    },
}

/// Once this returns, the invitation survives whatever happens. The same key again gives the same
/// answer and sends nothing.
pub async fn invite(
    relay: &Relay,
    request: &InvitationRequest,
    source: Source,
) -> Result<Invited, NoticeRejected> {
    let line = line_called(relay, request.line.as_deref()).await?;
    let id = invitation::id(&line.number, &source.own(&request.idempotency_key));
    if !request.dry_run
        && let Some(kept) = relay.store.delivery(&id).await?
    {
        return Ok(Invited::Accepted(already(kept, request)?));
    }
    let now = relay.now();
    let lines = relay.store.lines().await?;
    let delivery = plan(&lines, &line, request, source, now)?;
    if request.dry_run {
        return Ok(Invited::DryRun {
            delivery: Box::new(delivery),
            cost: line.notices.price_per_segment,
        });
    }
    let source = delivery.invitation.as_ref().map(|known| &known.source);
    if let Some(source) = source
        && let Some(limit) = CallerLimit::of(relay, source).await?
    {
        let segments = segments(&delivery.body);
        limit.take(relay, &line, segments, now).await??;
    }
    relay.store.spawn(std::slice::from_ref(&delivery)).await?;
    // Of two who ask at once with one key, the first one's is kept.
    let kept = relay.store.delivery(&id).await?;
    let kept = kept.ok_or_else(|| anyhow::anyhow!("invitation {id} was not kept"))?;
    let kept = already(kept, request)?;
    tracing::info!(invitation = %id, line = kept.line, "an invitation was accepted");
    relay.report(vec![records::invited(&kept, now)]).await;
    relay.wake_spawned(std::slice::from_ref(&*kept), now).await;
    Ok(Invited::Accepted(kept))
}

/// How an invitation stands; `None` if there is none of that name that may be seen.
pub async fn standing(
    relay: &Relay,
    id: &DeliveryId,
    may_see: impl Fn(&Source) -> bool,
) -> anyhow::Result<Option<InvitationStatus>> {
    let delivery = relay.store.delivery(id).await?;
    let its_own = delivery.as_ref().filter(|delivery| {
        let invitation = delivery.invitation.as_ref();
        invitation.is_some_and(|invitation| may_see(&invitation.source))
    });
    Ok(its_own.and_then(InvitationStatus::of))
}

/// What was kept by this key, if it is what is asked for.
fn already(kept: Delivery, request: &InvitationRequest) -> Result<Box<Delivery>, Refused> {
    let asked_for = kept.invitation.as_ref().map(|known| known.request.as_str());
    if asked_for == Some(&request.digest()) {
        return Ok(Box::new(kept));
    }
    Err(key_reused("invitation", kept.id))
}
