use ::http::Method;
use serde::{Deserialize, Serialize};

/// How many requests came to the API, whatever they were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestCount {
    /// `GET` and `HEAD`.
    pub reads: u64,
    /// All others.
    pub writes: u64,
}

impl RequestCount {
    pub(super) fn add(&mut self, method: &Method) {
        if method.is_safe() {
            self.reads += 1;
        } else {
            self.writes += 1;
        }
    }
}
