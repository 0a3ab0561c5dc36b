use anyhow::{Context, bail};
use jiff::Timestamp;

use super::MOST_TRIES;
use crate::app::audit::records;
use crate::app::ports::queue::WakeUp;
use crate::app::ports::store::{Saved, Store};
use crate::app::relay::Relay;
use crate::domain::delivery::{Delivery, Effect, Event, Purpose, Recipient, State, step};
use crate::domain::ids::DeliveryId;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::phone::Sender;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Known, Rule, decide};

/// Has a dead letter tried again, with the people on duty now. Returns it as it is then: due, or
/// delivered if it had arrived after all.
pub async fn replay(relay: &Relay, id: &DeliveryId, now: Timestamp) -> anyhow::Result<Delivery> {
    for _ in 0..MOST_TRIES {
        let Some(delivery) = relay.store.delivery(id).await? else {
            bail!("there is no delivery {id}");
        };
        let (mut next, effects) = plan(relay.store.as_ref(), delivery, now).await?;
        next.version += 1;
        if relay.store.save(&next, &[]).await? == Saved::Outdated {
            continue;
        }
        let (woken, reported) =
            futures::join!(wake(relay, &next, &effects, now), report(relay, &next, now));
        woken.with_context(|| {
            format!("{id} is to be tried again, but nobody could be woken for it; the sweep does that within two minutes")
        })?;
        reported.with_context(|| {
            format!("{id} is tried again, but the audit did not take the record of it")
        })?;
        return Ok(next);
    }
    bail!("delivery {id} was saved by others {MOST_TRIES} times in a row; try again")
}

/// The dead letter as a replay would make it, and what would have to be done; changes nothing.
pub async fn plan(
    store: &dyn Store,
    delivery: Delivery,
    now: Timestamp,
) -> anyhow::Result<(Delivery, Vec<Effect>)> {
    if !matches!(delivery.state, State::GaveUp { .. }) {
        bail!(
            "delivery {} is no dead letter: {}",
            delivery.id,
            how_it_stands(&delivery)
        );
    }
    let Some(line) = store.line(&delivery.from).await? else {
        bail!(
            "the line {} of delivery {} is not configured any more; put it there again with `relay \
             config push`, or with the configuration of `relay serve`",
            delivery.line,
            delivery.id
        );
    };
    let known = Known {
        overrides: store.overrides(&line.number).await?,
        opt_outs: store.opt_outs(&line.number).await?,
        ..Known::default()
    };
    let inbound = match &delivery.message_sid {
        Some(sid) => store.inbound(sid).await?,
        None => None,
    };
    let replayed = Event::Replayed {
        cascade: cascade(&delivery, inbound.as_ref(), &line, &known, now),
        public_url: line.public_url,
    };
    // Nothing about a replay is left to chance.
    Ok(step(delivery, replayed, now, 0.0))
}

/// Who gets it: for a customer's text whoever is on duty now, for anything else the same person, at
/// the number that the line has for them now.
fn cascade(
    delivery: &Delivery,
    inbound: Option<&InboundRecord>,
    line: &Line,
    known: &Known,
    now: Timestamp,
) -> Vec<Recipient> {
    let customer = match (&delivery.message_sid, inbound) {
        _ if delivery.purpose != Purpose::Relay => None,
        _ if delivery.in_thread.is_some() => delivery.sender.clone(),
        (Some(_), Some(inbound)) if inbound.decision.rule == Rule::FirstAvailable => {
            Some(inbound.sms.from.clone())
        }
        // The inbound is forgotten sooner than what became of it.
        (Some(_), None) => Some(Sender::Alphanumeric(String::new())),
        _ => None,
    };
    let mut people: Vec<Recipient> = match customer {
        Some(customer) => decide(line, known, &customer, Nature::Ordinary, now)
            .cascade(line)
            .map(Recipient::of)
            .collect(),
        None => Vec::new(),
    };
    if people.is_empty() {
        let person = line.person_named(&delivery.to.person);
        people.push(person.map_or_else(|| delivery.to.clone(), Recipient::of));
    }
    people
}

/// Where a delivery stands, in a few words.
pub fn how_it_stands(delivery: &Delivery) -> String {
    let to = &delivery.to.person;
    match delivery.state {
        State::Waiting { .. } | State::Sending { .. } | State::Unknown { .. } => {
            format!("it is still being tried, with {to}")
        }
        State::Accepted { .. } => format!("Twilio has it, for {to}"),
        State::Delivered => format!("it reached {to}"),
        State::GaveUp { .. } => "it gave up".to_owned(),
        State::Withheld { .. } => "it is a text of the relay's own that was not sent".to_owned(),
    }
}

async fn wake(
    relay: &Relay,
    delivery: &Delivery,
    effects: &[Effect],
    now: Timestamp,
) -> anyhow::Result<()> {
    for effect in effects {
        if let Effect::Wake { due } = effect {
            let wake_up = WakeUp {
                delivery: delivery.id.clone(),
                asked: now,
                due: *due,
            };
            relay.queue.send(&wake_up, now).await?;
        }
    }
    Ok(())
}

async fn report(relay: &Relay, delivery: &Delivery, now: Timestamp) -> anyhow::Result<()> {
    relay.audit.write(&[records::replayed(delivery, now)]).await
}
