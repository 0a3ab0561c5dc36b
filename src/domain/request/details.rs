//! What the event pipeline puts on the bus: the `detail` of each type that the relay knows, and
//! what becomes of it. Fields that are not listed here are the template's, so a pipeline may add
//! some.

use serde_json::{Map, Value};

use super::fields::{Field, Fields, request};
use super::json::digest_of;
use super::shapes::{Id, Link, Name, Time};
use super::{InvitationRequest, NoticeRequest, Refused, Request};
use crate::domain::notice::Audience;
use crate::domain::phone::PhoneNumber;
use crate::domain::template::When;

/// What an event of the bus tells of.
#[derive(Debug, Clone, Copy)]
pub enum Detail {
    Event,
    Maintenance,
    Crew,
}

/// The types of event that the relay knows, as the bus has them. The template of each one's text is
/// called like it: `event_published`.
pub const DETAIL_TYPES: [(&str, Detail); 5] = [
    ("Event Published", Detail::Event),
    ("Event Changed", Detail::Event),
    ("Event Cancelled", Detail::Event),
    ("Crew Assigned", Detail::Crew),
    ("Maintenance Scheduled", Detail::Maintenance),
];

/// What the relay is asked for by an event of this type. `key` is the event's own id on the bus.
pub(super) fn request(detail_type: &str, detail: &Value, key: &str) -> Result<Request, Refused> {
    let mut known = DETAIL_TYPES.into_iter();
    let Some((_, about)) = known.find(|(name, _)| *name == detail_type) else {
        let names = DETAIL_TYPES.map(|(name, _)| name).join(", ");
        let advice = format!("is no type of event that the relay knows; there are {names}");
        return Err(Refused::field("detail-type", advice));
    };
    // The whole detail is the template's.
    let to_subscribers = |subject: String, topic: String, line: Option<String>| {
        Request::Notice(NoticeRequest {
            line,
            topic,
            template: detail_type.to_lowercase().replace(' ', "_"),
            data: detail.as_object().cloned().unwrap_or_default(),
            audience: Audience::Subscribers,
            subject: Some(subject),
            not_before: None,
            expires: None,
            idempotency_key: key.to_owned(),
            dry_run: false,
            is_news: true,
        })
    };
    let request = match about {
        Detail::Event => EventDetail::read_checked(detail, "an event", |_| ()).map(|event| {
            let topic = event.topic.unwrap_or_else(|| "events".to_owned());
            to_subscribers(event.id, topic, event.line)
        }),
        Detail::Maintenance => {
            let window = MaintenanceDetail::read_checked(detail, "a maintenance window", |_| ());
            window.map(|window| {
                let topic = window.topic.unwrap_or_else(|| "maintenance".to_owned());
                to_subscribers(window.id, topic, window.line)
            })
        }
        Detail::Crew => crew(detail).map(Request::Invitation),
    };
    request.map_err(|refused| refused.within("detail"))
}

request! {
    /// `Event Published`, `Event Changed`, `Event Cancelled`: an event for everybody who asked to hear
    /// of events.
    pub struct EventDetail {
        /// The event's own id: by it, a change is known to be about an earlier notice.
        id: Id,
        name: Name,
        /// When it begins: a time, or a date alone.
        starts: When,
        ends: Option<When>,
        place: Option<Name>,
        url: Option<Link>,
        /// The topic whose subscribers hear of it; `events`, if nothing is said.
        topic: Option<Name>,
        /// The line that sends it, by name or number. The relay's only line, if it has one.
        line: Option<Name>,
    }
}

request! {
    /// `Maintenance Scheduled`: a window in which something does not work.
    pub struct MaintenanceDetail {
        /// The window's own id.
        id: Id,
        /// What does not work.
        what: Name,
        /// From when: a time, or a date alone.
        starts: When,
        ends: Option<When>,
        url: Option<Link>,
        /// The topic whose subscribers hear of it; `maintenance`, if nothing is said.
        topic: Option<Name>,
        /// The line that sends it, by name or number. The relay's only line, if it has one.
        line: Option<Name>,
    }
}

request! {
    /// `Crew Assigned`: somebody is to work at an event, and gets a link of their own.
    pub struct CrewDetail {
        /// The assignment's own id, which comes back as `subject` if the invitation fails.
        id: Id,
        /// Who is assigned, as the text addresses them.
        name: Name,
        /// Their phone.
        number: PhoneNumber,
        /// The event's name.
        event: Name,
        /// When the event begins: a time, or a date alone.
        starts: Option<When>,
        /// What they follow to accept; the whole text has to fit one segment.
        link: Link,
        /// The invitation is not sent after this instant; 24 hours from now, if nothing is said.
        expires: Option<Time>,
        /// The line that sends it, by name or number. The relay's only line, if it has one.
        line: Option<Name>,
    }
}

/// The same assignment is the same invitation, whatever id the bus gave the event; with another
/// link, say, it is another one.
fn crew(detail: &Value) -> Result<InvitationRequest, Refused> {
    let mut data = Map::new();
    let assigned =
        CrewDetail::read_checked(detail, "an assignment", |fields| data = fields.others())?;
    Ok(InvitationRequest {
        line: assigned.line,
        name: assigned.name,
        number: assigned.number,
        link: assigned.link,
        event: assigned.event,
        starts: assigned.starts,
        expires: assigned.expires,
        data,
        subject: Some(assigned.id),
        idempotency_key: format!("crew-{}", &digest_of(detail)[..32]),
        dry_run: false,
    })
}
