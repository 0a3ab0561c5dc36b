//! What may speak against an attempt before it is made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why an attempt may not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The present recipient opted out.
    OptedOut,
    /// The present recipient's number does not begin as numbers do that the line may text.
    NotAllowed,
    /// It is not its turn yet.
    Slowed(Slowed),
    /// It would be more than may go to one number within the time.
    TooMany,
}

/// A wait for a slot of a pace, which the delivery has for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowed {
    pub by: Limit,
    pub at: Timestamp,
    pub until: Timestamp,
}

/// Whose pace it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// What one sender may have relayed.
    Sender,
    /// What goes from the line to one phone.
    Pair,
}

/// Why the relay's own words were not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    OptedOut,
    NotAllowed,
    TooMany,
}
