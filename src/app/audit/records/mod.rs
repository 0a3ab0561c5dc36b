//! What the records say: from a decision or a delivery's step to the audit's words.

mod calls;
mod notices;

use jiff::Timestamp;

use crate::app::ports::audit::{Considered, HashKey, Kind, Record};
use crate::app::ports::store::Planned;
use crate::domain::conversation::{Block, Conversation};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{
    Attempt, Delivery, Effect, Failed, MovedOn, Purpose, Recipient, State, Withheld,
};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::language::Language;
use crate::domain::line::Line;
use crate::domain::names::name_of;
use crate::domain::opt_out;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::reconciliation::{Difference, Report, What};
use crate::domain::subscriber::{How, Subscriber};

pub use calls::of_call;
pub use notices::{notice_accepted, notice_ended};

impl HashKey {
    /// Without a key of its own, one that is made of the auth token: as secret, but another one after the
    /// token's next rotation.
    pub fn of(credentials: &Credentials) -> Self {
        match &credentials.audit_key {
            Some(key) => Self::new(key.expose().as_bytes()),
            None => Self::made_of(credentials.auth_token.expose().as_bytes()),
        }
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

/// The record of a decision that takes the place of another one of the same moment.
pub fn decided_anew(record: &InboundRecord, key: &HashKey) -> Record {
    of_decision(Kind::DecidedAnew, record, record.decision.at, key)
}

fn of_decision(kind: Kind, record: &InboundRecord, at: Timestamp, key: &HashKey) -> Record {
    let decision = &record.decision;
    Record {
        rule: Some(name_of(&decision.rule)),
        outcome: decision.because.clone(),
        to_person: decision.to_person.clone(),
        delivery: record.deliveries.first().cloned(),
        fallback: record.by_fallback,
        candidates: decision
            .candidates
            .iter()
            .map(|c| Considered {
                person: c.person.clone(),
                available: c.available,
                because: c.because.to_string(),
            })
            .collect(),
        ..of_inbound(kind, &decision.line, &record.sms, at, key)
    }
}

/// The record of a text that could not be kept.
pub fn not_kept(line: &str, sms: &InboundSms, at: Timestamp, key: &HashKey) -> Record {
    of_inbound(Kind::NotKept, line, sms, at, key)
}

/// The records that the effects of a delivery's step ask for, `delivery` being its new state, and
/// `spawned` the deliveries that are new because of it.
pub fn of_step(
    delivery: &Delivery,
    effects: &[Effect],
    spawned: &[Delivery],
    at: Timestamp,
    key: &HashKey,
) -> Vec<Record> {
    let of_effects = effects
        .iter()
        .filter_map(|effect| of_effect(delivery, effect, at, key));
    let of_spawned = spawned.iter().filter_map(|new| of_spawned(new, at, key));
    of_effects.chain(of_spawned).collect()
}

/// The record of a text that tells of something, if it does.
pub fn of_spawned(delivery: &Delivery, at: Timestamp, key: &HashKey) -> Option<Record> {
    let that = delivery.purpose.tells_that()?;
    let kind = match delivery.purpose {
        Purpose::Alert | Purpose::Repair | Purpose::Busy | Purpose::Spending => Kind::Alert,
        _ => Kind::Told,
    };
    Some(of_delivery(kind, delivery, &delivery.to, at, key).with_outcome(that))
}

fn of_effect(delivery: &Delivery, effect: &Effect, at: Timestamp, key: &HashKey) -> Option<Record> {
    let of = |kind| of_delivery(kind, delivery, &delivery.to, at, key);
    let of_attempt = |kind, number| of_attempt(kind, delivery, number, at, key);
    Some(match effect {
        Effect::Send { attempt } => of_attempt(Kind::Attempt, *attempt),
        Effect::Report { attempt } => Record {
            next: delivery.due(),
            ..of_attempt(Kind::Outcome, *attempt)
        },
        Effect::ReportHandOver { from, because } => {
            let (person, why) = (&from.person, because.in_words());
            let outcome = match because {
                MovedOn::Busy { until } => {
                    let clock = delivery.clock().speaking(Language::English);
                    let until = clock.day_and_time(*until, at);
                    format!("moved on from {person}: the phone of {person} is busy until {until}")
                }
                _ => format!("moved on from {person}: {why}"),
            };
            Record {
                error_code: because.code(),
                ..of(Kind::HandOver).with_outcome(outcome)
            }
        }
        Effect::ReportHandBack { from } => of(Kind::HandBack)
            .with_outcome(format!("it had arrived before {} was tried", from.person)),
        Effect::ReportArrived { attempt } => {
            let record = of_attempt(Kind::Arrived, *attempt);
            let person = record.to_person.clone().unwrap_or_default();
            record.with_outcome(format!("it reached {person} after all"))
        }
        Effect::ReportGivenUp { .. } | Effect::ReportWithheld { .. }
            if delivery.purpose == Purpose::Invitation =>
        {
            let failed = Failed::of(delivery);
            Record {
                outcome: failed.map(|failed| failed.because.in_words().to_owned()),
                error_code: delivery.last_error(),
                ..of(Kind::InvitationFailed)
            }
        }
        Effect::ReportGivenUp { because } => of(Kind::GaveUp).with_outcome(because.in_words()),
        Effect::ReportSlowed(slowed) => Record {
            next: Some(slowed.until),
            ..of(Kind::Slowed).with_outcome(slowed.by.in_words())
        },
        Effect::ReportHandedOn { from } => {
            of(Kind::Unanswered).with_outcome(format!("{from} did not answer the customer"))
        }
        // Nobody expected to hear of it.
        Effect::ReportWithheld {
            because: Withheld::Settled,
        } => return None,
        Effect::ReportWithheld { because } => {
            of(Kind::Withheld).with_outcome(name_of(because).replace('_', " "))
        }
        Effect::Ask { .. }
        | Effect::FollowUp
        | Effect::AskAfter { .. }
        | Effect::Wake { .. }
        | Effect::WakeNext(_)
        | Effect::Tell { .. }
        | Effect::TellInviter => return None,
    })
}

/// The record of an invitation that was accepted. Whoever asks for it from a shell has no credentials,
/// so there is no hashed number in it.
pub fn invited(delivery: &Delivery, at: Timestamp) -> Record {
    without_number(Kind::Invited, delivery, at)
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
        next: delivery.due(),
        ..without_number(Kind::Replayed, delivery, at).with_outcome(outcome)
    }
}

/// The record of a dead letter that somebody dealt with, with their reason. Like a replay's it has
/// no hashed number in it.
pub fn dropped(delivery: &Delivery, reason: &str, at: Timestamp) -> Record {
    without_number(Kind::Dropped, delivery, at).with_outcome(reason)
}

/// The record of something that Twilio's list of a line's day says otherwise.
pub fn difference(
    report: &Report,
    difference: &Difference,
    at: Timestamp,
    key: &HashKey,
) -> Record {
    let who = |sender: &Sender| key.who(sender.expose(), sender.masked());
    let other = difference.other.as_ref().map(who);
    let sid = difference.message_sid.clone();
    let (came_in, sent) = match difference.what {
        What::NeverRecorded => ((sid, other), (None, None)),
        _ => ((None, None), (sid, other)),
    };
    let done = if difference.put_right {
        "; put right"
    } else {
        ""
    };
    Record {
        day: Some(report.day),
        rule: Some(name_of(&difference.what)),
        message_sid: came_in.0,
        from: came_in.1,
        sent_sid: sent.0,
        to: sent.1,
        delivery: difference.delivery.clone(),
        attempt: difference.attempt,
        outcome: Some(format!("{}{done}", difference.detail)),
        error_code: difference.error_code,
        ..Record::new(Kind::Difference, &report.line, at)
    }
}

/// The record of the comparison as a whole.
pub fn reconciled(report: &Report, at: Timestamp) -> Record {
    Record {
        day: Some(report.day),
        counts: Some(report.counts),
        ..Record::new(Kind::Reconciled, &report.line, at)
    }
}

/// The record of what a text changed about who gets texts.
pub fn opted_out_by_text(record: &InboundRecord, line: &Line, key: &HashKey) -> Option<Record> {
    let change = record.opt_out.as_ref()?;
    Some(Record {
        to_person: person_with(line, change),
        ..of_inbound(Kind::OptOut, &line.name, &record.sms, record.received, key)
            .with_outcome(change_in_words(change))
    })
}

/// The record of an opt-out that a refused attempt told of.
pub fn opted_out_by_refusal(
    delivery: &Delivery,
    attempt: &Attempt,
    change: &opt_out::Change,
    at: Timestamp,
    key: &HashKey,
) -> Record {
    Record {
        error_code: attempt.outcome.code(),
        ..of_delivery(Kind::OptOut, delivery, &attempt.to, at, key)
            .with_outcome(change_in_words(change))
    }
}

/// The record of a change by hand. It is made by people without the credentials, so the number in it
/// is masked and has no hash.
pub fn opted_out_by_hand(line: &Line, change: &opt_out::Change, at: Timestamp) -> Record {
    let (number, what) = (change.number.masked(), change_in_words(change));
    Record {
        to_person: person_with(line, change),
        ..Record::new(Kind::OptOut, &line.name, at).with_outcome(format!("{number}: {what}"))
    }
}

fn person_with(line: &Line, change: &opt_out::Change) -> Option<String> {
    let person = line.person_with(&change.number)?;
    Some(person.name.clone())
}

/// The records of whom a person's text blocked, or not any more.
pub fn blocked_by_text(planned: &Planned, key: &HashKey) -> Vec<Record> {
    let record = &planned.record;
    let changed = planned.conversations.iter().filter(|c| c.changes_block());
    let records = changed.map(|changed| {
        let Conversation {
            customer, blocked, ..
        } = &changed.after;
        let line = &record.decision.line;
        Record {
            to: Some(key.who(customer.expose(), customer.masked())),
            ..of_inbound(Kind::Block, line, &record.sms, record.received, key)
                .with_outcome(block_in_words(blocked.as_ref()))
        }
    });
    records.collect()
}

/// The record of the same by hand. It is made by people without the credentials, so the number in it is
/// masked and has no hash.
pub fn blocked_by_hand(
    line: &Line,
    customer: &PhoneNumber,
    block: Option<&Block>,
    at: Timestamp,
) -> Record {
    let (number, what) = (customer.masked(), block_in_words(block));
    Record::new(Kind::Block, &line.name, at).with_outcome(format!("{number}: {what}"))
}

/// The record of what somebody had removed by hand of a number, on all lines; made without the credentials.
pub fn forgotten_by_hand(number: &PhoneNumber, what: &str, at: Timestamp) -> Record {
    let number = number.masked();
    Record::new(Kind::Forgotten, "all lines", at)
        .with_outcome(format!("{number}: forgotten, {what}"))
}

fn block_in_words(block: Option<&Block>) -> String {
    match block {
        Some(block) => format!("blocked {}", block.by),
        None => "not blocked any more".to_owned(),
    }
}

/// The records of what a person's text changed about their duty, on each line.
pub fn duty_by_text(planned: &Planned, key: &HashKey) -> Vec<Record> {
    let record = &planned.record;
    let own = record
        .duty
        .iter()
        .map(|change| (&record.decision.line, change));
    let others = planned.on_other_lines.iter();
    let others = others.map(|other| (&other.name, &other.change));
    let records = own.chain(others).map(|(line, change)| Record {
        to_person: Some(change.person.clone()),
        ..of_inbound(Kind::DutyByText, line, &record.sms, record.received, key)
            .with_outcome(change.in_words())
    });
    records.collect()
}

/// The records of what a text changed about its sender's subscriptions.
pub fn subscribed_by_text(record: &InboundRecord, line: &Line, key: &HashKey) -> Vec<Record> {
    let changed = record.subscriptions.iter();
    // Who is only asked has not joined.
    let changed = changed.filter(|subscriber| subscriber.asked.is_none());
    let records = changed.map(|subscriber| {
        let kind = kind_of(subscriber);
        Record {
            topic: Some(subscriber.topic.clone()),
            ..of_inbound(kind, &line.name, &record.sms, record.received, key)
                .with_outcome(how_in_words(subscriber))
        }
    });
    records.collect()
}

/// The record of a subscriber that somebody put in or took out. It is made by people without the
/// credentials, so the number in it is masked and has no hash.
pub fn subscribed_by_hand(line: &Line, subscriber: &Subscriber, at: Timestamp) -> Record {
    let (number, how) = (subscriber.number.masked(), how_in_words(subscriber));
    Record {
        topic: Some(subscriber.topic.clone()),
        ..Record::new(kind_of(subscriber), &line.name, at).with_outcome(format!("{number}: {how}"))
    }
}

/// The record of a list that was imported: one for all of it, since how each number agreed is on
/// record with the number.
pub fn imported(line: &Line, topic: &str, joined: u64, at: Timestamp) -> Record {
    Record {
        topic: Some(topic.to_owned()),
        ..Record::new(Kind::Subscribed, &line.name, at).with_outcome(format!("{joined} by a list"))
    }
}

fn kind_of(subscriber: &Subscriber) -> Kind {
    if subscriber.is_active() {
        Kind::Subscribed
    } else {
        Kind::Left
    }
}

/// By what it joined, or left if it did. No words that somebody wrote by hand.
fn how_in_words(subscriber: &Subscriber) -> String {
    match (&subscriber.left, &subscriber.consent.how) {
        (Some(left), _) => left.how.to_string(),
        (None, How::Keyword(_)) => "by the keyword".to_owned(),
        (None, How::Confirmed(_)) => "by the keyword and a yes".to_owned(),
        (None, How::Hand(_)) => "by hand".to_owned(),
        (None, How::List { .. }) => "by a list".to_owned(),
    }
}

fn change_in_words(change: &opt_out::Change) -> String {
    match &change.to {
        Some(opt_out) => format!("opted out {}", opt_out.by),
        None => "gets texts again".to_owned(),
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
            .map(|a| name_of(&a.outcome)),
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
        notice: delivery.purpose.notice(),
        to_person: Some(to.person.clone()),
        to: Some(key.who(to.number.expose(), to.number.masked())),
        ..without_number(kind, delivery, at)
    }
}

fn without_number(kind: Kind, delivery: &Delivery, at: Timestamp) -> Record {
    Record {
        message_sid: delivery.message_sid.clone().filter(is_message),
        call_sid: delivery.message_sid.as_ref().and_then(MessageSid::call),
        delivery: Some(delivery.id.clone()),
        to_person: Some(delivery.to.person.clone()),
        ..Record::new(kind, &delivery.line, at)
    }
}

fn is_message(sid: &MessageSid) -> bool {
    sid.call().is_none()
}

fn of_inbound(kind: Kind, line: &str, sms: &InboundSms, at: Timestamp, key: &HashKey) -> Record {
    Record {
        message_sid: Some(sms.sid.clone()).filter(is_message),
        call_sid: sms.sid.call(),
        from: Some(key.who(sms.from.expose(), sms.from.masked())),
        ..Record::new(kind, line, at)
    }
}
