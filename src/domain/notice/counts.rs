use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::delivery::{Delivery, State, Withheld};

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
    pub fn add(&mut self, standing: Standing, recipients: u64) {
        let count = match standing {
            Standing::Waiting => &mut self.waiting,
            Standing::Sending => &mut self.sending,
            Standing::Accepted => &mut self.accepted,
            Standing::Delivered => &mut self.delivered,
            Standing::Failed => &mut self.failed,
            Standing::OptedOut => &mut self.opted_out,
            Standing::Expired => &mut self.expired,
            Standing::Cancelled => &mut self.cancelled,
            Standing::Superseded => &mut self.superseded,
            Standing::Skipped => &mut self.skipped,
        };
        *count += recipients;
    }

    pub fn total(self) -> u64 {
        let Self {
            waiting,
            sending,
            accepted,
            delivered,
            failed,
            opted_out,
            expired,
            cancelled,
            superseded,
            skipped,
        } = self;
        let under_way = waiting + sending + accepted;
        let ended = delivered + failed + opted_out + expired + cancelled + superseded;
        under_way + ended + skipped
    }
}

/// How one recipient stands, in the word that stores count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
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

impl Standing {
    const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Sending,
        Self::Accepted,
        Self::Delivered,
        Self::Failed,
        Self::OptedOut,
        Self::Expired,
        Self::Cancelled,
        Self::Superseded,
        Self::Skipped,
    ];

    pub fn of(delivery: &Delivery) -> Self {
        match delivery.state {
            State::Waiting { .. } => Self::Waiting,
            State::Sending { .. } | State::Unknown { .. } => Self::Sending,
            State::Accepted { .. } => Self::Accepted,
            State::Delivered => Self::Delivered,
            State::GaveUp { .. } => Self::Failed,
            State::Withheld { because } => match because {
                Withheld::OptedOut | Withheld::LeftTopic => Self::OptedOut,
                Withheld::NotAllowed | Withheld::TooMany => Self::Skipped,
                Withheld::Cancelled => Self::Cancelled,
                Withheld::Superseded => Self::Superseded,
                Withheld::Expired | Withheld::Settled | Withheld::NobodyElse => Self::Expired,
            },
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::OptedOut => "opted_out",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Skipped => "skipped",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|standing| standing.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_has_a_count_of_its_own() {
        let mut counts = Counts::default();
        for (n, standing) in Standing::ALL.into_iter().enumerate() {
            assert_eq!(Standing::named(standing.name()), Some(standing));
            counts.add(standing, 1 << n);
        }
        assert_eq!(counts.total(), (1 << Standing::ALL.len()) - 1);
        let json = serde_json::to_value(counts).unwrap();
        for (n, standing) in Standing::ALL.into_iter().enumerate() {
            assert_eq!(json[standing.name()], 1 << n);
        }
    }
}
