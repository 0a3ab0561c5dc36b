//! The deliveries that a text sets in motion.

use jiff::Timestamp;

use crate::domain::delivery::{Delivery, Purpose, Recipient, State};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::sms;

/// What a customer is called where a person's name would stand.
const CUSTOMER: &str = "the customer";

/// Where a text goes: to whom, why and because of which text.
pub struct Way<'a> {
    pub id: DeliveryId,
    pub purpose: Purpose,
    pub to: Recipient,
    pub sid: &'a MessageSid,
}

pub fn delivery(
    way: Way,
    body: String,
    media: Vec<String>,
    line: &Line,
    now: Timestamp,
) -> Delivery {
    Delivery {
        message_sid: Some(way.sid.clone()),
        ..Delivery::new(line, way.id, way.purpose, way.to, (body, media), now)
    }
}

/// To whoever wrote.
pub fn answer(words: String, line: &Line, sms: &InboundSms, now: Timestamp) -> Option<Delivery> {
    let number = sms.from.phone()?;
    let to = line
        .person_with(number)
        .map_or_else(|| Recipient::sender(number.clone()), Recipient::of);
    let way = Way {
        id: DeliveryId::of_inbound(&sms.sid),
        purpose: Purpose::Answer,
        to,
        sid: &sms.sid,
    };
    Some(delivery(way, words, Vec::new(), line, now))
}

/// Words of the relay's own to one of the line's people.
pub fn says(way: Way, words: &str, line: &Line, now: Timestamp) -> Delivery {
    let words = sms::first_segment::first_segment(&sms::gsm7_line(words));
    delivery(way, words, Vec::new(), line, now)
}

/// The same, at another time than now.
pub fn says_at(way: Way, words: &str, line: &Line, due: Timestamp, now: Timestamp) -> Delivery {
    Delivery {
        state: State::Waiting { due },
        deadline: due + line.policy.deliver_within,
        ..says(way, words, line, now)
    }
}

pub fn customer(number: &PhoneNumber) -> Recipient {
    Recipient {
        person: CUSTOMER.to_owned(),
        number: number.clone(),
    }
}
