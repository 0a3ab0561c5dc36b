use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Refused;
use super::fields::{DATA, Fields, ID, IDEMPOTENCY_KEY, LINK, NAME, NUMBER, TIME, WHEN, YES_OR_NO};
use super::shapes::{Id, Key, Link, Name, Time};
use crate::domain::phone::PhoneNumber;
use crate::domain::template::When;

/// An invitation of one person, with a link that is theirs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The line that sends it, by name or number. The relay's only line, if it has one.
    #[schemars(with = "Option<Name>")]
    pub line: Option<String>,
    /// Who is invited, as the text addresses them.
    #[schemars(with = "Name")]
    pub name: String,
    /// Their phone.
    pub number: PhoneNumber,
    /// What they follow to accept; the whole text has to fit one segment.
    #[schemars(with = "Link")]
    pub link: String,
    /// What they are invited to.
    #[schemars(with = "Name")]
    pub event: String,
    /// When that is: a time, or a date alone.
    pub starts: Option<When>,
    /// The invitation is not sent after this instant; 24 hours from now, if nothing is said.
    #[schemars(with = "Option<Time>")]
    pub expires: Option<Timestamp>,
    /// More values for a template of one's own.
    #[schemars(default)]
    pub data: Map<String, Value>,
    /// What it is about by the caller's own records, such as the id of an assignment. It comes back
    /// with the event that tells of a failure.
    #[schemars(with = "Option<Id>")]
    pub subject: Option<String>,
    /// The same for the same invitation, however often it is asked for: it is sent once.
    #[schemars(with = "Key")]
    pub idempotency_key: String,
    /// Tells what would be sent and at what cost, and sends nothing.
    #[schemars(default)]
    pub dry_run: bool,
}

impl InvitationRequest {
    /// The template of its text; a line's configuration may have another one of this name.
    pub const TEMPLATE: &'static str = "crew_assigned";

    pub(super) fn read(value: Value) -> Result<Self, Refused> {
        let mut fields = Fields::of(value, "an invitation")?;
        let line = fields.optional("line", &NAME);
        let name = fields.required("name", &NAME);
        let number = fields.required("number", &NUMBER);
        let link = fields.required("link", &LINK);
        let event = fields.required("event", &NAME);
        let starts = fields.optional("starts", &WHEN);
        let expires = fields.optional("expires", &TIME);
        let data = fields.optional("data", &DATA).unwrap_or_default();
        let subject = fields.optional("subject", &ID);
        let idempotency_key = fields.required("idempotency_key", &IDEMPOTENCY_KEY);
        let dry_run = fields.optional("dry_run", &YES_OR_NO).unwrap_or_default();
        fields.no_others();
        fields.finish(|| {
            Some(Self {
                line,
                name: name?,
                number: number?,
                link: link?,
                event: event?,
                starts,
                expires,
                data,
                subject,
                idempotency_key: idempotency_key?,
                dry_run,
            })
        })
    }

    /// What the template is given: `name`, `event`, `link`, `starts`, and whatever `data` has
    /// besides.
    pub fn values(&self) -> Map<String, Value> {
        let mut values = self.data.clone();
        let own = [
            ("name", &self.name),
            ("event", &self.event),
            ("link", &self.link),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), Value::from(value.as_str())));
        values.extend(own);
        if let Some(starts) = &self.starts {
            values.insert("starts".to_owned(), starts.to_string().into());
        }
        values
    }

    /// Tells this request from another with the same key. How it was written does not matter.
    pub fn digest(&self) -> String {
        let asked = Self {
            dry_run: false,
            ..self.clone()
        };
        super::digest_of(&asked)
    }
}
