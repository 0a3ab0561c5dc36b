//! A page of the fan-out: a hundred recipients get their deliveries, and the next page its turn.
//!
//! It may be cut off anywhere. Deliveries are named after notice and number and kept once, whoever
//! does the page again; the cursor moves last, and of two who move it one does.

use std::time::Duration;

use jiff::Timestamp;

use super::end::end;
use super::supersede::{Before, instead};
use crate::app::ports::queue::{Group, PageTurn, WakeUp};
use crate::app::ports::store::Saved;
use crate::app::relay::Relay;
use crate::app::spending;
use crate::domain::delivery::{Delivery, Restored};
use crate::domain::ids::DeliveryId;
use crate::domain::line::{Line, quiet_until};
use crate::domain::notice::skip::Skip;
use crate::domain::notice::{
    Audience, Cursor, Notice, NoticeState, RecipientDecision, pause_after, segments, to_recipient,
};
use crate::domain::pace::{Key, Rate};
use crate::domain::phone::PhoneNumber;

/// How many recipients a page has.
pub const PAGE: usize = 100;

/// Fans out the page of a notice whose turn it is, unless it has to wait or somebody else did it.
pub async fn turn_page(relay: &Relay, turn: &PageTurn) -> anyhow::Result<()> {
    let now = relay.now();
    if now < turn.due {
        return relay.queue.turn_page(turn, now).await;
    }
    let Some(mut notice) = relay.store.notice(turn.notice).await? else {
        tracing::warn!(notice = %turn.notice, "a page of a notice that there is not");
        return Ok(());
    };
    // Whoever did the page asked for the next one; should that be lost, the sweep finds it.
    if !notice.state.is_open() || turn.page != notice.page {
        return Ok(());
    }
    let Some(line) = relay.store.line(&notice.from).await? else {
        tracing::warn!(notice = %notice.id, line = notice.line, "a notice of a line that there is not any more is called back");
        return ended(relay, &notice, NoticeState::Cancelled { at: now }).await;
    };
    if notice.expires <= now {
        return ended(relay, &notice, NoticeState::Expired { at: now }).await;
    }
    if let Some(until) = held_until(&notice, &line, now) {
        return hold(relay, notice, until).await;
    }
    if notice.cursor == Cursor::Start
        && let Some(by) = instead(relay, &mut notice).await?
    {
        return ended(relay, &notice, NoticeState::Superseded { by, at: now }).await;
    }
    fan_out(relay, &line, notice).await
}

async fn ended(relay: &Relay, notice: &Notice, state: NoticeState) -> anyhow::Result<()> {
    end(relay, notice.id, state).await.map(drop)
}

/// Nothing is spawned while nothing may be sent: what is only a notice is cancelled or replaced
/// without a trace on any phone.
pub(super) fn held_until(notice: &Notice, line: &Line, now: Timestamp) -> Option<Timestamp> {
    let earliest = notice.not_before.max(now);
    let until = quiet_until(line, earliest).unwrap_or(earliest);
    (now < until).then_some(until.min(notice.expires))
}

async fn hold(relay: &Relay, mut notice: Notice, until: Timestamp) -> anyhow::Result<()> {
    // Somebody has asked for it; should that be lost, the sweep finds it.
    if notice.page_due == until {
        return Ok(());
    }
    notice.page_due = until;
    notice.version += 1;
    if relay.store.save_notice(&notice).await? == Saved::Outdated {
        return Ok(());
    }
    let turn = next_turn(&notice, until);
    relay.queue.turn_page(&turn, relay.now()).await
}

pub(super) fn next_turn(notice: &Notice, due: Timestamp) -> PageTurn {
    PageTurn {
        notice: notice.id,
        page: notice.page,
        due,
        group: Some(Group::of_line(&notice.from)),
    }
}

async fn fan_out(relay: &Relay, line: &Line, mut notice: Notice) -> anyhow::Result<()> {
    let mut numbers = recipients(relay, &notice, notice.cursor.after(), PAGE).await?;
    let mut is_last = numbers.len() < PAGE;
    let Page {
        mut to_text,
        mut skipped,
    } = sort_out(relay, line, &notice, &numbers).await?;
    let now = relay.now();
    let segments: Vec<u32> = to_text
        .iter()
        .map(|to| u32::try_from(segments(&to.text)).unwrap_or(u32::MAX))
        .collect();
    let (fit, next_day) = spending::take(relay, line, &segments, now).await?;
    // The page ends before the first who would be too much for today.
    let first_left = to_text.get(fit).map(|to| to.number.clone());
    if let Some(left) = &first_left {
        numbers.retain(|number| number < left);
        to_text.truncate(fit);
        skipped.retain(|skipping| skipping.number < *left);
        is_last = false;
        if numbers.is_empty() {
            let until = next_day.min(notice.expires);
            return hold(relay, notice, until).await;
        }
    }
    count(relay, &mut notice, &skipped).await?;
    let pause = pause_after(line, &notice.text);
    let mut due = now;
    if !to_text.is_empty() {
        let key = Key::notices(&line.number);
        let texts = u32::try_from(to_text.len()).unwrap_or(u32::MAX);
        let page = Rate::apart(pause * texts);
        let slot = relay.store.claim_slot(&key, page, Duration::MAX, now);
        due = slot.await?.taken().unwrap_or(now);
    }
    let mut deliveries = Vec::with_capacity(to_text.len());
    for to in to_text {
        let turn = due.max(to.not_before);
        deliveries.push(to_recipient(&notice, line, to.number, to.text, turn, now));
        due += pause;
    }
    if first_left.is_some() {
        due = due.max(next_day.min(notice.expires));
    }
    // What the relay sent before it was restored from a backup is not sent again.
    let restored = relay.store.restoration().await?;
    if let Some(restored) = restored.filter(|restored| notice.created < restored.at) {
        for delivery in &mut deliveries {
            delivery.restored = Some(Restored::since(restored.since));
        }
    }
    relay.store.spawn(&deliveries).await?;
    wake(relay, &deliveries, now).await?;

    notice.spawned += deliveries.len() as u64;
    notice.page += 1;
    notice.version += 1;
    notice.page_due = due;
    match (is_last, numbers.last()) {
        (false, Some(last)) => {
            notice.cursor = Cursor::After(last.clone());
            notice.state = NoticeState::Sending;
        }
        _ => {
            notice.cursor = Cursor::End;
            notice.state = NoticeState::Sent;
        }
    }
    if relay.store.save_notice(&notice).await? == Saved::Outdated {
        return Ok(());
    }
    if is_last {
        tracing::info!(notice = %notice.id, recipients = notice.spawned, skipped = notice.skipped.total(), "a notice is fanned out");
        return Ok(());
    }
    relay.queue.turn_page(&next_turn(&notice, due), now).await
}

/// Whom it goes to after `after`, in the order of numbers.
pub(super) async fn recipients(
    relay: &Relay,
    notice: &Notice,
    after: Option<&PhoneNumber>,
    most: usize,
) -> anyhow::Result<Vec<PhoneNumber>> {
    match &notice.audience {
        Audience::Numbers(numbers) => {
            let rest = numbers.iter().filter(|number| Some(*number) > after);
            Ok(rest.take(most).cloned().collect())
        }
        Audience::Subscribers => {
            let (line, topic) = (&notice.from, &notice.topic);
            let subscribers = relay.store.subscribers(line, topic, after, most).await?;
            Ok(subscribers.into_iter().map(|s| s.number).collect())
        }
    }
}

/// What becomes of the recipients of a page.
struct Page {
    to_text: Vec<ToText>,
    skipped: Vec<Skipped>,
}

struct ToText {
    number: PhoneNumber,
    text: String,
    not_before: Timestamp,
}

struct Skipped {
    number: PhoneNumber,
    id: DeliveryId,
    because: Skip,
}

/// Finds out who gets which text, from when on, and who gets none.
async fn sort_out(
    relay: &Relay,
    line: &Line,
    notice: &Notice,
    numbers: &[PhoneNumber],
) -> anyhow::Result<Page> {
    let before = Before::of(relay, notice).await?;
    before.withdraw_from(relay, numbers).await?;
    let decided = before.decide(relay, line, notice, numbers).await?;
    let mut page = Page {
        to_text: Vec::with_capacity(numbers.len()),
        skipped: Vec::new(),
    };
    for (number, decision) in numbers.iter().zip(decided) {
        let number = number.clone();
        let (text, not_before) = match decision {
            RecipientDecision::Skip(because) => {
                let id = DeliveryId::of_notice(&notice.id, &notice.salt, &number);
                page.skipped.push(Skipped {
                    number,
                    id,
                    because,
                });
                continue;
            }
            RecipientDecision::Text => (&notice.text, notice.not_before),
            RecipientDecision::TextIfUnheard => (
                notice.text_if_unheard.as_ref().unwrap_or(&notice.text),
                before.first_not_before().unwrap_or(notice.not_before),
            ),
        };
        page.to_text.push(ToText {
            number,
            text: text.clone(),
            not_before,
        });
    }
    Ok(page)
}

/// Counts who is skipped, but for those who have a delivery since this page broke off the last time:
/// they are counted by that.
async fn count(relay: &Relay, notice: &mut Notice, skipped: &[Skipped]) -> anyhow::Result<()> {
    let ids: Vec<_> = skipped.iter().map(|skipped| skipped.id.clone()).collect();
    let known = relay.store.deliveries(&ids).await?;
    for skipped in skipped {
        if !known.iter().any(|delivery| delivery.id == skipped.id) {
            notice.skipped.count(skipped.because);
        }
    }
    Ok(())
}

async fn wake(relay: &Relay, deliveries: &[Delivery], now: Timestamp) -> anyhow::Result<()> {
    let wake_up = |delivery: &Delivery| Some(WakeUp::of(delivery, delivery.due()?, now));
    let wake_ups: Vec<_> = deliveries.iter().filter_map(wake_up).collect();
    relay.queue.send_many(&wake_ups, now).await
}
