use serde::{Deserialize, Serialize};

/// What a check comes to, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Texts or calls are lost, or none goes out.
    Broken,
    /// It works today.
    Risk,
    /// It could not be looked at.
    Unknown,
    /// Good to know.
    Note,
    Right,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Broken => "broken",
            Verdict::Risk => "risk",
            Verdict::Unknown => "unknown",
            Verdict::Note => "note",
            Verdict::Right => "right",
        }
    }
}
