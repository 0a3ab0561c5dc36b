//! What is to be kept of a text, and whom it sets in motion: a pure function of the text, of what is
//! known, and of the line's threads.

use super::{command, deliveries, from_customer, from_person, subscription};
use crate::app::inbound_sms::text::Text;
use crate::app::ports::store::Planned;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::loop_guard;
use crate::domain::opt_out::Change;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Known, Rule, decide};
use crate::domain::thread::{Threads, Times};

pub fn plan(line: &Line, known: &Known, text: &Text, threads: &Threads) -> Planned {
    let Text {
        sms,
        now,
        received: written,
        ..
    } = text;
    let (now, written) = (*now, *written);
    let times = Times::of(&line.policy, now);
    let person = sms.from.phone().and_then(|number| line.person_with(number));
    let (wish, listed) = (sms.wish(), &known.opt_outs);
    let opt_out = Change::by_text(&sms.from, wish.as_ref(), listed, person.is_some(), now);
    let asked = subscription::asked(line, sms);
    let command = person
        .filter(|_| asked.is_none())
        .and_then(|person| command::command(sms, person, written, &line.time_zone));
    // Any other text of a customer is relayed, whatever its nature.
    let nature = match (&asked, person) {
        (Some(asked), _) => subscription::nature(asked),
        (None, Some(_)) if command.is_some() => Nature::DutyCommand,
        (None, Some(_)) => loop_guard::nature(sms, opt_out.is_some()),
        (None, None) => Nature::Ordinary,
    };
    let customer = sms.from.phone().filter(|_| person.is_none());
    let known = &Known {
        has_thread: customer
            .and_then(|customer| threads.who_has(customer, times))
            .map(str::to_owned),
        ..known.clone()
    };
    let decision = decide(line, known, &sms.from, nature, now);
    let mut after = threads.clone();
    let mut record = InboundRecord {
        sms: sms.clone(),
        received: written,
        decision,
        deliveries: Vec::new(),
        by_fallback: text.by_fallback,
        opt_out,
        subscriptions: Vec::new(),
        duty: None,
        thread: None,
    };
    let deliveries = match (record.decision.rule, person) {
        (Rule::FirstAvailable | Rule::Thread, _) => {
            from_customer::relay(line, known, text, &mut record, &mut after)
        }
        (Rule::Keyword | Rule::LeftTopic, _) => asked
            .and_then(|asked| {
                let before = &known.subscriptions;
                let (changed, words) = subscription::heed(&asked, line, sms, before, written);
                record.subscriptions = changed;
                deliveries::answer(words?, line, sms, now)
            })
            .into_iter()
            .collect(),
        (Rule::FromPerson | Rule::DutyByText, Some(person)) => {
            let writer = from_person::By {
                person,
                line,
                known,
            };
            writer.carry_out(command, text, &mut record, &mut after)
        }
        _ => Vec::new(),
    };
    record.deliveries = deliveries.iter().map(|new| new.id.clone()).collect();
    let is_changed = after != *threads;
    after.version += 1;
    Planned {
        record,
        deliveries,
        threads: is_changed.then_some(after),
    }
}
