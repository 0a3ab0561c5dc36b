//! Words by which a phone refuses or asks for more texts.
//!
//! Source: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)".

use std::collections::BTreeSet;

use crate::domain::phone::PhoneNumber;

/// What such a word means, as `OptOutType` says it with Advanced Opt-Out. The whole body has to be
/// the word.
pub(super) fn opt_out_type(body: &str) -> Option<&'static str> {
    match body.trim().to_ascii_uppercase().as_str() {
        "STOP" | "UNSUBSCRIBE" | "END" | "QUIT" | "STOPALL" | "REVOKE" | "OPTOUT" | "CANCEL" => {
            Some("STOP")
        }
        "START" | "YES" | "UNSTOP" => Some("START"),
        "HELP" | "INFO" => Some("HELP"),
        _ => None,
    }
}

const STOPPED: &str = "You have successfully been unsubscribed. You will not receive any more \
    messages from this number. Reply START to resubscribe.";
const STARTED: &str = "You have successfully been re-subscribed to messages from this number. \
    Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
const HELP: &str = "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";

/// Phones, each with a number of the account from which it wants nothing.
#[derive(Default)]
pub(super) struct OptOuts(BTreeSet<(String, PhoneNumber)>);

impl OptOuts {
    pub fn has(&self, phone: &str, number: &PhoneNumber) -> bool {
        self.0.contains(&(phone.to_owned(), number.clone()))
    }

    /// Records what a phone texted to a number, and returns what Twilio answers by itself. A START
    /// of a phone that never stopped is an ordinary text.
    pub fn record(
        &mut self,
        opt_out_type: &str,
        phone: &str,
        number: &PhoneNumber,
    ) -> Option<&'static str> {
        let pair = (phone.to_owned(), number.clone());
        match opt_out_type {
            "STOP" => self.0.insert(pair).then_some(STOPPED),
            "START" => self.0.remove(&pair).then_some(STARTED),
            _ => Some(HELP),
        }
    }
}
