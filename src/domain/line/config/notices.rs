//! What a line says about its notices: quiet hours, price, pace, topics, templates.

use toml::de::DeValue;

use super::table::{Table, boolean, text, whole_number, wrong_kind};
use super::{templates, values};
use crate::domain::line::{BadKeyword, Dollars, Notices, QuietHours, Topic};
use crate::domain::time_zone::Clock;

/// What stands for no quiet hours.
pub(super) const NO_QUIET: &str = "none";

/// A segment costs cents, wherever it goes; more is a slip of the pen.
const DEAREST: Dollars = Dollars::of_millionths(1_000_000);

/// What an account sends at most. Source: Twilio's error 63017, 2,000 messages a second.
const MOST_A_MINUTE: u32 = 120_000;

/// What subscribers read that they get has to fit into a confirmation.
const LONGEST_ABOUT: usize = 60;

pub(super) fn read(line: &mut Table, clock: Clock) -> Notices {
    let mut notices = Notices::default();
    line.set("quiet_hours", &mut notices.quiet_hours, |v| {
        match text(v)? {
            NO_QUIET => Ok(None),
            span => QuietHours::parse(span)
                .map(Some)
                .map_err(|bad| bad.to_string()),
        }
    });
    line.set("price_per_segment", &mut notices.price_per_segment, price);
    line.set("segments_a_minute", &mut notices.segments_a_minute, |v| {
        let advice = "write how many segments Twilio sends a minute from the line's number, from 1 \
                      to 120000: 60 from a long code of the United States, more from others";
        whole_number(v, 1..=MOST_A_MINUTE, advice)
    });
    for topic in line.tables("topic", "line.topic") {
        let topic = read_topic(topic, &notices.topics);
        notices.topics.extend(topic);
    }
    notices.templates = templates::read(line, clock);
    notices
}

/// Reads a topic. No text may mean it and one of the earlier ones.
fn read_topic(mut table: Table, earlier: &[Topic]) -> Option<Topic> {
    let name = table.required("name", "\"events\"", |name| {
        Topic::checked_name(name)
            .map_err(|bad| format!("{name:?} is {bad}; write one such as \"events\""))
    });
    let keyword = table.required("keyword", "\"EVENTS\"", |keyword| {
        Topic::checked_keyword(keyword).map_err(|bad| match bad {
            BadKeyword::NotAWord => {
                format!("{keyword:?} is no keyword: {bad}; write one such as \"EVENTS\"")
            }
            BadKeyword::Taken => format!(
                "{keyword:?} cannot be a keyword: {bad}; write another word, such as \"EVENTS\""
            ),
        })
    });
    let about = table.required("about", "\"new events\"", |about| {
        let advice = "write what subscribers get, such as \"new events\"";
        values::presentable(about.trim(), LONGEST_ABOUT, advice)
    });
    let mut confirm = false;
    table.set("confirm", &mut confirm, boolean);
    table.refuse_other_keys(&[]);
    let topic = Topic {
        confirm,
        name: name?,
        keyword: keyword?,
        about: about?,
    };
    if let Some(other) = earlier.iter().find(|other| topic.is_mistakable_for(other)) {
        let key = if topic.name == other.name {
            "name"
        } else {
            "keyword"
        };
        let message = format!(
            "a text with this word would mean the topic {:?} as well; write another name or keyword",
            other.name
        );
        table.wrong(&[key], message);
    }
    Some(topic)
}

fn price(value: &DeValue) -> Result<Dollars, String> {
    let advice = "write what Twilio asks for a segment in US dollars, such as 0.0083";
    let digits = match value {
        DeValue::Float(number) => number.to_string(),
        DeValue::Integer(number) => number.to_string(),
        other => return Err(wrong_kind(other, advice)),
    };
    let price = Dollars::parse(&digits).map_err(|bad| format!("this is {bad}; {advice}"))?;
    if price > DEAREST {
        return Err(format!("no segment costs that much; {advice}"));
    }
    Ok(price)
}
