//! A person wants to be connected with a customer by telephone: `CALL`, `CALL 0107`, `0107 CALL`.

mod words;

use std::time::Duration;

use jiff::SignedDuration;

use super::addressed::addressed;
use super::addressee::{Intent, PersonText, choice};
use super::{Choice, Conversation, OnReplyNumber, Outcome, What, is_past, wording};
use crate::domain::command::near_miss::bare;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;

/// Whoever was last written with longer ago is called by telephone, not by a text.
const RECENT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Of what comes longer after it was written, nobody knows whether it is still meant.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// More digits than a tag has are a number, which a customer may be told to call.
const LONGEST_TAG: usize = 6;

impl PersonText<'_> {
    /// `0107 CALL`: the customer is not to read it, but to be called.
    pub(super) fn names_whom_to_call(&self) -> Option<Intent> {
        let (digits, words) = addressed(&self.sms.body)?;
        let digits = digits.ascii();
        let command = bare(words).to_uppercase();
        let is_call = matches!(command.as_str(), "CALL" | "LLAMAR") && !self.sms.has_attachments();
        if !is_call || !self.named.iter().any(|c| c.is_named(&digits)) {
            return None;
        }
        Some(if self.person.pin.is_some() {
            refuse(
                Rule::WrongPin,
                "the PIN is missing",
                wording::pin_missing(self.line.language, &format!("{command} {digits}")),
            )
        } else {
            self.about_call(Some(digits))
        })
    }

    /// Whether the words are about a number for the customer, such as `Call 6195550142`.
    pub(super) fn tells_a_number_to_call(&self, which: Option<&str>) -> bool {
        let is_number = |digits: &&str| LONGEST_TAG < digits.len();
        let named = |digits: &str| self.named.iter().any(|c| c.is_named(digits));
        which.filter(is_number).is_some_and(|digits| !named(digits))
    }

    /// Whom CALL is for. Without digits that has to be as certain as for words.
    pub(super) fn about_call(&self, which: Option<String>) -> Intent {
        let Some(digits) = which else {
            return match self.on_number {
                Some(own) => self.about_call_on(own),
                None => match self.meant() {
                    Ok((one, _)) => self.calls(&one.conversation),
                    Err(none) if none.is_empty() => refuse(
                        Rule::CallByText,
                        "the person has no open conversation",
                        wording::nothing_open_to(self.line.language, &What::Call).to_owned(),
                    ),
                    Err(several) => self.asks_whom(several.iter().map(|c| &c.conversation)),
                },
            };
        };
        let theirs = self.conversations.iter().map(|c| &c.conversation);
        let others = self.named.iter();
        let others = others.filter(|c| theirs.clone().all(|t| t.customer != c.customer));
        let known = theirs.clone().chain(others);
        let named: Vec<&Conversation> = known.filter(|c| c.is_named(&digits)).collect();
        let callable = named.iter().filter(|c| self.cannot_call(c).is_none());
        match (
            callable.copied().collect::<Vec<_>>().as_slice(),
            named.first(),
        ) {
            ([], None) => refuse(
                Rule::UnknownTag,
                "no customer's number ends so",
                wording::unknown_tag(self.line.language, &digits, &self.latest()),
            ),
            ([], Some(one)) | ([one], _) => self.calls(one),
            (several, _) => self.asks_whom(several.iter().copied()),
        }
    }

    /// On a reply number it is for the number's customer.
    fn about_call_on(&self, own: &OnReplyNumber) -> Intent {
        let conversation = &own.is.conversation;
        let participant = conversation.participant(&self.person.number);
        if !own.was_seen(&self.person.number, self.written) {
            let among = [Some(conversation), own.before.as_ref()];
            return self.asks_whom(among.into_iter().flatten());
        }
        if participant.is_some_and(|participant| participant.left.is_some()) {
            return refuse(
                Rule::CallByText,
                "the person has given this reply number's customer away",
                wording::given_away(self.line.language, &conversation.tag),
            );
        }
        self.calls(conversation)
    }

    fn calls(&self, conversation: &Conversation) -> Intent {
        match self.cannot_call(conversation) {
            Some((because, answer)) => refuse(Rule::CallByText, because, answer),
            None => Intent::Do {
                what: What::Call,
                of: vec![conversation.customer.clone()],
                because: "the person wants to talk with the customer".to_owned(),
            },
        }
    }

    fn asks_whom<'c>(&self, among: impl Iterator<Item = &'c Conversation>) -> Intent {
        let among: Vec<Choice> = among.map(choice).collect();
        self.ask(
            What::Call,
            among,
            "it may be about several customers".to_owned(),
        )
    }

    /// Why this customer cannot be called from the line now, and what the person is told.
    fn cannot_call(&self, conversation: &Conversation) -> Option<(&'static str, String)> {
        let (line, customer) = (self.line, &conversation.customer);
        let tag = &conversation.tag;
        let is_ours = line.person_with(customer).is_some() || line.numbers().any(|n| n == customer);
        let is_recent =
            conversation.waits.is_some() || !is_past(conversation.active, RECENT, self.now);
        if line.voice.is_none() {
            Some(("the line takes no calls", words::takes_no_calls(line)))
        } else if self.now.duration_since(self.written) > LATE {
            Some(("it came late", words::is_late(tag, line)))
        } else if is_ours {
            Some(("it is one of the line's own numbers", words::is_ours(line)))
        } else if let Some(block) = &conversation.blocked {
            Some((
                "the customer is blocked",
                wording::is_blocked(line.language, tag, block),
            ))
        } else if !line.policy.allows(customer) {
            Some((
                "it is outside allowed_prefixes",
                words::is_not_allowed(tag, line),
            ))
        } else if !is_recent {
            Some((
                "nothing was written for a week",
                words::is_too_old(tag, line),
            ))
        } else {
            None
        }
    }

    /// The call itself is made once the text is kept.
    pub(super) fn call(&self, outcome: &mut Outcome, customer: &PhoneNumber) {
        outcome.rule = Rule::CallByText;
        let Some(mut conversation) = self.conversation(customer) else {
            return;
        };
        if let Some((because, answer)) = self.cannot_call(&conversation) {
            outcome.because = because.to_owned();
            outcome.answer = Some(answer);
            return;
        }
        outcome.link = Some(conversation.link(&self.sms.sid));
        outcome.changed.push(conversation);
    }
}

fn refuse(rule: Rule, because: &str, answer: String) -> Intent {
    Intent::Refuse {
        rule,
        because: because.to_owned(),
        answer,
    }
}
