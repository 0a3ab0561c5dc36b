//! The PIN of a person.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Four to eight digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin(Zeroizing<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN is four to eight digits")]
pub struct NotAPin;

impl Pin {
    pub fn parse(text: &str) -> Result<Self, NotAPin> {
        let well_formed = (4..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if well_formed {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotAPin)
        }
    }

    /// For the configuration's file.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes as long whatever is wrong, if the length is right.
    pub fn is(&self, given: &str) -> bool {
        let (pin, given) = (self.0.as_bytes(), given.as_bytes());
        let pairs = pin.iter().zip(given);
        pin.len() == given.len() && pairs.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TryFrom<String> for Pin {
    type Error = NotAPin;

    fn try_from(text: String) -> Result<Self, NotAPin> {
        let text = Zeroizing::new(text);
        Self::parse(&text)
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.expose().to_owned()
    }
}
