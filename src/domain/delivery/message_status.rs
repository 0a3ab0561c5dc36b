//! The states of a message, as the audit names them.

use serde::{Deserialize, Serialize};

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
    /// Whether it did not arrive, and will not.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Status::Undelivered | Status::Failed | Status::Canceled
        )
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
