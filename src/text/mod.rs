//! The words of a relayed text, and how many messages and segments they take.

use crate::delivery::Part;
use crate::inbound::InboundSms;

/// The text that relays `sms` to a person: who wrote, from where, and what.
pub fn relayed(sms: &InboundSms) -> String {
    let _ = sms;
    todo!()
}

/// The text as the next person gets it after `person` could not be reached.
pub fn handed_over(person: &str, body: &str) -> String {
    let _ = (person, body);
    todo!()
}

/// Cuts a text and its attachments into messages that Twilio takes.
pub fn parts(body: &str, media: &[String]) -> Vec<Part> {
    let _ = (body, media);
    todo!()
}
