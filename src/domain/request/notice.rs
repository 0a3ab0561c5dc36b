use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Refused;
use super::fields::{Field, Fields, request, unexpected};
use super::json::digest_of;
use super::shapes::{Id, Key, Name, Time};
use crate::domain::notice::Audience;
use crate::domain::phone::PhoneNumber;

request! {
    /// A notice to the subscribers of a topic, or to numbers that are named.
    pub struct NoticeRequest: deny_unknown_fields {
        /// The line that sends it, by name or number. The relay's only line, if it has one.
        line: Option<Name>,
        /// The topic that it belongs to, as the line's configuration names it.
        topic: Name,
        /// The template of its text: one of the line's configuration, or a built-in one.
        template: Name,
        /// The values that the template needs.
        data: Map<String, Value> = default,
        /// Who gets it; all subscribers of the topic, if nothing is said.
        audience: Audience = default,
        /// What it is about, such as the id of an event: a change or cancellation with the same subject
        /// supersedes it.
        subject: Option<Id>,
        /// Nothing is sent before this instant.
        not_before: Option<Time>,
        /// Nothing is sent after this instant; 24 hours after `not_before`, if nothing is said.
        expires: Option<Time>,
        /// The same for the same notice, however often it is asked for: it is sent once.
        idempotency_key: Key,
        /// Tells what would be sent, to how many and at what cost, and sends nothing.
        dry_run: bool = default,
    }
    and {
        /// It is the bus's news of its subject, of which the same may come under another id: what was
        /// said last is not said again.
        is_news: bool,
    }
}

/// More numbers are a list of subscribers.
pub const MOST_NUMBERS: usize = 500;

impl NoticeRequest {
    pub(super) fn read(written: &Value) -> Result<Self, Refused> {
        Self::read_checked(written, "a notice", |fields| {
            let time = |name| fields.peek::<Time>(name);
            let (from, until) = (time("not_before"), time("expires"));
            if from.is_some() && until.is_some() && until <= from {
                fields.wrong("expires", "must be after not_before");
            }
            fields.no_others();
        })
    }

    /// Tells this request from another with the same key. How it was written does not matter, and a
    /// dry run is the digest of what it tries.
    pub fn digest(&self) -> String {
        let dry_run = false;
        digest_of(&Self {
            dry_run,
            ..self.clone()
        })
    }
}

impl Field for Audience {
    type Value = Self;
    const EXPECTED: &'static str =
        "\"subscribers\", or {\"numbers\": [\"+16195550110\"]} with 1 to 500 numbers";

    fn read(written: &Value) -> Result<Self, Refused> {
        if written == "subscribers" {
            return Ok(Self::Subscribers);
        }
        let fields = Fields::of(written, "an audience");
        let mut fields = fields.map_err(|_| unexpected::<Self>())?;
        let numbers = fields.read::<Numbers>("numbers");
        fields.no_others();
        fields.finish(|| numbers).map(Self::Numbers)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

enum Numbers {}

impl Field for Numbers {
    type Value = Vec<PhoneNumber>;
    const EXPECTED: &'static str =
        "a list of 1 to 500 phone numbers in E.164 form, such as [\"+16195550110\"]";

    /// Each number once, in order.
    fn read(written: &Value) -> Result<Self::Value, Refused> {
        let numbers = written.as_array();
        let numbers = numbers
            .filter(|numbers| (1..=MOST_NUMBERS).contains(&numbers.len()))
            .ok_or_else(unexpected::<Self>)?;
        let mut read = BTreeSet::new();
        let mut wrong = Vec::new();
        for (index, number) in numbers.iter().enumerate() {
            match PhoneNumber::read(number) {
                Ok(number) => drop(read.insert(number)),
                Err(refused) => wrong.extend(refused.within(&format!("[{index}]")).fields),
            }
        }
        Refused::if_any(wrong)?;
        Ok(read.into_iter().collect())
    }
}
