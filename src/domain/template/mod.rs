//! The words of notices and invitations: templates of the line's configuration, and the ones that
//! are built in.
//!
//! ```text
//! {{ name }}, {{ starts | when }}{% if place %}, {{ place }}{% endif %}
//! ```
//!
//! A value is written as it is; `| when` says a time as people do, by the line's clock
//! (`Wed Apr 29, 6:00 PM`), `| when(ends)` until when, `| day` and `| time` a half of it. A value that
//! is missing is a mistake where it is written, and false in an `if`.

mod built_in;
mod check;
mod render;
mod when;

pub use built_in::{built_in, built_in_names};
pub use check::{Checked, LONGEST_SOURCE};
pub use render::RenderError;
pub use when::When;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::time_zone::Clock;

/// A text with places for values, and values to try it with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub text: String,
    #[serde(default)]
    pub sample: Map<String, Value>,
}

impl Template {
    /// The text with `data` in it, as of `now`: that decides whether a year has to be said.
    pub fn render(
        &self,
        data: &Map<String, Value>,
        clock: Clock,
        now: Timestamp,
    ) -> Result<String, RenderError> {
        render::render(&self.text, data, clock, now)
    }

    /// Tries it with its sample. The year is said of every date then, as it may be one day.
    pub fn check(&self, clock: Clock) -> Result<Checked, RenderError> {
        check::check(self, clock)
    }
}
