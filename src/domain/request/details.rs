//! What the event pipeline puts on the bus: the `detail` of each type that the relay knows, and
//! what becomes of it. Fields that are not listed here are the template's, so a pipeline may add
//! some.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::fields::{Fields, ID, LINK, NAME, NUMBER, TIME, WHEN};
use super::shapes::{Id, Link, Name, Time};
use super::{InvitationRequest, NoticeRequest, Refused, Request};
use crate::domain::notice::Audience;
use crate::domain::phone::PhoneNumber;
use crate::domain::template::When;

/// The types of detail that the relay knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailType {
    EventPublished,
    EventChanged,
    EventCancelled,
    CrewAssigned,
    MaintenanceScheduled,
}

impl DetailType {
    pub const ALL: [Self; 5] = [
        Self::EventPublished,
        Self::EventChanged,
        Self::EventCancelled,
        Self::CrewAssigned,
        Self::MaintenanceScheduled,
    ];

    /// As the bus has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EventPublished => "Event Published",
            Self::EventChanged => "Event Changed",
            Self::EventCancelled => "Event Cancelled",
            Self::CrewAssigned => "Crew Assigned",
            Self::MaintenanceScheduled => "Maintenance Scheduled",
        }
    }

    /// The template of its text.
    pub fn template(self) -> &'static str {
        match self {
            Self::EventPublished => "event_published",
            Self::EventChanged => "event_changed",
            Self::EventCancelled => "event_cancelled",
            Self::CrewAssigned => InvitationRequest::TEMPLATE,
            Self::MaintenanceScheduled => "maintenance_scheduled",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, Refused> {
        let found = Self::ALL.into_iter().find(|known| known.name() == name);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|known| known.name()).collect();
            let advice = format!(
                "is no type of event that the relay knows; there are {}",
                names.join(", ")
            );
            Refused::field("detail-type", advice)
        })
    }

    /// What the relay is asked for by this detail. `key` is the event's own id on the bus.
    pub(super) fn request(self, detail: Value, key: &str) -> Result<Request, Refused> {
        let request = match self {
            Self::CrewAssigned => crew(detail).map(Request::Invitation),
            Self::MaintenanceScheduled => maintenance(detail, key).map(Request::Notice),
            _ => event(self, detail, key).map(Request::Notice),
        };
        request.map_err(|refused| refused.within("detail"))
    }
}

/// `Event Published`, `Event Changed`, `Event Cancelled`: an event for everybody who asked to hear
/// of events.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventDetail {
    /// The event's own id: by it, a change is known to be about an earlier notice.
    #[schemars(with = "Id")]
    pub id: String,
    #[schemars(with = "Name")]
    pub name: String,
    /// When it begins: a time, or a date alone.
    pub starts: When,
    pub ends: Option<When>,
    #[schemars(with = "Option<Name>")]
    pub place: Option<String>,
    #[schemars(with = "Option<Link>")]
    pub url: Option<String>,
    /// The topic whose subscribers hear of it; `events`, if nothing is said.
    #[schemars(with = "Option<Name>")]
    pub topic: Option<String>,
    /// The line that sends it, by name or number. The relay's only line, if it has one.
    #[schemars(with = "Option<Name>")]
    pub line: Option<String>,
}

/// `Maintenance Scheduled`: a window in which something does not work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MaintenanceDetail {
    /// The window's own id.
    #[schemars(with = "Id")]
    pub id: String,
    /// What does not work.
    #[schemars(with = "Name")]
    pub what: String,
    /// From when: a time, or a date alone.
    pub starts: When,
    pub ends: Option<When>,
    #[schemars(with = "Option<Link>")]
    pub url: Option<String>,
    /// The topic whose subscribers hear of it; `maintenance`, if nothing is said.
    #[schemars(with = "Option<Name>")]
    pub topic: Option<String>,
    /// The line that sends it, by name or number. The relay's only line, if it has one.
    #[schemars(with = "Option<Name>")]
    pub line: Option<String>,
}

/// `Crew Assigned`: somebody is to work at an event, and gets a link of their own.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CrewDetail {
    /// The assignment's own id, which comes back as `subject` if the invitation fails.
    #[schemars(with = "Id")]
    pub id: String,
    /// Who is assigned, as the text addresses them.
    #[schemars(with = "Name")]
    pub name: String,
    /// Their phone.
    pub number: PhoneNumber,
    /// The event's name.
    #[schemars(with = "Name")]
    pub event: String,
    /// When the event begins: a time, or a date alone.
    pub starts: Option<When>,
    /// What they follow to accept; the whole text has to fit one segment.
    #[schemars(with = "Link")]
    pub link: String,
    /// The invitation is not sent after this instant; 24 hours from now, if nothing is said.
    #[schemars(with = "Option<Time>")]
    pub expires: Option<Timestamp>,
    /// The line that sends it, by name or number. The relay's only line, if it has one.
    #[schemars(with = "Option<Name>")]
    pub line: Option<String>,
}

fn event(of_type: DetailType, detail: Value, key: &str) -> Result<NoticeRequest, Refused> {
    let mut fields = Fields::of(detail, "an event")?;
    let id = fields.required("id", &ID);
    fields.required("name", &NAME);
    fields.required("starts", &WHEN);
    fields.optional("ends", &WHEN);
    fields.optional("place", &NAME);
    fields.optional("url", &LINK);
    notice(of_type, "events", fields, id, key)
}

fn maintenance(detail: Value, key: &str) -> Result<NoticeRequest, Refused> {
    let mut fields = Fields::of(detail, "a maintenance window")?;
    let id = fields.required("id", &ID);
    fields.required("what", &NAME);
    fields.required("starts", &WHEN);
    fields.optional("ends", &WHEN);
    fields.optional("url", &LINK);
    let of_type = DetailType::MaintenanceScheduled;
    notice(of_type, "maintenance", fields, id, key)
}

/// The notice to the subscribers of a topic; the whole detail is its template's.
fn notice(
    of_type: DetailType,
    default_topic: &str,
    mut fields: Fields,
    id: Option<String>,
    key: &str,
) -> Result<NoticeRequest, Refused> {
    let topic = fields.optional("topic", &NAME);
    let line = fields.optional("line", &NAME);
    let data = fields.all();
    fields.finish(|| {
        Some(NoticeRequest {
            line,
            topic: topic.unwrap_or_else(|| default_topic.to_owned()),
            template: of_type.template().to_owned(),
            data,
            audience: Audience::Subscribers,
            subject: Some(id?),
            not_before: None,
            expires: None,
            idempotency_key: key.to_owned(),
            dry_run: false,
            is_news: true,
        })
    })
}

/// The same assignment is the same invitation, whatever id the bus gave the event; with another
/// link, say, it is another one.
fn crew(detail: Value) -> Result<InvitationRequest, Refused> {
    let key = format!("crew-{}", &super::digest_of(&detail)[..32]);
    let mut fields = Fields::of(detail, "an assignment")?;
    let id = fields.required("id", &ID);
    let name = fields.required("name", &NAME);
    let number = fields.required("number", &NUMBER);
    let event = fields.required("event", &NAME);
    let starts = fields.optional("starts", &WHEN);
    let link = fields.required("link", &LINK);
    let expires = fields.optional("expires", &TIME);
    let line = fields.optional("line", &NAME);
    let data = fields.others();
    fields.finish(|| {
        Some(InvitationRequest {
            line,
            name: name?,
            number: number?,
            link: link?,
            event: event?,
            starts,
            expires,
            data,
            subject: Some(id?),
            idempotency_key: key,
            dry_run: false,
        })
    })
}
