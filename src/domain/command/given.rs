//! A command as a person gives it: with the PIN that stands before it, if one does.

use jiff::Timestamp;

use super::near_miss::{bare, forced};
use super::{Command, Unclear, read};
use crate::domain::inbound::InboundSms;
use crate::domain::language::unaccented;
use crate::domain::line::{Line, Person};
use crate::domain::opt_out::OptOutType;

#[derive(Debug, Clone, PartialEq)]
pub struct Given<'t> {
    pub pin: Option<&'t str>,
    /// `None`: there is nothing but the person's PIN that says that it is one.
    pub command: Option<Result<Command, Unclear>>,
    /// As it was written, without the PIN.
    pub words: &'t str,
    /// With a full stop or a slash in front, or a PIN, it can be nothing else.
    pub is_forced: bool,
}

impl<'t> Given<'t> {
    /// Whether it says when the person is back, which people also say to customers.
    pub fn begins_with_back(&self) -> bool {
        let words = self.in_small_letters();
        let begins = ["back", "vuelvo", "regreso"];
        begins.iter().any(|begin| words.starts_with(begin))
    }

    /// Whether it is one word that in Spanish is as often said to a customer: "fuera" is where somebody is,
    /// too.
    pub fn is_place(&self) -> bool {
        self.in_small_letters() == "fuera"
    }

    /// Whether it is what people say in Spanish when something is done, whoever waits for it.
    pub fn is_listo(&self) -> bool {
        self.in_small_letters() == "listo"
    }

    fn in_small_letters(&self) -> String {
        unaccented(&bare(self.words)).to_lowercase()
    }

    /// The command that a person's text is, if it is one. With anything attached it is a text like
    /// any other, and so is what Twilio took for a word of its own, but for HELP: Twilio's answer to
    /// that does not tell the commands.
    pub fn of(
        sms: &'t InboundSms,
        person: &Person,
        written: Timestamp,
        line: &Line,
    ) -> Option<Self> {
        let by_twilio = sms
            .opt_out_type
            .is_some_and(|word| word != OptOutType::Help);
        if sms.has_attachments() || by_twilio {
            return None;
        }
        let body = sms.body.trim();
        if let Some(pin) = &person.pin
            && let Some((first, rest)) = body.split_once(char::is_whitespace)
            && (4..=8).contains(&first.len())
            && first.bytes().all(|b| b.is_ascii_digit())
        {
            let words = forced(rest).unwrap_or(rest).trim();
            let command = read(words, written, line);
            // A customer must not get to read it.
            let is_meant = command.is_some() || pin.is(first);
            return is_meant.then_some(Self {
                pin: Some(first),
                command,
                words,
                is_forced: true,
            });
        }
        let forced = forced(body);
        let words = forced.unwrap_or(body);
        Some(Self {
            pin: None,
            command: Some(read(words, written, line)?),
            words,
            is_forced: forced.is_some(),
        })
    }
}
