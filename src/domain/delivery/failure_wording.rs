//! Why a person's words did not reach a customer, as the person reads it.

use super::{Delivery, GaveUp, State, Withheld};
use crate::domain::delivery::Class;

/// A clause, and what to do if anything helps.
pub fn in_plain_words(delivery: &Delivery) -> String {
    let number = delivery.to.number.expose();
    let opted_out = || format!("they opted out of texts: call them at {number}.");
    let last = delivery.attempts.last();
    let class = last.and_then(|attempt| attempt.outcome.class());
    match (&delivery.state, class) {
        (
            State::Withheld {
                because: Withheld::OptedOut,
            },
            _,
        )
        | (_, Some(Class::Stop)) => opted_out(),
        (
            State::Withheld {
                because: Withheld::NotAllowed,
            },
            _,
        ) => {
            format!("the line may not text numbers like theirs: call them at {number}.")
        }
        (
            State::GaveUp {
                because: GaveUp::Unresolved | GaveUp::NoReport,
            },
            _,
        ) => {
            format!("it may have arrived or not. Ask them at {number}.")
        }
        (_, Some(Class::HandOver)) => {
            format!("their phone takes no texts: call them at {number}.")
        }
        (_, Some(Class::RetryOnce)) => {
            format!("their phone cannot be reached: call them at {number}.")
        }
        (_, Some(Class::Configuration)) => {
            format!("the line needs repair, and its owner was told. Call {number}.")
        }
        _ => format!("Twilio could not deliver it. Call them at {number}."),
    }
}
