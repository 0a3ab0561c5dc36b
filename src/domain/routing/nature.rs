//! What kind of text it is.

/// What kind of text it is, where that says whether it may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Somebody says something.
    Ordinary,
    /// It asked for no more texts, or for texts again, or for help with that; Twilio answers it.
    OptOutWord,
    /// A phone wrote it by itself.
    Automatic,
    /// A relay's own words come back.
    OwnWords,
    /// It is the keyword of one of the line's topics.
    Joins,
    /// It asks for no more notices of a topic.
    Leaves,
    /// The owner asks who gets the texts.
    DutyCommand,
}
