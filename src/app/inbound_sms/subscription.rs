//! A text that joins one of the line's topics, or leaves it.

use jiff::Timestamp;

use crate::domain::inbound::sms::InboundSms;
use crate::domain::line::Line;
use crate::domain::opt_out::Wish;
use crate::domain::routing::nature::Nature;
use crate::domain::subscriber::{
    Asked, Change, Consent, How, HowLeft, Leaving, Subscriber, To, Unchanged, wording,
};

/// What the text asks for as to the line's topics. With anything attached it is a text like any
/// other, and what Twilio takes for an opt-out is one.
pub fn asked<'l>(line: &'l Line, sms: &InboundSms) -> Option<Asked<'l>> {
    match sms.wish() {
        _ if sms.has_attachments() => None,
        Some(Wish::Stop(_) | Wish::Help) => None,
        Some(Wish::Start) | None => Asked::of(&sms.body, &line.notices.topics),
    }
}

pub fn nature(asked: &Asked) -> Nature {
    match asked {
        Asked::ToJoin(_) => Nature::Joins,
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
    before: &[Subscriber],
    written: Timestamp,
) -> (Vec<Subscriber>, Option<String>) {
    let Some(number) = sms.from.phone() else {
        return (Vec::new(), None);
    };
    let change = |topic: &str, to: To| {
        let change = Change {
            topic: topic.to_owned(),
            number: number.clone(),
            to,
        };
        change.of(before.iter().find(|subscriber| subscriber.topic == topic))
    };
    match asked {
        Asked::ToJoin(topic) => {
            let how = How::Keyword(sms.sid.clone());
            let joined = change(&topic.name, To::In(Consent { at: written, how }));
            let is_in = !matches!(joined, Err(Unchanged::LeftSince(_)));
            let answer = is_in.then(|| wording::subscribed(line, topic));
            (joined.into_iter().collect(), answer)
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
