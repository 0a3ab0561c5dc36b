//! What the worker asks before an attempt: whether the phone may be texted, and whether it is this
//! delivery's turn.

use std::time::Duration;

use super::{conversation_checks, outbound_checks, reply_numbers};
use crate::app::ports::audit::HashKey;
use crate::app::relay::Relay;
use crate::domain::delivery::{Delivery, Event, Hold, Limit, Purpose, Slowed};
use crate::domain::pace::{self, Key, Rate};

/// What a wake-up comes to: [`Event::Woken`], unless something speaks against the attempt that is
/// due, or it comes from a reply number.
pub async fn woken(relay: &Relay, delivery: &Delivery, key: &HashKey) -> anyhow::Result<Event> {
    if !delivery.is_to_be_attempted(relay.now()) {
        return Ok(Event::Woken);
    }
    if let Some(event) = conversation_checks::before(relay, delivery, key).await? {
        return Ok(event);
    }
    let to = &delivery.to.number;
    let known = relay.store.for_sending(&delivery.from, to).await?;
    // The configuration may have changed since the delivery was set in motion.
    let line = known.line.as_ref();
    let policy = line.map_or(&delivery.policy, |line| &line.policy);
    if !policy.allows(to) {
        return Ok(Event::Held(Hold::NotAllowed));
    }
    if known.opt_out.is_some() {
        return Ok(Event::Held(Hold::OptedOut));
    }
    if let Some(hold) = outbound_checks::hold(relay, delivery, line).await? {
        return Ok(Event::Held(hold));
    }
    let held = if delivery.attempts.is_empty() {
        turn(relay, delivery, policy.sender_limit).await?
    } else {
        None
    };
    if let Some(hold) = held {
        return Ok(Event::Held(hold));
    }
    let number = reply_numbers::number(relay, delivery, known).await?;
    Ok(number.map_or(Event::Woken, Event::WokenVia))
}

/// Before its first attempt a text needs a slot of its sender's pace, then one of the phone's: were
/// both taken at once, one sender's flood would take the phone's slots for hours to come, and
/// everybody else would wait.
async fn turn(
    relay: &Relay,
    delivery: &Delivery,
    sender_limit: u32,
) -> anyhow::Result<Option<Hold>> {
    let pair = Key::pair(&delivery.from, &delivery.to.number);
    if matches!(delivery.purpose, Purpose::Answer | Purpose::AutoReply) {
        // Nobody waits for it, and in a loop answers would never end.
        let (now, patience) = (relay.now(), Duration::ZERO);
        let slot = relay
            .store
            .claim_slot(&pair, pace::PAIR, patience, now)
            .await?;
        return Ok(slot.is_none().then_some(Hold::TooMany));
    }
    let waited_for = |by| delivery.slowed.iter().any(|slowed| slowed.by == by);
    if waited_for(Limit::Pair) {
        return Ok(None);
    }
    let sender = delivery.sender.as_ref();
    if let Some(sender) = sender.filter(|_| !waited_for(Limit::Sender)) {
        let key = Key::sender(&delivery.from, sender.expose());
        let rate = Rate::a_minute(sender_limit);
        if let Some(slowed) = wait(relay, &key, rate, Limit::Sender).await? {
            return Ok(Some(Hold::Slowed(slowed)));
        }
    }
    let slowed = wait(relay, &pair, pace::PAIR, Limit::Pair).await?;
    Ok(slowed.map(Hold::Slowed))
}

/// How long it has to wait by a pace, if at all.
async fn wait(relay: &Relay, key: &Key, rate: Rate, by: Limit) -> anyhow::Result<Option<Slowed>> {
    let at = relay.now();
    let until = relay.store.claim_slot(key, rate, Duration::MAX, at).await?;
    Ok(until
        .filter(|until| at < *until)
        .map(|until| Slowed { by, at, until }))
}
