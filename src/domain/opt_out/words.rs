//! The words by which a phone refuses or asks for texts.
//!
//! Source: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)" and "Advanced
//! Opt-Out", which says by the webhook's `OptOutType` what it took a text for, whatever words the
//! account has chosen.

use serde::{Deserialize, Serialize};

use super::Cause;

/// What the webhook's `OptOutType` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OptOutType {
    Stop,
    Start,
    Help,
}

impl OptOutType {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "STOP" => Some(OptOutType::Stop),
            "START" => Some(OptOutType::Start),
            "HELP" => Some(OptOutType::Help),
            _ => None,
        }
    }
}

/// What somebody wants by such a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Stop(Cause),
    Start,
    /// Twilio has answered with the account's help already.
    Help,
}

impl Wish {
    /// Twilio's own word counts for more than the text's. Without it the whole text has to be the
    /// word, but for case, spaces around it and punctuation.
    pub fn of(body: &str, twilios: Option<OptOutType>) -> Option<Self> {
        match twilios {
            Some(OptOutType::Stop) => return Some(Wish::Stop(Cause::OptOutType)),
            Some(OptOutType::Start) => return Some(Wish::Start),
            Some(OptOutType::Help) => return Some(Wish::Help),
            None => {}
        }
        let word: String = body
            .trim()
            .chars()
            .filter(|c| c.is_alphanumeric() || c.is_whitespace())
            .flat_map(char::to_uppercase)
            .collect();
        let word = word.trim();
        match word {
            "STOP" | "UNSUBSCRIBE" | "END" | "QUIT" | "STOPALL" | "REVOKE" | "OPTOUT"
            | "CANCEL" => Some(Wish::Stop(Cause::Word(word.to_owned()))),
            "START" | "YES" | "UNSTOP" => Some(Wish::Start),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(word: &str) -> Option<Wish> {
        Some(Wish::Stop(Cause::Word(word.to_owned())))
    }

    #[test]
    fn the_words_are_known_in_any_case_and_with_any_punctuation() {
        for word in [
            "STOP",
            "UNSUBSCRIBE",
            "END",
            "QUIT",
            "STOPALL",
            "REVOKE",
            "OPTOUT",
            "CANCEL",
        ] {
            let small = word.to_lowercase();
            for body in [
                word,
                &small,
                &format!(" \"{small}\".\n"),
                &format!("{word}!!"),
            ] {
                assert_eq!(Wish::of(body, None), stop(word), "{body:?}");
            }
        }
        assert_eq!(Wish::of("opt-out", None), stop("OPTOUT"));
        for word in ["START", "Yes.", "unstop"] {
            assert_eq!(Wish::of(word, None), Some(Wish::Start), "{word}");
        }
    }

    #[test]
    fn a_word_within_a_text_is_part_of_what_somebody_says() {
        for body in [
            "please stop",
            "Yes, at five",
            "Cancel my order",
            "stop\nit",
            "the end",
            "STOPS",
            "",
            "…",
            "ＳＴＯＰ",
        ] {
            assert_eq!(Wish::of(body, None), None, "{body:?}");
        }
    }

    #[test]
    fn what_twilio_took_it_for_counts_for_more() {
        let wish = |body, twilios| Wish::of(body, OptOutType::parse(twilios));
        assert_eq!(wish("no mas", "STOP"), Some(Wish::Stop(Cause::OptOutType)));
        assert_eq!(wish("otra vez", "START"), Some(Wish::Start));
        assert_eq!(wish("STOP", "HELP"), Some(Wish::Help));
        assert_eq!(wish("STOP", "SOMETHING NEW"), stop("STOP"));
    }
}
