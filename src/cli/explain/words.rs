//! What the commands say of failures and ends.

use crate::domain::delivery::{GaveUp, HandOver, Outcome};

/// Why a text went on to the next person.
pub fn reason(hand_over: &HandOver) -> String {
    let code = hand_over.because.code();
    let code = code.map_or(String::new(), |code| format!(" (error {code})"));
    format!("{}{code}", hand_over.because.in_words())
}

/// Why a delivery gave up; `deadline` is when it was too late, as its line's clock shows it.
pub fn why(because: GaveUp, deadline: &str) -> String {
    match because {
        GaveUp::Late => format!("{deadline} was the time to give up"),
        GaveUp::Refused => "no repetition and nobody else would change that".to_owned(),
        GaveUp::NobodyLeft => "nobody is left in the cascade".to_owned(),
        GaveUp::Unresolved => "Twilio did not say whether it had the message".to_owned(),
        GaveUp::NoReport => {
            "no report came that it was delivered, so it may have arrived or not".to_owned()
        }
    }
}

/// What became of an attempt.
pub fn outcome(outcome: &Outcome) -> String {
    let code = |code: &Option<u32>| code.map_or(String::new(), |code| format!(", error {code}"));
    match outcome {
        Outcome::Pending => "begun, not answered yet".to_owned(),
        Outcome::Unknown => "the answer got lost, so Twilio may have it or not".to_owned(),
        Outcome::Absent => "it did not get to Twilio".to_owned(),
        Outcome::Accepted => "Twilio took it".to_owned(),
        Outcome::Refused {
            code: error,
            http_status,
            class,
        } => {
            format!(
                "refused (HTTP {http_status}{}): {}",
                code(error),
                class.in_words()
            )
        }
        Outcome::Sent => "handed to the carrier".to_owned(),
        Outcome::Delivered => "delivered".to_owned(),
        Outcome::Undelivered { code: error, class } => {
            format!("not delivered{}: {}", code(error), class.in_words())
        }
    }
}

/// Where an error is explained.
pub fn advice(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Refused {
            code: Some(code), ..
        }
        | Outcome::Undelivered {
            code: Some(code), ..
        } => Some(format!("see https://www.twilio.com/docs/api/errors/{code}")),
        _ => None,
    }
}
