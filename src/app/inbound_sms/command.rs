//! A text that is a command of a person of the cascade.

use jiff::Timestamp;

use crate::domain::command::{Command, Unclear, read};
use crate::domain::inbound::sms::InboundSms;
use crate::domain::line::Person;
use crate::domain::opt_out::OptOutType;
use crate::domain::time_zone::TimeZone;

/// A command, with the PIN that stood before it.
pub struct Given<'t> {
    pub pin: Option<&'t str>,
    /// `None`: there is nothing but the person's PIN that says that it is one.
    pub command: Option<Result<Command, Unclear>>,
    /// As it was written, without the PIN.
    pub words: &'t str,
}

/// The command that a person's text is, if it is one. With anything attached it is a text like any
/// other, and so is what Twilio took for a word of its own, but for HELP: Twilio's answer to that does
/// not tell the commands.
pub fn command<'t>(
    sms: &'t InboundSms,
    person: &Person,
    written: Timestamp,
    zone: &TimeZone,
) -> Option<Given<'t>> {
    let has_media = !sms.media.is_empty() || sms.media_left_out > 0;
    let by_twilio = sms
        .opt_out_type
        .is_some_and(|word| word != OptOutType::Help);
    if has_media || by_twilio {
        return None;
    }
    if let Some(pin) = &person.pin
        && let Some((first, rest)) = sms.body.trim().split_once(char::is_whitespace)
        && (4..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_digit())
    {
        let command = read(rest, written, zone);
        // A customer must not get to read it.
        let is_meant = command.is_some() || pin.is(first);
        return is_meant.then_some(Given {
            pin: Some(first),
            command,
            words: rest.trim(),
        });
    }
    let command = read(&sms.body, written, zone)?;
    Some(Given {
        pin: None,
        command: Some(command),
        words: sms.body.trim(),
    })
}
