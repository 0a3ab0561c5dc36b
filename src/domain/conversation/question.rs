//! The one question that a person is asked at a time: for which customer their text is. It takes
//! answers as people give them.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Words, is_ahead};
use crate::domain::command::Command;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// How long after a question it is asked once more.
pub const REMINDED_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long a question is open. After that its writer hears that nothing was sent.
pub const OPEN_FOR: Duration = Duration::from_secs(60 * 60);

/// How long after a question somebody may still answer it, who slept or had no reception: their number is
/// no text then, and other questions offer other numbers.
pub const LATE_ANSWERS: Duration = Duration::from_secs(24 * 60 * 60);

/// What may stand behind a choice.
const ENDS: [char; 6] = [',', '.', ':', ';', ')', '!'];

/// How many customers a question offers at most.
pub const MOST_CHOICES: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The text that made it necessary.
    pub sid: MessageSid,
    pub asked: Timestamp,
    pub what: What,
    /// The customers that it may be for.
    pub choices: Vec<Choice>,
    /// The number of the first choice. A question that follows another offers other numbers, so that
    /// a late answer to the one before is not taken for one to this.
    pub first_number: usize,
    /// The command that it may be instead, which is the choice behind the customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
}

/// What is to be done once it is known for whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The texts go to the customer, oldest first.
    Send(Vec<Written>),
    /// The customer is passed to this person, or to the next.
    Pass(Option<String>),
    Claim,
    Done,
    Block,
    Unblock,
    Call,
}

/// Words of a person that wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub sid: MessageSid,
    pub body: Words,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub customer: PhoneNumber,
    pub tag: String,
    /// The beginning of what they wrote last.
    pub words: Words,
}

/// What a person's text says to the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'t> {
    /// For these customers; and what was written behind the choice, if anything.
    For(Vec<PhoneNumber>, &'t str),
    Nobody,
    /// A number that is none of the choices.
    NoSuch,
    /// No answer at all.
    Else,
}

impl Question {
    pub fn ends(&self) -> Timestamp {
        self.asked + OPEN_FOR
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.ends() && !is_ahead(self.asked, now)
    }

    /// The choices with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Choice)> {
        (self.first_number..).zip(&self.choices)
    }

    pub fn last_number(&self) -> usize {
        self.first_number + self.choices.len() - 1
    }

    /// Reads `1`, `1.`, `the first`, `0107`, `diesel`, `both`, `0`, `nobody`, `2 please`, `2, we do`.
    pub fn read<'t>(&self, body: &'t str) -> Reply<'t> {
        let body = body.trim();
        let body = without_article(body);
        let end = body
            .find(|c: char| c.is_whitespace() || ENDS.contains(&c))
            .unwrap_or(body.len());
        let (word, behind) = body.split_at(end);
        let rest = behind.trim_start_matches(|c: char| c.is_whitespace() || ENDS.contains(&c));
        let word = word.trim_start_matches(['#', '(', '@']).to_lowercase();
        let filler = rest.trim_end_matches(['.', '!']).to_lowercase();
        let is_alone = match filler.as_str() {
            "" | "please" | "pls" | "thanks" | "one" | "por favor" | "porfa" | "gracias" => true,
            "of them" => matches!(word.as_str(), "both" | "all"),
            "dos" => word == "los",
            _ => false,
        };
        // "2 of us are coming" is no answer, "2, we are coming" is one.
        if !is_alone && !behind.starts_with(ENDS) {
            return Reply::Else;
        }
        let rest = if is_alone { "" } else { rest };
        if let Some(reply) = self.by_number(&word, rest) {
            return reply;
        }
        let everybody = || {
            self.choices
                .iter()
                .map(|choice| choice.customer.clone())
                .collect()
        };
        match word.as_str() {
            "nobody" | "none" | "neither" | "nadie" | "ninguno" if is_alone => Reply::Nobody,
            "los" if filler != "dos" => Reply::Else,
            "both" | "ambos" | "los" if self.choices.len() == 2 => Reply::For(everybody(), rest),
            "all" | "todos" if is_alone => Reply::For(everybody(), rest),
            // Whom nobody is to hear any more, only a number or digits can say.
            _ if self.what == What::Block => Reply::Else,
            _ => self.by_word(body),
        }
    }

    fn by_number<'t>(&self, word: &str, rest: &'t str) -> Option<Reply<'t>> {
        let is_digits = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        if is_digits && word.len() >= 4 {
            let mut named = self
                .choices
                .iter()
                .filter(|c| c.customer.expose().ends_with(word));
            return match (named.next(), named.next()) {
                (Some(choice), None) => Some(Reply::For(vec![choice.customer.clone()], rest)),
                _ => None,
            };
        }
        let number = match word {
            "zero" | "cero" => Some(0),
            "one" | "uno" => Some(1),
            "two" | "dos" => Some(2),
            "three" | "tres" => Some(3),
            "first" | "1st" | "primero" | "primera" => Some(1),
            "second" | "2nd" | "segundo" | "segunda" => Some(2),
            "third" | "3rd" | "tercero" | "tercera" => Some(3),
            _ if is_digits => word.parse().ok(),
            _ => None,
        }?;
        // "first" is the first, whatever its number is.
        let begins = [
            "first", "1st", "prim", "second", "2nd", "segund", "third", "3rd", "tercer",
        ];
        let is_ordinal = begins.iter().any(|begin| word.starts_with(begin));
        let position = match number {
            0 => return rest.is_empty().then_some(Reply::Nobody),
            _ if is_ordinal => Some(number - 1),
            _ => usize::checked_sub(number, self.first_number),
        };
        let choice = position.and_then(|position| self.choices.get(position));
        match choice {
            Some(choice) => Some(Reply::For(vec![choice.customer.clone()], rest)),
            // "5 people are coming" is no answer, a number alone is.
            None if rest.is_empty() => Some(Reply::NoSuch),
            None => None,
        }
    }

    /// A word that only one of the customers has used.
    fn by_word<'t>(&self, body: &str) -> Reply<'t> {
        let word = body.trim_end_matches(['.', '!', '?']).to_lowercase();
        if word.len() < 3 || word.contains(char::is_whitespace) {
            return Reply::Else;
        }
        let has = |choice: &&Choice| {
            let words = choice.words.0.to_lowercase();
            words
                .split(|c: char| !c.is_alphanumeric())
                .any(|w| w == word)
        };
        let mut named = self.choices.iter().filter(has);
        match (named.next(), named.next()) {
            (Some(choice), None) => Reply::For(vec![choice.customer.clone()], ""),
            _ => Reply::Else,
        }
    }
}

/// `the first`, `el segundo`.
fn without_article(body: &str) -> &str {
    let articles = ["the ", "el ", "la "];
    let behind = articles.iter().find_map(|article| {
        let first = body.get(..article.len())?;
        let is_article = first.eq_ignore_ascii_case(article);
        is_article.then(|| body[article.len()..].trim_start())
    });
    behind.unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    fn question(first_number: usize) -> Question {
        let choice = |customer: &str, tag: &str, words: &str| Choice {
            customer: number(customer),
            tag: tag.to_owned(),
            words: Words(words.to_owned()),
        };
        Question {
            sid: MessageSid::parse(&format!("SM{}", "1".repeat(32))).unwrap(),
            asked: Timestamp::UNIX_EPOCH,
            what: What::Claim,
            choices: vec![
                choice("+16195550107", "0107", "Is the boat ready?"),
                choice("+16195550108", "0108", "Do you have diesel?"),
            ],
            first_number,
            command: None,
        }
    }

    #[test]
    fn a_question_takes_answers_as_people_give_them() {
        let (ana, ben) = (number("+16195550107"), number("+16195550108"));
        let one = |customer: &PhoneNumber, rest| Reply::For(vec![customer.clone()], rest);
        for (body, reply) in [
            ("1", one(&ana, "")),
            (" 1. ", one(&ana, "")),
            ("1)", one(&ana, "")),
            ("(1)", one(&ana, "")),
            ("#2", one(&ben, "")),
            ("One", one(&ana, "")),
            ("first", one(&ana, "")),
            ("2nd!", one(&ben, "")),
            ("0107", one(&ana, "")),
            ("6195550108", one(&ben, "")),
            ("diesel", one(&ben, "")),
            ("Diesel.", one(&ben, "")),
            ("2 please", one(&ben, "")),
            ("the first", one(&ana, "")),
            ("second one", one(&ben, "")),
            (
                "both of them",
                Reply::For(vec![ana.clone(), ben.clone()], ""),
            ),
            ("2, we do", one(&ben, "we do")),
            ("both", Reply::For(vec![ana.clone(), ben.clone()], "")),
            ("all", Reply::For(vec![ana.clone(), ben.clone()], "")),
            ("uno", one(&ana, "")),
            ("El primero", one(&ana, "")),
            ("la segunda, por favor", one(&ben, "")),
            ("2 gracias", one(&ben, "")),
            ("dos", one(&ben, "")),
            ("ambos", Reply::For(vec![ana.clone(), ben.clone()], "")),
            ("los dos", Reply::For(vec![ana.clone(), ben.clone()], "")),
            ("Todos", Reply::For(vec![ana.clone(), ben.clone()], "")),
            ("nadie", Reply::Nobody),
            ("cero", Reply::Nobody),
            ("Dos personas", Reply::Else),
            ("los lunes", Reply::Else),
            ("los, que vienen", Reply::Else),
            ("todos vienen", Reply::Else),
            ("un momento", Reply::Else),
            ("0", Reply::Nobody),
            ("nobody", Reply::Nobody),
            ("None.", Reply::Nobody),
            ("3", Reply::NoSuch),
            ("yes", Reply::Else),
            ("2 of us are coming", Reply::Else),
            ("One moment", Reply::Else),
            ("is", Reply::Else),
            ("5 people", Reply::Else),
            ("at noon", Reply::Else),
            ("0199", Reply::Else),
            ("", Reply::Else),
        ] {
            assert_eq!(question(1).read(body), reply, "{body:?}");
        }
    }

    #[test]
    fn a_question_that_a_clock_asked_that_was_ahead_keeps_nobodys_texts() {
        let mut asked = question(1);
        let now = asked.asked;
        assert!(asked.is_open(now));
        for (minutes, is_open) in [(120, true), (121, false), (24 * 60, false)] {
            asked.asked = now + Duration::from_secs(60 * minutes);
            assert_eq!(asked.is_open(now), is_open, "{minutes}");
        }
    }

    #[test]
    fn the_numbers_of_a_question_that_follows_another_are_others() {
        let ben = number("+16195550108");
        assert_eq!(question(3).read("1"), Reply::NoSuch);
        assert_eq!(question(3).read("4"), Reply::For(vec![ben.clone()], ""));
        assert_eq!(question(3).read("second"), Reply::For(vec![ben], ""));
        assert_eq!(question(3).last_number(), 4);
    }
}
