//! What a relay with a mistake in its state machine would keep.

use futures::FutureExt;
use relay::delivery::{Delivery, Outcome, State};
use relay::store::Store;

use crate::memory::MemoryStore;
use crate::simulation::mistakes::Mistake;

/// Spoils what is about to be saved.
pub fn save(
    mistake: Mistake,
    store: &MemoryStore,
    next: &mut Delivery,
    _spawned: &mut Vec<Delivery>,
) {
    let before = store.delivery(&next.id).now_or_never();
    let before = before.expect("memory does not wait").ok().flatten();
    let Some(before) = before else { return };
    let is_handed_over = before.to != next.to && before.replays == next.replays;
    match mistake {
        Mistake::HandsOverToTheSame if is_handed_over => next.to = before.to,
        Mistake::HandsOverToTheCustomer if is_handed_over => {
            let stranger = relay::phone::PhoneNumber::parse("+16195550107");
            next.to.number = stranger.expect("a number");
        }
        Mistake::PassesSomebodyOver if is_handed_over && !next.remaining.is_empty() => {
            next.to = next.remaining.remove(0);
        }
        _ => {}
    }
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
