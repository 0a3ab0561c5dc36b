//! Numbers that asked for no more texts from a line: since when, and how the relay knows.
//!
//! Twilio keeps such a list of its own and refuses what is sent to a number on it.
//! The relay's list lets it skip whoever would not get the text anyway, and tell why.

mod phrases;
mod words;

pub use words::{OptOutType, Wish};

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::provider;

/// Why a number is on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    pub since: Timestamp,
    pub by: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// They wrote this word.
    Word(String),
    /// Twilio's Advanced Opt-Out took what they wrote for an opt-out.
    OptOutType,
    /// Twilio refused a text to them because they had opted out, with this code.
    Refusal(u32),
    /// Somebody put them on the list with `relay optouts add`.
    Hand,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Word(word) => write!(f, "by the word {word}"),
            Cause::OptOutType => write!(f, "by a word that Twilio knows"),
            Cause::Refusal(code) => write!(f, "as {}'s error {code} said", provider::NAME),
            Cause::Hand => write!(f, "by hand"),
        }
    }
}

/// Who opted out of one line's texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOuts(pub BTreeMap<PhoneNumber, OptOut>);

impl OptOuts {
    pub fn of(&self, number: &PhoneNumber) -> Option<&OptOut> {
        self.0.get(number)
    }
}

/// A number goes on a line's list, or off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub number: PhoneNumber,
    /// `None` takes it off.
    pub to: Option<OptOut>,
    /// Whether it is the number of one of the line's people, whom decisions pass over while they
    /// are on the list.
    pub of_person: bool,
}

impl Change {
    /// What a text changes; nothing if it says what the list says already.
    ///
    /// A START of somebody who is not on the list is an ordinary text, as it is for Twilio.
    pub fn by_text(
        from: &Sender,
        wish: Option<&Wish>,
        listed: &OptOuts,
        of_person: bool,
        now: Timestamp,
    ) -> Option<Self> {
        let number = from.phone()?;
        let to = match (wish?, listed.of(number)) {
            // Twilio goes on sending to a person who says it, and they may say it to a customer.
            (Wish::Stop(by), None) if of_person && by.is_own() => return None,
            (Wish::Stop(by), None) => Some(OptOut {
                since: now,
                by: by.clone(),
            }),
            (Wish::Start, Some(_)) => None,
            (Wish::StartOwn, Some(listed)) if listed.by.is_own() => None,
            (Wish::Stop(_), Some(_)) | (Wish::Start | Wish::StartOwn, _) | (Wish::Help, _) => {
                return None;
            }
        };
        Some(Self {
            number: number.clone(),
            to,
            of_person,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: &str = "+16195550107";

    fn change(body: &str, listed: &OptOuts) -> Option<Change> {
        let from = Sender::parse(CUSTOMER);
        let wish = Wish::of(body, None);
        Change::by_text(&from, wish.as_ref(), listed, false, Timestamp::UNIX_EPOCH)
    }

    fn listed() -> OptOuts {
        let opt_out = OptOut {
            since: Timestamp::UNIX_EPOCH,
            by: Cause::Refusal(21610),
        };
        OptOuts([(PhoneNumber::parse(CUSTOMER).unwrap(), opt_out)].into())
    }

    #[test]
    fn a_stop_puts_the_number_on_the_list_once() {
        let added = change("Stop!", &OptOuts::default()).unwrap();
        assert_eq!(added.number.expose(), CUSTOMER);
        assert_eq!(added.to.unwrap().by, Cause::Word("STOP".to_owned()));
        assert_eq!(change("STOP", &listed()), None);
    }

    #[test]
    fn a_yes_takes_the_number_off_the_list_and_is_an_answer_otherwise() {
        assert_eq!(change("yes", &listed()).unwrap().to, None);
        assert_eq!(change("yes", &OptOuts::default()), None);
    }

    #[test]
    fn a_word_that_twilio_does_not_know_undoes_only_what_twilio_does_not_know() {
        let own = |by| {
            let opt_out = OptOut {
                since: Timestamp::UNIX_EPOCH,
                by,
            };
            OptOuts([(PhoneNumber::parse(CUSTOMER).unwrap(), opt_out)].into())
        };
        let word = |word: &str| Cause::Word(word.to_owned());
        for (listed, is_undone) in [
            (own(word("ALTO")), true),
            (own(Cause::Hand), true),
            (own(word("STOP")), false),
            (own(Cause::OptOutType), false),
            (own(Cause::Refusal(21610)), false),
            (OptOuts::default(), false),
        ] {
            let undone = change("iniciar", &listed);
            assert_eq!(undone.is_some(), is_undone, "{listed:?}");
        }
    }

    #[test]
    fn a_person_who_says_such_a_word_goes_on_getting_texts() {
        let from = Sender::parse(CUSTOMER);
        let by = |body| {
            let wish = Wish::of(body, None);
            let none = OptOuts::default();
            Change::by_text(&from, wish.as_ref(), &none, true, Timestamp::UNIX_EPOCH)
        };
        assert_eq!(by("alto"), None);
        assert!(by("stop").is_some());
    }

    #[test]
    fn who_is_no_phone_cannot_be_on_the_list() {
        let wish = Wish::of("STOP", None);
        let sender = Sender::parse("ACME");
        let none = OptOuts::default();
        let change = Change::by_text(&sender, wish.as_ref(), &none, false, Timestamp::UNIX_EPOCH);
        assert_eq!(change, None);
    }
}
