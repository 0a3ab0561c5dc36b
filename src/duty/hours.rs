use std::fmt;

use jiff::civil::{DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

/// When somebody is on duty, by the week, on the line's wall clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    Always,
    Never,
    Weekly(Vec<Window>),
}

/// A span of the day on some days of the week: `Mon-Fri 08:00-18:00`, `Fri 20:00-02:00`.
///
/// It is a span of the wall clock: on the night on which clocks change, a window over the change is
/// an hour shorter or longer. The end is not part of it. `24:00` is the end of the day.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    first: Weekday,
    last: Weekday,
    /// Minutes since midnight.
    from: u16,
    /// Minutes since the midnight that begins the day; above 1440 if it runs over midnight.
    to: u16,
}

/// What is wrong with a window's text; says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadHours(pub String);

impl Window {
    pub fn parse(_text: &str) -> Result<Self, BadHours> {
        todo!()
    }

    pub fn contains(&self, _local: DateTime) -> bool {
        todo!()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = (self.first, self.last, self.from, self.to, Time::midnight());
        todo!()
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Window {
    type Error = BadHours;

    fn try_from(text: String) -> Result<Self, BadHours> {
        Self::parse(&text)
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}
