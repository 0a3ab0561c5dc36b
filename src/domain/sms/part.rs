//! One message of a text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What one message to Twilio carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub body: String,
    pub media: Vec<String>,
}

/// No body in logs.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("characters", &self.body.chars().count())
            .field("media", &self.media.len())
            .finish()
    }
}
