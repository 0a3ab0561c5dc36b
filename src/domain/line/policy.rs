use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::phone::{PhoneNumber, Prefix};

/// How hard a line tries to get a text to somebody, and whom it may text at all. Each value has its
/// key in `relay.toml` and a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// How long a text stays with a person of the cascade without having been delivered; then it is
    /// the next one's. The last person has it until the end.
    #[serde(with = "in_seconds")]
    pub hand_over_after: Duration,
    /// How long the relay tries to deliver a text at all.
    #[serde(with = "in_seconds")]
    pub deliver_within: Duration,
    /// How long a conversation without a text, in which nobody waits, still counts: a customer's next
    /// text goes to the person who has it, and a person's text may be for it.
    #[serde(with = "in_seconds")]
    pub conversation_for: Duration,
    /// How long a customer waits for an answer before whoever has the conversation is reminded, and as
    /// long again before it goes to the next person. With `None`, nobody is.
    #[serde(with = "in_seconds_if_ever")]
    pub answer_within: Option<Duration>,
    /// Who is texted when a text reached nobody, or when account, number or campaign need repair.
    pub alert: Option<PhoneNumber>,
    /// What a number that is texted must begin with; any may be texted if there are none, as in
    /// lines that were stored before there were prefixes.
    pub allowed_prefixes: Vec<Prefix>,
    /// How many texts a minute one sender may write before they are slowed down.
    pub sender_limit: u32,
    /// How many segments a day the line sends without anybody's hand: notices, invitations, answers to
    /// keywords, automatic replies. Strangers and programs can make it spend no more.
    pub most_segments_a_day: u32,
    pub retry: Retry,
}

/// How the pauses between attempts grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry {
    /// The longest that the first pause can be; each one after it can be twice as long.
    #[serde(with = "in_seconds")]
    pub first: Duration,
    /// No pause is longer.
    #[serde(with = "in_seconds")]
    pub longest: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hand_over_after: Duration::from_secs(3 * 60),
            deliver_within: Duration::from_secs(60 * 60),
            conversation_for: Duration::from_secs(24 * 60 * 60),
            answer_within: Some(Duration::from_secs(60 * 60)),
            alert: None,
            allowed_prefixes: Vec::new(),
            sender_limit: 20,
            most_segments_a_day: 10_000,
            retry: Retry::default(),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(15 * 60),
        }
    }
}

impl Policy {
    /// Whether the relay may text this number.
    pub fn allows(&self, number: &PhoneNumber) -> bool {
        let prefixes = &self.allowed_prefixes;
        prefixes.is_empty() || prefixes.iter().any(|prefix| prefix.begins(number))
    }
}

/// Stored as whole seconds; nothing in a policy is finer.
pub(crate) mod in_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        time.as_secs().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

/// The same for a time that may be absent, which is not its default.
mod in_seconds_if_ever {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.as_secs()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<u64>::deserialize(from)?;
        Ok(seconds.map(Duration::from_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stored_before_there_were_policies_has_the_defaults() {
        let stored: Policy = serde_json::from_str("{}").unwrap();
        assert_eq!(stored, Policy::default());
        let stored: Policy = serde_json::from_str(r#"{"hand_over_after": 90}"#).unwrap();
        assert_eq!(stored.hand_over_after, Duration::from_secs(90));
        assert_eq!(stored.retry, Retry::default());
    }

    #[test]
    fn only_numbers_with_an_allowed_beginning_are_texted() {
        let number = |text| PhoneNumber::parse(text).unwrap();
        let mut policy = Policy::default();
        assert!(
            policy.allows(&number("+442079460000")),
            "no prefixes, no limit"
        );
        policy.allowed_prefixes = ["+1619", "+52"].map(|p| Prefix::parse(p).unwrap()).into();
        for (text, allowed) in [
            ("+16195550110", true),
            ("+525550100000", true),
            ("+18585550110", false),
            ("+442079460000", false),
        ] {
            assert_eq!(policy.allows(&number(text)), allowed, "{text}");
        }
    }
}
