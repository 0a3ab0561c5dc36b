//! What a relay with a mistake in its state machine would keep.

use futures::FutureExt;
use relay::app::ports::store::{ForInbound, Store};
use relay::domain::conversation::Conversation;
use relay::domain::delivery::{Delivery, Outcome, Purpose, State, Withheld};
use relay::domain::ids::DeliveryId;

use crate::endurance::simulation::mistakes::Mistake;
use crate::support::memory::MemoryStore;

/// Spoils what is about to be saved.
pub fn save(
    mistake: Mistake,
    store: &MemoryStore,
    next: &mut Delivery,
    spawned: &mut Vec<Delivery>,
) {
    match mistake {
        Mistake::HandsOverWithoutTelling => spawned.retain(|new| new.purpose != Purpose::Told),
        Mistake::GivesUpWithoutAlert => spawned.retain(|new| new.purpose != Purpose::Alert),
        Mistake::TellsTwice => {
            let told = spawned.iter().filter(|new| new.purpose == Purpose::Told);
            let again: Vec<_> = told.cloned().collect();
            spawned.extend(again.into_iter().map(|new| Delivery {
                id: DeliveryId::told(&next.id, next.handed_over.len() + 1),
                ..new
            }));
        }
        _ => {}
    }
    let before = store.delivery(&next.id).now_or_never();
    let before = before.expect("memory does not wait").ok().flatten();
    let Some(before) = before else { return };
    let is_handed_over = before.to != next.to && before.replays == next.replays;
    match mistake {
        Mistake::HandsOverToTheSame if is_handed_over => next.to = before.to,
        Mistake::HandsOverToTheCustomer if is_handed_over => {
            let stranger = relay::domain::phone::PhoneNumber::parse("+16195550107");
            next.to.number = stranger.expect("a number");
        }
        Mistake::DropsWhatIsTooFast if before.slowed.len() < next.slowed.len() => {
            next.state = State::Withheld {
                because: Withheld::TooMany,
            };
        }
        Mistake::PassesSomebodyOver if is_handed_over && !next.remaining.is_empty() => {
            next.to = next.remaining.remove(0);
        }
        _ => {}
    }
}

/// A person has far less time than the line gives.
pub fn hurry(delivery: &mut Delivery) {
    delivery.policy.hand_over_after = std::time::Duration::from_secs(5);
}

/// What is over counts as under way again.
pub fn reopen(delivery: &mut Delivery) {
    if delivery.state == State::Delivered {
        delivery.state = State::Accepted {
            ask: None,
            asked: 0,
        };
        for attempt in &mut delivery.attempts {
            if attempt.outcome == Outcome::Delivered {
                attempt.outcome = Outcome::Accepted;
            }
        }
    }
}

/// The text has nothing to wait for.
pub fn hurry_past(delivery: &mut Delivery) {
    if let Some(part) = &mut delivery.in_conversation {
        part.after = None;
    }
}

/// A customer who has written and was not answered is taken for one who was.
pub fn forget_that_they_wait(conversation: &mut Conversation) {
    conversation.waits = None;
}

/// What a relay would read that forgets something about conversations.
pub fn found(mistake: Mistake, found: &mut ForInbound) {
    match mistake {
        Mistake::KnowsOneCustomer => found.customers.truncate(1),
        Mistake::MixesUpReplyNumbers => {
            let known = &mut found.person.reply_numbers;
            if let [first, second, ..] = known.as_mut_slice() {
                std::mem::swap(&mut first.customer, &mut second.customer);
            }
        }
        Mistake::ForgetsWhatWaits => found.person.question = None,
        _ => {}
    }
}
