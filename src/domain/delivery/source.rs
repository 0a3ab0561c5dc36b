//! Which program asked for a text.

use serde::{Deserialize, Serialize};

/// By which way it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Http {
        caller: String,
    },
    EventBridge,
    Sns,
    /// The function was invoked by its name.
    Invoke,
    /// Somebody typed `relay notify`.
    Shell,
}
