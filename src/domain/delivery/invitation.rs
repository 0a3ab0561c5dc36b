//! What a delivery carries of the invitation that it brings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::delivery::source::Source;

/// What a delivery has to know besides, if it invites somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What they are invited to.
    pub event: String,
    /// The idempotency key.
    pub key: String,
    /// What it is about by the caller's own records.
    #[serde(default)]
    pub subject: Option<String>,
    /// A digest of what was asked for, which tells a repetition from another wish with the same key.
    pub request: String,
    pub source: Source,
    #[serde(default)]
    pub report: Report,
}

/// Whether whoever invited somebody has heard that it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// It has not failed.
    #[default]
    NotNeeded,
    /// It has to be said, since then.
    Owed {
        since: Timestamp,
    },
    Made {
        at: Timestamp,
    },
}

impl Invitation {
    /// It failed: that is to be said.
    pub fn owe_report(&mut self, since: Timestamp) {
        if self.report == Report::NotNeeded {
            self.report = Report::Owed { since };
        }
    }

    /// When somebody should say that it failed, if that is to be said.
    pub fn report_due(&self) -> Option<Timestamp> {
        match self.report {
            Report::Owed { since } => Some(since),
            Report::NotNeeded | Report::Made { .. } => None,
        }
    }
}
