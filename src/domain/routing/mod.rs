//! Which person an inbound goes to: a pure function of the line, what is known of its people, the
//! sender, the kind of text and the time. The same arguments always give the same decision, so a
//! stored one can be explained.

pub mod nature;

pub use nature::Nature;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::duty::{Because, Overrides, duty_of};
use crate::domain::line::{Line, Person};
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::Sender;
use crate::domain::subscriber::Subscriber;

/// Where an inbound goes, with everyone who was considered and why each was taken or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub line: String,
    pub at: Timestamp,
    pub rule: Rule,
    /// The name of the person it goes to; `None` if it is relayed to nobody.
    pub to_person: Option<String>,
    /// Whom a delivery that fails is handed over to, in this order.
    pub then: Vec<String>,
    pub candidates: Vec<Candidate>,
    /// What else led to it: about the customer's conversation, or what a person's text was taken for. No
    /// numbers and no words of anybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// The rule that made the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The first of the cascade who is available.
    FirstAvailable,
    /// The person who has the customer's conversation.
    Conversation,
    /// The customer and this person talked by telephone.
    Talked,
    /// A person of the cascade wrote, and no customer can be meant.
    FromPerson,
    /// A person answered the customer who waits, or the only one who can be meant.
    Answer,
    /// A person answered the customer whose digits they put in front.
    TaggedAnswer,
    /// A person wrote to a number that has not written to the line.
    WroteFirst,
    /// It is not certain for which customer a person's text is; they are asked.
    Asked,
    /// A person's text answered the question for which customer an earlier one is.
    Choice,
    /// A person put digits in front that no customer's number ends in, or nothing behind them.
    UnknownTag,
    /// A person's text is longer than what goes to a customer in one text.
    TooLong,
    /// A person gave their customer to the next.
    Passed,
    /// A person took a customer on.
    Claimed,
    /// A person said that a customer waits no longer.
    Done,
    /// A phone's reaction to a text. It is no answer.
    Reaction,
    /// It is nearly a command, and goes to nobody.
    NearMiss,
    /// A person's command lacks the right PIN, or a text holds the PIN.
    WrongPin,
    /// The line wrote to itself, or another line of this relay did; relaying that would never end.
    FromLine,
    /// A person of the cascade opted out, or in again. Twilio has answered.
    OptOutWord,
    /// The phone of a person of the cascade wrote by itself; an answer would begin a loop.
    AutomaticReply,
    /// A person's number sent a relay's own words back, as another relay does; an answer would
    /// begin a loop.
    OwnWords,
    /// The customer is blocked: their texts reach nobody, and nobody's reach them.
    Blocked,
    /// A person blocked a customer, or took that back.
    BlockByText,
    /// A person wants to be connected with a customer by telephone.
    CallByText,
    /// This person called the customer, who was not reached.
    NotReached,
    /// It was a topic's keyword and nothing else: whoever wrote it subscribed, which is nothing for
    /// people to read.
    Keyword,
    /// It asked for no more notices of a topic, and nothing else.
    LeftTopic,
    /// A person of the cascade said whether they are there, or they or the owner asked; they are
    /// answered.
    DutyByText,
}

/// What is known besides the line when a text is routed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    pub overrides: Overrides,
    /// At least those of the line's people.
    pub opt_outs: OptOuts,
    /// What is on record of the sender and the line's topics.
    pub subscriptions: Vec<Subscriber>,
    /// Whether the sender is one of this relay's lines.
    pub from_own_line: bool,
    /// The name of the person who has the sender's conversation, if it is open.
    pub has_conversation: Option<String>,
    /// Why the sender's texts reach nobody, if they are blocked.
    pub blocked: Option<String>,
}

impl Rule {
    /// As the audit writes it: `first_available`.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub person: String,
    pub available: bool,
    pub because: Because,
}

/// Decides for a text that `from` wrote to `line`.
pub fn decide(
    line: &Line,
    known: &Known,
    from: &Sender,
    nature: Nature,
    now: Timestamp,
) -> Decision {
    let candidates = candidates(line, known, now);
    let mut rule = match from.phone() {
        Some(number) if *number == line.number || known.from_own_line => Rule::FromLine,
        Some(number) if known.blocked.is_some() && line.person_with(number).is_none() => {
            Rule::Blocked
        }
        Some(number) => match nature {
            Nature::Joins => Rule::Keyword,
            Nature::Leaves => Rule::LeftTopic,
            Nature::DutyCommand => Rule::DutyByText,
            // Any other text of a customer is never dropped, whatever it says.
            _ if line.person_with(number).is_none() => Rule::FirstAvailable,
            Nature::Ordinary => Rule::FromPerson,
            Nature::OptOutWord => Rule::OptOutWord,
            Nature::Automatic => Rule::AutomaticReply,
            Nature::OwnWords => Rule::OwnWords,
        },
        None => Rule::FirstAvailable,
    };
    let mut cascade = match rule {
        Rule::FirstAvailable => on_duty(&candidates),
        _ => Vec::new(),
    };
    let mut because = known.blocked.clone().filter(|_| rule == Rule::Blocked);
    if let Some(has) = known
        .has_conversation
        .as_ref()
        .filter(|_| !cascade.is_empty())
    {
        because = Some(match cascade.iter().position(|name| name == has) {
            Some(position) => {
                cascade[..=position].rotate_right(1);
                rule = Rule::Conversation;
                format!("{has} has the conversation")
            }
            None if line.person_named(has).is_some() => {
                format!("{has} has the conversation, but is not available")
            }
            None => format!("{has} has the conversation, but is not behind the line any more"),
        });
    }
    let mut cascade = cascade.into_iter();
    Decision {
        line: line.name.clone(),
        at: now,
        rule,
        to_person: cascade.next(),
        then: cascade.collect(),
        candidates,
        because,
    }
}

/// Everyone in cascade order. Who opted out would not get the text; but if that leaves nobody, it
/// is tried with the backup all the same, and what comes of it is not overlooked.
fn candidates(line: &Line, known: &Known, now: Timestamp) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = line
        .people
        .iter()
        .map(|person| {
            let duty = duty_of(line, person, &known.overrides, now);
            let opted_out = known.opt_outs.of(&person.number).filter(|_| duty.available);
            Candidate {
                person: person.name.clone(),
                available: duty.available && opted_out.is_none(),
                because: opted_out.map_or(duty.because, |out| Because::OptedOut(out.since)),
            }
        })
        .collect();
    if candidates.iter().all(|candidate| !candidate.available)
        && let Some(backup) = candidates.last_mut()
        && let Because::OptedOut(since) = backup.because
    {
        backup.available = true;
        backup.because = Because::OptedOutBackup(since);
    }
    candidates
}

/// Decides for a text of nobody's number, so that what is known of the people alone counts: who is
/// on duty.
pub fn decide_for_a_customer(line: &Line, known: &Known, now: Timestamp) -> Decision {
    let customer = Sender::Alphanumeric(String::new());
    decide(line, known, &customer, Nature::Ordinary, now)
}

impl Decision {
    /// What follows from a telephone call of the customer with a person: they have the conversation.
    pub fn talked(self, person: &str) -> Self {
        Self {
            rule: Rule::Talked,
            to_person: Some(person.to_owned()),
            then: Vec::new(),
            because: None,
            ..self
        }
    }

    /// The customer was called by this person and not reached.
    pub fn not_reached(self, person: &str) -> Self {
        Self {
            rule: Rule::NotReached,
            ..self.talked(person)
        }
    }

    /// The people whom this decision names, first choice first.
    pub fn cascade<'l>(&self, line: &'l Line) -> impl Iterator<Item = &'l Person> {
        self.to_person
            .iter()
            .chain(&self.then)
            .filter_map(move |name| line.person_named(name))
    }
}

fn on_duty(candidates: &[Candidate]) -> Vec<String> {
    candidates
        .iter()
        .filter(|c| c.available)
        .map(|c| c.person.clone())
        .collect()
}

#[cfg(test)]
mod tests;
