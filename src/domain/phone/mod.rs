//! Phone numbers, and everything else that can stand in the `From` of a text.
//!
//! A number never prints itself: `Debug` shows a masked form, and there is no `Display`. Code that
//! really needs the digits (a request to Twilio, a stored record, the screen of the person who
//! asked) says so with [`PhoneNumber::expose`].

mod national;
mod plan;
mod prefix;
mod sender;
mod written;

pub use national::{Country, international};
pub use prefix::{NotAPrefix, Prefix};
pub use sender::Sender;
pub use written::NotANumber;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::text_form::text_form;
use crate::printable::printable;

/// A telephone number in E.164 form: a plus sign, a country code, at most 15 digits in all.
///
/// Source of the form: ITU-T E.164, and Twilio's "Formatting International Phone Numbers".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(Box<str>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a phone number in E.164 form (a plus sign, then 7 to 15 digits, such as +16195550100)"
)]
pub struct NotE164;

impl PhoneNumber {
    /// Reads the E.164 form and nothing else.
    pub fn parse(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?.as_bytes();
        let well_formed = (7..=15).contains(&digits.len())
            && digits[0] != b'0'
            && digits.iter().all(u8::is_ascii_digit);
        well_formed.then(|| Self(text.into())).ok_or(NotE164)
    }

    /// The number of an address: as it is, or behind the name of a channel. Whoever writes by
    /// `rcs:+16195550107` is who writes from +16195550107. They are answered at the number: a plain
    /// number is reached whatever the phone can do, and `rcs:` in front would keep Twilio from
    /// sending an SMS.
    ///
    /// Source: Twilio, "Send and receive RCS messages"; opt-outs count for all channels of a number.
    pub fn of_address(address: &str) -> Option<Self> {
        let number = match address.split_once(':') {
            Some((channel, number)) if !channel.is_empty() => {
                let is_name = channel.bytes().all(|b| b.is_ascii_alphabetic());
                is_name.then_some(number)?
            }
            _ => address,
        };
        Self::parse(number).ok()
    }

    /// The number itself, for the places that must have it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The number as logs and audit records show it.
    pub fn masked(&self) -> Masked {
        mask(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.masked(), f)
    }
}

text_form!(PhoneNumber, NotE164, Self::parse, |number| number.0.into());

/// A number or sender of which only enough is left to recognise it: `+1•••10`. Fit for a
/// terminal, whoever chose the sender's name.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(String);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn mask(text: &str) -> Masked {
    let characters: Vec<char> = printable(text).chars().collect();
    let (head, tail) = match (characters.len(), characters.as_slice()) {
        (0..=3, _) => (0, 0),
        (4..=8, _) => (1, 1),
        // The country's code, of which there are longer ones, and no area's.
        (_, ['+', '1' | '7', ..]) => (2, 2),
        _ => (3, 2),
    };
    let (head, tail) = (&characters[..head], &characters[characters.len() - tail..]);
    Masked(
        head.iter()
            .copied()
            .chain("•••".chars())
            .chain(tail.iter().copied())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_e164_form_is_a_number() {
        for text in ["+16195550100", "+4930555010", "+3725550100"] {
            assert_eq!(PhoneNumber::parse(text).unwrap().expose(), text);
        }
        for text in [
            "",
            "+",
            "16195550100",
            "+0619555010",
            "+1619555010a",
            "+1 619 555 0100",
            "+1234567890123456",
            "+１６１９",
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(NotE164), "{text}");
        }
    }

    #[test]
    fn a_number_prints_masked_however_it_is_printed() {
        let number = PhoneNumber::parse("+16195550110").unwrap();
        assert_eq!(format!("{number:?}"), "+1•••10");
        assert_eq!(format!("{:?}", Some(&number)), "Some(+1•••10)");
        assert_eq!(number.masked().to_string(), "+1•••10");
    }
}
