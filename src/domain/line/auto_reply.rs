//! What customers are answered at once, before anybody answers them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Line;
use crate::domain::duty::{Overrides, duty_of, next_change};
use crate::domain::template::{RenderError, Template};
use crate::domain::time_zone::TimeZone;

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
    /// What a customer of the line is answered now, if anything.
    pub fn words(
        &self,
        line: &Line,
        overrides: &Overrides,
        now: Timestamp,
    ) -> Option<Result<String, RenderError>> {
        let before_backup = line
            .people
            .split_last()
            .map_or(&[][..], |(_, others)| others);
        let is_on_duty = |person| duty_of(line, person, overrides, now).available;
        let is_open = before_backup.iter().any(is_on_duty)
            || (before_backup.is_empty() && !line.people.is_empty());
        if is_open && self.when == Sends::OutsideHours {
            return None;
        }
        let opens = before_backup
            .iter()
            .filter_map(|person| next_change(line, person, overrides, now))
            .min()
            .filter(|_| !is_open);
        Some(self.render(&line.name, opens, &line.time_zone, now))
    }

    /// Tries it with and without a time at which the line opens.
    pub fn check(&self, zone: &TimeZone) -> Result<(), RenderError> {
        let now = Timestamp::UNIX_EPOCH;
        self.render("line", Some(now), zone, now)?;
        self.render("line", None, zone, now).map(drop)
    }

    fn render(
        &self,
        line: &str,
        opens: Option<Timestamp>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<String, RenderError> {
        let opens = opens.map(|opens| ("opens".to_owned(), Value::from(opens.to_string())));
        let line = ("line".to_owned(), Value::from(line));
        let data = std::iter::once(line).chain(opens).collect();
        let template = Template {
            text: self.text.clone(),
            sample: Map::new(),
        };
        template.render(&data, zone, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;

    const FRIDAY_10: &str = "2026-11-20T18:00:00Z";
    const FRIDAY_20: &str = "2026-11-21T04:00:00Z";

    fn words(text: &str, when: Sends, now: &str) -> Option<String> {
        let line = config::parse(config::EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0);
        let auto_reply = AutoReply {
            text: text.to_owned(),
            when,
        };
        auto_reply.check(&line.time_zone).unwrap();
        let words = auto_reply.words(&line, &Overrides::default(), now.parse().unwrap());
        words.map(Result::unwrap)
    }

    #[test]
    fn outside_the_hours_customers_read_when_they_are_answered() {
        let text = "Thanks! {{ line }} answers {% if opens %}from {{ opens | when }}{% else %}soon{% endif %}.";
        let said = |when, now| words(text, when, now);
        assert_eq!(
            said(Sends::OutsideHours, FRIDAY_20).unwrap(),
            "Thanks! qdn answers from Sat Nov 21, 9:00 AM."
        );
        assert_eq!(said(Sends::OutsideHours, FRIDAY_10), None);
        assert_eq!(
            said(Sends::Always, FRIDAY_10).unwrap(),
            "Thanks! qdn answers soon."
        );
    }

    #[test]
    fn a_template_has_to_do_without_the_time() {
        let zone = TimeZone::default();
        let auto_reply = AutoReply {
            text: "From {{ opens | when }}.".to_owned(),
            when: Sends::OutsideHours,
        };
        let missing = RenderError::Missing("opens".to_owned());
        assert_eq!(auto_reply.check(&zone), Err(missing));
    }
}
