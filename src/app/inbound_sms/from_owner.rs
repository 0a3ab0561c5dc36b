//! What the owner may ask from the line's `alert` number, without being one of its people.

use jiff::Timestamp;

use crate::domain::command::{Command, read};
use crate::domain::inbound::InboundSms;
use crate::domain::line::Line;

/// Whether it is `WHO` or `STATUS` from the owner.
pub fn asks(line: &Line, sms: &InboundSms) -> bool {
    let is_owner =
        |number| line.policy.alert.as_ref() == Some(number) && line.person_with(number).is_none();
    // Neither of them has a time that would have to be read.
    let command = || read(&sms.body, Timestamp::UNIX_EPOCH, line)?.ok();
    sms.from.phone().is_some_and(is_owner)
        && !sms.has_attachments()
        && matches!(command(), Some(Command::Who | Command::Status))
}
