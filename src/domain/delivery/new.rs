//! How a delivery begins: nothing was tried yet, and the first attempt is due.

use jiff::Timestamp;

use super::{Delivery, Purpose, Recipient, State};
use crate::domain::ids::DeliveryId;
use crate::domain::language::Language;
use crate::domain::line::{Line, Policy};
use crate::domain::phone::PhoneNumber;
use crate::domain::sms;
use crate::domain::time_zone::TimeZone;

/// What a delivery copies of its line, so that a change of the configuration does not change the
/// texts that are under way.
pub(super) struct LineCopy {
    pub name: String,
    pub number: PhoneNumber,
    pub public_url: String,
    pub policy: Policy,
    pub time_zone: TimeZone,
    pub country: String,
    pub language: Language,
}

impl Delivery {
    /// A text of the line, due now, to be delivered within `deliver_within`.
    pub fn new(
        line: &Line,
        id: DeliveryId,
        purpose: Purpose,
        to: Recipient,
        (body, media): (String, Vec<String>),
        now: Timestamp,
    ) -> Self {
        let line = LineCopy {
            name: line.name.clone(),
            number: line.number.clone(),
            public_url: line.public_url.clone(),
            policy: line.policy.clone(),
            time_zone: line.time_zone.clone(),
            country: line.country.clone(),
            language: line.language,
        };
        Self::of_line(line, id, purpose, to, (body, media), now)
    }

    pub(super) fn of_line(
        line: LineCopy,
        id: DeliveryId,
        purpose: Purpose,
        to: Recipient,
        (body, media): (String, Vec<String>),
        now: Timestamp,
    ) -> Self {
        let deadline = now.checked_add(line.policy.deliver_within);
        Self {
            id,
            version: 0,
            line: line.name,
            from: line.number,
            public_url: line.public_url,
            message_sid: None,
            sender: None,
            to,
            remaining: Vec::new(),
            parts: sms::parts(&body, &media),
            body,
            media,
            attached: String::new(),
            attempts: Vec::new(),
            state: State::Waiting { due: now },
            created: now,
            deadline: deadline.unwrap_or(Timestamp::MAX),
            gave_up: None,
            replays: Vec::new(),
            slowed: Vec::new(),
            handed_over: Vec::new(),
            purpose,
            restored: None,
            invitation: None,
            in_conversation: None,
            policy: line.policy,
            time_zone: line.time_zone,
            country: line.country,
            language: line.language,
        }
    }
}
