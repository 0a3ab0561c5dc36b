//! From which number an attempt comes: a person gets the texts of one customer from one reply number. It is
//! assigned when the first of them is about to leave, so that a customer's text has nothing to write of it.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::app::ports::store::{ForSending, Saved};
use crate::app::relay::Relay;
use crate::domain::conversation::PersonState;
use crate::domain::delivery::{Class, Delivery};
use crate::domain::phone::PhoneNumber;

/// How often somebody else may save what is known of the person first. After that the text leaves from the
/// line's number, with the customer's digits in front.
const MOST_TRIES: usize = 8;

/// `None`: it comes from the line's own number.
pub async fn number(
    relay: &Relay,
    delivery: &Delivery,
    known: ForSending,
) -> Result<Option<PhoneNumber>> {
    let to = &delivery.to.number;
    let line = known.line.filter(|line| line.person_with(to).is_some());
    let pool = line.map_or(Vec::new(), |line| line.reply_numbers);
    let Some(customer) = delivery.only_customer().filter(|_| !pool.is_empty()) else {
        return Ok(None);
    };
    // All of a text comes from one number. If Twilio does not let that send, the line's own brings it.
    if let Some(before) = delivery.last_to_recipient() {
        let is_broken = before.outcome.class() == Some(Class::Configuration);
        let via = before
            .via
            .clone()
            .filter(|via| !is_broken && pool.contains(via));
        return Ok(via);
    }
    let mut state = known.person;
    for _ in 0..MOST_TRIES {
        if let Some(number) = state.reply_number(customer, &pool) {
            return Ok(Some(number.clone()));
        }
        if !delivery.shows_whole_number() {
            return Ok(None);
        }
        let Some(number) = idle_longest(relay, delivery, &state, &pool).await? else {
            return Ok(None);
        };
        state.assign(&number, customer, &delivery.id, relay.now());
        state.version += 1;
        let store = &relay.store;
        if store.save_person_state(&delivery.from, to, &state).await? == Saved::Yes {
            return Ok(Some(number));
        }
        state = store.person_state(&delivery.from, to).await?;
    }
    Ok(None)
}

async fn idle_longest(
    relay: &Relay,
    delivery: &Delivery,
    state: &PersonState,
    pool: &[PhoneNumber],
) -> Result<Option<PhoneNumber>> {
    let known = pool.iter().filter_map(|number| state.on(number));
    let customers: BTreeSet<_> = known.map(|known| known.customer.clone()).collect();
    let customers = Vec::from_iter(customers);
    let store = &relay.store;
    let conversations = store.conversations(&delivery.from, &customers).await?;
    let number = state.idle_longest(pool, &conversations, relay.now());
    Ok(number.cloned())
}
