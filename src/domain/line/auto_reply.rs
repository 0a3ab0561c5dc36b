//! What customers are answered at once, before anybody answers them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::template::{RenderError, Template};
use crate::domain::time_zone::Clock;

/// A template, and when it is sent. It can show `line`, and `opens` as a time: when the first person
/// before the backup is on duty again, if that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoReply {
    pub text: String,
    pub when: Sends,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sends {
    /// While nobody is on duty but the backup.
    OutsideHours,
    Always,
}

impl AutoReply {
    /// Tries it with and without a time at which the line opens.
    pub fn check(&self, clock: Clock) -> Result<(), RenderError> {
        let now = Timestamp::UNIX_EPOCH;
        self.render("line", Some(now), clock, now)?;
        self.render("line", None, clock, now).map(drop)
    }

    pub(in crate::domain) fn render(
        &self,
        line: &str,
        opens: Option<Timestamp>,
        clock: Clock,
        now: Timestamp,
    ) -> Result<String, RenderError> {
        let opens = opens.map(|opens| ("opens".to_owned(), Value::from(opens.to_string())));
        let line = ("line".to_owned(), Value::from(line));
        let data = std::iter::once(line).chain(opens).collect();
        let template = Template {
            text: self.text.clone(),
            sample: Map::new(),
        };
        template.render(&data, clock, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_zone::TimeZone;

    #[test]
    fn a_template_has_to_do_without_the_time() {
        let zone = TimeZone::default();
        let auto_reply = AutoReply {
            text: "From {{ opens | when }}.".to_owned(),
            when: Sends::OutsideHours,
        };
        let missing = RenderError::Missing("opens".to_owned());
        assert_eq!(auto_reply.check(Clock::new(&zone, "US")), Err(missing));
    }
}
