//! Why a notice is not sent to a recipient.

/// Why a recipient gets no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    OptedOut,
    NotAllowed,
    /// What has changed now, they never heard of.
    Unconcerned,
}

impl Skip {
    /// As people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Skip::OptedOut => "opted out of the line's texts",
            Skip::NotAllowed => "allowed_prefixes does not have their number",
            Skip::Unconcerned => "never heard of what has changed",
        }
    }
}
