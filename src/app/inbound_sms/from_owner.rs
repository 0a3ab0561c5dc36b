//! What the owner may ask from the line's `alert` number, without being one of its people.

use crate::domain::command::{Command, read};
use crate::domain::inbound::InboundSms;
use crate::domain::line::Line;

/// Whether it is `WHO` or `STATUS` from the owner.
pub fn asks(line: &Line, sms: &InboundSms) -> bool {
    let number = sms.from.phone();
    let is_owner = number.is_some()
        && number == line.policy.alert.as_ref()
        && number.is_none_or(|number| line.person_with(number).is_none());
    is_owner
        && !sms.has_attachments()
        && matches!(
            read_plain(&sms.body, line),
            Some(Command::Who | Command::Status)
        )
}

/// The command, if it is one that needs no time to be read.
fn read_plain(body: &str, line: &Line) -> Option<Command> {
    read(body, jiff::Timestamp::UNIX_EPOCH, line)?.ok()
}
