use serde_json::{Map, Value};

use super::Refused;
use super::fields::{Field, Fields, request};
use super::json::digest_of;
use super::shapes::{Id, Key, Link, Name, Time};
use crate::domain::phone::PhoneNumber;
use crate::domain::template::When;

request! {
    /// An invitation of one person, with a link that is theirs.
    pub struct InvitationRequest: deny_unknown_fields {
        /// The line that sends it, by name or number. The relay's only line, if it has one.
        line: Option<Name>,
        /// Who is invited, as the text addresses them.
        name: Name,
        /// Their phone.
        number: PhoneNumber,
        /// What they follow to accept; the whole text has to fit one segment.
        link: Link,
        /// What they are invited to.
        event: Name,
        /// When that is: a time, or a date alone.
        starts: Option<When>,
        /// The invitation is not sent after this instant; 24 hours from now, if nothing is said.
        expires: Option<Time>,
        /// More values for a template of one's own.
        data: Map<String, Value> = default,
        /// What it is about by the caller's own records, such as the id of an assignment. It comes back
        /// with the event that tells of a failure.
        subject: Option<Id>,
        /// The same for the same invitation, however often it is asked for: it is sent once.
        idempotency_key: Key,
        /// Tells what would be sent and at what cost, and sends nothing.
        dry_run: bool = default,
    }
}

impl InvitationRequest {
    /// The template of its text; a line's configuration may have another one of this name.
    pub const TEMPLATE: &'static str = "crew_assigned";

    pub(super) fn read(written: &Value) -> Result<Self, Refused> {
        Self::read_checked(written, "an invitation", |fields| fields.no_others())
    }

    /// What the template is given: `name`, `event`, `link`, `starts`, and whatever `data` has
    /// besides.
    pub fn values(&self) -> Map<String, Value> {
        let starts = self.starts.as_ref().map(When::to_string);
        let own = [
            ("name", Some(&self.name)),
            ("event", Some(&self.event)),
            ("link", Some(&self.link)),
            ("starts", starts.as_ref()),
        ];
        let mut values = self.data.clone();
        for (name, value) in own {
            values.extend(value.map(|value| (name.to_owned(), value.as_str().into())));
        }
        values
    }

    /// Tells this request from another with the same key. How it was written does not matter.
    pub fn digest(&self) -> String {
        let dry_run = false;
        digest_of(&Self {
            dry_run,
            ..self.clone()
        })
    }
}
