use serde::{Deserialize, Serialize};

use super::PhoneNumber;

use crate::domain::text_form::text_form;

/// What numbers of a country or region begin with: a plus sign and one to seven digits, such as
/// `+1` or `+1619`. Fit for display: it is nobody's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the beginning of numbers (a plus sign, then 1 to 7 digits, such as +1 or +1619)")]
pub struct NotAPrefix;

impl Prefix {
    pub fn parse(text: &str) -> Result<Self, NotAPrefix> {
        let digits = text.strip_prefix('+').ok_or(NotAPrefix)?.as_bytes();
        let well_formed = (1..=7).contains(&digits.len())
            && digits[0] != b'0'
            && digits.iter().all(u8::is_ascii_digit);
        well_formed.then(|| Self(text.to_owned())).ok_or(NotAPrefix)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the number begins like this.
    pub fn begins(&self, number: &PhoneNumber) -> bool {
        number.expose().starts_with(&self.0)
    }
}

text_form!(Prefix, NotAPrefix, Self::parse, |prefix| prefix.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plus_and_a_few_digits() {
        for text in ["+1", "+44", "+1619", "+1619555"] {
            assert_eq!(Prefix::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "+", "1", "+0", "+1 619", "+16195550", "++1", "+x"] {
            assert_eq!(Prefix::parse(text), Err(NotAPrefix), "{text}");
        }
    }
}
