//! A person of the line wrote STOP or the like: the line cannot text them any more. Whoever relies on
//! them hears it at once.

use super::deliveries::{Way, says};
use super::text::Text;
use crate::domain::delivery::{Delivery, Purpose, Recipient, wording};
use crate::domain::ids::DeliveryId;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::routing::Known;

/// To the owner, and to the other people who get the line's texts now.
pub fn tells(line: &Line, known: &Known, text: &Text, record: &InboundRecord) -> Vec<Delivery> {
    let change = record.opt_out.as_ref().filter(|change| change.to.is_some());
    let person = change.and_then(|change| line.person_with(&change.number));
    let Some(person) = person else {
        return Vec::new();
    };
    let words = wording::person_opted_out(line.language, &person.name, &line.name);
    let others = record.decision.candidates.iter().filter(|c| c.available);
    let others = others.filter_map(|candidate| line.person_named(&candidate.person));
    let mut to: Vec<Recipient> = others.map(Recipient::of).collect();
    if let Some(owner) = line.policy.alert.clone()
        && to.iter().all(|other| other.number != owner)
    {
        to.push(Recipient::owner(owner));
    }
    to.retain(|to| to.number != person.number && known.opt_outs.of(&to.number).is_none());
    let told = to.into_iter().enumerate().map(|(position, to)| {
        let way = Way {
            id: DeliveryId::news(&text.sms.sid, position),
            purpose: Purpose::Conversation,
            to,
            sid: &text.sms.sid,
        };
        says(way, &words, line, text.now)
    });
    told.collect()
}
