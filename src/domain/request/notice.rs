use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::{DATA, Fields, ID, IDEMPOTENCY_KEY, Kind, NAME, TIME, YES_OR_NO, join};
use super::shapes::{Id, Key, Name, Time};
use super::{Problem, Refused};
use crate::domain::notice::Audience;
use crate::domain::phone::PhoneNumber;

/// A notice to the subscribers of a topic, or to numbers that are named.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NoticeRequest {
    /// The line that sends it, by name or number. The relay's only line, if it has one.
    #[schemars(with = "Option<Name>")]
    pub line: Option<String>,
    /// The topic that it belongs to, as the line's configuration names it.
    #[schemars(with = "Name")]
    pub topic: String,
    /// The template of its text: one of the line's configuration, or a built-in one.
    #[schemars(with = "Name")]
    pub template: String,
    /// The values that the template needs.
    #[schemars(default)]
    pub data: Map<String, Value>,
    /// Who gets it; all subscribers of the topic, if nothing is said.
    #[schemars(default)]
    pub audience: Audience,
    /// What it is about, such as the id of an event: a change or cancellation with the same subject
    /// supersedes it.
    #[schemars(with = "Option<Id>")]
    pub subject: Option<String>,
    /// Nothing is sent before this instant.
    #[schemars(with = "Option<Time>")]
    pub not_before: Option<Timestamp>,
    /// Nothing is sent after this instant; 24 hours after `not_before`, if nothing is said.
    #[schemars(with = "Option<Time>")]
    pub expires: Option<Timestamp>,
    /// The same for the same notice, however often it is asked for: it is sent once.
    #[schemars(with = "Key")]
    pub idempotency_key: String,
    /// Tells what would be sent, to how many and at what cost, and sends nothing.
    #[schemars(default)]
    pub dry_run: bool,
    /// It is the bus's news of its subject, of which the same may come under another id: what was
    /// said last is not said again.
    #[serde(skip)]
    #[schemars(skip)]
    pub is_news: bool,
}

/// More numbers are a list of subscribers.
pub const MOST_NUMBERS: usize = 500;

impl NoticeRequest {
    pub(super) fn read(value: Value) -> Result<Self, Refused> {
        let mut fields = Fields::of(value, "a notice")?;
        let line = fields.optional("line", &NAME);
        let topic = fields.required("topic", &NAME);
        let template = fields.required("template", &NAME);
        let data = fields.optional("data", &DATA).unwrap_or_default();
        let audience = match fields.raw("audience").map(read_audience) {
            None => Audience::default(),
            Some(Ok(audience)) => audience,
            Some(Err(refused)) => {
                fields.wrong_within("audience", refused);
                Audience::default()
            }
        };
        let subject = fields.optional("subject", &ID);
        let not_before = fields.optional("not_before", &TIME);
        let expires = fields.optional("expires", &TIME);
        let idempotency_key = fields.required("idempotency_key", &IDEMPOTENCY_KEY);
        let dry_run = fields.optional("dry_run", &YES_OR_NO).unwrap_or_default();
        if let (Some(from), Some(until)) = (not_before, expires)
            && until <= from
        {
            fields.wrong("expires", "must be after not_before");
        }
        fields.no_others();
        fields.finish(|| {
            Some(Self {
                line,
                topic: topic?,
                template: template?,
                data,
                audience,
                subject,
                not_before,
                expires,
                idempotency_key: idempotency_key?,
                dry_run,
                is_news: false,
            })
        })
    }

    /// Tells this request from another with the same key. How it was written does not matter, and a
    /// dry run is the digest of what it tries.
    pub fn digest(&self) -> String {
        let asked = Self {
            dry_run: false,
            ..self.clone()
        };
        super::digest_of(&asked)
    }
}

fn read_audience(value: Value) -> Result<Audience, Refused> {
    const EXPECTED: &str =
        "must be \"subscribers\", or {\"numbers\": [\"+16195550110\"]} with 1 to 500 numbers";
    if value.as_str() == Some("subscribers") {
        return Ok(Audience::Subscribers);
    }
    let mut fields = Fields::of(value, "an audience").map_err(|_| Refused::field("", EXPECTED))?;
    let numbers = fields.required("numbers", &NUMBERS);
    fields.no_others();
    let numbers = fields.finish(|| numbers)?;
    read_numbers(&numbers).map(Audience::Numbers)
}

const NUMBERS: Kind<Vec<Value>> = Kind {
    expected: "a list of 1 to 500 phone numbers in E.164 form, such as [\"+16195550110\"]",
    read: |value| {
        let numbers = value.as_array()?;
        (1..=MOST_NUMBERS)
            .contains(&numbers.len())
            .then(|| numbers.clone())
    },
};

fn read_numbers(values: &[Value]) -> Result<Vec<PhoneNumber>, Refused> {
    let mut numbers = BTreeSet::new();
    let mut problems = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match (super::fields::NUMBER.read)(value) {
            Some(number) => drop(numbers.insert(number)),
            None => problems.push(Problem::new(
                join("numbers", &format!("[{index}]")),
                format!("must be {}", super::fields::NUMBER.expected),
            )),
        }
    }
    if problems.is_empty() {
        Ok(numbers.into_iter().collect())
    } else {
        Err(Refused::fields(problems))
    }
}
