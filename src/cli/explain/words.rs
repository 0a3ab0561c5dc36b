//! What the commands say of failures, ends and guards.

use crate::domain::delivery::{GaveUp, HandOver, Outcome, Slowed, Withheld};
use crate::domain::opt_out;
use crate::domain::provider;
use crate::domain::subscriber::Subscriber;
use crate::domain::time_zone::TimeZone;
use crate::twilio::error_texts;

/// Why a text went on to the next person.
pub fn reason(hand_over: &HandOver) -> String {
    let because = hand_over.because;
    let code = because
        .code()
        .map(|code| format!(" (error {})", named(code)));
    format!("{}{}", because.in_words(), code.unwrap_or_default())
}

/// Why a delivery gave up; `deadline` is when it was too late, as its line's clock shows it.
pub fn why(because: GaveUp, deadline: &str) -> String {
    match because {
        GaveUp::Late => format!("{deadline} was the time to give up"),
        _ => because.in_words().to_owned(),
    }
}

/// A code, and whether it is known.
fn named(code: u32) -> String {
    match error_texts::title(code) {
        Some(_) => code.to_string(),
        None => format!("{code}, which the relay does not know"),
    }
}

/// What became of an attempt.
pub fn outcome(outcome: &Outcome) -> String {
    let code = outcome
        .code()
        .map(|code| format!(", error {}", named(code)));
    let code = code.unwrap_or_default();
    match outcome {
        Outcome::Pending => "begun, not answered yet".to_owned(),
        Outcome::Unknown => "the answer got lost, so Twilio may have it or not".to_owned(),
        Outcome::Absent => "it did not get to Twilio".to_owned(),
        Outcome::Accepted => "Twilio took it".to_owned(),
        Outcome::Refused {
            http_status, class, ..
        } => format!("refused (HTTP {http_status}{code}): {}", class.in_words()),
        Outcome::Sent => "handed to the carrier".to_owned(),
        Outcome::Delivered => "delivered".to_owned(),
        Outcome::Undelivered { class, .. } if outcome.is_uncertain() => {
            format!("no report{code}: {}", class.in_words())
        }
        Outcome::Undelivered { class, .. } => format!("not delivered{code}: {}", class.in_words()),
    }
}

/// What the provider calls an error, and where it is explained.
pub fn advice(outcome: &Outcome) -> Option<String> {
    let code = outcome.code()?;
    let title = error_texts::title(code);
    let title = title.map_or(String::new(), |title| format!("\"{title}\": "));
    Some(format!(
        "{title}see https://www.{}",
        provider::page_of_error(code)
    ))
}

/// That words of the relay's own were not sent.
pub fn withheld(to: &str, because: Withheld) -> String {
    let why = match because {
        Withheld::OptedOut => "they opted out of texts",
        Withheld::NotAllowed => "allowed_prefixes does not have their number",
        Withheld::TooMany => "too many texts went there within a minute",
        Withheld::SaidLately => "the same answer went there within the hour",
        Withheld::UsedUp => {
            "the line had sent its most_segments_a_day; such texts go again from the next day on"
        }
        Withheld::Expired => "its time was over before it could go out",
        Withheld::Cancelled => "the notice was called back",
        Withheld::Superseded => "a later notice took the place of its own",
        Withheld::LeftTopic => "they left the topic",
        Withheld::Settled => "there was no need of it any more",
        Withheld::Blocked => {
            return format!("it was not sent to {to}: the customer was blocked meanwhile");
        }
        Withheld::NobodyElse => "nobody was left to ask, and no alert number to tell",
    };
    format!("these words of the relay's own were not sent to {to}: {why}")
}

pub fn slowed(slowed: &Slowed, zone: &TimeZone) -> String {
    let until = zone.show_seconds(slowed.until);
    format!("it was slowed until {until}: {}", slowed.by.in_words())
}

/// What a text changed about who may be texted.
pub fn listed(change: &opt_out::Change) -> String {
    match &change.to {
        Some(opt_out) => format!("its sender opted out of texts {}", opt_out.by),
        None => "its sender gets texts again".to_owned(),
    }
}

/// What a text changed about its sender's subscriptions.
pub fn subscribed(subscriber: &Subscriber) -> String {
    let did = match subscriber.asked {
        Some(_) => "was asked to confirm that they want",
        None if subscriber.is_active() => "subscribed to",
        None => "left",
    };
    format!("its sender {did} {}", subscriber.topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::errors;

    #[test]
    fn a_code_is_told_by_twilios_title_and_an_unknown_one_as_unknown() {
        let told = |code: u32| {
            let class = errors::failure(Some(code), None).class;
            let outcome_told = Outcome::Undelivered {
                code: Some(code),
                class,
            };
            let advice = advice(&outcome_told).unwrap();
            format!("{}; {advice}", outcome(&outcome_told))
        };
        for (code, part) in [
            (
                30450,
                "error 30450: Twilio or a carrier blocks this text for now; \"Message delivery blocked\": see",
            ),
            (30453, "blocks this text for now"),
            (30038, "\"OTP Message Body Filtered\""),
            (30039, "\"Filtered to Prevent Message Loops\""),
            (
                30485,
                "error 30485: account, number or campaign need the owner's attention; \"Toll-free",
            ),
            (
                39999,
                "39999, which the relay does not know: the relay does not know the reason",
            ),
        ] {
            let told = told(code);
            assert!(
                told.contains(part) && !told.contains("phone may be off"),
                "{told}"
            );
        }
    }
}
