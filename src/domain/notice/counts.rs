use schemars::JsonSchema;
use serde::de::IntoDeserializer;
use serde::de::value::{self, StrDeserializer};
use serde::{Deserialize, Serialize};

use crate::domain::delivery::{Delivery, State, Withheld};
use crate::domain::names::name_of;

/// How many of a notice's recipients stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// For their turn, for the end of the quiet hours, or for the next attempt.
    pub waiting: u64,
    /// On the way to Twilio, or Twilio did not say yet whether it has the text.
    pub sending: u64,
    pub accepted: u64,
    pub delivered: u64,
    pub failed: u64,
    /// They opted out of the line's texts or left the topic after the fan-out had come to them.
    pub opted_out: u64,
    pub expired: u64,
    pub cancelled: u64,
    pub superseded: u64,
    /// The fan-out passed them over, or the line may not text them any more.
    pub skipped: u64,
}

impl Counts {
    pub fn add(&mut self, status: RecipientStatus, recipients: u64) {
        let count = match status {
            RecipientStatus::Waiting => &mut self.waiting,
            RecipientStatus::Sending => &mut self.sending,
            RecipientStatus::Accepted => &mut self.accepted,
            RecipientStatus::Delivered => &mut self.delivered,
            RecipientStatus::Failed => &mut self.failed,
            RecipientStatus::OptedOut => &mut self.opted_out,
            RecipientStatus::Expired => &mut self.expired,
            RecipientStatus::Cancelled => &mut self.cancelled,
            RecipientStatus::Superseded => &mut self.superseded,
            RecipientStatus::Skipped => &mut self.skipped,
        };
        *count += recipients;
    }

    pub fn total(self) -> u64 {
        let under_way = self.waiting + self.sending + self.accepted;
        let reached_or_not = self.delivered + self.failed + self.opted_out;
        let ended = self.expired + self.cancelled + self.superseded;
        under_way + reached_or_not + ended + self.skipped
    }
}

/// How one recipient stands, in the word that stores count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientStatus {
    Waiting,
    Sending,
    Accepted,
    Delivered,
    Failed,
    OptedOut,
    Expired,
    Cancelled,
    Superseded,
    Skipped,
}

impl RecipientStatus {
    pub fn of(delivery: &Delivery) -> Self {
        match delivery.state {
            State::Waiting { .. } => Self::Waiting,
            State::Sending { .. } | State::Unknown { .. } => Self::Sending,
            State::Accepted { .. } => Self::Accepted,
            State::Delivered => Self::Delivered,
            State::GaveUp { .. } => Self::Failed,
            State::Withheld { because } => match because {
                Withheld::OptedOut | Withheld::LeftTopic => Self::OptedOut,
                Withheld::NotAllowed
                | Withheld::TooMany
                | Withheld::SaidLately
                | Withheld::UsedUp => Self::Skipped,
                Withheld::Cancelled => Self::Cancelled,
                Withheld::Superseded => Self::Superseded,
                Withheld::Expired
                | Withheld::Settled
                | Withheld::NobodyElse
                | Withheld::Blocked => Self::Expired,
            },
        }
    }

    pub fn name(self) -> String {
        name_of(&self)
    }

    pub fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [RecipientStatus; 10] = [
        RecipientStatus::Waiting,
        RecipientStatus::Sending,
        RecipientStatus::Accepted,
        RecipientStatus::Delivered,
        RecipientStatus::Failed,
        RecipientStatus::OptedOut,
        RecipientStatus::Expired,
        RecipientStatus::Cancelled,
        RecipientStatus::Superseded,
        RecipientStatus::Skipped,
    ];

    #[test]
    fn every_status_has_a_count_of_its_own() {
        let mut counts = Counts::default();
        for (n, status) in ALL.into_iter().enumerate() {
            assert_eq!(RecipientStatus::named(&status.name()), Some(status));
            counts.add(status, 1 << n);
        }
        assert_eq!(counts.total(), (1 << ALL.len()) - 1);
        let json = serde_json::to_value(counts).unwrap();
        for (n, status) in ALL.into_iter().enumerate() {
            assert_eq!(json[&status.name()], 1 << n);
        }
    }
}
