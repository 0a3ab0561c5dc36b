//! One text as a sequence of moments: a pure function of what is stored of it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::call::CallTold;
use super::conversation::ConversationTold;
use super::moment::{AttemptShown, Moment, Shown};
use super::tellings::insert;
use super::words::{advice, listed, outcome, reason, slowed, subscribed, why, withheld};
use super::{is_set_up, tellings};
use crate::cli::candidates::{decision_json, mark, nobody};
use crate::cli::show::counts;
use crate::domain::delivery::{
    Attempt, Delivery, MovedOn, OnlyIf, Outcome, Purpose, Recipient, Replay, State, Withheld,
};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::routing::{Decision, Rule};
use crate::domain::time_zone::TimeZone;

#[derive(Debug, Serialize)]
pub struct Story {
    pub message_sid: MessageSid,
    pub line: String,
    /// What it came to, if that was not the line's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_number: Option<String>,
    pub from: String,
    pub received: Timestamp,
    /// What kind of text it was, in a few words.
    pub content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    pub decision: Value,
    pub deliveries: Vec<DeliveryShown>,
    pub moments: Vec<Moment>,
    /// The call that it tells of, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallTold>,
    /// The customer's exchange that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationTold>,
}

/// A delivery without the words that it carries.
#[derive(Debug, Serialize)]
pub struct DeliveryShown {
    pub id: DeliveryId,
    pub to_person: String,
    pub to: String,
    pub state: State,
    pub attempts: Vec<AttemptShown>,
    /// It goes out only in a case that may not come.
    #[serde(skip)]
    pub is_set_up: bool,
}

impl Story {
    /// `deliveries` are those of the record, `None` where the store has forgotten one;
    /// `notifications` are those that told people of it.
    pub fn of(
        record: &InboundRecord,
        deliveries: &[(DeliveryId, Option<Delivery>)],
        notifications: &[Delivery],
        zone: &TimeZone,
        shown: Shown,
    ) -> Self {
        let (sms, received) = (&record.sms, record.received);
        let mut moments = vec![
            Moment::new(received, came_in(record)),
            decided(&record.decision, zone),
        ];
        let opt_out = record.opt_out.as_ref().map(listed);
        let subscriptions = record.subscriptions.iter().map(subscribed);
        let changed = opt_out.into_iter().chain(subscriptions);
        moments.extend(changed.map(|changed| Moment::new(received, changed)));
        for (id, delivery) in deliveries {
            match delivery {
                Some(delivery) => Teller {
                    delivery,
                    zone,
                    shown,
                }
                .tell(&mut moments),
                None => moments.push(Moment::new(
                    None,
                    format!("delivery {id} is not stored any more"),
                )),
            }
        }
        tellings::tell(notifications, zone, shown, &mut moments);
        let stored = deliveries.iter().flat_map(|(_, delivery)| delivery);
        let all = stored.chain(notifications).map(|delivery| DeliveryShown {
            id: delivery.id.clone(),
            to_person: delivery.to.person.clone(),
            to: shown.number(&delivery.to.number),
            state: delivery.state.clone(),
            attempts: shown.attempts(delivery),
            is_set_up: is_set_up(delivery)
                || delivery.attempts.is_empty()
                    && delivery
                        .in_conversation
                        .as_ref()
                        .is_some_and(|part| part.chase.is_some()),
        });
        Self {
            message_sid: sms.sid.clone(),
            line: record.decision.line.clone(),
            reply_number: None,
            from: shown.writer(sms),
            received,
            content: content(record),
            body: shown.body.then(|| sms.body.clone()),
            decision: decision_json(&record.decision, zone),
            deliveries: all.collect(),
            moments,
            call: None,
            conversation: None,
        }
    }
}

fn came_in(record: &InboundRecord) -> String {
    let Some(by_fallback) = &record.by_fallback else {
        return "it came in".to_owned();
    };
    let code = by_fallback.error_code;
    let code = code.map(|code| format!(" (Twilio's error {code})"));
    let code = code.unwrap_or_default();
    format!("it came in by the fallback: the main path failed{code}")
}

/// What turned out of an attempt that was taken for failed.
fn after_all_of(attempt: &Attempt) -> Option<Moment> {
    attempt.disproved.as_ref()?;
    let (number, person) = (attempt.number, &attempt.to.person);
    let what = match &attempt.outcome {
        Outcome::Delivered => format!("attempt {number}: it reached {person} after all"),
        other => format!("attempt {number}: after all, {}", outcome(other)),
    };
    Some(Moment::new(attempt.since, what))
}

fn replayed(replay: &Replay) -> Moment {
    let what = "it had given up, and somebody had it tried again";
    Moment::new(replay.at, what)
}

fn content(record: &InboundRecord) -> String {
    if record.words_removed.is_some() {
        return "words that are not kept any more (keep_words)".to_owned();
    }
    let sms = &record.sms;
    let mut parts = counts([
        (sms.body.chars().count(), "character"),
        (sms.media.len(), "attachment"),
    ]);
    let left_out = counts([(sms.media_left_out, "attachment")]);
    parts.extend(
        left_out
            .into_iter()
            .map(|what| what + " that could not be passed on"),
    );
    if parts.is_empty() {
        return "an empty text".to_owned();
    }
    parts.join(", ")
}

fn decided(decision: &Decision, zone: &TimeZone) -> Moment {
    let what = match &decision.to_person {
        Some(person) if decision.rule == Rule::Conversation => {
            format!("it was for {person}, who has the conversation")
        }
        Some(person) if decision.rule == Rule::Talked => {
            format!("it was for {person}, who talked to them")
        }
        Some(person) => {
            format!("it was for {person}, the first of the cascade who was available")
        }
        None => {
            let (to, why) = nobody(decision.rule);
            format!("it went to {to}: {why}")
        }
    };
    let because = decision.because.iter().cloned();
    let candidates = decision.candidates.iter().map(|candidate| {
        let reason = candidate.because.in_zone(zone);
        format!("{} {}: {reason}", mark(candidate), candidate.person)
    });
    Moment::new(decision.at, what).with(because.chain(candidates))
}

struct Teller<'a> {
    delivery: &'a Delivery,
    zone: &'a TimeZone,
    shown: Shown,
}

impl Teller<'_> {
    fn tell(&self, moments: &mut Vec<Moment>) {
        let delivery = self.delivery;
        let purpose = self.purpose();
        match delivery.state {
            // It was set up for a case that did not come.
            State::Withheld {
                because: Withheld::Settled,
            } => return,
            State::Waiting { due } if is_set_up(delivery) => {
                let what = format!("if it is still so then, {}", purpose.unwrap_or_default());
                return moments.push(Moment::new(due, what));
            }
            _ => {}
        }
        moments.extend(purpose.map(|what| Moment::new(delivery.created, what)));
        let waits = delivery.slowed.iter().filter(|wait| wait.at < wait.until);
        moments.extend(waits.map(|wait| Moment::new(wait.at, slowed(wait, self.zone))));
        self.busy_phones(moments);
        let mut before: Option<&Attempt> = None;
        let mut after_all = Vec::new();
        let mut replays = delivery.replays.iter().peekable();
        for attempt in &delivery.attempts {
            while let Some(replay) = replays.next_if(|replay| replay.attempts < attempt.number) {
                moments.push(replayed(replay));
                before = None;
            }
            moments.extend(self.hand_over(before, &attempt.to));
            moments.extend(self.attempt(attempt));
            after_all.extend(after_all_of(attempt));
            before = Some(attempt);
        }
        let before = before.filter(|_| replays.peek().is_none());
        moments.extend(replays.map(replayed));
        moments.extend(self.hand_over(before, &delivery.to));
        after_all
            .into_iter()
            .for_each(|moment| insert(moments, moment));
        moments.push(self.state());
    }

    /// What it is, if it is not the text itself.
    fn purpose(&self) -> Option<String> {
        let to = &self.delivery.to.person;
        let part = self.delivery.in_conversation.as_ref();
        let only_if = part.and_then(|part| part.only_if.as_ref());
        Some(match self.delivery.purpose {
            Purpose::Reply => "it goes to the customer".to_owned(),
            Purpose::AutoReply => "the customer gets the automatic reply".to_owned(),
            Purpose::Unsent => format!("{to} is to hear that it was not sent"),
            Purpose::Conversation if matches!(only_if, Some(OnlyIf::Asked { .. })) => {
                format!("{to} is to be asked for whom it is")
            }
            Purpose::Conversation => format!("{to} is to hear how the conversation stands"),
            Purpose::Relay if part.is_some_and(|part| part.chase.is_some()) => {
                "the customer goes to another person if nobody answers".to_owned()
            }
            Purpose::Answer => format!("{to} is answered"),
            _ => return None,
        })
    }

    /// That it went to somebody else before an attempt, whose phone was free.
    fn busy_phones(&self, moments: &mut Vec<Moment>) {
        let Delivery {
            handed_over, to, ..
        } = self.delivery;
        let next = handed_over
            .iter()
            .skip(1)
            .map(|next| &next.from)
            .chain([to]);
        for (hand_over, next) in handed_over.iter().zip(next) {
            if let MovedOn::Busy { until } = hand_over.because {
                let (from, next) = (&hand_over.from.person, &next.person);
                let until = self.zone.show_seconds(until);
                let what = format!("the phone of {from} is busy until {until}, so {next} is next");
                moments.push(Moment::new(hand_over.at, what));
            }
        }
    }

    /// That it went to somebody else than the attempt before.
    fn hand_over(&self, before: Option<&Attempt>, to: &Recipient) -> Option<Moment> {
        // That somebody has it not from before a restore is no failure to reach them.
        let before = before.filter(|before| before.to.person != to.person && !before.is_look())?;
        let (from, to) = (&before.to.person, &to.person);
        let what = format!("{from} could not be reached, so {to} is next");
        let mut hand_overs = self.delivery.handed_over.iter();
        let recorded = hand_overs.find(|h| h.from == before.to && h.attempts == before.number);
        let at = recorded.map(|hand_over| hand_over.at);
        Some(Moment::new(at, what).with(recorded.map(reason)))
    }

    /// That it began, and what is known of it.
    fn attempt(&self, attempt: &Attempt) -> [Moment; 2] {
        let Attempt { number, to, .. } = attempt;
        let part = match (attempt.part, self.delivery.parts.len()) {
            (0, 0..=1) => String::new(),
            (part, _) => format!(", message {}", part + 1),
        };
        let (person, phone) = (&to.person, self.shown.number(&to.number));
        let via = attempt.via.as_ref().map(|via| self.shown.number(via));
        let via = via.map_or(String::new(), |via| {
            format!(", from the reply number {via}")
        });
        let is_look = attempt.is_look();
        let began = if is_look {
            format!(
                "the relay went back to a backup: Twilio is asked whether {person} ({phone}) has it already{part}"
            )
        } else {
            format!("attempt {number} to {person} ({phone}){part}{via}")
        };
        let disproved = attempt.disproved.as_deref();
        let (first, at) = disproved.map_or((&attempt.outcome, attempt.since), |disproved| {
            (&disproved.outcome, disproved.at)
        });
        let known = match first {
            Outcome::Absent if is_look => format!("{person} does not have it"),
            _ => format!("attempt {number}: {}", outcome(first)),
        };
        let sid = attempt.sid.iter().map(|sid| format!("as {sid}"));
        [
            Moment::new(attempt.began, began),
            Moment::new(at, known).with(sid.chain(advice(first))),
        ]
    }

    /// How it stands, and what is next.
    fn state(&self) -> Moment {
        let delivery = self.delivery;
        let to = &delivery.to.person;
        let deadline = self.zone.show(delivery.deadline);
        match delivery.state {
            State::Waiting { due } => Moment::new(
                due,
                format!("the next attempt is due, to {to}; they go on until {deadline}"),
            ),
            State::Sending { lease } => {
                let lease = self.zone.show(lease);
                let what = format!(
                    "it is being sent to {to}; should nothing be heard of it, Twilio is asked on \
                     {lease}"
                );
                Moment::new(None, what)
            }
            State::Unknown { ask, .. } => Moment::new(
                ask,
                "Twilio is asked whether it has the message, before any other attempt",
            ),
            State::Accepted { .. } => {
                let what = format!("Twilio has it; whether it reached {to} is still to be heard");
                let end = self.zone.show(delivery.stage_end());
                let next = delivery.remaining.first();
                let next = next.map(|next| format!("if not by {end}, it goes to {}", next.person));
                Moment::new(None, what).with(next)
            }
            State::Delivered => Moment::new(None, format!("it reached {to}")),
            State::Withheld { because } => Moment::new(None, withheld(to, because)),
            State::GaveUp { because } => {
                let what = format!("no further attempt is made: {}", why(because, &deadline));
                let again = format!("`relay dead replay {}` has it tried again", delivery.id);
                Moment::new(delivery.gave_up, what).with([again])
            }
        }
    }
}

#[cfg(test)]
mod tests;
