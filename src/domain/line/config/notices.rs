//! What a line says about its notices: quiet hours, price, pace, topics, templates.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::entries::{Entries, kind, text};
use super::mistakes::Mistakes;
use super::templates;
use crate::domain::line::{BadKeyword, Dollars, Notices, QuietHours, Topic};
use crate::domain::template::Template;
use crate::domain::time_zone::TimeZone;

/// The keys of a line's notices, which stand in its `[[line]]`.
pub(super) const KEYS: [&str; 5] = [
    "quiet_hours",
    "price_per_segment",
    "segments_a_minute",
    "topic",
    templates::KEY,
];

/// What stands for no quiet hours.
pub(super) const NO_QUIET: &str = "none";

/// A segment costs cents, wherever it goes; more is a slip of the pen.
const DEAREST: Dollars = Dollars::of_millionths(1_000_000);

/// What an account sends at most. Source: Twilio's error 63017, 2,000 messages a second.
const MOST_A_MINUTE: u32 = 120_000;

/// What subscribers read that they get has to fit into a confirmation.
const LONGEST_ABOUT: usize = 60;

/// As far as they could be read; what is absent has its default.
#[derive(Default)]
pub(super) struct ReadNotices {
    quiet_hours: Option<Option<QuietHours>>,
    price_per_segment: Option<Dollars>,
    segments_a_minute: Option<u32>,
    topics: Vec<ReadTopic>,
    templates: BTreeMap<String, Template>,
}

struct ReadTopic {
    name: Option<Spanned<String>>,
    keyword: Option<Spanned<String>>,
    about: Option<Spanned<String>>,
}

impl ReadNotices {
    /// `None` if a topic could not be read.
    pub fn complete(self) -> Option<Notices> {
        let defaults = Notices::default();
        let topics = self.topics.into_iter().map(|topic| topic.complete());
        Some(Notices {
            quiet_hours: self.quiet_hours.unwrap_or(defaults.quiet_hours),
            price_per_segment: self.price_per_segment.unwrap_or(defaults.price_per_segment),
            segments_a_minute: self.segments_a_minute.unwrap_or(defaults.segments_a_minute),
            topics: topics.collect::<Option<_>>()?,
            templates: self.templates,
        })
    }
}

impl ReadTopic {
    fn complete(&self) -> Option<Topic> {
        Some(Topic {
            name: self.name.as_ref()?.get_ref().clone(),
            keyword: self.keyword.as_ref()?.get_ref().clone(),
            about: self.about.as_ref()?.get_ref().clone(),
        })
    }
}

pub(super) fn read(
    line: &Entries,
    zone: Option<&TimeZone>,
    mistakes: &mut Mistakes,
) -> ReadNotices {
    let topics = line.tables("topic", "line.topic", mistakes);
    let topics: Vec<_> = topics
        .iter()
        .map(|topic| read_topic(topic, mistakes))
        .collect();
    distinct(&topics, mistakes);
    ReadNotices {
        quiet_hours: line
            .optional("quiet_hours", mistakes, quiet_hours)
            .map(Spanned::into_inner),
        price_per_segment: line
            .optional("price_per_segment", mistakes, price)
            .map(Spanned::into_inner),
        segments_a_minute: line
            .optional("segments_a_minute", mistakes, segments_a_minute)
            .map(Spanned::into_inner),
        topics,
        templates: templates::read(line, zone, mistakes),
    }
}

fn read_topic(topic: &Entries, mistakes: &mut Mistakes) -> ReadTopic {
    topic.only(&["name", "keyword", "about"], mistakes);
    ReadTopic {
        name: topic.required("name", "\"events\"", mistakes, |v| {
            let name = text(v)?;
            Topic::checked_name(name)
                .map_err(|bad| format!("{name:?} is {bad}; write one such as \"events\""))
        }),
        keyword: topic.required("keyword", "\"EVENTS\"", mistakes, |v| {
            let keyword = text(v)?;
            Topic::checked_keyword(keyword).map_err(|bad| refused_keyword(keyword, bad))
        }),
        about: topic.required("about", "\"new events\"", mistakes, |v| about(text(v)?)),
    }
}

fn refused_keyword(keyword: &str, bad: BadKeyword) -> String {
    match bad {
        BadKeyword::NotAWord => {
            format!("{keyword:?} is no keyword: {bad}; write one such as \"EVENTS\"")
        }
        BadKeyword::Taken => format!(
            "{keyword:?} cannot be a keyword: {bad}; write another word, such as \"EVENTS\""
        ),
    }
}

fn about(text: &str) -> Result<String, String> {
    let advice = "write what subscribers get, such as \"new events\"";
    if text.trim().is_empty() {
        return Err(format!("this says nothing; {advice}"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("this has control characters in it; {advice}"));
    }
    if text.chars().count() > LONGEST_ABOUT {
        return Err(format!(
            "this is too long; {advice}, in at most {LONGEST_ABOUT} characters, since it stands in \
             texts"
        ));
    }
    Ok(text.trim().to_owned())
}

/// A text must mean one topic alone.
fn distinct(topics: &[ReadTopic], mistakes: &mut Mistakes) {
    for (number, topic) in topics.iter().enumerate() {
        let Some(read) = topic.complete() else {
            continue;
        };
        let mut earlier = topics[..number].iter().filter_map(ReadTopic::complete);
        let Some(other) = earlier.find(|other| read.is_mistakable_for(other)) else {
            continue;
        };
        let at = match read.name == other.name {
            true => &topic.name,
            false => &topic.keyword,
        };
        let message = format!(
            "a text with this word would mean the topic {:?} as well; write another name or keyword",
            other.name
        );
        mistakes.add(at.as_ref().map_or(0..0, Spanned::span), message);
    }
}

fn quiet_hours(value: &DeValue) -> Result<Option<QuietHours>, String> {
    match text(value)? {
        NO_QUIET => Ok(None),
        span => QuietHours::parse(span)
            .map(Some)
            .map_err(|bad| bad.to_string()),
    }
}

fn segments_a_minute(value: &DeValue) -> Result<u32, String> {
    let advice = "write how many segments Twilio sends a minute from the line's number: 60 from a \
                  long code of the United States, more from others";
    let DeValue::Integer(number) = value else {
        return Err(format!("this is {}; {advice}", kind(value)));
    };
    let number: Option<u32> = number.as_str().parse().ok();
    number
        .filter(|number| (1..=MOST_A_MINUTE).contains(number))
        .ok_or_else(|| format!("no line can have that pace; {advice}"))
}

fn price(value: &DeValue) -> Result<Dollars, String> {
    let advice = "write what Twilio asks for a segment in US dollars, such as 0.0083";
    let digits = match value {
        DeValue::Float(number) => number.as_str(),
        DeValue::Integer(number) => number.as_str(),
        other => return Err(format!("this is {}; {advice}", kind(other))),
    };
    let price = Dollars::parse(digits).map_err(|bad| format!("this is {bad}; {advice}"))?;
    match price <= DEAREST {
        true => Ok(price),
        false => Err(format!("no segment costs that much; {advice}")),
    }
}
