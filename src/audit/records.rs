//! What the records say: from a decision or a delivery's step to the audit's words.

use jiff::Timestamp;

use super::{Considered, HashKey, Kind, Record, VERSION};
use crate::credentials::Credentials;
use crate::delivery::{Delivery, Effect, GaveUp, Outcome, Recipient, State};
use crate::inbound::{InboundRecord, InboundSms};
use crate::routing::Decision;
use crate::twilio::errors::Class;

impl HashKey {
    /// The account's SID is the key: it is never logged, and unlike the tokens it does not change.
    pub fn of(credentials: &Credentials) -> Self {
        Self::new(credentials.account_sid.as_bytes())
    }
}

/// The record of a decision.
pub fn decided(record: &InboundRecord, key: &HashKey) -> Record {
    of_decision(Kind::Decision, record, record.decision.at, key)
}

/// The record of a webhook that had come before, with what was decided then: whoever decided may
/// have died before it could say so.
pub fn repeated(earlier: &InboundRecord, at: Timestamp, key: &HashKey) -> Record {
    of_decision(Kind::Duplicate, earlier, at, key)
}

fn of_decision(kind: Kind, record: &InboundRecord, at: Timestamp, key: &HashKey) -> Record {
    let Decision {
        line,
        rule,
        to_person,
        candidates,
        ..
    } = &record.decision;
    Record {
        rule: Some(name_of(rule)),
        to_person: to_person.clone(),
        delivery: record.deliveries.first().cloned(),
        fallback: record.by_fallback,
        candidates: candidates
            .iter()
            .map(|c| Considered {
                person: c.person.clone(),
                available: c.available,
                because: c.because.to_string(),
            })
            .collect(),
        ..of_inbound(kind, line, &record.sms, at, key)
    }
}

/// The record of a text that could not be kept.
pub fn not_kept(line: &str, sms: &InboundSms, at: Timestamp, key: &HashKey) -> Record {
    of_inbound(Kind::NotKept, line, sms, at, key)
}

/// The records that the effects of a delivery's step ask for, `delivery` being its new state.
pub fn of_step(
    delivery: &Delivery,
    effects: &[Effect],
    at: Timestamp,
    key: &HashKey,
) -> Vec<Record> {
    effects
        .iter()
        .filter_map(|effect| of_effect(delivery, effect, at, key))
        .collect()
}

fn of_effect(delivery: &Delivery, effect: &Effect, at: Timestamp, key: &HashKey) -> Option<Record> {
    match effect {
        Effect::Send { attempt } => Some(of_attempt(Kind::Attempt, delivery, *attempt, at, key)),
        Effect::Report { attempt } => Some(Record {
            next: delivery.due(),
            ..of_attempt(Kind::Outcome, delivery, *attempt, at, key)
        }),
        Effect::ReportHandOver { from, because } => Some(Record {
            outcome: Some(format!(
                "moved on from {}: {}",
                from.person,
                class_in_words(*because)
            )),
            ..of_delivery(Kind::HandOver, delivery, &delivery.to, at, key)
        }),
        Effect::ReportGivenUp { because } => Some(Record {
            outcome: Some(given_up_in_words(*because).to_owned()),
            ..of_delivery(Kind::GaveUp, delivery, &delivery.to, at, key)
        }),
        Effect::ReportReplayed => Some(replayed(delivery, at)),
        Effect::Ask { .. } | Effect::AskAfter { .. } | Effect::Wake { .. } => None,
    }
}

/// The record of a replay, `delivery` being its new state. It is made by people without the
/// credentials, so there is no hashed number in it.
pub fn replayed(delivery: &Delivery, at: Timestamp) -> Record {
    let outcome = match delivery.state {
        State::Delivered => "had arrived after all",
        State::Unknown { .. } | State::Accepted { .. } => "Twilio is asked about it first",
        _ => "to be tried again",
    };
    Record {
        message_sid: delivery.message_sid.clone(),
        delivery: Some(delivery.id.clone()),
        to_person: Some(delivery.to.person.clone()),
        outcome: Some(outcome.to_owned()),
        next: delivery.due(),
        ..blank(Kind::Replayed, &delivery.line, at)
    }
}

fn of_attempt(
    kind: Kind,
    delivery: &Delivery,
    number: u32,
    at: Timestamp,
    key: &HashKey,
) -> Record {
    let attempt = delivery.attempt(number);
    let to = attempt.map_or(&delivery.to, |attempt| &attempt.to);
    Record {
        attempt: Some(number),
        outcome: attempt
            .filter(|_| kind == Kind::Outcome)
            .map(|a| outcome_in_words(&a.outcome).to_owned()),
        error_code: attempt.and_then(|attempt| attempt.outcome.code()),
        sent_sid: attempt.and_then(|attempt| attempt.sid.clone()),
        ..of_delivery(kind, delivery, to, at, key)
    }
}

fn of_delivery(
    kind: Kind,
    delivery: &Delivery,
    to: &Recipient,
    at: Timestamp,
    key: &HashKey,
) -> Record {
    Record {
        message_sid: delivery.message_sid.clone(),
        delivery: Some(delivery.id.clone()),
        to_person: Some(to.person.clone()),
        to: Some(key.who(to.number.expose(), to.number.masked())),
        ..blank(kind, &delivery.line, at)
    }
}

fn of_inbound(kind: Kind, line: &str, sms: &InboundSms, at: Timestamp, key: &HashKey) -> Record {
    Record {
        message_sid: Some(sms.sid.clone()),
        from: Some(key.who(sms.from.expose(), sms.from.masked())),
        ..blank(kind, line, at)
    }
}

fn blank(kind: Kind, line: &str, at: Timestamp) -> Record {
    Record {
        at,
        kind,
        version: VERSION,
        line: line.to_owned(),
        message_sid: None,
        delivery: None,
        attempt: None,
        rule: None,
        from: None,
        fallback: None,
        to_person: None,
        to: None,
        candidates: Vec::new(),
        outcome: None,
        error_code: None,
        sent_sid: None,
        next: None,
    }
}

/// The name under which serde writes a plain variant.
fn name_of(variant: &impl serde::Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn outcome_in_words(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "pending",
        Outcome::Unknown => "unknown",
        Outcome::Absent => "absent",
        Outcome::Accepted => "accepted",
        Outcome::Refused { .. } => "refused",
        Outcome::Sent => "sent",
        Outcome::Delivered => "delivered",
        Outcome::Undelivered { .. } => "undelivered",
    }
}

fn class_in_words(class: Class) -> String {
    name_of(&class).replace('_', " ")
}

fn given_up_in_words(because: GaveUp) -> &'static str {
    match because {
        GaveUp::Late => "the deadline passed",
        GaveUp::Refused => "Twilio refused the request itself",
        GaveUp::NobodyLeft => "nobody is left in the cascade",
        GaveUp::Unresolved => "Twilio did not say whether it had the message",
    }
}
