//! How long a line keeps texts and their words, in whole days.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::table::{Table, text};
use crate::domain::line::Retention;

/// A question to a person, which holds words, can be answered for a day.
const WORDS: RangeInclusive<u64> = 2..=LONGEST;

/// A text whose record is gone would be taken for one that no webhook brought, by what asks Twilio for the
/// texts of the last days.
const TEXTS: RangeInclusive<u64> = 7..=LONGEST;

const LONGEST: u64 = 3653;

const SECONDS: u64 = 24 * 60 * 60;

pub(super) fn read(line: &mut Table) -> Retention {
    let mut retention = Retention::default();
    line.set("keep_words", &mut retention.keep_words, |value| {
        days(value, WORDS, "90d")
    });
    line.set("keep_texts", &mut retention.keep_texts, |value| {
        days(value, TEXTS, "400d")
    });
    retention
}

pub(super) fn days(
    value: &DeValue,
    within: RangeInclusive<u64>,
    example: &str,
) -> Result<Duration, String> {
    let (least, most) = (within.start(), within.end());
    let advice =
        format!("write a number of days from \"{least}d\" to \"{most}d\", such as {example:?}");
    let text = text(value).map_err(|_| format!("this is no text; {advice}"))?;
    let days = text.trim().strip_suffix('d').map(str::trim_end);
    let days: Option<u64> = days.and_then(|days| days.parse().ok());
    match days {
        Some(days) if within.contains(&days) => Ok(Duration::from_secs(days * SECONDS)),
        Some(days) if days < *least => Err(format!("{text:?} is too short; {advice}")),
        Some(_) => Err(format!("{text:?} is too long; {advice}")),
        None => Err(format!("{text:?} is no number of days; {advice}")),
    }
}

/// As long as the template of the deployed relay keeps it.
pub(super) const AUDIT: Duration = Duration::from_secs(LONGEST * SECONDS);

/// How long the months of the audit are kept; a key of the file.
pub(super) fn read_audit(file: &mut Table) -> Duration {
    let mut keep_audit = AUDIT;
    file.set("keep_audit", &mut keep_audit, |value| {
        days(value, 30..=LONGEST, "3653d")
    });
    keep_audit
}

/// As `relay.toml` has it: `90d`.
pub(super) fn in_days(time: Duration) -> String {
    format!("{}d", time.as_secs() / SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config::{EXAMPLE, parse, parse_file};

    fn read(keys: &str) -> Result<Retention, String> {
        let lines = EXAMPLE.lines().filter(|line| !line.starts_with("keep_"));
        let example = lines.collect::<Vec<_>>().join("\n");
        let file = example.replacen("name = \"qdn\"", &format!("name = \"qdn\"\n{keys}"), 1);
        match parse(&file, "relay.toml") {
            Ok(lines) => Ok(lines[0].retention),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_line_says_how_long_it_keeps_texts() {
        assert_eq!(read(""), Ok(Retention::default()));
        let example = parse(EXAMPLE, "relay.toml").expect("it is right");
        assert_eq!(example[0].retention, Retention::default());
        let read = read("keep_words = \"30d\"\nkeep_texts = \"7d\"").expect("it is right");
        assert_eq!(in_days(read.keep_words), "30d");
        assert_eq!(in_days(read.keep_texts), "7d");
    }

    #[test]
    fn a_file_says_how_long_its_audit_is_kept() {
        let read = |keys: &str| {
            let file = format!("{keys}\n{EXAMPLE}");
            let read = parse_file(file.as_bytes(), "relay.toml");
            read.map(|file| in_days(file.keep_audit))
                .map_err(|error| error.to_string())
        };
        assert_eq!(read("").as_deref(), Ok("3653d"));
        assert_eq!(read("keep_audit = \"400d\"").as_deref(), Ok("400d"));
        let error = read("keep_audit = \"29d\"").expect_err("it is too short");
        assert!(error.contains("from \"30d\" to \"3653d\""), "{error}");
    }

    #[test]
    fn mistakes_are_named_with_what_to_write() {
        for (keys, told) in [
            (
                "keep_texts = \"6d\"",
                "from \"7d\" to \"3653d\", such as \"400d\"",
            ),
            ("keep_words = \"1d\"", "\"1d\" is too short"),
            ("keep_words = \"4000d\"", "too long"),
            ("keep_words = \"0d\"", "too short"),
            ("keep_words = \"-5d\"", "no number of days"),
            ("keep_words = \"90 days\"", "no number of days"),
            ("keep_words = 90", "this is no text"),
            ("keep_word = \"90d\"", "did you mean keep_words?"),
        ] {
            let error = read(keys).expect_err(keys);
            assert!(error.contains(told), "{keys}: {error}");
        }
    }
}
