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

impl Source {
    /// An idempotency key as an id is made of it: callers choose theirs without knowing each other's.
    pub fn own(&self, key: &str) -> String {
        match self {
            Source::Http { caller } => format!("{caller}\n{key}"),
            _ => key.to_owned(),
        }
    }

    /// Whether it may see and cancel what another one asked for: a caller only its own. Whoever may invoke
    /// the function or works in a shell has the whole relay anyway.
    pub fn may_see(&self, other: &Source) -> bool {
        match self {
            Source::Http { .. } => self == other,
            _ => true,
        }
    }
}
