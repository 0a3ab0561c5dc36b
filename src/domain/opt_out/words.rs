//! The words by which a phone refuses or asks for texts.
//!
//! Source: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)".

use serde::{Deserialize, Serialize};

use super::Cause;

/// What Twilio took a text for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OptOutType {
    Stop,
    Start,
    Help,
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
        let wish = |body, twilios| Wish::of(body, Some(twilios));
        let stop = Some(Wish::Stop(Cause::OptOutType));
        assert_eq!(wish("no mas", OptOutType::Stop), stop);
        assert_eq!(wish("otra vez", OptOutType::Start), Some(Wish::Start));
        assert_eq!(wish("STOP", OptOutType::Help), Some(Wish::Help));
    }
}
