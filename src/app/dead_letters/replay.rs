use anyhow::bail;
use jiff::Timestamp;

use super::{Deed, advance, no_dead_letter};
use crate::app::ports::store::Store;
use crate::app::relay::Relay;
use crate::domain::delivery::{Delivery, Event, Purpose, Recipient, State, step};
use crate::domain::ids::DeliveryId;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::phone::Sender;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Known, Rule, decide};

/// Has a dead letter tried again, with the people on duty now. Returns it as it is then: due, or
/// delivered if it had arrived after all.
pub async fn replay(relay: &Relay, id: &DeliveryId) -> anyhow::Result<Delivery> {
    advance(relay, id, Deed::Replay).await
}

/// The dead letter as a replay would make it; changes nothing.
pub async fn plan(
    store: &dyn Store,
    delivery: Delivery,
    now: Timestamp,
) -> anyhow::Result<Delivery> {
    let replayed = replayed(store, &delivery, now).await?;
    // Nothing about a replay is left to chance.
    let (next, _) = step(delivery, replayed, now, 0.0);
    Ok(next)
}

pub(super) async fn replayed(
    store: &dyn Store,
    delivery: &Delivery,
    now: Timestamp,
) -> anyhow::Result<Event> {
    if !matches!(delivery.state, State::GaveUp { .. }) {
        return Err(no_dead_letter(delivery));
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
    Ok(Event::Replayed {
        cascade: cascade(delivery, inbound.as_ref(), &line, &known, now),
        public_url: line.public_url,
    })
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
        _ if delivery.in_conversation.is_some() => delivery.sender.clone(),
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
