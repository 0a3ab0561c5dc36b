//! Why a person's words did not reach a customer, as the person reads it.

use super::{Class, Delivery, GaveUp, State, Withheld};
use crate::domain::provider;

/// A clause, and what to do if anything helps.
pub fn in_plain_words(delivery: &Delivery) -> String {
    let number = delivery.to.number.expose();
    let is_withheld = |because| delivery.state == State::Withheld { because };
    let gave_up = |because| delivery.state == State::GaveUp { because };
    let last = delivery.attempts.last();
    let class = last.and_then(|attempt| attempt.outcome.class());
    if is_withheld(Withheld::OptedOut) || class == Some(Class::Stop) {
        return format!("they opted out of texts: call them at {number}.");
    }
    if is_withheld(Withheld::NotAllowed) {
        return format!("the line may not text numbers like theirs: call them at {number}.");
    }
    if gave_up(GaveUp::Unresolved) || gave_up(GaveUp::NoReport) {
        return format!("it may have arrived or not. Ask them at {number}.");
    }
    match class {
        Some(Class::Blocked) => format!(
            "{} blocks texts to them for now: call them at {number}.",
            provider::NAME
        ),
        Some(Class::HandOver) => format!("their phone takes no texts: call them at {number}."),
        Some(Class::RetryOnce) => format!("their phone cannot be reached: call them at {number}."),
        Some(Class::Configuration) => {
            format!("the line needs repair, and its owner was told. Call {number}.")
        }
        _ => {
            let (provider, code) = (provider::NAME, delivery.last_error());
            let code = code.map_or(String::new(), |code| format!(" (error {code})"));
            format!("{provider} could not deliver it{code}. Call them at {number}.")
        }
    }
}
