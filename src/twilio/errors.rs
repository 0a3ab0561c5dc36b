//! What an error means for a delivery. The codes are Twilio's ("Error and warning dictionary");
//! what to do about each is the relay's judgement.

use serde::{Deserialize, Serialize};

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Passing trouble: the same person again, after a while.
    Retry,
    /// The phone may be off or the carrier confused: once more, then the next person.
    RetryOnce,
    /// This number cannot be reached by text: the next person, at once.
    HandOver,
    /// The person opted out: never text that number again until they opt in; the next person.
    Stop,
    /// Account, number or campaign need the owner's attention: keep the text and try later.
    Configuration,
    /// The request was wrong: no repetition helps.
    OurBug,
}

/// The class of a failure by Twilio's error code and, where there is none, the HTTP status.
pub fn classify(code: Option<u32>, http_status: Option<u16>) -> Class {
    let _ = (code, http_status);
    todo!()
}
