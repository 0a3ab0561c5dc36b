//! The fields of a status callback.
//!
//! Source: Twilio, "Track the message status of outbound messages".

use super::inbound::message_sid;
use super::{Refusal, Verified};
use crate::domain::delivery::{Failure, Status};
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::errors;
use crate::twilio::form::Form;
use crate::twilio::message_status::status_named;

/// What Twilio says of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    pub sid: MessageSid,
    /// `None` for a status that the relay does not know: to be acknowledged, and nothing else.
    pub status: Option<Status>,
    /// Why it was not delivered, if the status is that it was not.
    pub failure: Failure,
}

/// Understands a verified webhook as a status callback.
pub fn status(form: Verified<Form>) -> Result<Verified<StatusReport>, Refusal> {
    let status = form
        .filled("MessageStatus")
        .or_else(|| form.filled("SmsStatus"))
        .ok_or(Refusal::Incomplete("MessageStatus"))?;
    let error_code = form.filled("ErrorCode").and_then(|code| code.parse().ok());
    Ok(Verified(StatusReport {
        sid: message_sid(&form)?,
        status: status_named(status),
        failure: errors::failure(error_code.filter(|code| *code != 0), None),
    }))
}
