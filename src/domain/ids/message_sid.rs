//! A message's SID.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::text_form::text_form;

/// Twilio's name for a message: `SM` or `MM` and 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageSid(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message's SID (SM or MM and 32 hexadecimal digits)")]
pub struct NotAMessageSid;

impl MessageSid {
    pub fn parse(text: &str) -> Result<Self, NotAMessageSid> {
        let hex = text
            .strip_prefix("SM")
            .or_else(|| text.strip_prefix("MM"))
            .ok_or(NotAMessageSid)?;
        let well_formed = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or(NotAMessageSid)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(MessageSid, NotAMessageSid, Self::parse, |sid| sid.0);
