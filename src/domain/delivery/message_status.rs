//! The states that Twilio reports of a message.

use serde::{Deserialize, Serialize};

/// Source: Twilio, "Message status values" and the Messages resource of its OpenAPI document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Accepted,
    Scheduled,
    Queued,
    Sending,
    Sent,
    Delivered,
    Undelivered,
    Failed,
    Canceled,
    Read,
    PartiallyDelivered,
    Receiving,
    Received,
}

impl Status {
    pub fn parse(text: &str) -> Option<Self> {
        Self::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text))
            .ok()
    }

    pub fn is_final(self) -> bool {
        matches!(
            self,
            Status::Delivered
                | Status::Undelivered
                | Status::Failed
                | Status::Canceled
                | Status::Read
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_twilios() {
        assert_eq!(
            Status::parse("partially_delivered"),
            Some(Status::PartiallyDelivered)
        );
        assert_eq!(Status::parse("delivered"), Some(Status::Delivered));
        assert_eq!(Status::parse("Delivered"), None);
        assert_eq!(Status::parse("shredded"), None);
    }
}
