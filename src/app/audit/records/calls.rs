//! What the records say of a call: what is different after a step, so that a step that is repeated says nothing
//! twice.

use jiff::Timestamp;

use crate::app::ports::audit::{Considered, HashKey, Kind, Record};
use crate::domain::call::{Attestation, Call, Caller, Given, Leg, Out, Outcome, Refused, Stage};
use crate::domain::names::name_of;
use crate::domain::phone::Sender;

/// The records of a step; `before` is the call as it was stored, if it was.
pub fn of_call(
    before: Option<&Call>,
    after: &Call,
    line: &str,
    at: Timestamp,
    key: &HashKey,
) -> Vec<Record> {
    let of = Of {
        call: after,
        line,
        at,
        key,
    };
    let mut records = Vec::new();
    if before.is_none() {
        records.push(of.came());
    }
    for (number, leg) in after.legs.iter().enumerate() {
        let earlier = before.and_then(|before| before.legs.get(number));
        if earlier.is_none() {
            records.push(of.leg(Kind::Rang, leg));
        }
        let given = leg
            .given
            .filter(|_| earlier.is_none_or(|leg| leg.given.is_none()));
        if let Some(given) = given {
            let says = match given {
                Given::Connect => "pressed 1",
                Given::HangUp => "pressed nothing that connects",
            };
            records.push(of.leg(Kind::Pressed, leg).with_outcome(says));
        }
        if let Some(end) = &leg.ended
            && earlier.is_none_or(|leg| leg.ended.is_none())
        {
            let bridged = match end.bridged {
                Some(true) => ", connected",
                Some(false) => ", not connected",
                None => "",
            };
            let sip = leg
                .sip
                .map(|sip| format!(", SIP {sip}"))
                .unwrap_or_default();
            let seconds = end.seconds.map(|s| format!(", {s} s")).unwrap_or_default();
            let says = format!("{}{bridged}{seconds}{sip}", name_of(&end.status));
            records.push(of.leg(Kind::LegEnded, leg).with_outcome(says));
        }
    }
    let seconds = |call: &Call| call.message.as_ref().and_then(|message| message.seconds);
    if let Some(seconds) = seconds(after).filter(|_| before.and_then(seconds).is_none()) {
        records.push(
            of.record(Kind::Voicemail)
                .with_outcome(format!("{seconds} s")),
        );
    }
    if let Stage::Over { outcome } = &after.stage
        && before.is_none_or(|before| before.stage != after.stage)
    {
        records.push(of.over(outcome));
    }
    records
}

struct Of<'a> {
    call: &'a Call,
    line: &'a str,
    at: Timestamp,
    key: &'a HashKey,
}

impl Of<'_> {
    fn record(&self, kind: Kind) -> Record {
        Record {
            call_sid: Some(self.call.sid.clone()),
            ..Record::new(kind, self.line, self.at)
        }
    }

    fn came(&self) -> Record {
        if let Some(out) = &self.call.out {
            return self.asked(out);
        }
        let decision = &self.call.decision;
        let from = match &self.call.caller {
            Caller::Phone(number) => Some(self.key.who(number.expose(), number.masked())),
            Caller::Withheld => None,
            Caller::Odd(address) => {
                let sender = Sender::Alphanumeric(address.clone());
                Some(self.key.who(address, sender.masked()))
            }
        };
        let vouched = match self.call.attestation {
            Attestation::Absent => None,
            attestation => Some(format!("attestation {}", name_of(&attestation))),
        };
        let withheld = (self.call.caller == Caller::Withheld).then(|| "number withheld".to_owned());
        let said = [decision.because.clone(), withheld, vouched];
        let said = said.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let considered = decision.candidates.iter().map(|candidate| {
            let skipped = self.call.skipped.iter();
            let skipped = skipped
                .clone()
                .find(|skipped| skipped.person == candidate.person);
            Considered {
                person: candidate.person.clone(),
                available: candidate.available && skipped.is_none(),
                because: match skipped {
                    Some(skipped) => name_of(&skipped.because).replace('_', " "),
                    None => candidate.because.to_string(),
                },
            }
        });
        Record {
            from,
            rule: Some(name_of(&decision.rule)),
            to_person: self.call.legs.first().map(|leg| leg.person.clone()),
            candidates: considered.collect(),
            outcome: Some(said).filter(|said| !said.is_empty()),
            ..self.record(Kind::Call)
        }
    }

    /// A person wants to be connected with a customer.
    fn asked(&self, out: &Out) -> Record {
        let customer = self.call.caller.phone();
        Record {
            to: customer.map(|number| self.key.who(number.expose(), number.masked())),
            to_person: self.call.legs.first().map(|leg| leg.person.clone()),
            outcome: Some(match &out.text {
                Some(text) => format!("asked for by text {text}"),
                None => "asked for by telephone".to_owned(),
            }),
            ..self.record(Kind::Call)
        }
    }

    fn leg(&self, kind: Kind, leg: &Leg) -> Record {
        Record {
            to_person: Some(leg.person.clone()),
            to: Some(self.key.who(leg.number.expose(), leg.number.masked())),
            ..self.record(kind)
        }
    }

    fn over(&self, outcome: &Outcome) -> Record {
        let kind = match outcome {
            Outcome::Refused {
                because: Refused::Loop,
            } => Kind::CallLoop,
            Outcome::Refused { .. } => Kind::CallRefused,
            _ => Kind::CallEnded,
        };
        let (person, says) = match outcome {
            Outcome::Spoke { person, seconds } => {
                let seconds = seconds.map(|s| format!(" for {s} s")).unwrap_or_default();
                (Some(person.clone()), format!("talked{seconds}"))
            }
            Outcome::Voicemail { seconds } => (None, format!("left a message of {seconds} s")),
            Outcome::Missed { at } => (None, format!("missed: {}", name_of(at).replace('_', " "))),
            Outcome::Refused { because } => (None, name_of(because).replace('_', " ")),
            Outcome::NotReached { .. } => (None, outcome.in_words()),
        };
        Record {
            to_person: person,
            ..self.record(kind).with_outcome(says)
        }
    }
}
