//! One-time keys, which become sessions.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::hex;
use crate::twilio::signature::sha256_hex;

/// How long a key is good.
pub const KEY_FOR: Duration = Duration::from_secs(10 * 60);

/// A key that was handed out and not used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Key {
    /// Of the key, which is kept nowhere.
    pub digest: String,
    pub name: String,
    pub read_only: bool,
    pub made: Timestamp,
    /// How many seconds the session lasts.
    pub lasts: u64,
}

impl Key {
    /// A new key: what goes into the URL, and what is kept of it.
    pub fn new(name: &str, read_only: bool, lasts: Duration, now: Timestamp) -> (String, Self) {
        let secret = random();
        let key = Self {
            digest: sha256_hex(secret.as_bytes()),
            name: name.to_owned(),
            read_only,
            made: now,
            lasts: lasts.as_secs(),
        };
        (secret, key)
    }

    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        now < self.made + KEY_FOR && self.made <= now + KEY_FOR
    }
}

/// 128 bits of the operating system's randomness, in hexadecimal digits.
pub(super) fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    hex(&bytes)
}
