//! What the worker asks before an attempt: whether the phone may be texted, and whether it is this
//! delivery's turn.

use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

use super::{conversation_checks, outbound_checks, reply_numbers};
use crate::app::ports::audit::HashKey;
use crate::app::relay::Relay;
use crate::app::spending;
use crate::domain::delivery::{
    Busy, Delivery, Event, Hold, Limit, Purpose, Recipient, Slowed, Withheld,
};
use crate::domain::line::Line;
use crate::domain::notice::segments;
use crate::domain::pace::{Key, Rate, Slot};
use crate::twilio::signature::sha256_hex;

/// What a wake-up comes to: [`Event::Woken`], unless something speaks against the attempt that is
/// due, or it comes from a reply number.
pub async fn woken(relay: &Relay, delivery: &Delivery, key: &HashKey) -> anyhow::Result<Event> {
    if !delivery.is_to_be_attempted(relay.now()) {
        return Ok(Event::Woken);
    }
    if let Some(event) = conversation_checks::before(relay, delivery, key).await? {
        return Ok(event);
    }
    // A look at what Twilio has sends nothing.
    if delivery.is_to_be_looked_for().is_some() {
        return Ok(Event::Woken);
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
    let held = turn(relay, delivery, line, policy.sender_limit).await?;
    if let Some(hold) = held {
        return Ok(Event::Held(hold));
    }
    let number = reply_numbers::number(relay, delivery, known).await?;
    Ok(number.map_or(Event::Woken, Event::WokenVia))
}

/// Before its first attempt a text needs a slot of its sender's pace, then one of the phone's: were
/// both taken at once, one sender's flood would take the phone's slots for hours to come, and
/// everybody else would wait. Whom it is handed over to needs a slot of their own.
async fn turn(
    relay: &Relay,
    delivery: &Delivery,
    line: Option<&Line>,
    sender_limit: u32,
) -> anyhow::Result<Option<Hold>> {
    let is_relayed = delivery.purpose == Purpose::Relay;
    if !delivery.attempts.is_empty() && (!is_relayed || delivery.was_attempted()) {
        return Ok(None);
    }
    if matches!(delivery.purpose, Purpose::Answer | Purpose::AutoReply) {
        // Nobody waits for it, and in a loop answers would never end.
        let slot = on_phone(relay, delivery, &delivery.to, Duration::ZERO, relay.now()).await?;
        if slot.taken().is_none() {
            return Ok(Some(Hold::TooMany));
        }
        return of_nobody(relay, delivery, line).await;
    }
    if delivery.had_turn(Limit::Pair) {
        return Ok(None);
    }
    if delivery.purpose == Purpose::Invitation
        && let Some(until) = used_up_until(relay, delivery, line).await?
    {
        // Nobody invites to what is over; whoever asked hears of that.
        let waits = until < delivery.deadline;
        let slowed = Slowed::new(Limit::Day, relay.now(), until);
        return Ok(Some(if waits {
            Hold::Slowed(slowed)
        } else {
            Hold::Over(Withheld::UsedUp)
        }));
    }
    let is_new = delivery.handed_over.is_empty() && delivery.attempts.is_empty();
    let is_to_ask = is_new && !delivery.had_turn(Limit::Sender);
    if let Some(sender) = delivery.sender.as_ref().filter(|_| is_to_ask) {
        let key = Key::sender(&delivery.from, sender.expose());
        let (rate, now) = (Rate::a_minute(sender_limit), relay.now());
        let slot = relay.store.claim_slot(&key, rate, Duration::MAX, now);
        if let Some(until) = slot.await?.taken().filter(|until| now < *until) {
            return Ok(Some(Hold::Slowed(Slowed::new(Limit::Sender, now, until))));
        }
    }
    first_free(relay, delivery).await
}

/// The same words to the same number help nobody twice within this time, and a forged sender would have
/// the line text somebody for ever.
const SAID_ONCE_IN: Duration = Duration::from_secs(60 * 60);

/// What speaks against an answer to a stranger that no person wrote.
async fn of_nobody(
    relay: &Relay,
    delivery: &Delivery,
    line: Option<&Line>,
) -> anyhow::Result<Option<Hold>> {
    let is_automatic = delivery.purpose == Purpose::AutoReply;
    let policy = line.map_or(&delivery.policy, |line| &line.policy);
    // The owner's questions are answered as often as they ask.
    let is_owners = policy.alert.as_ref() == Some(&delivery.to.number);
    if !is_automatic && (!delivery.to.is_sender() || is_owners) {
        return Ok(None);
    }
    // An automatic reply is the same though it names another time.
    let words = if is_automatic { "" } else { &delivery.body };
    let digest = sha256_hex(words.as_bytes());
    let key = Key::said(&delivery.from, &delivery.to.number, &digest);
    let store = &relay.store;
    let claimed = store.claim_once(&key, &delivery.id, SAID_ONCE_IN, relay.now());
    if !claimed.await? {
        return Ok(Some(Hold::Over(Withheld::SaidLately)));
    }
    let until = used_up_until(relay, delivery, line).await?;
    Ok(until.map(|_| Hold::Over(Withheld::UsedUp)))
}

/// When the line may send it, if not today.
async fn used_up_until(
    relay: &Relay,
    delivery: &Delivery,
    line: Option<&Line>,
) -> anyhow::Result<Option<Timestamp>> {
    let Some(line) = line else {
        return Ok(None);
    };
    let segments = u32::try_from(segments(&delivery.body)).unwrap_or(u32::MAX);
    spending::take_one(relay, line, segments, relay.now()).await
}

/// It goes to the first of its people whose phone has a slot in time; if none has, to the phone
/// that has one first.
async fn first_free(relay: &Relay, delivery: &Delivery) -> anyhow::Result<Option<Hold>> {
    let now = relay.now();
    let patience = if delivery.remaining.is_empty() {
        Duration::MAX
    } else {
        delivery.patience(now)
    };
    let mut busy = Vec::new();
    for person in std::iter::once(&delivery.to).chain(&delivery.remaining) {
        match on_phone(relay, delivery, person, patience, now).await? {
            Slot::Taken(slot) => return Ok(with(delivery, person, slot, &busy, now)),
            Slot::TooLate(slot) => busy.push((slot, person)),
        }
    }
    let earliest = busy.iter().min_by_key(|(slot, _)| *slot);
    let (_, person) = earliest.context("a delivery goes to somebody")?;
    let slot = on_phone(relay, delivery, person, Duration::MAX, now).await?;
    let slot = slot.taken().unwrap_or(now);
    Ok(with(delivery, person, slot, &busy, now))
}

/// A slot of this person's phone is the delivery's.
fn with(
    delivery: &Delivery,
    person: &Recipient,
    slot: Timestamp,
    busy: &[(Timestamp, &Recipient)],
    now: Timestamp,
) -> Option<Hold> {
    let slowed = Slowed::new(Limit::Pair, now, slot);
    match busy.first() {
        Some((until, _)) if *person != delivery.to => Some(Hold::Busy(Busy {
            until: *until,
            to: person.clone(),
            slot: slowed,
        })),
        _ => (now < slot).then_some(Hold::Slowed(slowed)),
    }
}

/// `now` is what the slot is compared with: by another reading of the clock, one that is free at once
/// would be in the future.
async fn on_phone(
    relay: &Relay,
    delivery: &Delivery,
    person: &Recipient,
    patience: Duration,
    now: Timestamp,
) -> anyhow::Result<Slot> {
    let mut slot = Slot::TooLate(now);
    for lane in delivery.urgency(person).lanes(patience) {
        let key = lane.key(&delivery.from, &person.number);
        let asked = relay.store.claim_slot(&key, lane.rate, lane.patience, now);
        slot = asked.await?;
        if slot.taken().is_some() {
            break;
        }
    }
    Ok(slot)
}
