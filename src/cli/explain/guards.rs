//! What the guards did about a text, in words.

use crate::domain::delivery::{Limit, Slowed, Withheld};
use crate::domain::opt_out;
use crate::domain::subscriber::Subscriber;
use crate::domain::time_zone::TimeZone;

/// That words of the relay's own were not sent.
pub fn withheld(to: &str, because: Withheld) -> String {
    let why = match because {
        Withheld::OptedOut => "they opted out of texts",
        Withheld::NotAllowed => "allowed_prefixes does not have their number",
        Withheld::TooMany => "too many texts went there within a minute",
        Withheld::Expired => "its time was over before it could go out",
        Withheld::Cancelled => "the notice was called back",
        Withheld::Superseded => "a later notice took the place of its own",
        Withheld::LeftTopic => "they left the topic",
        Withheld::Settled => "there was no need of it any more",
        Withheld::NobodyElse => "nobody was left to ask, and no alert number to tell",
    };
    format!("these words of the relay's own were not sent to {to}: {why}")
}

pub fn slowed(slowed: &Slowed, zone: &TimeZone) -> String {
    let over = match slowed.by {
        Limit::Sender => "its sender wrote more texts a minute than sender_limit",
        Limit::Pair => "more came for this phone at once than Twilio lets through",
        Limit::Order => "an earlier text of the thread had not left yet",
        Limit::QuietHours => "notices keep to the line's quiet hours",
    };
    let until = zone.show_seconds(slowed.until);
    format!("it was slowed until {until}: {over}")
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
    let topic = &subscriber.topic;
    match subscriber.is_active() {
        true => format!("its sender subscribed to {topic}"),
        false => format!("its sender left {topic}"),
    }
}
