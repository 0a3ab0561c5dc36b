//! The SIDs of a call and of its recording.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::text_form::text_form;

/// Twilio's name for a call, or for one leg of it: `CA` and 32 small hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallSid(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a call's SID (CA and 32 small hexadecimal digits)")]
pub struct NotACallSid;

impl CallSid {
    pub fn parse(text: &str) -> Result<Self, NotACallSid> {
        is_sid("CA", text)
            .then(|| Self(text.to_owned()))
            .ok_or(NotACallSid)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(CallSid, NotACallSid, Self::parse, |sid| sid.0);

/// Twilio's name for a recording: `RE` and 32 small hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordingSid(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a recording's SID (RE and 32 small hexadecimal digits)")]
pub struct NotARecordingSid;

impl RecordingSid {
    pub fn parse(text: &str) -> Result<Self, NotARecordingSid> {
        is_sid("RE", text)
            .then(|| Self(text.to_owned()))
            .ok_or(NotARecordingSid)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordingSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(RecordingSid, NotARecordingSid, Self::parse, |sid| sid.0);

fn is_sid(kind: &str, text: &str) -> bool {
    let digits = text.strip_prefix(kind);
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(is_hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sid_of_its_own_kind_is_read() {
        let call = format!("CA{}", "0a".repeat(16));
        let recording = format!("RE{}", "0a".repeat(16));
        assert_eq!(CallSid::parse(&call).unwrap().as_str(), call);
        assert_eq!(RecordingSid::parse(&recording).unwrap().as_str(), recording);
        for text in [
            "",
            "CA",
            &recording,
            &call.to_uppercase(),
            &call[..33],
            &format!("{call}0"),
            &format!("CA{}", "0g".repeat(16)),
        ] {
            assert_eq!(CallSid::parse(text), Err(NotACallSid), "{text}");
        }
        assert_eq!(RecordingSid::parse(&call), Err(NotARecordingSid));
    }
}
