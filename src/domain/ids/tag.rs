use std::fmt;

use serde::{Deserialize, Serialize};

/// A person's short name for one of their threads, such as `#7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(u16);

impl Tag {
    pub const LAST: Tag = Tag(999);

    /// Lowest first.
    pub fn all() -> impl Iterator<Item = Tag> {
        (1..=Self::LAST.0).map(Tag)
    }

    /// Reads a number that people write as a tag.
    pub fn parse(digits: &str) -> Option<Self> {
        let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain)?;
        (number > 0).then_some(Self(number))
    }

    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
