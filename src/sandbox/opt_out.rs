//! Words by which a phone refuses or asks for more texts.
//!
//! Source: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)".

use jiff::Timestamp;

use super::State;
use crate::domain::phone::PhoneNumber;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Stop,
    Start,
    Help,
}

impl Word {
    /// The whole body has to be the word.
    pub fn of(body: &str) -> Option<Self> {
        match body.trim().to_ascii_uppercase().as_str() {
            "STOP" | "UNSUBSCRIBE" | "END" | "QUIT" | "STOPALL" | "REVOKE" | "OPTOUT"
            | "CANCEL" => Some(Word::Stop),
            "START" | "YES" | "UNSTOP" => Some(Word::Start),
            "HELP" | "INFO" => Some(Word::Help),
            _ => None,
        }
    }

    /// What `OptOutType` says with Advanced Opt-Out.
    pub fn opt_out_type(self) -> &'static str {
        match self {
            Word::Stop => "STOP",
            Word::Start => "START",
            Word::Help => "HELP",
        }
    }
}

const STOPPED: &str = "You have successfully been unsubscribed. You will not receive any more \
    messages from this number. Reply START to resubscribe.";
const STARTED: &str = "You have successfully been re-subscribed to messages from this number. \
    Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
const HELP: &str = "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";

impl State {
    pub(super) fn has_opted_out(&self, phone: &str, number: &PhoneNumber) -> bool {
        self.opted_out.contains(&(phone.to_owned(), number.clone()))
    }

    /// Heeds such a word, and answers the phone as Twilio does by itself. A START of a phone that
    /// never stopped is an ordinary text.
    pub(super) fn heed(&mut self, word: Word, phone: &str, number: &PhoneNumber, now: Timestamp) {
        let pair = (phone.to_owned(), number.clone());
        let answer = match word {
            Word::Stop => self.opted_out.insert(pair).then_some(STOPPED),
            Word::Start => self.opted_out.remove(&pair).then_some(STARTED),
            Word::Help => Some(HELP),
        };
        if let Some(answer) = answer {
            self.send_by_itself(number, phone, answer, now);
        }
    }
}
