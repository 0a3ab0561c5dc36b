//! A notice of a change takes the place of the earlier ones about the same.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::Timestamp;

use super::end::end;
use crate::app::ports::audit::HashKey;
use crate::app::relay::Relay;
use crate::domain::delivery::{Delivery, Event, State, Withheld};
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::line::Line;
use crate::domain::notice::{
    Informed, Notice, NoticeState, RecipientDecision, already_informed, decide,
};
use crate::domain::phone::PhoneNumber;

/// The other notices of a notice's subject, oldest first: those before it, and those after it.
pub(super) struct Others {
    pub earlier: Vec<Notice>,
    pub later: Vec<Notice>,
}

impl Others {
    /// The notice right before this one, if this one only repeats it: of two that came at once, the
    /// first goes out.
    fn repeated_by(&self, notice: &Notice) -> Option<NoticeId> {
        let last = self.earlier.last()?;
        notice.repeats(last).then_some(last.id)
    }
}

/// What a notice's first page has to know: the notice that goes out in its place, if there is one.
pub(super) async fn instead(
    relay: &Relay,
    notice: &mut Notice,
) -> anyhow::Result<Option<NoticeId>> {
    if notice.supersedes_others() {
        return take_over(relay, notice).await;
    }
    if !notice.is_news {
        return Ok(None);
    }
    Ok(others(relay, notice).await?.repeated_by(notice))
}

pub(super) async fn others(relay: &Relay, notice: &Notice) -> anyhow::Result<Others> {
    let ids = match &notice.subject {
        Some(subject) => {
            let (line, topic) = (&notice.from, &notice.topic);
            relay.store.notices_of_subject(line, topic, subject).await?
        }
        None => Vec::new(),
    };
    let mut others = load(relay, ids.into_iter().filter(|id| *id != notice.id)).await?;
    others.sort_by_key(|other| (other.created, other.id));
    let (earlier, later) = others
        .into_iter()
        .partition(|other| other.is_before(notice));
    Ok(Others { earlier, later })
}

async fn load(
    relay: &Relay,
    ids: impl IntoIterator<Item = NoticeId>,
) -> anyhow::Result<Vec<Notice>> {
    let mut notices = Vec::new();
    for id in ids {
        notices.extend(relay.store.notice(id).await?);
    }
    Ok(notices)
}

/// Ends the earlier notices, so that nothing of them begins to go out any more, and says in the
/// notice which they were. Returns the later one that has taken the place of this one meanwhile, if
/// there is one: then this one has nothing to say.
pub(super) async fn take_over(
    relay: &Relay,
    notice: &mut Notice,
) -> anyhow::Result<Option<NoticeId>> {
    let others = others(relay, notice).await?;
    if let Some(said) = others.repeated_by(notice) {
        return Ok(Some(said));
    }
    let later = others.later.iter().filter(|l| l.supersedes_others());
    let mut later = later.filter(|later| !later.repeats(notice));
    if let Some(later) = later.find(|later| later.state.may_go_out()) {
        return Ok(Some(later.id));
    }
    let state = NoticeState::Superseded {
        by: notice.id,
        at: relay.now(),
    };
    for earlier in &others.earlier {
        if earlier.state.may_go_out() {
            end(relay, earlier.id, state).await?;
        }
    }
    notice.supersedes = others.earlier.iter().map(|earlier| earlier.id).collect();
    Ok(None)
}

/// The notices whose place a notice takes, and what became of them.
pub(super) struct Before(Vec<Notice>);

impl Before {
    pub async fn of(relay: &Relay, notice: &Notice) -> anyhow::Result<Self> {
        let ids = notice.supersedes.iter().copied();
        load(relay, ids).await.map(Self)
    }

    /// What waits for these numbers is not sent any more. Only then it is certain who hears what.
    pub async fn withdraw_from(
        &self,
        relay: &Relay,
        numbers: &[PhoneNumber],
    ) -> anyhow::Result<()> {
        for delivery in self.deliveries(relay, numbers).await?.into_values() {
            withdraw(relay, delivery).await?;
        }
        Ok(())
    }

    /// What each of these numbers gets of the notice that takes their place.
    pub async fn decide(
        &self,
        relay: &Relay,
        line: &Line,
        notice: &Notice,
        numbers: &[PhoneNumber],
    ) -> anyhow::Result<Vec<RecipientDecision>> {
        let opt_outs = relay.store.opted_out_of(&line.number, numbers).await?;
        let deliveries = self.deliveries(relay, numbers).await?;
        let decided = numbers.iter().map(|number| {
            let by_each = self.0.iter().map(|earlier| {
                let delivery =
                    deliveries.get(&DeliveryId::of_notice(&earlier.id, &earlier.salt, number));
                already_informed(earlier, delivery, number)
            });
            let informed = by_each.max().unwrap_or(Informed::No);
            decide(notice, number, &line.policy, &opt_outs, informed)
        });
        Ok(decided.collect())
    }

    /// Before when nobody was to hear of it.
    pub fn first_not_before(&self) -> Option<Timestamp> {
        self.0.iter().map(|notice| notice.not_before).min()
    }

    async fn deliveries(
        &self,
        relay: &Relay,
        numbers: &[PhoneNumber],
    ) -> anyhow::Result<BTreeMap<DeliveryId, Delivery>> {
        let ids = self.0.iter().flat_map(|notice| {
            let of = |number| DeliveryId::of_notice(&notice.id, &notice.salt, number);
            numbers.iter().map(of)
        });
        let ids: Vec<_> = ids.collect();
        let found = relay.store.deliveries(&ids).await?;
        Ok(found.into_iter().map(|d| (d.id.clone(), d)).collect())
    }
}

/// Sees to it that a delivery of an earlier notice which waits does not go out any more, unless
/// a worker is faster.
async fn withdraw(relay: &Relay, delivery: Delivery) -> anyhow::Result<()> {
    let withdrawn = |delivery: &Delivery| {
        let waits = matches!(delivery.state, State::Waiting { .. }) && !delivery.has_begun();
        waits.then_some(Event::Withdrawn(Withheld::Superseded))
    };
    if withdrawn(&delivery).is_none() {
        return Ok(());
    }
    let key = HashKey::of(&*relay.credentials.current().await?);
    let id = delivery.id.clone();
    let settled = relay.settle(delivery, &key, withdrawn).await?;
    settled.with_context(|| format!("delivery {id} is gone"))?;
    Ok(())
}
