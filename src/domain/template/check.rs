use jiff::Timestamp;

use super::{RenderError, Template};
use crate::domain::sms::{self, Segments};
use crate::domain::time_zone::Clock;

/// The longest text of a template, in characters: it is what is sent, with places for values.
pub const LONGEST_SOURCE: usize = 2000;

/// What became of a template with its sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub text: String,
    pub segments: Segments,
    /// A character of the template itself that GSM-7 lacks: the reason for UCS-2, whatever the values
    /// are.
    pub because: Option<char>,
}

pub(super) fn check(template: &Template, clock: Clock) -> Result<Checked, RenderError> {
    // Every date is far from this instant, and so is said with its year: as long as it can be.
    let text = template.render(&template.sample, clock, Timestamp::UNIX_EPOCH)?;
    Ok(Checked {
        segments: sms::segments(&text),
        because: sms::first_outside_gsm7(&template.text),
        text,
    })
}

impl Checked {
    /// What to think about, if anything.
    pub fn warning(&self) -> Option<String> {
        let c = self.because.or(self.segments.because)?;
        let where_from = match self.because {
            Some(_) => "in the template",
            None => "in the sample",
        };
        let without: String = (self.text.chars())
            .map(|c| match sms::first_outside_gsm7(&c.to_string()) {
                Some(_) => '?',
                None => c,
            })
            .collect();
        let (now, then) = (self.segments.count, sms::segments(&without).count);
        let code = u32::from(c);
        Some(format!(
            "{c:?} (U+{code:04X}) {where_from} makes the text UCS-2, which has room for 70 characters in a segment and not 160: {}, and {} without such characters",
            segments(now),
            then
        ))
    }
}

fn segments(count: usize) -> String {
    match count {
        1 => "1 segment".to_owned(),
        count => format!("{count} segments"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::time_zone::TimeZone;

    fn checked(text: &str, sample: serde_json::Value) -> Checked {
        let template = Template {
            text: text.to_owned(),
            sample: sample.as_object().unwrap().clone(),
        };
        template
            .check(Clock::new(&TimeZone::default(), "US"))
            .unwrap()
    }

    #[test]
    fn the_character_that_makes_a_text_expensive_is_named_with_what_it_costs() {
        let text = format!("It’s {}", "x".repeat(90));
        let warning = checked(&text, json!({})).warning().unwrap();
        assert!(
            warning.starts_with("'’' (U+2019) in the template"),
            "{warning}"
        );
        assert!(warning.contains("2 segments, and 1 without"), "{warning}");
    }

    #[test]
    fn a_character_of_the_sample_is_told_from_one_of_the_template() {
        let checked = checked("{{ name }}", json!({"name": "Żurek"}));
        let warning = checked.warning().unwrap();
        assert!(
            warning.starts_with("'Ż' (U+017B) in the sample"),
            "{warning}"
        );
    }

    #[test]
    fn a_character_in_a_branch_that_the_sample_does_not_take_is_noticed() {
        let checked = checked("a{% if sold_out %} – sold out{% endif %}", json!({}));
        assert_eq!((checked.text.as_str(), checked.because), ("a", Some('–')));
        assert!(checked.warning().is_some());
    }

    #[test]
    fn a_plain_text_has_no_warning() {
        assert_eq!(checked("Zurek {{ n }}", json!({"n": 1})).warning(), None);
    }
}
