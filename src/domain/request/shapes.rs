//! What fields look like in the published schemas; `fields` reads them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::fields::{LONGEST_ID, LONGEST_LINK, LONGEST_NAME};

/// Neither control characters nor spaces around it.
const CLEAN: &str = r"^[^\s\u0000-\u001f\u007f-\u009f]([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$";

/// Stands for the type of a field in `#[schemars(with = "…")]`.
macro_rules! shape {
    ($name:ident, $schema:expr) => {
        pub(super) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

shape!(
    Name,
    json_schema!({
        "description": "Without line breaks, and without spaces around it.",
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_NAME,
        "pattern": CLEAN,
    })
);

shape!(
    Id,
    json_schema!({
        "description": "Without line breaks, and without spaces around it.",
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_ID,
        "pattern": CLEAN,
    })
);

shape!(
    Key,
    json_schema!({
        "description": "Visible ASCII, and no spaces.",
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_ID,
        "pattern": "^[!-~]+$",
    })
);

shape!(
    Link,
    json_schema!({
        "description": "Visible ASCII that begins with https:// or http://.",
        "type": "string",
        "format": "uri",
        "maxLength": LONGEST_LINK,
        "pattern": r"^https?://[A-Za-z0-9\[][!-~]*$",
    })
);

shape!(
    Time,
    json_schema!({
        "description": "A time with its offset.",
        "type": "string",
        "format": "date-time",
        "examples": ["2026-04-29T18:00:00-07:00"],
    })
);
