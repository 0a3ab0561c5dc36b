//! What a line says about its notices: their topics and texts, when they wait, what they cost.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Dollars, Line, QuietHours};
use crate::domain::line::Topic;
use crate::domain::template::{Template, built_in, built_in_names};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notices {
    /// When notices wait until it is day; `None` if they never do. Lines that were stored before
    /// there were notices have the default.
    pub quiet_hours: Option<QuietHours>,
    /// What Twilio asks for one segment, for the estimate before a notice goes out.
    pub price_per_segment: Dollars,
    /// How many segments of notices go out a minute, so that they do not queue up at Twilio before
    /// the texts that customers write.
    pub segments_a_minute: u32,
    /// What numbers can subscribe to.
    pub topics: Vec<Topic>,
    /// The texts of its notices, by name; they go before those that are built in.
    pub templates: BTreeMap<String, Template>,
}

/// Source: Twilio, "SMS pricing in the United States", an outbound segment from a long code, without
/// the carrier's own fee.
const PRICE: Dollars = Dollars::of_millionths(8_300);

/// Source: Twilio, "Understanding Twilio rate limits and message queues": a US long code sends one
/// segment a second.
const SEGMENTS_A_MINUTE: u32 = 60;

impl Default for Notices {
    fn default() -> Self {
        Self {
            quiet_hours: Some(QuietHours::NIGHT),
            price_per_segment: PRICE,
            segments_a_minute: SEGMENTS_A_MINUTE,
            topics: Vec::new(),
            templates: BTreeMap::new(),
        }
    }
}

impl Line {
    /// The topic of this name, in any case.
    pub fn topic_named(&self, name: &str) -> Option<&Topic> {
        let mut topics = self.notices.topics.iter();
        topics.find(|topic| topic.name.eq_ignore_ascii_case(name))
    }

    /// The template of this name: the line's own, or the one that is built in.
    pub fn template(&self, name: &str) -> Option<Template> {
        let own = self.notices.templates.get(name);
        own.cloned().or_else(|| built_in(name, self.language))
    }

    /// What its templates are called, those that are built in among them.
    pub fn template_names(&self) -> BTreeSet<&str> {
        let own = self.notices.templates.keys().map(String::as_str);
        let built_in = built_in_names().map(|name| -> &str { name });
        own.chain(built_in).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stored_before_there_were_notices_has_the_defaults() {
        let stored: Notices = serde_json::from_str("{}").unwrap();
        assert_eq!(stored, Notices::default());
        assert_eq!(stored.quiet_hours.unwrap().to_string(), "21:00-08:00");
        assert_eq!(stored.price_per_segment.to_string(), "$0.0083");
    }

    #[test]
    fn no_quiet_hours_are_stored_as_none_and_not_as_the_default() {
        let none = Notices {
            quiet_hours: None,
            ..Notices::default()
        };
        let json = serde_json::to_string(&none).unwrap();
        assert_eq!(serde_json::from_str::<Notices>(&json).unwrap(), none);
    }
}
