use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::ids::hex;
use crate::domain::phone::PhoneNumber;

/// Who shares the worker with others. A queue that can be fair brings the messages of the others first while
/// one group has many. What is not known to be anybody's is a group of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(String);

impl Group {
    /// A line, not by its number: the name stands in what AWS and its logs say of a message.
    pub fn of_line(number: &PhoneNumber) -> Self {
        let digest = Sha256::digest(format!("group\n{}", number.expose()));
        Self(format!("line-{}", hex(&digest[..10])))
    }

    /// What the sweep wakes, of whatever line; the index of what is due does not name it. All of it is
    /// overdue: when it is much, texts that have just come go first.
    pub fn sweep() -> Self {
        Self("sweep".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_group_that_no_other_line_has_and_that_does_not_tell_its_number() {
        let group =
            |n: u32| Group::of_line(&PhoneNumber::parse(&format!("+1619555010{n}")).unwrap());
        assert_eq!(group(0), group(0));
        assert_ne!(group(0), group(1));
        for group in [group(0), Group::sweep()] {
            // The most that SQS takes. Source: the Amazon SQS API reference, `SendMessage`.
            assert!((1..=128).contains(&group.as_str().len()));
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            assert!(group.as_str().chars().all(plain), "{group:?}");
            assert!(!group.as_str().contains("5550100"), "{group:?}");
        }
    }
}
