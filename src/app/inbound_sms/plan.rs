//! What is to be kept of a text, and whom it sets in motion: a pure function of the text and of what
//! was read for it.

use super::from_person::{By, CarriedOut, Decided, PersonsView, tags_of_waiting};
use super::{deliveries, from_customer, from_owner, opted_out, subscription};
use crate::app::inbound_sms::text::Text;
use crate::app::ports::store::{Changed, ForInbound, Planned};
use crate::domain::command::{Given, tell_owner};
use crate::domain::delivery::{Delivery, Restored};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::InboundSms;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::loop_guard;
use crate::domain::opt_out::Change;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Known, Rule, decide};
use crate::domain::subscriber::Asked;

/// A text that was decided, before what it needs is read.
pub struct Plan<'a> {
    line: &'a Line,
    known: &'a Known,
    text: &'a Text,
    found: &'a ForInbound,
    view: &'a PersonsView,
    record: InboundRecord,
    asked: Option<Asked<'a>>,
    of_person: Option<Decided<'a>>,
}

pub fn plan<'a>(
    line: &'a Line,
    known: &'a Known,
    text: &'a Text,
    found: &'a ForInbound,
    view: &'a PersonsView,
) -> Plan<'a> {
    let sms = &text.sms;
    let person = sms.from.phone().and_then(|number| line.person_with(number));
    let (wish, listed) = (sms.wish(), &known.opt_outs);
    let opt_out = Change::by_text(&sms.from, wish.as_ref(), listed, person.is_some(), text.now);
    let given = person.and_then(|person| Given::of(sms, person, text.received, line));
    // To a reply number a topic's keyword is a word for the customer, and to a person it is a command.
    let asked = subscription::asked(line, sms, known, text.received);
    let asked = asked.filter(|_| view.on_number.is_none() && given.is_none());
    // Any other text of a customer is relayed, whatever its nature.
    let owner_asks = from_owner::asks(line, sms);
    let nature = match (&asked, person) {
        _ if owner_asks => Nature::DutyCommand,
        (Some(asked), _) => subscription::nature(asked),
        (None, Some(_)) if given.is_some() => Nature::Ordinary,
        (None, Some(person)) => match loop_guard::nature(sms, opt_out.is_some()) {
            // Told from a person's words by the rules for those.
            Nature::Automatic => Nature::Ordinary,
            // It names its customer as the relay does.
            _ if view.may_name_somebody(person, &sms.body) => Nature::Ordinary,
            nature => nature,
        },
        (None, None) => Nature::Ordinary,
    };
    let decision = decide(line, known, &sms.from, nature, text.now);
    let decision = match &text.talk {
        Some(talk) if !talk.was_reached => decision.not_reached(&talk.person),
        Some(talk) => decision.talked(&talk.person),
        None => decision,
    };
    let of_person = person
        .filter(|_| decision.rule == Rule::FromPerson)
        .map(|person| {
            let by = By {
                person,
                line,
                known,
                view,
                state: &found.person,
            };
            by.decide(given, text)
        });
    let record = InboundRecord {
        sms: sms.clone(),
        received: text.received,
        decision,
        deliveries: Vec::new(),
        by_fallback: text.by_fallback,
        opt_out,
        subscriptions: Vec::new(),
        duty: None,
        conversation: None,
        words_removed: None,
    };
    Plan {
        line,
        known,
        text,
        found,
        view,
        record,
        asked,
        of_person,
    }
}

impl Plan<'_> {
    /// The texts that are to be read before it is complete.
    pub fn needs(&self) -> &[MessageSid] {
        match &self.of_person {
            Some(decided) => decided.needs(),
            None => from_customer::needs(self.line, self.found, &self.record.decision),
        }
    }

    /// What is to be kept; `before` are the texts that it needs.
    pub fn complete(self, before: &[InboundSms]) -> Planned {
        let Self {
            line,
            known,
            text,
            found,
            view,
            mut record,
            asked,
            of_person,
        } = self;
        let mut of_persons = CarriedOut::default();
        let mut conversations: Vec<Changed> = Vec::new();
        let mut deliveries: Vec<Delivery> = match (record.decision.rule, of_person) {
            (_, Some(decided)) => {
                of_persons = decided.carry_out(text, before, &mut record);
                conversations = of_persons.conversations;
                of_persons.deliveries
            }
            (Rule::FirstAvailable | Rule::Conversation | Rule::Talked | Rule::NotReached, None) => {
                let (deliveries, changed) =
                    from_customer::relay(line, known, text, (found, before), &mut record);
                conversations.extend(changed);
                deliveries
            }
            (Rule::DutyByText, None) => {
                let words = tell_owner(line, known, &tags_of_waiting(view.waiting()), text.now);
                let answer = deliveries::answer(words, line, &text.sms, text.now);
                answer.into_iter().collect()
            }
            (Rule::OptOutWord, None) => opted_out::tells(line, known, text, &record),
            (Rule::Keyword | Rule::LeftTopic, None) => {
                let words = asked.and_then(|asked| {
                    let (changed, words) =
                        subscription::heed(&asked, line, &text.sms, known, text.received);
                    record.subscriptions = changed;
                    words
                });
                let answer =
                    words.and_then(|words| deliveries::answer(words, line, &text.sms, text.now));
                answer.into_iter().collect()
            }
            // Nobody answers, but whoever wants no more notices gets none.
            (Rule::Blocked, None) => {
                if let Some(asked @ Asked::ToLeave(_)) = &asked {
                    let left = subscription::heed(asked, line, &text.sms, known, text.received);
                    record.subscriptions = left.0;
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        if let Some(since) = text.since_backup {
            for delivery in &mut deliveries {
                delivery.restored.get_or_insert(Restored::since(since));
            }
        }
        record.deliveries = deliveries.iter().map(|new| new.id.clone()).collect();
        let writer = text.sms.from.phone().cloned();
        Planned {
            record,
            deliveries,
            conversations,
            person: writer.zip(of_persons.person),
            on_other_lines: of_persons.on_other_lines,
        }
    }
}
