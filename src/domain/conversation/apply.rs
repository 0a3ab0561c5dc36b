//! What a person's text changes, once it is known what it is for.

use jiff::Timestamp;

use super::addressee::{Intent, PersonText, rule_of};
use super::person_state::Settled;
use super::question::{MOST_CHOICES, Written};
use super::{
    Ask, Choice, Conversation, Outcome, Passed, PersonState, Question, Sent, Told, Waits, What,
    wording,
};
use crate::domain::command::Command;
use crate::domain::ids::DeliveryId;
use crate::domain::line::Person;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;
use crate::domain::sms::attachments::or_attachments;

/// Numbers of choices begin again behind it.
const LAST_NUMBER: usize = 99;

impl PersonText<'_> {
    /// Carries out what the text is for. `others` are the line's other people on duty, whom
    /// conversations are passed to, next first.
    pub fn carry_out(&self, intent: Intent, others: &[&Person]) -> Outcome {
        match intent {
            Intent::Send {
                to,
                texts,
                rule,
                because,
                receipt,
            } => {
                let mut outcome = self.outcome(rule, because);
                for customer in &to {
                    self.send(&mut outcome, &texts, customer);
                }
                outcome.answer = outcome.answer.or(receipt);
                outcome
            }
            Intent::Do { what, of, because } => self.act(&what, &of, because, others),
            Intent::Ask {
                what,
                among,
                command,
                because,
            } => self.ask_among(what, among, command, &because),
            Intent::AskAgain { because } => self.ask_again(&because),
            Intent::Drop { because } => self.drop_it(because),
            Intent::Command(_) => self.outcome(Rule::DutyByText, "it is a command".to_owned()),
            Intent::Chosen(command) => self.chosen(command, others),
            Intent::Automatic(answer) => {
                let because = "the person's phone wrote it by itself".to_owned();
                let mut outcome = self.outcome(Rule::AutomaticReply, because);
                outcome.state.automatic_reply = Some(self.now);
                outcome.answer = answer;
                outcome
            }
            Intent::Seen(customer) => self.seen(&customer),
            Intent::Refuse {
                rule,
                because,
                answer,
            } => Outcome {
                answer: Some(answer).filter(|answer| !answer.is_empty()),
                ..self.outcome(rule, because)
            },
        }
    }

    /// What was asked about is done, or what a command wants.
    fn act(&self, what: &What, of: &[PhoneNumber], because: String, others: &[&Person]) -> Outcome {
        let asked = self
            .state
            .question
            .as_ref()
            .filter(|q| q.what == *what || is_more(&q.what, what));
        let mut outcome = self.outcome(rule_of(what), because);
        if let Some(question) = asked {
            if !matches!(what, What::Block | What::Call) {
                outcome.rule = Rule::Choice;
            }
            settle(&mut outcome.state, question, self.now);
        }
        for customer in of {
            match what {
                What::Send(texts) => self.send(&mut outcome, texts, customer),
                What::Pass(to) => self.pass(&mut outcome, customer, to.as_deref(), others),
                What::Claim => self.claim(&mut outcome, customer),
                What::Done => self.done(&mut outcome, customer),
                What::Block => self.block(&mut outcome, customer),
                What::Unblock => self.unblock(&mut outcome, customer),
                What::Call => self.call(&mut outcome, customer),
            }
        }
        if let (Some(question), Some(link)) = (asked, &mut outcome.link) {
            link.sends = Some(question.sid.clone()).filter(|sid| *sid != self.sms.sid);
        }
        outcome
    }

    /// The question is over, and the command is carried out as if nothing had been asked.
    fn chosen(&self, command: Command, others: &[&Person]) -> Outcome {
        let mut state = self.state.clone();
        if let Some(question) = &self.state.question {
            settle(&mut state, question, self.now);
        }
        let settled = PersonText {
            state: &state,
            given: None,
            ..*self
        };
        settled.carry_out(settled.by_command(command), others)
    }

    fn send(&self, outcome: &mut Outcome, texts: &[Written], customer: &PhoneNumber) {
        let Some(mut conversation) = self.conversation(customer) else {
            return;
        };
        // Somebody blocked them since it was asked.
        if let Some(block) = &conversation.blocked {
            outcome.rule = Rule::Blocked;
            outcome.because = block.in_words(&self.line.time_zone);
            outcome.answer = Some(wording::is_blocked(
                self.line.language,
                &conversation.tag,
                block,
            ));
            return;
        }
        let had_it = conversation.has.replace(self.person.number.clone());
        conversation.waits = None;
        conversation.take_part(&self.person.number);
        for written in texts {
            outcome.link = Some(conversation.goes_on(&written.sid, &self.sms.sid, self.now));
            let reply = DeliveryId::reply(&written.sid, outcome.sent.len());
            outcome.sent.push(Sent {
                id: reply.clone(),
                written: written.clone(),
                customer: customer.clone(),
                after: conversation.last_out.replace(reply),
            });
        }
        let is_told =
            |other: &PhoneNumber| conversation.others(&self.person.number).any(|p| p == other);
        if let (Some(other), Some(last)) = (had_it.filter(is_told), texts.last()) {
            let words = or_attachments(self.line.language, &last.body.0, last.media.len());
            let says =
                wording::answered_by(self.line.language, &self.person.name, customer, &words);
            self.tell(outcome, &mut conversation, other, says);
        }
        outcome.changed.push(conversation);
    }

    /// Another participant hears of it: a text about the conversation is on its way to their phone.
    pub(super) fn tell(
        &self,
        outcome: &mut Outcome,
        conversation: &mut Conversation,
        person: PhoneNumber,
        words: String,
    ) {
        let id = DeliveryId::news(&self.sms.sid, outcome.told.len());
        conversation.reads(&person, &id);
        outcome.told.push(Told { id, person, words });
    }

    fn claim(&self, outcome: &mut Outcome, customer: &PhoneNumber) {
        let Some(mut conversation) = self.conversation(customer) else {
            return;
        };
        conversation.take_part(&self.person.number);
        conversation.has = Some(self.person.number.clone());
        conversation.waits = conversation.waits.map(|_| Waits {
            is_taken: true,
            ..Waits::since(self.now)
        });
        let others = conversation.others(&self.person.number).cloned();
        for other in others.collect::<Vec<_>>() {
            let says = wording::has_it(self.line.language, &self.person.name, customer);
            self.tell(outcome, &mut conversation, other, says);
        }
        outcome.answer = Some(wording::you_have_it(
            self.line.language,
            customer,
            outcome.told.len(),
        ));
        outcome.link = Some(conversation.link(&self.sms.sid));
        outcome.changed.push(conversation);
    }

    /// The customer waits no longer, such as after a telephone call.
    fn done(&self, outcome: &mut Outcome, customer: &PhoneNumber) {
        let Some(mut conversation) = self.conversation(customer) else {
            return;
        };
        conversation.waits = None;
        outcome.answer = Some(wording::done(self.line.language, &conversation.tag));
        outcome.link = Some(conversation.link(&self.sms.sid));
        outcome.changed.push(conversation);
    }

    fn pass(
        &self,
        outcome: &mut Outcome,
        customer: &PhoneNumber,
        to: Option<&str>,
        others: &[&Person],
    ) {
        let next = match to {
            Some(name) => self.line.person_named(name),
            None => others.first().copied(),
        };
        let next = next.filter(|next| next.number != self.person.number);
        let (Some(mut conversation), Some(next)) = (self.conversation(customer), next) else {
            outcome.answer = Some(wording::nobody_to_pass_to(self.line.language).to_owned());
            return;
        };
        let left = conversation.participants.iter_mut();
        for own in left.filter(|p| p.person == self.person.number) {
            own.left = Some(self.now);
        }
        let delivery = DeliveryId::passed(&self.sms.sid);
        conversation.joins(&next.number, &delivery);
        conversation.has = Some(next.number.clone());
        conversation.waits = conversation.waits.map(|_| Waits::since(self.now));
        outcome.passed = Some(Passed {
            sid: self.sms.sid.clone(),
            customer: customer.clone(),
            to: next.number.clone(),
            words: conversation.words.clone(),
            texts: conversation.texts.clone(),
            after: conversation.last_in.replace(delivery),
            is_awaited: conversation.waits.is_some(),
        });
        outcome.answer = Some(wording::passed_on(self.line.language, &next.name, customer));
        outcome.link = Some(conversation.link(&self.sms.sid));
        outcome.changed.push(conversation);
    }

    fn seen(&self, customer: &PhoneNumber) -> Outcome {
        let because = format!("a reaction: seen by {}", self.person.name);
        let mut outcome = self.outcome(Rule::Reaction, because);
        if let Some(mut conversation) = self.conversation(customer).filter(|c| c.waits.is_some()) {
            conversation.has = Some(self.person.number.clone());
            outcome.link = Some(conversation.link(&self.sms.sid));
            outcome.changed.push(conversation);
        }
        outcome
    }

    fn ask_among(
        &self,
        what: What,
        mut among: Vec<Choice>,
        command: Option<Command>,
        because: &str,
    ) -> Outcome {
        let now = self.now;
        if let Some(open) = self.state.question.as_ref().filter(|q| q.is_open(now)) {
            return Outcome {
                answer: Some(wording::answer_first(self.line.language, open)),
                ..self.outcome(Rule::Asked, "another question is open".to_owned())
            };
        }
        among.truncate(MOST_CHOICES);
        let mut outcome = self.outcome(Rule::Asked, format!("{because}, so it is asked"));
        // Whoever slept answers it late.
        if let Some(unanswered) = &self.state.question {
            settle(&mut outcome.state, unanswered, unanswered.ends());
            let settled = outcome.state.settled.last_mut();
            settled
                .into_iter()
                .for_each(|last| last.is_unanswered = true);
        }
        let recent = outcome
            .state
            .settled
            .last()
            .filter(|settled| settled.is_recent(now));
        let first_number = match recent {
            Some(before) if before.last_number + among.len() + 1 < LAST_NUMBER => {
                before.last_number + 1
            }
            _ => 1,
        };
        let question = Question {
            sid: self.sms.sid.clone(),
            asked: now,
            what,
            choices: among,
            first_number,
            command,
        };
        outcome.state.question = Some(question.clone());
        outcome.ask = Some(Ask::New(question));
        outcome
    }

    fn ask_again(&self, because: &str) -> Outcome {
        let mut outcome = self.outcome(Rule::Choice, format!("{because}, so it is asked again"));
        outcome.ask = self.state.question.clone().map(Ask::Again);
        outcome
    }

    fn drop_it(&self, because: String) -> Outcome {
        let mut outcome = self.outcome(Rule::Choice, because);
        if let Some(question) = &self.state.question {
            settle(&mut outcome.state, question, self.now);
            outcome.answer = Some(wording::dropped(self.line.language, question));
        }
        outcome
    }

    pub(super) fn conversation(&self, customer: &PhoneNumber) -> Option<Conversation> {
        let theirs = self
            .conversations
            .iter()
            .map(|candidate| &candidate.conversation);
        let stranger = self.stranger.map(|stranger| &stranger.conversation);
        let mut known = theirs.chain(self.named).chain(self.offered).chain(stranger);
        known
            .find(|conversation| conversation.customer == *customer)
            .cloned()
    }

    fn outcome(&self, rule: Rule, because: String) -> Outcome {
        Outcome {
            rule,
            because,
            answer: None,
            sent: Vec::new(),
            passed: None,
            told: Vec::new(),
            ask: None,
            link: None,
            changed: Vec::new(),
            state: self.state.clone(),
        }
    }
}

/// The same, with words that stood behind the choice.
fn is_more(asked: &What, what: &What) -> bool {
    matches!((asked, what), (What::Send(asked), What::Send(what)) if what.starts_with(asked))
}

/// The question is over.
pub fn settle(state: &mut PersonState, question: &Question, now: Timestamp) {
    state.question = None;
    state.settled.retain(|settled| settled.is_recent(now));
    state.settled.push(Settled {
        sid: question.sid.clone(),
        at: now,
        last_number: question.last_number() + usize::from(question.command.is_some()),
        is_unanswered: false,
    });
}
