//! A text that joins one of the line's topics, or leaves it.

use jiff::Timestamp;

use crate::domain::inbound::sms::InboundSms;
use crate::domain::line::{Line, Topic};
use crate::domain::opt_out::Wish;
use crate::domain::routing::Known;
use crate::domain::routing::nature::Nature;
use crate::domain::subscriber::{
    Asked, Change, Consent, How, HowLeft, Leaving, Subscriber, To, Unchanged, wording,
};

/// What the text asks for as to the line's topics. With anything attached it is a text like any
/// other, and what Twilio takes for an opt-out is one.
pub fn asked<'l>(
    line: &'l Line,
    sms: &InboundSms,
    known: &Known,
    written: Timestamp,
) -> Option<Asked<'l>> {
    let topics = &line.notices.topics;
    match sms.wish() {
        _ if sms.has_attachments() => None,
        Some(Wish::Stop(_) | Wish::Help) => None,
        Some(Wish::Start | Wish::StartOwn) | None => Asked::of(&sms.body, topics).or_else(|| {
            let (before, talks) = (&known.subscriptions, talks(known));
            Asked::confirmed(&sms.body, topics, before, talks, written)
        }),
    }
}

/// Whether a text of the sender would be for the person who has their conversation.
fn talks(known: &Known) -> bool {
    known.has_conversation.is_some()
}

pub fn nature(asked: &Asked) -> Nature {
    match asked {
        Asked::ToJoin(_) | Asked::ToConfirm(_) => Nature::Joins,
        Asked::ToLeave(_) => Nature::Leaves,
    }
}

/// What becomes of the sender's subscriptions, `before` being those on record, and what they are
/// answered. `written` is when the text reached Twilio: one that was found late does not bring back
/// who has left since.
pub fn heed(
    asked: &Asked,
    line: &Line,
    sms: &InboundSms,
    known: &Known,
    written: Timestamp,
) -> (Vec<Subscriber>, Option<String>) {
    let Some(number) = sms.from.phone() else {
        return (Vec::new(), None);
    };
    let before = &known.subscriptions;
    let on_record = |topic: &Topic| before.iter().find(|known| known.topic == topic.name);
    let change = |topic: &str, to: To| {
        let change = Change {
            topic: topic.to_owned(),
            number: number.clone(),
            to,
        };
        change.of(before.iter().find(|subscriber| subscriber.topic == topic))
    };
    match asked {
        Asked::ToJoin(topic) | Asked::ToConfirm(topic) => {
            let sid = sms.sid.clone();
            let is_confirmed = matches!(asked, Asked::ToConfirm(_));
            let how = if is_confirmed {
                How::Confirmed(sid)
            } else {
                How::Keyword(sid)
            };
            let joined = change(&topic.name, To::In(Consent { at: written, how }));
            // The line's own people are not asked.
            let is_persons = line.person_with(number).is_some();
            match joined {
                Ok(joined) if topic.confirm && !is_confirmed && !is_persons => {
                    let question = wording::asked(line, topic, talks(known));
                    (vec![joined.asked(on_record(topic))], Some(question))
                }
                Ok(joined) => (vec![joined], Some(wording::subscribed(line, topic))),
                Err(Unchanged::LeftSince(_)) => (Vec::new(), None),
                Err(_) => (Vec::new(), Some(wording::subscribed(line, topic))),
            }
        }
        Asked::ToLeave(topics) => {
            let left = topics.iter().filter_map(|topic| {
                let how = HowLeft::Word(sms.sid.clone());
                change(&topic.name, To::Out(Leaving { at: written, how })).ok()
            });
            (left.collect(), Some(wording::left(line, topics)))
        }
    }
}
