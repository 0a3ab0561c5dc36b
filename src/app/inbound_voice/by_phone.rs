//! A person of the line calls it: whom they may call back.

use jiff::SignedDuration;

use crate::app::call_work::Work;
use crate::app::ports::store::{ForCall, Saved};
use crate::domain::call::{self, Answer, Call, CallBack, Outcome, Stage};
use crate::domain::line::Person;
use crate::domain::phone::PhoneNumber;

/// Whoever called longer ago is called by text (`CALL 0107`).
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// So many calls of the line are looked through for the last customer's.
const MOST: usize = 50;

/// The answer to a person's first request; `None` if they are a caller like any other, or the call is known meanwhile.
pub(super) async fn began(work: &Work<'_>, stored: &ForCall) -> anyhow::Result<Option<Answer>> {
    let (line, from) = (work.line, work.from);
    let person = from.and_then(|from| line.person_with(from.caller.phone()?));
    let Some(person) = person.filter(|_| line.voice.is_some() && stored.call.is_none()) else {
        return Ok(None);
    };
    let Some(back) = whom(work, stored, person).await? else {
        return Ok(None);
    };
    let now = work.relay.now();
    let store = &work.relay.store;
    let customer = Some(&back.customer);
    let stored = store.for_call(&line.number, work.sid, customer).await?;
    if stored.call.is_some() {
        return Ok(None);
    }
    let known = stored.inbound.known(now);
    let new = (work.new_call(), back);
    let Some(mut stepped) = call::call_back(line, &known, &stored.live, new, now) else {
        return Ok(None);
    };
    let saved = work.save(&stored, &mut stepped, now).await?;
    Ok((saved == Saved::Yes).then_some(stepped.answer))
}

/// The customer of the reply number that is called, or whoever called last.
async fn whom<'p>(
    work: &Work<'_>,
    stored: &ForCall,
    person: &'p Person,
) -> anyhow::Result<Option<CallBack<'p>>> {
    let (line, store) = (work.line, &work.relay.store);
    let on_number = work.to.and_then(|to| stored.inbound.person.on(to));
    let on_number = on_number.filter(|known| line.reply_numbers.contains(&known.number));
    if let Some(known) = on_number {
        let customer = known.customer.clone();
        let may_be = may_be_called(work, &customer).await?;
        return Ok(may_be.then_some(CallBack {
            person,
            customer,
            called: None,
            message: None,
        }));
    }
    let since = work.relay.now() - LATELY;
    for call in store.calls_of(&line.number, since, MOST).await? {
        let Some(customer) = customer_of(work, &call) else {
            continue;
        };
        if may_be_called(work, customer).await? {
            let message = call
                .message
                .as_ref()
                .filter(|message| message.kept.is_some());
            return Ok(Some(CallBack {
                person,
                customer: customer.clone(),
                called: Some(call.opened),
                message: message.and_then(|message| message.token.clone()),
            }));
        }
    }
    Ok(None)
}

/// Who called, if a customer did who was not refused.
fn customer_of<'c>(work: &Work<'_>, call: &'c Call) -> Option<&'c PhoneNumber> {
    let is_refused = matches!(
        call.stage,
        Stage::Over {
            outcome: Outcome::Refused { .. }
        }
    );
    let customer = call.caller.phone()?;
    let is_customer = call.out.is_none() && work.line.person_with(customer).is_none();
    (is_customer && !is_refused).then_some(customer)
}

async fn may_be_called(work: &Work<'_>, customer: &PhoneNumber) -> anyhow::Result<bool> {
    let (line, store) = (work.line, &work.relay.store);
    let known = store.conversations(&line.number, std::slice::from_ref(customer));
    let is_blocked = known.await?.iter().any(|known| known.blocked.is_some());
    Ok(line.policy.allows(customer) && !is_blocked)
}
