//! A text by which a person of the cascade says whether they are there.

use jiff::Timestamp;

use crate::duty::by_text::{Command, Unclear, read};
use crate::inbound::InboundSms;
use crate::line::TimeZone;
use crate::opt_out::OptOutType;

/// The command that a person's text is, if it is one. With anything attached it is a text like any
/// other, and so is what Twilio took for a word of its own, but for HELP: Twilio's answer to that does
/// not tell the commands.
pub fn command(
    sms: &InboundSms,
    written: Timestamp,
    zone: &TimeZone,
) -> Option<Result<Command, Unclear>> {
    let has_media = !sms.media.is_empty() || sms.media_left_out > 0;
    let by_twilio = sms
        .opt_out_type
        .is_some_and(|word| word != OptOutType::Help);
    if has_media || by_twilio {
        return None;
    }
    read(&sms.body, written, zone)
}
