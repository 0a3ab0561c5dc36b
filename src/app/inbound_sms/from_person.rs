//! A text of one of the line's people: a command, an answer to a customer, or the answer to a question
//! of the relay's.

use jiff::Timestamp;

use super::command::Given;
use super::deliveries::{self, Way, answer, delivery, says, says_at};
use super::text::Text;
use crate::domain::command::{Command, Unclear, heed};
use crate::domain::delivery::{Awaited, Delivery, InThread, OnlyIf, Purpose, Recipient, Shown};
use crate::domain::ids::DeliveryId;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::{Line, Person};
use crate::domain::phone::Sender;
use crate::domain::routing::{Known, Rule, decide_for_a_customer};
use crate::domain::sms;
use crate::domain::thread::{
    Carried, Held, Passed, Proof, Question, Sent, Threads, Times, Wanted, Writer, carry_out,
    excerpt, wording,
};

/// Whose text it is.
pub struct By<'a> {
    pub person: &'a Person,
    pub line: &'a Line,
    pub known: &'a Known,
}

impl By<'_> {
    /// Does what the text asks for: `command`, if it is one.
    pub fn carry_out(
        &self,
        command: Option<Given>,
        text: &Text,
        record: &mut InboundRecord,
        threads: &mut Threads,
    ) -> Vec<Delivery> {
        let Some(given) = command else {
            return self.on_threads(Wanted::Answer, text, record, threads);
        };
        if let Some(refused) = self.without_proof(&given, text, record, threads) {
            return refused;
        }
        let wanted = match given.command {
            Some(Ok(Command::Pass(tag))) => Wanted::Pass(tag),
            Some(Ok(Command::Claim(tag))) => Wanted::Claim(tag),
            Some(command) => return self.duty(command, text, record, threads),
            None => {
                record.decision.because =
                    Some("it begins with the PIN and is no command".to_owned());
                let words = wording::pin_and_no_command();
                return self.answers(&words, text);
            }
        };
        self.on_threads(wanted, text, record, threads)
    }

    /// What becomes of a command without the right PIN; `None` if there is nothing to be said
    /// against it. Anybody may ask what the commands are.
    fn without_proof(
        &self,
        given: &Given,
        text: &Text,
        record: &mut InboundRecord,
        threads: &mut Threads,
    ) -> Option<Vec<Delivery>> {
        if matches!(given.command, Some(Ok(Command::Help))) {
            return None;
        }
        let (person, now) = (self.person, text.now);
        let proof = threads.prove(&person.name, person.pin.as_ref(), given.pin, now);
        let (because, words) = match proof {
            Proof::Enough => return None,
            Proof::Missing => (
                "the PIN is missing",
                wording::pin_missing(&given.words.to_uppercase()),
            ),
            Proof::Wrong { left } => ("the PIN is wrong", wording::pin_wrong(left)),
            Proof::Locked { until, .. } => {
                let until = self.line.clock().day_and_time(until, now);
                (
                    "there were too many wrong PINs",
                    wording::pin_locked(&until),
                )
            }
        };
        record.decision.rule = Rule::WrongPin;
        record.decision.because = Some(because.to_owned());
        let mut deliveries = self.answers(&words, text);
        let locked = matches!(
            proof,
            Proof::Locked {
                now_locked: true,
                ..
            }
        );
        if let Some(owner) = self.line.policy.alert.as_ref().filter(|_| locked) {
            let words = wording::pins_tried(&person.name, &self.line.name);
            let way = Way {
                id: DeliveryId::news(&text.sms.sid, 0),
                purpose: Purpose::Alert,
                to: Recipient::owner(owner.clone()),
                sid: &text.sms.sid,
            };
            deliveries.push(says(way, &words, self.line, now));
        }
        Some(deliveries)
    }

    fn duty(
        &self,
        command: Result<Command, Unclear>,
        text: &Text,
        record: &mut InboundRecord,
        threads: &Threads,
    ) -> Vec<Delivery> {
        let Self {
            person,
            line,
            known,
        } = self;
        let times = self.times(text.now);
        let asks_status = matches!(command, Ok(Command::Status));
        let said = heed(command, line, person, known, text.received, text.now);
        record.decision.rule = Rule::DutyByText;
        record.duty = said.change;
        let open = wording::open(&threads.open_of_person(&person.name, times));
        match open.filter(|_| asks_status) {
            Some(open) => self.answers(&format!("{} {open}", said.answer), text),
            None => self.answers(&said.answer, text),
        }
    }

    fn on_threads(
        &self,
        wanted: Wanted,
        text: &Text,
        record: &mut InboundRecord,
        threads: &mut Threads,
    ) -> Vec<Delivery> {
        let writer = Writer {
            person: &self.person.name,
            sms: &text.sms,
            written: text.received,
            times: self.times(text.now),
            just_read: &text.just_read,
        };
        let next = self.next(text.now);
        let next = next.as_ref().map(|next| next.name.as_str());
        let carried = carry_out(threads, wanted, next, writer);
        record.decision.rule = carried.rule;
        record.decision.because = Some(carried.because.clone());
        record.thread = carried.thread.clone();
        self.deliveries(carried, text)
    }

    fn deliveries(&self, carried: Carried, text: &Text) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        if let Some(sent) = carried.sent {
            deliveries.push(self.reply(sent, text));
        }
        if let Some(words) = carried.answer {
            deliveries.extend(self.answers(&words, text));
        }
        if let Some(passed) = carried.passed {
            deliveries.extend(self.passed(passed, text));
        }
        for question in carried.questions {
            deliveries.extend(self.question(question, text));
        }
        for (number, (person, words)) in carried.told.into_iter().enumerate() {
            let Some(person) = self.line.person_named(&person) else {
                continue;
            };
            let way = Way {
                id: DeliveryId::news(&text.sms.sid, number),
                purpose: Purpose::Thread,
                to: Recipient::of(person),
                sid: &text.sms.sid,
            };
            deliveries.push(says(way, &words, self.line, text.now));
        }
        deliveries
    }

    /// To the customer, from the line's number.
    fn reply(&self, sent: Sent, text: &Text) -> Delivery {
        let way = Way {
            id: DeliveryId::reply(&sent.sid),
            purpose: Purpose::Reply,
            to: deliveries::customer(&sent.customer),
            sid: &sent.sid,
        };
        Delivery {
            in_thread: Some(Box::new(InThread {
                after: sent.after,
                by: Some(Recipient::of(self.person)),
                ..InThread::of(sent.customer)
            })),
            ..delivery(way, sent.body, sent.media, self.line, text.now)
        }
    }

    /// To the next person, with the last texts. If nobody answers there either, it goes on.
    fn passed(&self, passed: Passed, text: &Text) -> Vec<Delivery> {
        let (line, now) = (self.line, text.now);
        let Some(next) = line.person_named(&passed.to) else {
            return Vec::new();
        };
        let says = wording::passes(&self.person.name, &passed.customer);
        let (body, media) = excerpt::told(&says, &passed.words, &text.before, line);
        let way = Way {
            id: DeliveryId::passed(&passed.sid),
            purpose: Purpose::Relay,
            to: Recipient::of(next),
            sid: &passed.sid,
        };
        let others = self.on_duty(now).into_iter();
        let others = others.filter(|person| person.name != next.name);
        let mut relayed = Delivery {
            sender: Some(Sender::Phone(passed.customer.clone())),
            remaining: others.map(Recipient::of).collect(),
            in_thread: Some(Box::new(InThread {
                after: passed.after,
                shown: vec![Shown {
                    person: next.name.clone(),
                    tag: passed.tag,
                }],
                ..InThread::of(passed.customer)
            })),
            ..delivery(way, body, media, line, now)
        };
        relayed.cut();
        let within = line.policy.answer_within.filter(|_| passed.is_awaited);
        let chased = within.map(|within| {
            let awaited = Awaited {
                sid: &text.sms.sid,
                since: now,
                within,
                tried: vec![self.person.name.clone(), next.name.clone()],
            };
            relayed.chased_by(&awaited, now)
        });
        let mut deliveries = chased.unwrap_or_default();
        deliveries.insert(0, relayed);
        deliveries
    }

    /// Asks for whom a text is, asks once more, and reports that nobody said: each only if it is
    /// still so.
    fn question(&self, question: Question, text: &Text) -> Vec<Delivery> {
        let Question { held, is_repeated } = question;
        if is_repeated {
            let again = self
                .answers(&wording::question(&held, true), text)
                .into_iter();
            return again.map(|again| about(&held, again)).collect();
        }
        let steps = [
            (
                "ask",
                held.asked,
                Purpose::Thread,
                wording::question(&held, false),
            ),
            (
                "again",
                held.again(),
                Purpose::Thread,
                wording::question(&held, true),
            ),
            (
                "unsent",
                held.until(),
                Purpose::Unsent,
                wording::not_sent(&held),
            ),
        ];
        let deliveries = steps.map(|(step, due, purpose, words)| {
            let way = Way {
                id: DeliveryId::question(&held.sid, step, held.round),
                purpose,
                to: Recipient::of(self.person),
                sid: &held.sid,
            };
            about(&held, says_at(way, &words, self.line, due, text.now))
        });
        deliveries.into()
    }

    fn answers(&self, words: &str, text: &Text) -> Vec<Delivery> {
        let words = sms::first_segment::first_segment(&sms::gsm7_line(words));
        answer(words, self.line, &text.sms, text.now)
            .into_iter()
            .collect()
    }

    /// The person's threads go to whoever is on duty after them in the cascade, or before them if
    /// nobody is.
    fn next(&self, now: Timestamp) -> Option<&Person> {
        let people = &self.line.people;
        let own = people.iter().position(|p| p.name == self.person.name)?;
        let others = self.on_duty(now);
        let mut behind = people[own..].iter().chain(&people[..own]);
        behind.find(|person| others.iter().any(|other| other.name == person.name))
    }

    /// The other people who would get a customer's text.
    fn on_duty(&self, now: Timestamp) -> Vec<&Person> {
        let decision = decide_for_a_customer(self.line, self.known, now);
        let people = decision.cascade(self.line);
        people.filter(|p| p.name != self.person.name).collect()
    }

    fn times(&self, now: Timestamp) -> Times {
        Times::of(&self.line.policy, now)
    }
}

/// It concerns a text that waits, and only as long as that waits. Of a question no copy comes after
/// its time: it would be answered as if it were another one.
fn about(held: &Held, delivery: Delivery) -> Delivery {
    let customer = held.choices.first().map(|choice| &choice.customer);
    let deadline = match delivery.purpose {
        Purpose::Unsent => delivery.deadline,
        _ => delivery.deadline.min(held.until()),
    };
    Delivery {
        deadline,
        in_thread: Some(Box::new(InThread {
            only_if: Some(OnlyIf::Held {
                sid: held.sid.clone(),
                asked: held.asked,
            }),
            ..InThread::of(customer.unwrap_or(&delivery.from).clone())
        })),
        ..delivery
    }
}
