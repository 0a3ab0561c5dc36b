//! How long what people wrote is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::policy::in_seconds;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is still needed stays for longer: what is not delivered yet, texts that reached nobody, conversations
/// in which a customer waits, opt-outs, consents and blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// The words of texts, and the addresses of their attachments.
    #[serde(with = "in_seconds")]
    pub keep_words: Duration,
    /// The records of texts and calls, with the numbers.
    #[serde(with = "in_seconds")]
    pub keep_texts: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            keep_words: 90 * DAY,
            keep_texts: 400 * DAY,
        }
    }
}
