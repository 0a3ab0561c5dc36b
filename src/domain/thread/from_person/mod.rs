//! What becomes of a person's text to the line: to whom it goes, or why it goes to nobody. A pure
//! function of the text, the threads and the time. What cannot be told for certain is asked.

mod actions;
pub mod addressee;

use jiff::Timestamp;

use self::addressee::Meant;
use super::{Held, Link, MOST_HELD, Question, Threads, Times, What, Words, Written, read};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, Tag};
use crate::domain::inbound::sms::InboundSms;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;
use crate::domain::sms::{self, MOST_CHARACTERS};
use crate::domain::thread::wording;

/// Whose text it is, and when.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    pub person: &'a str,
    pub sms: &'a InboundSms,
    /// When it reached Twilio.
    pub written: Timestamp,
    pub times: Times,
    /// Customers of whose threads they may just have read something, although they gave them away.
    pub just_read: &'a [PhoneNumber],
}

/// What is to be done about a person's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub rule: Rule,
    /// Why, in a sentence without numbers and words of anybody's.
    pub because: String,
    /// What the writer is answered.
    pub answer: Option<String>,
    pub sent: Option<Sent>,
    pub passed: Option<Passed>,
    /// Who is told what, of the line's other people.
    pub told: Vec<(String, String)>,
    pub questions: Vec<Question>,
    pub thread: Option<Link>,
}

/// Words that go to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The text that they came in.
    pub sid: MessageSid,
    pub customer: PhoneNumber,
    pub body: String,
    pub media: Vec<String>,
    /// The text to the customer that leaves before it.
    pub after: Option<DeliveryId>,
}

/// A thread that a person gives to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// The text that said so.
    pub sid: MessageSid,
    pub customer: PhoneNumber,
    pub to: String,
    pub tag: Option<Tag>,
    /// The beginning of what the customer wrote last.
    pub words: Words,
    pub after: Option<DeliveryId>,
    /// Whether the customer waits for an answer.
    pub is_awaited: bool,
}

/// What a person asks for that concerns a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Answer,
    Pass(Option<Tag>),
    Claim(Option<Tag>),
}

/// Carries out what a person wrote; `next` is whom their threads would go to.
pub fn carry_out(
    threads: &mut Threads,
    wanted: Wanted,
    next: Option<&str>,
    writer: Writer,
) -> Carried {
    let mut desk = Desk {
        threads,
        writer,
        next,
    };
    let carried = match wanted {
        Wanted::Answer => desk.answer(),
        Wanted::Pass(tag) => desk.on_one_thread(tag, What::Pass),
        Wanted::Claim(tag) => desk.on_one_thread(tag, What::Claim),
    };
    desk.threads.forget(writer.times);
    carried
}

struct Desk<'a> {
    threads: &'a mut Threads,
    writer: Writer<'a>,
    next: Option<&'a str>,
}

impl Desk<'_> {
    fn answer(&mut self) -> Carried {
        let sms = self.writer.sms;
        let bare = sms.media.is_empty() && sms.media_left_out == 0;
        if let Written::Number(tag) = read(&sms.body, bare)
            && let Some(carried) = self.number(tag)
        {
            return carried;
        }
        let size = sms::size(sms.body.trim());
        if MOST_CHARACTERS < size {
            let characters = sms.body.trim().chars().count();
            let answer = wording::too_long(characters.max(MOST_CHARACTERS + 1));
            return self.nothing(Rule::TooLong, "more than fits into one text", answer);
        }
        match read(&sms.body, bare) {
            Written::Tagged(tag, words) => self.tagged(tag, words),
            // With its number sign it can only be meant as a tag.
            Written::Number(Some(tag)) if sms.body.trim().starts_with('#') => self.tagged(tag, ""),
            Written::Number(_) | Written::Plain(_) => self.plain(),
        }
    }

    /// The answer to a question, if there is one or was one.
    fn number(&mut self, tag: Option<Tag>) -> Option<Carried> {
        let Writer { person, times, .. } = self.writer;
        let now = times.now;
        let Some(open) = self.threads.open_question(person, now).cloned() else {
            if !self.threads.was_asked(person, now) {
                return None;
            }
            let answer = wording::answered_already(tag);
            let because = "the question that it answers is over";
            return Some(self.nothing(Rule::Choice, because, answer));
        };
        let is_certain = self.threads.chooses(&open.sid, tag, now);
        if self.is_late() || !is_certain {
            return Some(self.again(&open, "it may have been for an earlier question"));
        }
        let Some(tag) = tag else {
            let questions = self.threads.settle(&open.sid, now);
            let answer = wording::dropped(&words_of(&open.what));
            let because = "the person wants it sent to nobody";
            return Some(Carried {
                questions,
                ..self.nothing(Rule::Choice, because, answer)
            });
        };
        let Some(choice) = open.choice(tag).cloned() else {
            return Some(self.again(&open, "no such thread was asked about"));
        };
        let questions = self.threads.settle(&open.sid, now);
        let mut carried = self.done(&open.sid, &open.what, &choice.customer);
        carried.rule = Rule::Choice;
        carried.because = format!("the person said that {tag} was meant");
        if let Some(thread) = &mut carried.thread {
            thread.sends = Some(open.sid.clone());
        }
        carried.questions.splice(0..0, questions);
        Some(carried)
    }

    fn again(&mut self, open: &Held, because: &str) -> Carried {
        let question = self.threads.ask_again(&open.sid);
        Carried {
            questions: question.into_iter().collect(),
            ..self.carried(Rule::Choice, format!("{because}, so it is asked again"))
        }
    }

    fn tagged(&mut self, tag: Tag, words: &str) -> Carried {
        let Some(customer) = self.with_tag(tag) else {
            let answer = self.no_such(tag);
            return self.nothing(Rule::UnknownTag, "the person has no such thread", answer);
        };
        let sms = self.writer.sms;
        if words.is_empty() && sms.media.is_empty() {
            let answer = wording::no_words(tag);
            return self.nothing(
                Rule::UnknownTag,
                "there are no words for the thread",
                answer,
            );
        }
        let what = What::Send {
            body: Words(words.to_owned()),
            media: self.media(),
        };
        if self.is_late() {
            return self.hold(what, "it came late, and the tag may be another thread's");
        }
        let mut carried = self.done(&sms.sid, &what, &customer);
        carried.because = format!("it was for {tag}");
        carried.rule = Rule::TaggedAnswer;
        carried
    }

    /// Words without a tag: for the customer of the one thread, if there is no doubt about it.
    fn plain(&mut self) -> Carried {
        let Writer {
            person, sms, times, ..
        } = self.writer;
        let what = What::Send {
            body: Words(sms.body.trim().to_owned()),
            media: self.media(),
        };
        if sms.body.trim().is_empty() && sms.media.is_empty() {
            let answer = wording::nothing_to_send(sms.media_left_out);
            return self.nothing(
                Rule::FromPerson,
                "there is nothing in it to be sent",
                answer,
            );
        }
        let waits = self.threads.waiting(person, times.now).count();
        match self.meant() {
            Meant::None => {
                let answer = wording::no_thread().to_owned();
                self.nothing(Rule::FromPerson, "the person has no live thread", answer)
            }
            Meant::One(customer) if waits == 0 => {
                let mut carried = self.done(&sms.sid, &what, &customer);
                carried.because = "it is the only live thread of the person".to_owned();
                carried
            }
            // What waits is first, and a number would be for that.
            Meant::One(_) => self.hold(what, "an earlier text waits for the person's word"),
            Meant::Doubt(because) => self.hold(what, because),
        }
    }

    /// A command about the one live thread, or the one of that tag.
    fn on_one_thread(&mut self, tag: Option<Tag>, what: What) -> Carried {
        let sid = &self.writer.sms.sid;
        if let Some(tag) = tag {
            let Some(customer) = self.with_tag(tag) else {
                let answer = self.no_such(tag);
                return self.nothing(Rule::UnknownTag, "the person has no such thread", answer);
            };
            return self.done(sid, &what, &customer);
        }
        let live = self
            .threads
            .live_of_person(self.writer.person, self.writer.times);
        let live: Vec<PhoneNumber> = live.map(|(thread, _)| thread.customer.clone()).collect();
        match live.as_slice() {
            [] => {
                let answer = wording::no_thread_to(&what).to_owned();
                self.nothing(rule_of(&what), "the person has no live thread", answer)
            }
            [customer] if !self.is_late() => self.done(sid, &what, customer),
            _ => self.hold(what, "the person has several live threads"),
        }
    }

    fn media(&self) -> Vec<String> {
        let media = self.writer.sms.media.iter();
        media.map(|media| media.url.clone()).collect()
    }

    /// Keeps the text until the person says for whom it is.
    fn hold(&mut self, what: What, because: &str) -> Carried {
        let Writer {
            person, sms, times, ..
        } = self.writer;
        if MOST_HELD <= self.threads.waiting(person, times.now).count() {
            let answer = wording::too_many_wait();
            return self.nothing(Rule::Held, "too many texts wait already", answer.to_owned());
        }
        let choices = self.choices(&what);
        let held = Held {
            sid: sms.sid.clone(),
            person: person.to_owned(),
            what,
            choices,
            asked: times.now,
            round: 0,
            repeated: 0,
            answered: 0,
            doubts: None,
            chosen: None,
        };
        let question = self.threads.hold(held, times.now);
        Carried {
            questions: vec![question],
            ..self.carried(Rule::Held, format!("{because}, so it is asked"))
        }
    }

    fn no_such(&self, tag: Tag) -> String {
        let Writer { person, times, .. } = self.writer;
        wording::unknown_tag(tag, &self.threads.open_of_person(person, times))
    }

    fn nothing(&self, rule: Rule, because: &str, answer: String) -> Carried {
        Carried {
            answer: Some(answer),
            ..self.carried(rule, because.to_owned())
        }
    }

    fn carried(&self, rule: Rule, because: String) -> Carried {
        Carried {
            rule,
            because,
            answer: None,
            sent: None,
            passed: None,
            told: Vec::new(),
            questions: Vec::new(),
            thread: None,
        }
    }
}

fn rule_of(what: &What) -> Rule {
    match what {
        What::Send { .. } => Rule::Answer,
        What::Pass => Rule::Passed,
        What::Claim => Rule::Claimed,
    }
}

/// The words that a question is about, if it is about words.
fn words_of(what: &What) -> String {
    match what {
        What::Send { body, media } => sms::attachments::or_attachments(&body.0, media.len()),
        What::Pass => "PASS".to_owned(),
        What::Claim => "GOT IT".to_owned(),
    }
}
