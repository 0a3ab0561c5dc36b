//! A text of one of the line's people: a command, an answer to a customer, or the answer to a question
//! of the relay's.

use jiff::Timestamp;

use super::deliveries::{self, Way, answer, delivery, says, says_at};
use super::subscription;
use super::text::Text;
use crate::app::ports::store::{Changed, OnAnotherLine};
use crate::domain::command::{Command, Given, On, Unclear, heed, pin_in_text};
use crate::domain::conversation::addressee::{Intent, PersonText};
use crate::domain::conversation::question::{REMINDED_AFTER, Written};
use crate::domain::conversation::{
    Ask, Candidate, Conversation, OnReplyNumber, Outcome, Passed, PersonState, Proof, Question,
    Sent, Stranger, Told, What, excerpt, wording,
};
use crate::domain::delivery::{
    Awaited, Delivery, InConversation, OnlyIf, Purpose, Recipient, WAITS_AT_MOST,
};
use crate::domain::duty::Presence;
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::{InboundSms, content};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::{Line, Person};
use crate::domain::loop_guard::own_words;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::routing::{Known, Rule, decide_for_a_customer};
use crate::domain::sms;
use crate::domain::subscriber::Asked;

/// What was read for a person's text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonsView {
    /// The conversations of the person, those that wait first, the latest first.
    pub conversations: Vec<Candidate>,
    /// Those that the text may name, and those that an open question offers or that the reply number stands
    /// for.
    pub named: Vec<Conversation>,
    pub stranger: Option<Stranger>,
    pub offered: Vec<Conversation>,
    /// What the reply number that it came to stands for.
    pub on_number: Option<OnReplyNumber>,
    /// The person's other lines and what is known of them, if the text may change their duty.
    pub other_lines: Vec<(Line, Known)>,
}

impl PersonsView {
    /// Whether it names somebody, whom it may be for. A phone that passes on what comes in names strangers as
    /// the relay does, too; to a reply number it would pass on nothing but what came from there.
    pub fn may_name_somebody(&self, by: &Person, words: &str) -> bool {
        let names = !self.named.is_empty()
            || self.stranger.is_some() && by.may_write_first
            || self.on_number.is_some() && own_words::is_relayed(words);
        names && !self.was_sent(words)
    }

    /// Whether the words are those of a text to the person, which some phones send back.
    fn was_sent(&self, words: &str) -> bool {
        let on_number = self.on_number.iter().map(|on_number| &on_number.is);
        let texts = self.conversations.iter().chain(on_number);
        let mut parts = texts.flat_map(|c| &c.texts).flat_map(|text| &text.parts);
        parts.any(|part| part.body.trim() == words.trim())
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Conversation> {
        let all = self.conversations.iter().map(|c| &c.conversation);
        all.filter(|conversation| conversation.waits.is_some())
    }
}

/// The tags of conversations that wait, the longest first.
pub fn tags_of_waiting<'c>(waiting: impl Iterator<Item = &'c Conversation>) -> Vec<String> {
    let mut waiting: Vec<&Conversation> = waiting.collect();
    waiting.sort_by_key(|conversation| conversation.waits.map(|waits| waits.since));
    waiting
        .iter()
        .map(|conversation| conversation.tag.clone())
        .collect()
}

/// What a person's text sets in motion and changes.
#[derive(Default)]
pub struct CarriedOut {
    pub deliveries: Vec<Delivery>,
    pub conversations: Vec<Changed>,
    pub person: Option<PersonState>,
    pub on_other_lines: Vec<OnAnotherLine>,
}

/// A person's text that was decided. What is still to be read before it is carried out, it says.
pub struct Decided<'a> {
    by: By<'a>,
    outcome: Outcome,
    command: Option<Result<Command, Unclear>>,
}

/// Whose text it is.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub person: &'a Person,
    pub line: &'a Line,
    pub known: &'a Known,
    pub view: &'a PersonsView,
    pub state: &'a PersonState,
}

impl<'a> By<'a> {
    /// `given` is the command that the text is, if it is one.
    pub fn decide(self, given: Option<Given>, text: &Text) -> Decided<'a> {
        let pin = given.as_ref().and_then(|given| given.pin);
        let is_command = given.is_some();
        let person_text = PersonText {
            line: self.line,
            person: self.person,
            sms: &text.sms,
            written: text.received,
            now: text.now,
            conversations: &self.view.conversations,
            named: &self.view.named,
            stranger: self.view.stranger.as_ref(),
            offered: &self.view.offered,
            on_number: self.view.on_number.as_ref(),
            state: self.state,
            is_away: self.is_away(text.now),
            given,
        };
        let intent = person_text.intent();
        let mut state = self.state.clone();
        let proof = if needs_proof(&intent, is_command) {
            state.prove(self.person.pin.as_ref(), pin, text.now)
        } else {
            Proof::Enough
        };
        let command = match &intent {
            Intent::Command(command) => Some(command.clone()),
            Intent::Chosen(command) if command.is_about_duty() => Some(Ok(command.clone())),
            _ => None,
        };
        let mut outcome = match proof {
            Proof::Enough => person_text.carry_out(intent, &self.others(text.now)),
            _ => person_text.carry_out(self.without_proof(proof, text), &[]),
        };
        outcome.state.wrong_pins = state.wrong_pins;
        Decided {
            by: self,
            outcome,
            command: command.filter(|_| proof == Proof::Enough),
        }
    }

    fn is_away(&self, now: Timestamp) -> bool {
        let own = self.known.overrides.in_force(&self.person.name, now);
        own.is_some_and(|own| own.presence == Presence::Away)
    }

    fn without_proof(&self, proof: Proof, text: &Text) -> Intent {
        let (because, answer) = match proof {
            Proof::Enough | Proof::Missing => {
                let command = text.sms.body.trim().to_uppercase();
                (
                    "the PIN is missing",
                    wording::pin_missing(self.line.language, &command),
                )
            }
            Proof::Wrong { left } => (
                "the PIN is wrong",
                wording::pin_wrong(self.line.language, left),
            ),
            Proof::Locked { until, .. } => {
                let until = self.line.clock().behind_until(until, text.now);
                (
                    "there were too many wrong PINs",
                    wording::pin_locked(self.line.language, &until),
                )
            }
        };
        Intent::Refuse {
            rule: Rule::WrongPin,
            because: because.to_owned(),
            answer,
        }
    }

    /// The other people who would get a customer's text, beginning behind this person.
    fn others(&self, now: Timestamp) -> Vec<&'a Person> {
        let people = &self.line.people;
        let own = people
            .iter()
            .position(|p| p.name == self.person.name)
            .unwrap_or_default();
        let decision = decide_for_a_customer(self.line, self.known, now);
        let on_duty: Vec<&Person> = decision.cascade(self.line).collect();
        let behind = people[own..].iter().chain(&people[..own]);
        let others = behind.filter(|person| person.name != self.person.name);
        others
            .filter(|person| on_duty.iter().any(|other| other.name == person.name))
            .collect()
    }
}

/// Commands need the PIN, but for asking what the commands are.
fn needs_proof(intent: &Intent, is_command: bool) -> bool {
    match intent {
        Intent::Command(command) => command.as_ref().map_or(true, Command::needs_pin),
        Intent::Do { what, .. } | Intent::Ask { what, .. } => {
            is_command && !matches!(what, What::Send(_))
        }
        _ => false,
    }
}

impl Decided<'_> {
    /// The texts that whoever gets a conversation by it reads first.
    pub fn needs(&self) -> &[MessageSid] {
        self.outcome
            .passed
            .as_ref()
            .map_or(&[], |passed| &passed.texts)
    }

    /// What it sets in motion and changes; `before` are the texts that it needs.
    pub fn carry_out(
        self,
        text: &Text,
        before: &[InboundSms],
        record: &mut InboundRecord,
    ) -> CarriedOut {
        let Self {
            by,
            mut outcome,
            command,
        } = self;
        record.decision.rule = outcome.rule;
        record.decision.because = Some(outcome.because.clone());
        record.conversation = outcome.link.clone();
        if let Some(pin) = &by.person.pin {
            record.sms.body = pin_in_text::without_pin(&record.sms.body, pin.expose());
        }
        let mut done = CarriedOut::default();
        match command {
            Some(Ok(Command::Topic(words))) => {
                done.deliveries.extend(by.topic(&words, text, record));
            }
            Some(command) => {
                let (answer, on_other_lines) = by.duty(command, text, record);
                outcome.answer = Some(answer);
                done.on_other_lines = on_other_lines;
            }
            None => {}
        }
        let changed = std::mem::take(&mut outcome.changed);
        let taken = changed.iter().filter(|after| after.is_taken_at(text.now));
        let remembered = taken.filter_map(|after| by.remembers(&after.customer, text));
        done.deliveries.extend(remembered);
        let changed = changed.into_iter().map(|after| {
            let view = by.view;
            let theirs = view
                .conversations
                .iter()
                .map(|candidate| &candidate.conversation);
            let mut known = theirs.chain(&view.named).chain(&view.offered);
            let before = known.find(|before| before.customer == after.customer);
            Changed::new(before.cloned(), after)
        });
        done.conversations = changed.collect();
        let state = Some(outcome.state.clone()).filter(|state| state != by.state);
        done.person = state.map(|state| PersonState {
            version: state.version + 1,
            ..state
        });
        done.deliveries.extend(by.deliveries(outcome, text, before));
        done
    }
}

impl By<'_> {
    /// Joins a topic or leaves it. The answer is as long as it has to be.
    fn topic(&self, words: &str, text: &Text, record: &mut InboundRecord) -> Option<Delivery> {
        let asked = Asked::of(words, &self.line.notices.topics)?;
        let (changed, answered) =
            subscription::heed(&asked, self.line, &text.sms, self.known, text.received);
        record.decision.rule = match asked {
            Asked::ToJoin(_) | Asked::ToConfirm(_) => Rule::Keyword,
            Asked::ToLeave(_) => Rule::LeftTopic,
        };
        record.decision.because = None;
        record.subscriptions = changed;
        answer(answered?, self.line, &text.sms, text.now)
    }

    /// Carries out a command about duty. Returns what the person is answered, and what changes on their
    /// other lines.
    fn duty(
        &self,
        command: Result<Command, Unclear>,
        text: &Text,
        record: &mut InboundRecord,
    ) -> (String, Vec<OnAnotherLine>) {
        let asks_status = matches!(command, Ok(Command::Status));
        let goes_away = matches!(command, Ok(Command::Away(_)));
        let here = On {
            line: self.line,
            person: self.person,
            known: self.known,
        };
        let others = self.view.other_lines.iter();
        let others: Vec<On> = others
            .filter_map(|(line, known)| {
                let person = line.person_with(&self.person.number)?;
                Some(On {
                    line,
                    person,
                    known,
                })
            })
            .collect();
        let (said, changes) = heed(command, here, &others, text.received, text.now);
        let on_other_lines = others.iter().zip(changes).filter_map(|(on, change)| {
            Some(OnAnotherLine {
                line: on.line.number.clone(),
                name: on.line.name.clone(),
                change: change?,
            })
        });
        record.decision.because = None;
        record.duty = said.change;
        let waiting: Vec<String> = self.waiting();
        let next = self.others(text.now);
        let more = match next.first() {
            Some(next) if goes_away && record.duty.is_some() => {
                wording::still_wait(self.line.language, &waiting, &next.name)
            }
            _ if asks_status => wording::open(self.line.language, &waiting),
            _ => None,
        };
        let answer = match more {
            Some(more) => format!("{} {more}", said.answer),
            None => said.answer,
        };
        (answer, on_other_lines.collect())
    }

    /// The tags of the customers who wait for the person, who waits longest first.
    fn waiting(&self) -> Vec<String> {
        let has = |c: &&Conversation| c.has.as_ref() == Some(&self.person.number);
        tags_of_waiting(self.view.waiting().filter(has))
    }

    fn deliveries(&self, outcome: Outcome, text: &Text, before: &[InboundSms]) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for sent in outcome.sent {
            deliveries.push(self.reply(sent, text));
        }
        if let Some(words) = outcome.answer {
            deliveries.extend(self.answers(&words, text));
        }
        if let Some(passed) = outcome.passed {
            deliveries.extend(self.passed(passed, text, before));
        }
        match outcome.ask {
            Some(Ask::New(question)) => deliveries.extend(self.asks(&question, text)),
            Some(Ask::Again(question)) => {
                let way = Way {
                    id: DeliveryId::of_inbound(&text.sms.sid),
                    purpose: Purpose::Conversation,
                    to: Recipient::of(self.person),
                    sid: &text.sms.sid,
                };
                let words = wording::question(self.line.language, &question, true);
                deliveries.push(says(way, &words, self.line, text.now));
            }
            None => {}
        }
        for Told { id, person, words } in outcome.told {
            let (purpose, to) = match self.line.person_with(&person) {
                Some(person) => (Purpose::Conversation, Recipient::of(person)),
                None if self.line.policy.alert.as_ref() == Some(&person) => {
                    (Purpose::Alert, Recipient::owner(person))
                }
                None => continue,
            };
            let way = Way {
                id,
                purpose,
                to,
                sid: &text.sms.sid,
            };
            deliveries.push(says(way, &words, self.line, text.now));
        }
        if outcome.state.is_locked_now(text.now) && *self.state != outcome.state {
            deliveries.extend(self.tells_owner_of_pins(text));
        }
        deliveries
    }

    /// To the customer, from the line's number.
    fn reply(&self, sent: Sent, text: &Text) -> Delivery {
        let written = sent.written;
        let way = Way {
            id: sent.id,
            purpose: Purpose::Reply,
            to: deliveries::customer(&sent.customer),
            sid: &written.sid,
        };
        let is_this = written.sid == text.sms.sid;
        let attached =
            is_this.then(|| content::attached(self.line.language, &text.sms, written.media.len()));
        Delivery {
            attached: attached.unwrap_or_default(),
            in_conversation: Some(Box::new(InConversation {
                after: sent.after,
                by: Some(Recipient::of(self.person)),
                ..InConversation::of(sent.customer)
            })),
            ..delivery(way, written.body.0, written.media, self.line, text.now)
        }
    }

    /// To the next person, with the last texts. If nobody answers there either, it goes on.
    fn passed(&self, passed: Passed, text: &Text, before: &[InboundSms]) -> Vec<Delivery> {
        let (line, now) = (self.line, text.now);
        let Some(next) = line.person_with(&passed.to) else {
            return Vec::new();
        };
        let says = wording::passes(self.line.language, &self.person.name, &passed.customer);
        let (body, media) = excerpt::told(&says, &passed.words, before, line);
        let way = Way {
            id: DeliveryId::passed(&passed.sid),
            purpose: Purpose::Relay,
            to: Recipient::of(next),
            sid: &passed.sid,
        };
        let others = self.others(now).into_iter();
        let others = others.filter(|person| person.name != next.name);
        let mut relayed = Delivery {
            sender: Some(Sender::Phone(passed.customer.clone())),
            remaining: others.map(Recipient::of).collect(),
            in_conversation: Some(Box::new(InConversation {
                after: passed.after,
                joined: vec![next.number.clone()],
                ..InConversation::of(passed.customer)
            })),
            ..delivery(way, body, media, line, now)
        };
        relayed.cut();
        let within = line.policy.answer_within.filter(|_| passed.is_awaited);
        let chased = within.and_then(|within| {
            let awaited = Awaited {
                sid: &text.sms.sid,
                since: now,
                within,
                tried: vec![self.person.name.clone(), next.name.clone()],
            };
            relayed.chased_by(&awaited, now)
        });
        std::iter::once(relayed).chain(chased).collect()
    }

    /// The owner hears of a customer whom the person took and left without an answer for long.
    fn remembers(&self, customer: &PhoneNumber, text: &Text) -> Option<Delivery> {
        let policy = &self.line.policy;
        let owner = policy.answer_within.and(policy.alert.clone())?;
        let way = Way {
            id: DeliveryId::of_inbound(&text.sms.sid),
            purpose: Purpose::Alert,
            to: Recipient::owner(owner),
            sid: &text.sms.sid,
        };
        let about = Delivery {
            in_conversation: Some(Box::new(InConversation::of(customer.clone()))),
            ..says(way, "", self.line, text.now)
        };
        let awaited = Awaited {
            sid: &text.sms.sid,
            since: text.now,
            within: WAITS_AT_MOST,
            tried: vec![self.person.name.clone()],
        };
        about.remembered_by(&awaited, text.now)
    }

    /// Asks for whom a text is, asks once more, and reports that nobody said: each only if it is
    /// still so.
    fn asks(&self, question: &Question, text: &Text) -> Vec<Delivery> {
        let steps = [
            ("ask", question.asked, false),
            ("again", question.asked + REMINDED_AFTER, true),
        ];
        let asks = steps.map(|(step, due, is_repeated)| {
            let way = Way {
                id: DeliveryId::question(&question.sid, step, 0),
                purpose: Purpose::Conversation,
                to: Recipient::of(self.person),
                sid: &question.sid,
            };
            let words = wording::question(self.line.language, question, is_repeated);
            let asks = says_at(way, &words, self.line, due, text.now);
            Delivery {
                // No copy comes after its time: it would be answered as another question.
                deadline: asks.deadline.min(question.ends()),
                ..self.about(question, asks)
            }
        });
        let texts = match &question.what {
            What::Send(texts) => texts.as_slice(),
            _ => &[],
        };
        let mut deliveries = Vec::from(asks);
        deliveries.push(self.reports(question, texts, text));
        deliveries
    }

    /// Tells the writer, when the question's time is over, that these texts were not sent.
    fn reports(&self, question: &Question, texts: &[Written], text: &Text) -> Delivery {
        let way = Way {
            id: DeliveryId::question(&text.sms.sid, "unsent", 0),
            purpose: Purpose::Unsent,
            to: Recipient::of(self.person),
            sid: &text.sms.sid,
        };
        let words = wording::not_sent(self.line.language, question, texts);
        let report = says_at(way, &words, self.line, question.ends(), text.now);
        self.about(question, report)
    }

    /// Sent only as long as the question is open, or was not answered.
    fn about(&self, question: &Question, delivery: Delivery) -> Delivery {
        let customer = question
            .choices
            .first()
            .map(|choice| choice.customer.clone());
        let customer = customer.unwrap_or_else(|| self.line.number.clone());
        Delivery {
            in_conversation: Some(Box::new(InConversation {
                only_if: Some(OnlyIf::Asked {
                    sid: question.sid.clone(),
                    asked: question.asked,
                }),
                ..InConversation::of(customer)
            })),
            ..delivery
        }
    }

    fn tells_owner_of_pins(&self, text: &Text) -> Option<Delivery> {
        let owner = self.line.policy.alert.clone()?;
        let words = wording::pins_tried(self.line.language, &self.person.name, &self.line.name);
        let way = Way {
            id: DeliveryId::news(&text.sms.sid, 0),
            purpose: Purpose::Alert,
            to: Recipient::owner(owner),
            sid: &text.sms.sid,
        };
        Some(says(way, &words, self.line, text.now))
    }

    fn answers(&self, words: &str, text: &Text) -> Vec<Delivery> {
        let words = sms::first_segment::first_segment(&sms::gsm7_line(words));
        answer(words, self.line, &text.sms, text.now)
            .into_iter()
            .collect()
    }
}
