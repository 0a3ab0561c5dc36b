//! What fields may hold: how it is read, and what it looks like in the published schemas.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::Refused;
use super::fields::{Field, unexpected};
use crate::domain::phone::{PhoneNumber, international};
use crate::domain::template::When;

/// In characters, as the other two.
const LONGEST_NAME: usize = 80;

const LONGEST_ID: usize = 128;

const LONGEST_LINK: usize = 300;

/// Neither control characters nor spaces around it.
const CLEAN: &str = r"^[^\s\u0000-\u001f\u007f-\u009f]([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$";

/// Declares a kind of text: its name in the schema, what is read from it and how, what to write
/// instead of anything else, and its schema.
macro_rules! shape {
    ($Shape:ident -> $Read:ty, $expected:literal, $read:expr, $schema:expr) => {
        pub enum $Shape {}

        impl Field for $Shape {
            type Value = $Read;
            const EXPECTED: &'static str = $expected;

            fn read(written: &Value) -> Result<$Read, Refused> {
                let read: fn(&str) -> Option<$Read> = $read;
                written
                    .as_str()
                    .and_then(read)
                    .ok_or_else(unexpected::<Self>)
            }
        }

        impl JsonSchema for $Shape {
            fn schema_name() -> Cow<'static, str> {
                stringify!($Shape).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

// What names a line, a topic, a template, a person or an event.
shape!(
    Name -> String,
    "text of 1 to 80 characters without line breaks and without spaces around it",
    |text| is_clean(text, LONGEST_NAME).then(|| text.to_owned()),
    clean(LONGEST_NAME)
);

shape!(
    Id -> String,
    "text of 1 to 128 characters without line breaks and without spaces around it",
    |text| is_clean(text, LONGEST_ID).then(|| text.to_owned()),
    clean(LONGEST_ID)
);

// Visible ASCII: what every system keeps as it is.
shape!(
    Key -> String,
    "1 to 128 visible ASCII characters (letters, digits, punctuation, no spaces) that are the same \
     whenever the same thing is asked for again",
    |key| (is_visible(key) && (1..=LONGEST_ID).contains(&key.len())).then(|| key.to_owned()),
    json_schema!({
        "description": "Visible ASCII, and no spaces.",
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_ID,
        "pattern": "^[!-~]+$",
    })
);

// What a phone makes a link of.
shape!(
    Link -> String,
    "a link that begins with https:// or http://, of at most 300 ASCII characters",
    |link| {
        let rest = (link.strip_prefix("https://")).or_else(|| link.strip_prefix("http://"))?;
        let has_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        (has_host && is_visible(link) && link.len() <= LONGEST_LINK).then(|| link.to_owned())
    },
    json_schema!({
        "description": "Visible ASCII that begins with https:// or http://.",
        "type": "string",
        "format": "uri",
        "maxLength": LONGEST_LINK,
        "pattern": r"^https?://[A-Za-z0-9\[][!-~]*$",
    })
);

shape!(
    Time -> Timestamp,
    "a time with its offset, such as 2026-04-29T18:00:00-07:00",
    |time| time.parse().ok(),
    json_schema!({
        "description": "A time with its offset.",
        "type": "string",
        "format": "date-time",
        "examples": ["2026-04-29T18:00:00-07:00"],
    })
);

fn is_clean(text: &str, most: usize) -> bool {
    let fits = !text.is_empty() && text.chars().count() <= most;
    fits && text.trim() == text && !text.chars().any(char::is_control)
}

/// The schema of such a text.
fn clean(most: usize) -> Schema {
    json_schema!({
        "description": "Without line breaks, and without spaces around it.",
        "type": "string",
        "minLength": 1,
        "maxLength": most,
        "pattern": CLEAN,
    })
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

impl Field for When {
    type Value = Self;
    const EXPECTED: &'static str =
        "a time such as 2026-04-29T18:00:00-07:00, or a date such as 2026-04-29";
}

impl Field for PhoneNumber {
    type Value = Self;
    const EXPECTED: &'static str = "a phone number in E.164 form, such as +16195550110";

    /// Of the form, and as long as telephones in its country are.
    fn read(written: &Value) -> Result<Self, Refused> {
        let text = written.as_str().ok_or_else(unexpected::<Self>)?;
        let number = Self::parse(text).map_err(|_| unexpected::<Self>());
        let reason = match (number, international(text)) {
            (Ok(number), Ok(read)) if number == read => return Ok(number),
            // With a digit too many or too few, or with the zero that is dialled at home.
            (Ok(_), Ok(_)) => "it has digits that are dialled in its country alone".to_owned(),
            (Err(wrong), Ok(_)) => return Err(wrong),
            (_, Err(reason)) => reason.to_string(),
        };
        let problem = format!("must be {}: {reason}", Self::EXPECTED);
        Err(Refused::field("", problem))
    }
}

impl JsonSchema for PhoneNumber {
    fn schema_name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A phone number in E.164 form.",
            "type": "string",
            "pattern": "^\\+[1-9][0-9]{6,14}$",
            "examples": ["+16195550110"],
        })
    }
}

/// A template's values.
impl Field for Map<String, Value> {
    type Value = Self;
    const EXPECTED: &'static str = "an object with the values that the template needs";

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl Field for bool {
    type Value = Self;
    const EXPECTED: &'static str = "true or false";

    fn absent() -> Option<Self> {
        Some(false)
    }
}
