//! Texts of persons that wait until they say for whom they are.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Tag, Threads, Words};
use crate::inbound::MessageSid;
use crate::phone::PhoneNumber;

/// How long after a question it is asked once more.
pub const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How long after a question its text is not sent any more, and that is reported.
pub const UNTIL: SignedDuration = SignedDuration::from_mins(20);

/// How many texts of one person wait at most.
pub const MOST_HELD: usize = 5;

/// How long it is known that there was a question: a number is not taken for a text so soon after.
const KNOWN_FOR: SignedDuration = SignedDuration::from_mins(30);

/// A question may cross with the answer to an earlier one for so long.
const CROSSING: SignedDuration = SignedDuration::from_mins(5);

/// How long after its time the record of a text that nobody sent stays, for the report to find it.
const REPORTED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// A text that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    pub sid: MessageSid,
    pub person: String,
    pub what: What,
    /// For whom it may be, lowest tag first.
    pub choices: Vec<Choice>,
    /// When the person is asked: when it came, or once what they were asked before is over.
    pub asked: Timestamp,
    /// How often that was set anew.
    #[serde(default)]
    pub round: u32,
    /// How often they were asked once more because of what they answered.
    #[serde(default)]
    pub repeated: u32,
    /// How many answers to it came that were none.
    #[serde(default)]
    pub answered: u32,
}

/// What is to be done once it is known for which thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Words and attachments go to the customer.
    Send {
        body: Words,
        media: Vec<String>,
    },
    Pass,
    Claim,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub tag: Tag,
    pub customer: PhoneNumber,
    /// The beginning of what they wrote last.
    pub words: Words,
}

/// A question that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub person: String,
    pub at: Timestamp,
    /// How many more answers to it may come, since it was asked as much more often.
    pub open: u32,
}

/// A question that a person is to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub held: Held,
    /// It is asked once more, now, and its times stay as they are.
    pub is_repeated: bool,
}

impl Held {
    pub fn again(&self) -> Timestamp {
        self.asked + AGAIN_AFTER
    }

    pub fn until(&self) -> Timestamp {
        self.asked + UNTIL
    }

    /// Whether the person has been asked and may still answer.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.asked <= now && now < self.until()
    }

    pub fn choice(&self, tag: Tag) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.tag == tag)
    }

    /// How often the person was asked without having answered.
    fn unanswered(&self, now: Timestamp) -> u32 {
        let asked = 1 + self.repeated + u32::from(self.again() <= now);
        asked.saturating_sub(self.answered)
    }
}

impl Threads {
    /// The question that the person was asked last and may still answer.
    pub fn open_question(&self, person: &str, now: Timestamp) -> Option<&Held> {
        let mut held = self.held.iter();
        held.find(|held| held.person == person && held.is_open(now))
    }

    /// The person's texts that still wait.
    pub fn waiting<'t>(
        &'t self,
        person: &str,
        now: Timestamp,
    ) -> impl Iterator<Item = &'t Held> + use<'t> {
        let person = person.to_owned();
        let held = self.held.iter();
        held.filter(move |held| held.person == person && now < held.until())
    }

    /// Whether the text waits, or waited in vain, by the question that was asked then.
    pub fn is_held(&self, sid: &MessageSid, asked: Timestamp) -> bool {
        let mut held = self.held.iter();
        held.any(|held| held.sid == *sid && held.asked == asked)
    }

    /// Lets a text wait. It is asked about once what waits before it is over.
    pub(super) fn hold(&mut self, mut held: Held, now: Timestamp) -> Question {
        let before = self.waiting(&held.person, now).map(Held::until).max();
        held.asked = before.unwrap_or(now);
        self.held.push(held.clone());
        Question {
            held,
            is_repeated: false,
        }
    }

    /// Takes the text out that waits, since it is known what becomes of it. Those behind it are
    /// asked about from now on.
    pub(super) fn settle(&mut self, sid: &MessageSid, now: Timestamp) -> Vec<Question> {
        let Some(position) = self.held.iter().position(|held| held.sid == *sid) else {
            return Vec::new();
        };
        let settled = self.held.remove(position);
        self.settled.push(Settled {
            person: settled.person.clone(),
            at: now,
            open: settled.unanswered(now).saturating_sub(1),
        });
        let behind = self.held.iter_mut().filter(|held| {
            held.person == settled.person && now < held.until() && settled.asked < held.asked
        });
        let mut next = now;
        let mut questions = Vec::new();
        for held in behind {
            held.asked = next;
            held.round += 1;
            next = held.until();
            questions.push(Question {
                held: held.clone(),
                is_repeated: false,
            });
        }
        questions
    }

    /// Asks about the text once more, since the answer was none. `is_answer`: it was one to this
    /// question all the same.
    pub(super) fn ask_again(&mut self, sid: &MessageSid, is_answer: bool) -> Option<Question> {
        let held = self.held.iter_mut().find(|held| held.sid == *sid)?;
        held.answered += u32::from(is_answer);
        held.repeated += 1;
        Some(Question {
            held: held.clone(),
            is_repeated: true,
        })
    }

    /// Whether a number may be meant for an earlier question than the one that is open, which was
    /// asked more often than it was answered. If so, that one is not thought of again.
    pub(super) fn may_be_for_an_earlier(&mut self, person: &str, now: Timestamp) -> bool {
        let is_recent = |end: Timestamp| end <= now && now < end + CROSSING;
        let settled = self.settled.iter_mut();
        let settled = settled.filter(|s| s.person == person && is_recent(s.at) && s.open > 0);
        let late = self.held.iter_mut();
        let late = late.filter(|held| held.person == person && is_recent(held.until()));
        let late = late.filter(|held| held.unanswered(now) > 0);
        let settled = settled.map(|settled| settled.open = 0).count();
        let late = late
            .map(|held| held.answered += held.unanswered(now))
            .count();
        settled + late > 0
    }

    /// Whether the person was asked something a short while ago that is over.
    pub(super) fn was_asked(&self, person: &str, now: Timestamp) -> bool {
        let is_recent = |end: Timestamp| end <= now && now < end + KNOWN_FOR;
        let mut settled = self.settled.iter();
        let mut late = self.held.iter();
        settled.any(|settled| settled.person == person && is_recent(settled.at))
            || late.any(|held| held.person == person && is_recent(held.until()))
    }

    pub(super) fn forget_held(&mut self, now: Timestamp) {
        self.held
            .retain(|held| now < held.until() + REPORTED_WITHIN);
        self.settled.retain(|settled| now < settled.at + KNOWN_FOR);
    }
}
