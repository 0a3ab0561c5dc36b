//! A notice's text to one recipient, and how quickly one follows the other.

use std::time::Duration;

use jiff::Timestamp;

use super::Notice;
use crate::domain::delivery::{Delivery, Purpose, Recipient, State};
use crate::domain::ids::DeliveryId;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::sms;

/// What a recipient is called where a person's name would stand.
pub const SUBSCRIBER: &str = "a subscriber";

/// The delivery of a notice to one number.
pub fn to_recipient(
    notice: &Notice,
    line: &Line,
    number: PhoneNumber,
    body: String,
    due: Timestamp,
    now: Timestamp,
) -> Delivery {
    let id = DeliveryId::of_notice(&notice.id, &notice.salt, &number);
    let purpose = Purpose::Notice { notice: notice.id };
    let to = Recipient {
        person: SUBSCRIBER.to_owned(),
        number,
    };
    Delivery {
        state: State::Waiting { due },
        deadline: notice.expires,
        ..Delivery::new(line, id, purpose, to, (body, Vec::new()), now)
    }
}

/// How long after one text the next one goes out, so that they wait here and not at Twilio: whatever
/// waits there stands before the texts that customers write, is not called back, and is refused once
/// it is more than the line's number sends in ten hours (Twilio's error 21611).
pub fn pause_after(line: &Line, text: &str) -> Duration {
    let segments = u32::try_from(segments(text)).unwrap_or(u32::MAX);
    let a_minute = line.notices.segments_a_minute.max(1);
    Duration::from_secs(60) * segments / a_minute
}

/// The segments of a text to one recipient.
pub fn segments(text: &str) -> u64 {
    let parts = sms::parts(text, &[]);
    let of_each = parts
        .iter()
        .map(|part| sms::segments(&part.body).count as u64);
    of_each.sum()
}
