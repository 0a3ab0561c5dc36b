//! What a delivery has to know once its relay went back to a copy of its store: the relay may have sent
//! since what the copy says is still to be sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attempt, Delivery, Outcome, Purpose, Recipient, wording};
use crate::domain::phone::Sender;

/// The store was replaced by a copy of an earlier time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoration {
    /// What was sent and received since then is not in the copy.
    pub since: Timestamp,
    /// When the copy was put in place.
    pub at: Timestamp,
}

/// Before any text of the delivery goes to a person, the provider is asked whether they have it already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// From when on they may have got it.
    pub since: Timestamp,
    /// What stands before the text if nobody has it: the relay learnt of it late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<String>,
    /// What the customer wrote, if the text that relays it may have had other words about it: the relay knew
    /// more then of where they are and of their conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl Restored {
    pub fn since(since: Timestamp) -> Self {
        Self {
            since,
            late: None,
            words: None,
        }
    }
}

/// How much of long words has to be the same.
const ENOUGH: usize = 40;

impl Delivery {
    /// Whether a message of before the restore brought this part, in whatever words about it.
    pub fn was_brought_by(&self, part: usize, message: &str) -> bool {
        let (Some(expected), Some(restored)) = (self.parts.get(part), &self.restored) else {
            return false;
        };
        let message = message.trim();
        // Attachments may have been left out since, which is said at its end.
        let rest = message.strip_prefix(expected.body.trim());
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("\n(")) {
            return true;
        }
        let Some(words) = &restored.words else {
            return false;
        };
        if self.purpose.tells_that().is_some() {
            let begins: String = words.chars().take(ENOUGH / 2).collect();
            let mut marks = wording::MARKS.iter().map(|mark| mark.of(self.language));
            let mark = marks.find(|mark| self.body.contains(mark));
            return mark.is_some_and(|mark| message.contains(mark)) && message.contains(&begins);
        }
        // What is told of a text ends with its words as well.
        let tells = [wording::NOT_DELIVERED_TO_YOU, wording::REACHED_NOBODY];
        if tells
            .iter()
            .any(|mark| message.contains(mark.of(self.language)))
        {
            return false;
        }
        let (mark, expected) = marked(expected.body.trim());
        let (their_mark, text) = marked(message);
        if mark != their_mark {
            return false;
        }
        if part > 0 {
            return has_the_middle_of(text, expected) || has_the_middle_of(expected, text);
        }
        let number = self.sender.as_ref().and_then(Sender::phone);
        let tag = self.in_conversation.as_ref().map(|part| part.tag.as_str());
        let names = |name: Option<&str>| name.is_some_and(|name| text.contains(name));
        let is_theirs = match number {
            Some(number) => names(Some(number.expose())) || names(tag),
            None => true,
        };
        is_theirs && brings(text, words.trim(), mark.is_some())
    }
}

/// Whether the text brings all of these words; of long ones, which go on in a further message, the beginning.
fn brings(text: &str, words: &str, goes_on: bool) -> bool {
    let most = if goes_on { ENOUGH } else { usize::MAX };
    let begins: String = words.chars().take(most).collect();
    text.match_indices(&begins).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + begins.len()..]);
        let begins_there = before.is_empty() || before.ends_with([' ', '\n']);
        let ends_there = goes_on || after.is_empty() || after.starts_with('\n');
        begins_there && ends_there
    })
}

/// The cut may be elsewhere by a few words.
fn has_the_middle_of(text: &str, other: &str) -> bool {
    let count = other.chars().count();
    let middle = other.chars().skip(count / 2).take(ENOUGH);
    let middle: String = middle.collect();
    !middle.is_empty() && text.contains(middle.trim())
}

/// The mark of a part, such as `(1/3)`, and the rest.
fn marked(body: &str) -> (Option<&str>, &str) {
    let mark = body
        .split_once(") ")
        .filter(|(mark, _)| mark.starts_with('(') && mark.len() < 8 && mark.contains('/'));
    mark.map_or((None, body), |(mark, rest)| (Some(mark), rest))
}

impl Attempt {
    /// Whether nothing was sent: the provider was asked for a message from before the restore.
    pub fn is_look(&self) -> bool {
        self.since_backup.is_some()
    }

    fn is_look_in_vain(&self) -> bool {
        self.is_look() && self.outcome == Outcome::Absent
    }
}

impl Delivery {
    /// From when on the provider is to be asked about the next part before it is sent, if it is.
    pub fn is_to_be_looked_for(&self) -> Option<Timestamp> {
        let since = self.restored.as_ref()?.since;
        let part = self.next_part();
        let is_open = !self.was_looked_for(&self.to, part);
        (is_open || self.next_to_look_for().is_some()).then_some(since)
    }

    fn was_looked_for(&self, person: &Recipient, part: usize) -> bool {
        let mut theirs = self.attempts.iter().filter(|a| a.to == *person);
        theirs.any(|attempt| attempt.part == part && attempt.is_look_in_vain())
    }

    /// Whether nobody is known to have had any of it.
    fn is_nowhere(&self) -> bool {
        self.handed_over.is_empty() && self.attempts.iter().all(Attempt::is_look_in_vain)
    }

    /// A person who may have it already although others come before them now: they may have been on duty
    /// then.
    fn next_to_look_for(&self) -> Option<usize> {
        if self.purpose != Purpose::Relay || !self.is_nowhere() || self.attempts.is_empty() {
            return None;
        }
        let mut people = self.remaining.iter();
        people.position(|person| !self.was_looked_for(person, 0))
    }

    /// Makes it the turn of whoever is to be looked at next. Once it was looked for with everybody, it is the
    /// first one's turn again, and the text says that it is late.
    pub(super) fn turn_to_look(&mut self) {
        if !self.is_nowhere() || self.restored.is_none() {
            return;
        }
        let next = match self.next_to_look_for() {
            _ if !self.was_looked_for(&self.to, 0) => return,
            Some(next) => Some(next),
            None => {
                let first = self.attempts.first().map(|attempt| attempt.to.clone());
                let mut people = self.remaining.iter();
                people.position(|person| Some(person) == first.as_ref())
            }
        };
        if let Some(next) = next {
            self.remaining.insert(0, self.to.clone());
            self.remaining.rotate_left(next + 1);
            self.to = self.remaining.remove(0);
        }
        let is_nowhere = self.next_to_look_for().is_none() && self.was_looked_for(&self.to, 0);
        let late = self.restored.as_mut().filter(|_| is_nowhere);
        if let Some(late) = late.and_then(|restored| restored.late.take()) {
            self.body = late + &self.body;
        }
        self.cut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::step::tests::{at, delivery};
    use crate::domain::sms;

    fn text(words: &str) -> Delivery {
        let mut text = delivery(1);
        text.sender = Some(Sender::parse("+16195550107"));
        text.body = format!("+16195550107: {words}");
        text.parts = sms::parts(&text.body, &[]);
        text.restored = Some(Restored {
            words: Some(words.to_owned()),
            ..Restored::since(at(0))
        });
        text
    }

    #[test]
    fn a_text_is_recognised_by_its_words_and_its_sender() {
        let text = text("Are you open?");
        for message in [
            "+16195550107: Are you open?",
            "+16195550107 (San Diego, CA): Are you open?",
            "+16195550107: Are you open?\nBefore, to Ana:\nThey: Hello",
            "Sergio's phone is busy. +16195550107: Are you open?",
            "+16195550107: Are you open?\n(1 photo could not be passed on)",
        ] {
            assert!(text.was_brought_by(0, message), "{message}");
        }
        for message in [
            "+16195550108: Are you open?",
            "+16195550107: Are you open? It is late.",
            "+16195550107: So, are you open?",
            "Moved on to Ana at 1:59 PM, as it did not reach you in time: +16195550107: Are you open?",
            "",
        ] {
            assert!(!text.was_brought_by(0, message), "{message}");
        }
    }

    #[test]
    fn what_is_told_of_a_text_is_recognised_though_it_tells_another_time() {
        let mut alert = text("Are you open?");
        alert.purpose = Purpose::Alert;
        let english = alert.language;
        let says = |at, words| wording::reached_nobody(english, at, false, words);
        alert.body = says("2:14 AM", "+16195550107: Are you open?");
        alert.parts = sms::parts(&alert.body, &[]);
        let before = says("1:56 AM", "+16195550107 (San Diego, CA): Are you open?");
        assert!(alert.was_brought_by(0, &before));
        assert!(!alert.was_brought_by(0, "+16195550107: Are you open?"));
    }

    #[test]
    fn a_long_text_is_recognised_though_it_was_cut_elsewhere() {
        let words: Vec<String> = (0..700).map(|n| format!("word {n}")).collect();
        let words = words.join(" ");
        let text = text(&words);
        let before = format!("+16195550107 (San Diego, California): {words}");
        let before = sms::parts(&before, &[]);
        assert_eq!((before.len(), text.parts.len()), (4, 4));
        for (part, message) in before.iter().enumerate() {
            for other in 0..text.parts.len() {
                let is_it = text.was_brought_by(other, &message.body);
                assert_eq!(is_it, other == part, "{other}, {part}");
            }
        }
    }
}
