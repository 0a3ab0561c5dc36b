//! One text as a sequence of moments: a pure function of what is stored of it.

use jiff::Timestamp;
use serde::Serialize;

use super::guards;
use super::thread::ThreadTold;
use super::words::{advice, outcome, reason, why};
use crate::cli::candidates::DecisionShown;
use crate::domain::delivery::{
    Attempt, Delivery, OnlyIf, Outcome, Purpose, Recipient, Replay, State, Withheld,
};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::inbound_record::{ByFallback, InboundRecord};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::routing::{Decision, Rule};
use crate::domain::time_zone::TimeZone;

/// How much of a text is shown.
#[derive(Clone, Copy)]
pub struct Shown {
    pub numbers: bool,
    pub body: bool,
}

#[derive(Debug, Serialize)]
pub struct Story {
    pub message_sid: MessageSid,
    pub line: String,
    pub from: String,
    pub received: Timestamp,
    /// What kind of text it was, in a few words.
    pub content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    pub decision: DecisionShown,
    pub deliveries: Vec<Told>,
    pub moments: Vec<Moment>,
    /// The customer's exchange that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadTold>,
}

/// Something that happened, or that is going to.
#[derive(Debug, Serialize)]
pub struct Moment {
    /// `None`: right after the one before.
    pub at: Option<Timestamp>,
    pub what: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// A delivery without the words that it carries.
#[derive(Debug, Serialize)]
pub struct Told {
    id: DeliveryId,
    to_person: String,
    to: String,
    state: State,
    attempts: Vec<ToldAttempt>,
}

#[derive(Debug, Serialize)]
struct ToldAttempt {
    number: u32,
    to_person: String,
    to: String,
    part: usize,
    began: Timestamp,
    outcome: Outcome,
    /// When the outcome became known.
    since: Timestamp,
    message_sid: Option<MessageSid>,
}

impl Story {
    /// `deliveries` are those of the record, `None` where the store has forgotten one; `tellings`
    /// are those that told people of it.
    pub fn of(
        record: &InboundRecord,
        deliveries: &[(DeliveryId, Option<Delivery>)],
        tellings: &[Delivery],
        zone: &TimeZone,
        shown: Shown,
    ) -> Self {
        let sms = &record.sms;
        let mut moments = vec![
            moment(record.received, came_in(record)),
            decided(&record.decision, zone),
        ];
        let listed = record.opt_out.as_ref().map(guards::listed);
        moments.extend(listed.map(|listed| moment(record.received, listed)));
        let changed = record.subscriptions.iter().map(guards::subscribed);
        moments.extend(changed.map(|changed| moment(record.received, changed)));
        for (id, delivery) in deliveries {
            match delivery {
                Some(delivery) => Teller {
                    delivery,
                    zone,
                    shown,
                }
                .tell(&mut moments),
                None => moments.push(then(format!("delivery {id} is not stored any more"))),
            }
        }
        super::tellings::insert(tellings, zone, shown, &mut moments);
        let stored = deliveries
            .iter()
            .filter_map(|(_, delivery)| delivery.as_ref());
        Self {
            message_sid: sms.sid.clone(),
            line: record.decision.line.clone(),
            from: shown.writer(sms),
            received: record.received,
            content: content(sms),
            body: shown.body.then(|| sms.body.clone()),
            decision: DecisionShown::of(&record.decision, zone),
            deliveries: stored.chain(tellings).map(|d| told(d, shown)).collect(),
            moments,
            thread: None,
        }
    }
}

fn came_in(record: &InboundRecord) -> String {
    match &record.by_fallback {
        None => "it came in".to_owned(),
        Some(ByFallback {
            error_code: Some(code),
            ..
        }) => format!("it came in by the fallback: the main path failed (Twilio's error {code})"),
        Some(_) => "it came in by the fallback: the main path failed".to_owned(),
    }
}

impl Shown {
    /// Who wrote, and from where as far as that is known.
    pub fn writer(self, sms: &InboundSms) -> String {
        match &sms.place {
            Some(place) => format!("{} ({place})", self.sender(&sms.from)),
            None => self.sender(&sms.from),
        }
    }

    fn sender(self, sender: &Sender) -> String {
        match (self.numbers, sender.expose()) {
            (_, "") => "an unknown sender".to_owned(),
            (true, exposed) => exposed.to_owned(),
            (false, _) => sender.masked().to_string(),
        }
    }

    pub fn number(self, number: &PhoneNumber) -> String {
        if self.numbers {
            number.expose().to_owned()
        } else {
            number.masked().to_string()
        }
    }
}

fn moment(at: Timestamp, what: String) -> Moment {
    Moment {
        at: Some(at),
        what,
        details: Vec::new(),
    }
}

fn then(what: String) -> Moment {
    Moment {
        at: None,
        what,
        details: Vec::new(),
    }
}

fn replayed(replay: &Replay) -> Moment {
    let what = "it had given up, and somebody had it tried again";
    moment(replay.at, what.to_owned())
}

fn content(sms: &InboundSms) -> String {
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let parts = [
        count(sms.body.chars().count(), "character"),
        count(sms.media.len(), "attachment"),
        count(sms.media_left_out, "attachment").map(|what| what + " that could not be passed on"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "an empty text".to_owned()
    } else {
        parts.join(", ")
    }
}

fn decided(decision: &Decision, zone: &TimeZone) -> Moment {
    let what = match (decision.rule, &decision.to_person) {
        (Rule::FirstAvailable, Some(person)) => {
            format!("it was for {person}, the first of the cascade who was available")
        }
        (Rule::FirstAvailable, None) => "it was for nobody, since nobody was available".to_owned(),
        (Rule::Thread, Some(person)) => format!("it was for {person}, who has the thread"),
        (Rule::Thread, None) => "it was for whoever has the thread, and nobody is".to_owned(),
        (Rule::FromPerson, _) => {
            "it went to nobody: a person of the cascade wrote, and had no thread that it could be for"
                .to_owned()
        }
        (Rule::Answer, _) => {
            "it went to the customer: a person of the cascade answered their thread".to_owned()
        }
        (Rule::TaggedAnswer, _) => {
            "it went to the customer: a person of the cascade put the thread's tag in front".to_owned()
        }
        (Rule::Held, _) => {
            "it was held: it was not certain for which of the person's threads it was".to_owned()
        }
        (Rule::Choice, _) => "it answered the question whom an earlier text was for".to_owned(),
        (Rule::UnknownTag, _) => {
            "it went to nobody: no thread of the person has its tag, or nothing stood behind it"
                .to_owned()
        }
        (Rule::TooLong, _) => {
            "it went to nobody: it is longer than what goes to a customer in one text".to_owned()
        }
        (Rule::Passed, _) => "a person of the cascade gave their thread to the next".to_owned(),
        (Rule::Claimed, _) => "a person of the cascade took the thread on".to_owned(),
        (Rule::WrongPin, _) => "it changed nothing: a command without the right PIN".to_owned(),
        (Rule::FromLine, _) => {
            "it was relayed to nobody: a line of the relay wrote, which would never end".to_owned()
        }
        (Rule::OptOutWord, _) => {
            "it was relayed to nobody and not answered: a person of the cascade wrote a word that \
             Twilio answers"
                .to_owned()
        }
        (Rule::AutomaticReply, _) => {
            "it was relayed to nobody and not answered: a person's phone wrote it by itself"
                .to_owned()
        }
        (Rule::OwnWords, _) => {
            "it was relayed to nobody and not answered: a relay's own words came back from a \
             person's number, which would never end"
                .to_owned()
        }
        (Rule::Keyword, _) => {
            "it was relayed to nobody: it was a topic's keyword, by which somebody subscribes"
                .to_owned()
        }
        (Rule::LeftTopic, _) => {
            "it was relayed to nobody: it asked for no more notices of a topic".to_owned()
        }
        (Rule::DutyByText, _) => {
            "it was relayed to nobody: a person of the cascade said whether they are there, or \
             asked"
                .to_owned()
        }
    };
    let because = decision.because.iter().cloned();
    let candidates = decision.candidates.iter().map(|candidate| {
        let mark = if candidate.available { '✓' } else { '✗' };
        format!(
            "{mark} {}: {}",
            candidate.person,
            candidate.because.in_zone(zone)
        )
    });
    Moment {
        at: Some(decision.at),
        what,
        details: because.chain(candidates).collect(),
    }
}

struct Teller<'a> {
    delivery: &'a Delivery,
    zone: &'a TimeZone,
    shown: Shown,
}

impl Teller<'_> {
    fn tell(&self, moments: &mut Vec<Moment>) {
        // It was set up for a case that did not come.
        let settled = Withheld::Settled;
        if self.delivery.state == (State::Withheld { because: settled }) {
            return;
        }
        if let (State::Waiting { due }, true) =
            (&self.delivery.state, super::is_set_up(self.delivery))
        {
            let what = self.purpose().unwrap_or_default();
            return moments.push(moment(*due, format!("if it is still so then, {what}")));
        }
        let created = self.delivery.created;
        moments.extend(self.purpose().map(|what| moment(created, what)));
        let mut before: Option<&Attempt> = None;
        let waits = self.delivery.slowed.iter();
        moments.extend(waits.map(|wait| moment(wait.at, guards::slowed(wait, self.zone))));
        let mut replays = self.delivery.replays.iter().peekable();
        for attempt in &self.delivery.attempts {
            while let Some(replay) = replays.next_if(|replay| replay.attempts < attempt.number) {
                moments.push(replayed(replay));
                before = None;
            }
            self.hand_over(before, &attempt.to, moments);
            moments.extend(self.attempt(attempt));
            before = Some(attempt);
        }
        let before = before.filter(|_| replays.peek().is_none());
        moments.extend(replays.map(replayed));
        self.hand_over(before, &self.delivery.to, moments);
        moments.push(self.state());
    }

    /// What it is, if it is not the text itself.
    fn purpose(&self) -> Option<String> {
        let to = &self.delivery.to.person;
        let thread = self.delivery.in_thread.as_ref();
        let is_question = matches!(
            thread.and_then(|thread| thread.only_if.as_ref()),
            Some(OnlyIf::Held { .. })
        );
        match self.delivery.purpose {
            Purpose::Reply => Some("it goes to the customer".to_owned()),
            Purpose::AutoReply => Some("the customer gets the automatic reply".to_owned()),
            Purpose::Unsent => Some(format!("{to} is to hear that it was not sent")),
            Purpose::Thread if is_question => Some(format!("{to} is to be asked for whom it is")),
            Purpose::Thread => Some(format!("{to} is to hear how the thread stands")),
            Purpose::Relay if thread.is_some_and(|thread| thread.chase.is_some()) => {
                Some("the thread goes to another person if nobody answers".to_owned())
            }
            Purpose::Answer => Some(format!("{to} is answered")),
            _ => None,
        }
    }

    /// Tells that it went to somebody else than the attempt before.
    fn hand_over(&self, before: Option<&Attempt>, to: &Recipient, moments: &mut Vec<Moment>) {
        if let Some(before) = before
            && before.to.person != to.person
        {
            let what = format!(
                "{} could not be reached, so {} is next",
                before.to.person, to.person
            );
            let mut hand_overs = self.delivery.handed_over.iter();
            let recorded = hand_overs.find(|h| h.from == before.to && h.attempts == before.number);
            moments.push(Moment {
                at: recorded.map(|hand_over| hand_over.at),
                what,
                details: recorded.into_iter().map(reason).collect(),
            });
        }
    }

    /// That it began, and what is known of it.
    fn attempt(&self, attempt: &Attempt) -> [Moment; 2] {
        let part = match (attempt.part, self.delivery.parts.len()) {
            (0, 0..=1) => String::new(),
            (part, _) => format!(", message {}", part + 1),
        };
        let Attempt { number, to, .. } = attempt;
        let began = format!(
            "attempt {number} to {} ({}){part}",
            to.person,
            self.shown.number(&to.number)
        );
        let sid = attempt.sid.iter().map(|sid| format!("as {sid}"));
        let known = format!("attempt {number}: {}", outcome(&attempt.outcome));
        [
            moment(attempt.began, began),
            Moment {
                at: Some(attempt.since),
                what: known,
                details: sid.chain(advice(&attempt.outcome)).collect(),
            },
        ]
    }

    /// What happens if no delivery report comes.
    fn otherwise(&self) -> Vec<String> {
        let end = self.zone.show(self.delivery.stage_end());
        let next = self.delivery.remaining.first();
        let otherwise = next.map(|next| format!("if not by {end}, it goes to {}", next.person));
        otherwise.into_iter().collect()
    }

    fn state(&self) -> Moment {
        let Delivery { to, deadline, .. } = self.delivery;
        let (to, deadline) = (&to.person, self.zone.show(*deadline));
        match self.delivery.state {
            State::Waiting { due } => moment(
                due,
                format!("the next attempt is due, to {to}; they go on until {deadline}"),
            ),
            State::Sending { lease } => then(format!(
                "it is being sent to {to}; should nothing be heard of it, Twilio is asked on {}",
                self.zone.show(lease)
            )),
            State::Unknown { ask, .. } => moment(
                ask,
                "Twilio is asked whether it has the message, before any other attempt".to_owned(),
            ),
            State::Accepted { .. } => Moment {
                details: self.otherwise(),
                ..then(format!(
                    "Twilio has it; whether it reached {to} is still to be heard"
                ))
            },
            State::Delivered => then(format!("it reached {to}")),
            State::Withheld { because } => then(guards::withheld(to, because)),
            State::GaveUp { because } => Moment {
                at: self.delivery.gave_up,
                what: format!("no further attempt is made: {}", why(because, &deadline)),
                details: vec![format!(
                    "`relay dead replay {}` has it tried again",
                    self.delivery.id
                )],
            },
        }
    }
}

fn told(delivery: &Delivery, shown: Shown) -> Told {
    let attempts = delivery.attempts.iter().map(|attempt| ToldAttempt {
        number: attempt.number,
        to_person: attempt.to.person.clone(),
        to: shown.number(&attempt.to.number),
        part: attempt.part,
        began: attempt.began,
        outcome: attempt.outcome.clone(),
        since: attempt.since,
        message_sid: attempt.sid.clone(),
    });
    Told {
        id: delivery.id.clone(),
        to_person: delivery.to.person.clone(),
        to: shown.number(&delivery.to.number),
        state: delivery.state.clone(),
        attempts: attempts.collect(),
    }
}

#[cfg(test)]
mod tests;
