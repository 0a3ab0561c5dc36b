use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::phone::PhoneNumber;
use crate::domain::text_form::text_form;

const PREFIX: &str = "no-";

/// Crockford's base 32, in small letters: nothing in it is taken for something else.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits, five to a digit.
const LENGTH: usize = 26;

/// Names a notice. Derived from its line and its idempotency key, so that the same key never makes a
/// second one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoticeId(u128);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a notice's id (\"no-\" and 26 digits and small letters)")]
pub struct NotANoticeId;

impl NoticeId {
    pub fn of(line: &PhoneNumber, key: &str) -> Self {
        let digest = Sha256::digest(format!("notice\n{}\n{key}", line.expose()));
        let bytes = digest[..16].try_into().expect("sixteen bytes");
        Self(u128::from_be_bytes(bytes))
    }

    pub fn parse(text: &str) -> Result<Self, NotANoticeId> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotANoticeId)?.as_bytes();
        if digits.len() != LENGTH {
            return Err(NotANoticeId);
        }
        let mut value: u128 = 0;
        for digit in digits {
            let digit = DIGITS.iter().position(|d| d == digit);
            let digit = digit.ok_or(NotANoticeId)? as u128;
            value = value.checked_mul(32).ok_or(NotANoticeId)? + digit;
        }
        Ok(Self(value))
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for place in (0..LENGTH).rev() {
            let digit = (self.0 >> (5 * place)) & 31;
            write!(f, "{}", char::from(DIGITS[digit as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_form!(NoticeId, NotANoticeId, Self::parse, |id| id.to_string());

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u8) -> PhoneNumber {
        PhoneNumber::parse(&format!("+1619555010{n}")).unwrap()
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for value in [0, 1, 31, 32, u128::MAX, u128::MAX / 3] {
            let id = NoticeId(value);
            let text = id.to_string();
            assert_eq!(text.len(), 29);
            assert_eq!(NoticeId::parse(&text), Ok(id));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let too_much = format!("no-8{}", "0".repeat(25));
        let capital = NoticeId(u128::MAX).to_string().to_uppercase();
        for text in ["", "no-", "no-0", &too_much, &capital, "in-0"] {
            assert_eq!(NoticeId::parse(text), Err(NotANoticeId), "{text}");
        }
    }

    #[test]
    fn line_and_key_make_the_id_and_nothing_else_does() {
        let id = NoticeId::of(&line(0), "april");
        assert_eq!(NoticeId::of(&line(0), "april"), id);
        assert_ne!(NoticeId::of(&line(1), "april"), id);
        assert_ne!(NoticeId::of(&line(0), "may"), id);
    }
}
