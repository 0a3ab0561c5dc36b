//! A message's SID, and a call's where a call stands among texts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::ids::call_sid::CallSid;
use crate::domain::text_form::text_form;

/// Twilio's name for a message: `SM` or `MM` and 32 hexadecimal digits. What people are told of a call is
/// kept like a text, under the call's name.
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

    pub fn of_call(sid: &CallSid) -> Self {
        Self(sid.as_str().to_owned())
    }

    /// The call, if it is one's.
    pub fn call(&self) -> Option<CallSid> {
        CallSid::parse(&self.0).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_stored(text: &str) -> Result<Self, NotAMessageSid> {
        Self::parse(text).or_else(|not| {
            let call = CallSid::parse(text).map_err(|_| not)?;
            Ok(Self::of_call(&call))
        })
    }
}

impl fmt::Display for MessageSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(MessageSid, NotAMessageSid, Self::of_stored, |sid| sid.0);
