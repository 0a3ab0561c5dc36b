//! Why a person's words did not reach a customer, as the person reads it.

use super::{Class, Delivery, GaveUp, State, Withheld};
use crate::domain::language::say;
use crate::domain::provider;

/// A clause, and what to do if anything helps.
pub fn in_plain_words(delivery: &Delivery) -> String {
    let number = delivery.to.number.expose();
    let is_withheld = |because| delivery.state == State::Withheld { because };
    let gave_up = |because| delivery.state == State::GaveUp { because };
    let last = delivery.attempts.last();
    let class = last.and_then(|attempt| attempt.outcome.class());
    let (language, provider) = (delivery.language, provider::NAME);
    if is_withheld(Withheld::OptedOut) || class == Some(Class::Stop) {
        return say!(
            language,
            "they opted out of texts: call them at {number}.",
            "no quiere mensajes: llama al {number}."
        );
    }
    if is_withheld(Withheld::NotAllowed) {
        return say!(
            language,
            "the line may not text numbers like theirs: call them at {number}.",
            "no se permite escribir a un teléfono como el suyo: llama al {number}."
        );
    }
    if gave_up(GaveUp::Unresolved) || gave_up(GaveUp::NoReport) {
        return say!(
            language,
            "it may have arrived or not. Ask them at {number}.",
            "no se sabe si ha llegado. Pregunta al {number}."
        );
    }
    match class {
        Some(Class::Blocked) => say!(
            language,
            "{provider} blocks texts to them for now: call them at {number}.",
            "{provider} le bloquea mensajes por ahora: llama al {number}."
        ),
        Some(Class::HandOver) => say!(
            language,
            "their phone takes no texts: call them at {number}.",
            "su teléfono no recibe mensajes: llama al {number}."
        ),
        Some(Class::RetryOnce) => say!(
            language,
            "their phone cannot be reached: call them at {number}.",
            "su teléfono no responde: llama al {number}."
        ),
        Some(Class::Configuration) => say!(
            language,
            "the line needs repair, and its owner was told. Call {number}.",
            "el servicio necesita reparo y ya se ha avisado. Llama al {number}."
        ),
        _ => {
            let code = delivery.last_error();
            let code = code.map_or(String::new(), |code| format!(" (error {code})"));
            say!(
                language,
                "{provider} could not deliver it{code}. Call them at {number}.",
                "{provider} no ha podido entregarlo{code}. Llama al {number}."
            )
        }
    }
}
