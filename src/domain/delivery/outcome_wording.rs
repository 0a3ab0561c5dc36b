//! An attempt's outcome in words.

use crate::domain::delivery::Outcome;

pub fn outcome_in_words(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "pending",
        Outcome::Unknown => "unknown",
        Outcome::Absent => "absent",
        Outcome::Accepted => "accepted",
        Outcome::Refused { .. } => "refused",
        Outcome::Sent => "sent",
        Outcome::Delivered => "delivered",
        Outcome::Undelivered { .. } => "undelivered",
    }
}
