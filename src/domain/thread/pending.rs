//! Texts of persons that wait until they say for whom they are.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Threads, Words};
use crate::domain::ids::Tag;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

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
    /// How many answers to it came.
    #[serde(default)]
    pub answered: u32,
    /// How many answers that come now may be to earlier questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubts: Option<u32>,
    /// What was answered last, and how often in a row; no number is nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<(Option<Tag>, u32)>,
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
    /// When its time would have been over.
    pub until: Timestamp,
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

    /// Whether the person is being asked about the text, by that question.
    pub fn is_asked(&self, sid: &MessageSid, asked: Timestamp, now: Timestamp) -> bool {
        let mut held = self.held.iter();
        held.any(|held| held.sid == *sid && held.asked == asked && held.is_open(now))
    }

    /// Lets a text wait. It is asked about once what waits before it is over.
    pub(super) fn hold(&mut self, mut held: Held, now: Timestamp) -> Question {
        let before = self.waiting(&held.person, now).map(Held::until).max();
        // An answer to the one before must not be taken for one to this.
        held.asked = before.map_or(now, |until| until + CROSSING);
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
            until: settled.until(),
            open: settled.unanswered(now),
        });
        let behind = self.held.iter_mut().filter(|held| {
            held.person == settled.person && now < held.until() && settled.asked < held.asked
        });
        let mut next = now;
        let mut questions = Vec::new();
        for held in behind {
            held.asked = next;
            held.round += 1;
            next = held.until() + CROSSING;
            questions.push(Question {
                held: held.clone(),
                is_repeated: false,
            });
        }
        questions
    }

    /// Asks about the text once more, since the answer was none, or not for certain to this question.
    pub(super) fn ask_again(&mut self, sid: &MessageSid) -> Option<Question> {
        let held = self.held.iter_mut().find(|held| held.sid == *sid)?;
        held.repeated += 1;
        Some(Question {
            held: held.clone(),
            is_repeated: true,
        })
    }

    /// Takes a number for the answer to the open question of this text. Returns whether it is certain.
    ///
    /// A person may answer each text that asked them. Of as many answers as may still be on their way
    /// to earlier questions, and one more, all the same, one is to this question.
    pub(super) fn chooses(&mut self, sid: &MessageSid, tag: Option<Tag>, now: Timestamp) -> bool {
        let Some(position) = self.held.iter().position(|held| held.sid == *sid) else {
            return false;
        };
        let person = self.held[position].person.clone();
        let earlier = self.take_earlier(&person, now);
        let held = &mut self.held[position];
        held.answered += u32::from(earlier == 0);
        let doubts = *held.doubts.get_or_insert(earlier);
        let before = held.chosen.filter(|(chosen, _)| *chosen == tag);
        let times = before.map_or(1, |(_, times)| times + 1);
        held.chosen = Some((tag, times));
        doubts < times
    }

    /// How many answers to earlier questions may still come; one of them is not thought of again.
    fn take_earlier(&mut self, person: &str, now: Timestamp) -> u32 {
        let is_recent = |end: Timestamp| end <= now && now < end + CROSSING;
        let mut count = 0;
        for settled in &mut self.settled {
            let is_recent = now < settled.until + CROSSING;
            if settled.person == person && is_recent && settled.open > 0 {
                settled.open -= u32::from(count == 0);
                count += settled.open + u32::from(count == 0);
            }
        }
        for held in &mut self.held {
            if held.person == person && is_recent(held.until()) {
                let open = held.unanswered(now);
                held.answered += u32::from(count == 0 && open > 0);
                count += open;
            }
        }
        count
    }

    /// Whether the person was asked something a short while ago that is over, or will be asked.
    pub(super) fn was_asked(&self, person: &str, now: Timestamp) -> bool {
        let is_recent = |until: Timestamp| now < until + KNOWN_FOR;
        let mut settled = self.settled.iter();
        let mut held = self.held.iter();
        settled.any(|settled| settled.person == person && is_recent(settled.until))
            || held.any(|held| held.person == person && is_recent(held.until()))
    }

    pub(super) fn forget_held(&mut self, now: Timestamp) {
        self.held
            .retain(|held| now < held.until() + REPORTED_WITHIN);
        self.settled
            .retain(|settled| now < settled.until + KNOWN_FOR);
    }
}
