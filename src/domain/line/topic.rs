use serde::{Deserialize, Serialize};

use crate::domain::language::unaccented;
use crate::domain::opt_out::Wish;

/// Something that a line sends notices about, and that numbers can subscribe to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// What programs call it: small letters, digits, `-` and `_`.
    pub name: String,
    /// Who texts this to the line subscribes; in capitals.
    pub keyword: String,
    /// What subscribers are told that they get, such as `new events`.
    pub about: String,
    /// Whether who texts the keyword subscribes only by saying yes to a question: a text can have a
    /// forged sender.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
}

/// The most characters of a topic's name.
const LONGEST_NAME: usize = 40;
/// The most characters of a keyword, which people type.
const LONGEST_KEYWORD: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a topic's name (small letters, digits, - and _, {LONGEST_NAME} at most, a letter first)"
)]
pub struct BadTopicName;

/// Why a word can be no keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyword {
    #[error("a keyword is one word of letters and digits, {LONGEST_KEYWORD} at most")]
    NotAWord,
    #[error("Twilio or the relay takes this word for something else")]
    Taken,
}

/// What people of a line write to it, without spaces, and answers to its questions: customers and people
/// would not know any more what such a word does.
#[rustfmt::skip]
const COMMANDS: [&str; 32] = [
    "AWAY", "BACK", "WHO", "STATUS", "PASS", "GOTIT", "DONE", "CALL", "BLOCK", "UNBLOCK", "FUERA", "AUSENTE",
    "VOLVI", "VUELVO", "REGRESE", "QUIEN", "ESTADO", "PASAR", "RECIBIDO", "LISTO", "LLAMAR", "BLOQUEAR",
    "DESBLOQUEAR", "COMMANDS", "COMANDOS", "YES", "NO", "OK", "BOTH", "NOBODY", "NADIE", "AMBOS",
];

impl Topic {
    pub fn checked_name(text: &str) -> Result<String, BadTopicName> {
        let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let well_formed = text.len() <= LONGEST_NAME
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(is_fine);
        well_formed.then(|| text.to_owned()).ok_or(BadTopicName)
    }

    /// The keyword in capitals.
    pub fn checked_keyword(text: &str) -> Result<String, BadKeyword> {
        let (keyword, plain) = (capitals(text), plain(text));
        let is_word = text.chars().all(char::is_alphanumeric);
        if keyword.is_empty() || !is_word || keyword.chars().count() > LONGEST_KEYWORD {
            return Err(BadKeyword::NotAWord);
        }
        // Twilio's words for help are HELP and INFO.
        let others = ["HELP", "INFO", "AYUDA", "SI"];
        let is_taken = Wish::of(&plain, None).is_some()
            || others.contains(&plain.as_str())
            || ALL.contains(&plain.as_str())
            || SPANISH_STOPS.contains(&plain.as_str())
            || COMMANDS.contains(&plain.as_str())
            || plain.chars().all(char::is_numeric);
        let begins_to_leave = STOPS.iter().any(|stop| plain.starts_with(stop));
        if is_taken || begins_to_leave {
            return Err(BadKeyword::Taken);
        }
        Ok(keyword)
    }

    /// The words by which subscribers call it, without what is ignored about them.
    pub(crate) fn called(&self) -> [String; 2] {
        [plain(&self.keyword), plain(&self.name)]
    }

    /// Whether a text that joins or leaves this topic could mean the other one.
    pub fn is_mistakable_for(&self, other: &Topic) -> bool {
        let others = other.called();
        self.called().iter().any(|word| others.contains(word))
    }
}

/// What stands before a topic to leave it. Alone, Twilio takes each of them for an opt-out of
/// everything.
pub(crate) const STOPS: [&str; 7] = [
    "STOP",
    "UNSUBSCRIBE",
    "END",
    "QUIT",
    "CANCEL",
    "OPTOUT",
    "REVOKE",
];

/// The same in Spanish. A keyword may begin so: Baja is a place, too.
pub(crate) const SPANISH_STOPS: [&str; 4] = ["ALTO", "BAJA", "CANCELAR", "PARAR"];

/// What stands for all topics.
pub(crate) const ALL: [&str; 3] = ["ALL", "TODO", "TODOS"];

/// Capitals without accents and digits, without anything between them.
pub(crate) fn plain(text: &str) -> String {
    capitals(&unaccented(text))
}

fn capitals(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_programs_can_carry_anywhere() {
        for name in ["events", "crew-news", "a", "x_2"] {
            assert_eq!(Topic::checked_name(name).unwrap(), name);
        }
        for name in [
            "",
            "Events",
            "new events",
            "2x",
            "-a",
            "é",
            "a#b",
            &"a".repeat(41),
        ] {
            assert_eq!(Topic::checked_name(name), Err(BadTopicName), "{name:?}");
        }
    }

    #[test]
    fn a_keyword_is_a_word_that_nobody_else_answers() {
        for (text, keyword) in [
            ("EVENTS", "EVENTS"),
            ("events", "EVENTS"),
            ("Été2", "ÉTÉ2"),
            ("bajafish", "BAJAFISH"),
        ] {
            assert_eq!(Topic::checked_keyword(text).unwrap(), keyword);
        }
        for text in ["", "NEW EVENTS", "🎉", "EVENTS!", &"A".repeat(21)] {
            assert_eq!(
                Topic::checked_keyword(text),
                Err(BadKeyword::NotAWord),
                "{text:?}"
            );
        }
        for text in [
            "stop",
            "START",
            "Yes",
            "help",
            "INFO",
            "all",
            "cancel",
            "STOPEVENTS",
            "Sí",
            "ayuda",
            "baja",
            "alto",
            "todos",
        ] {
            assert_eq!(
                Topic::checked_keyword(text),
                Err(BadKeyword::Taken),
                "{text:?}"
            );
        }
    }
}
