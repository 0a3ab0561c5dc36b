//! Whom a text goes to that came to a reply number: the customer whose conversation the number stands for,
//! whatever it says. What phones write by themselves, and commands with a full stop in front, are not for
//! the customer.

use super::addressed::addressed;
use super::addressee::{Intent, PersonText, choice};
use super::{OnReplyNumber, wording};
use crate::domain::command::near_miss::forced;
use crate::domain::command::{Command, Given};
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;

impl PersonText<'_> {
    pub(super) fn comes_to_a_reply_number(&self) -> Option<Intent> {
        let own = self.on_number?;
        let intent = self
            .is_a_reaction()
            .or_else(|| self.is_an_automatic_reply())
            .or_else(|| self.is_a_command_by_its_sign())
            .or_else(|| self.cannot_be_sent())
            .or_else(|| self.is_not_theirs(own))
            .or_else(|| self.names_another(own));
        Some(intent.unwrap_or_else(|| self.goes_to(own)))
    }

    /// With a full stop or a slash in front it is for the relay, even if it cannot be read; and so are CALL, and a
    /// command that says which customer or which person it means.
    fn is_a_command_by_its_sign(&self) -> Option<Intent> {
        let is_one = |given: &&Given| {
            let command = given
                .command
                .as_ref()
                .and_then(|command| command.as_ref().ok());
            let is_call = |command: &Command| *command == Command::Call(None);
            given.is_forced || command.is_some_and(|it| it.says_whom() || is_call(it))
        };
        let given = self.given.as_ref().filter(is_one);
        match given.and_then(|given| given.command.clone()) {
            Some(Ok(command)) => Some(self.by_command(command)),
            Some(unclear) => Some(Intent::Command(unclear)),
            None => forced(&self.sms.body).and_then(|_| self.is_nearly_a_command()),
        }
    }

    /// The number may be another customer's in the eyes of whoever wrote, or they gave the customer away.
    /// Digits in front say all the same whom they mean.
    fn is_not_theirs(&self, own: &OnReplyNumber) -> Option<Intent> {
        let conversation = &own.is.conversation;
        let participant = conversation.participant(&self.person.number);
        let is_given_away = participant.is_some_and(|participant| participant.left.is_some());
        let is_certain = own.was_seen(&self.person.number, self.written);
        if is_certain && !is_given_away {
            return None;
        }
        self.names_a_customer().or_else(|| {
            Some(if is_certain {
                Intent::Refuse {
                    rule: Rule::FromPerson,
                    because: "the person has given this reply number's customer away".to_owned(),
                    answer: wording::given_away(self.line.language, &conversation.tag),
                }
            } else {
                let among = [Some(conversation), own.before.as_ref()];
                let among = among.into_iter().flatten().map(choice).collect();
                let because = "the reply number was another customer's until just now".to_owned();
                self.ask(self.whole_text(), among, because)
            })
        })
    }

    /// It names somebody else, and so went to the wrong number or has the wrong digits: neither of the two
    /// may read it.
    fn names_another(&self, own: &OnReplyNumber) -> Option<Intent> {
        let conversation = &own.is.conversation;
        if self.is_named(&conversation.customer) {
            return None;
        }
        let (digits, _) = addressed(&self.sms.body)?;
        let other = self.candidates().find(|c| self.is_named(&c.customer));
        let other = match other {
            Some(other) => other.tag.clone(),
            None if digits.is_signed_or_number() => digits.ascii(),
            None => return None,
        };
        Some(Intent::Refuse {
            rule: Rule::UnknownTag,
            because: "it came to one customer's reply number and names somebody else".to_owned(),
            answer: wording::two_customers(self.line.language, &conversation.tag, &other),
        })
    }

    fn goes_to(&self, own: &OnReplyNumber) -> Intent {
        let customer = own.is.conversation.customer.clone();
        let body = self.sms.body.trim();
        let named = addressed(body).filter(|_| self.is_named(&customer));
        let words = match named {
            Some((_, words)) if !words.is_empty() || !self.sms.media.is_empty() => words,
            _ => body,
        };
        Intent::Send {
            texts: vec![self.written_as(words)],
            to: vec![customer],
            rule: Rule::Answer,
            because: "it came to the customer's reply number".to_owned(),
            receipt: None,
        }
    }

    fn is_named(&self, customer: &PhoneNumber) -> bool {
        let mut named = self.named.iter();
        named.any(|conversation| conversation.customer == *customer)
    }
}
