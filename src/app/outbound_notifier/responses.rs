//! What is answered when something is done, over HTTP and to whoever invokes the function.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::invitations::Invited;
use crate::app::notices::Answer;
use crate::domain::delivery::{Delivery, State};
use crate::domain::ids::DeliveryId;
use crate::domain::line::Dollars;
use crate::domain::names::name_of;
use crate::domain::notice::{Counts, Notice, NoticeState};

pub const NOTICES: &str = "/v1/notices";
pub const INVITATIONS: &str = "/v1/invitations";

/// What is answered when something is done.
pub struct ApiResponse {
    pub body: Value,
    /// Where it can be asked for, if something was accepted.
    location: Option<String>,
}

/// A notice that was accepted: the same whenever it is asked for with its key, apart from how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AcceptedNotice")]
pub struct Accepted<'a> {
    pub id: String,
    pub line: &'a str,
    pub topic: &'a str,
    pub template: &'a str,
    /// `scheduled`, `sending`, `sent` (every recipient has a text on the way), `cancelled`,
    /// `superseded` or `expired`.
    pub state: String,
    /// When the first text goes out, as long as none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub begins: Option<Timestamp>,
    /// What every recipient reads.
    pub text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub not_before: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created: Timestamp,
}

/// How a notice stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "NoticeStanding")]
pub struct NoticeStatus<'a> {
    #[serde(flatten)]
    pub accepted: Accepted<'a>,
    /// Since when it is cancelled, superseded or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
    /// The later notice that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// The earlier notices whose place it took.
    pub supersedes: Vec<String>,
    /// All whom the fan-out has come to so far, which is the sum of the counts.
    pub recipients: u64,
    /// How many of these stand where.
    pub counts: Counts,
}

// The schemas of these two are published without a description of the whole.
#[derive(Serialize, JsonSchema)]
pub struct AcceptedInvitation<'a> {
    /// By this it can be asked for.
    #[schemars(with = "String")]
    id: &'a DeliveryId,
    /// The line that sends it.
    line: &'a str,
    /// Who is invited.
    name: &'a str,
    /// What they are invited to.
    event: &'a str,
    /// When it goes out, as long as it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    begins: Option<Timestamp>,
    /// What they read.
    text: &'a str,
    /// Until when it is tried.
    #[schemars(with = "String", extend("format" = "date-time"))]
    expires: Timestamp,
    /// When it was accepted.
    #[schemars(with = "String", extend("format" = "date-time"))]
    created: Timestamp,
}

#[derive(Serialize, JsonSchema)]
pub struct InvitationEstimate<'a> {
    #[schemars(with = "Value", extend("const" = true))]
    dry_run: bool,
    /// The line that would send it.
    line: &'a str,
    /// When it would go out.
    #[schemars(with = "String", extend("format" = "date-time"))]
    begins: Timestamp,
    /// What they would read.
    text: &'a str,
    /// How many Twilio would charge for.
    segments: usize,
    /// What Twilio asks for it in US dollars, without the carriers' fees.
    #[schemars(with = "String")]
    cost: Dollars,
    /// Until when it would be tried.
    #[schemars(with = "String", extend("format" = "date-time"))]
    expires: Timestamp,
}

/// When an invitation goes out that waits for its first attempt.
fn begins(delivery: &Delivery) -> Option<Timestamp> {
    match delivery.state {
        State::Waiting { due } if delivery.attempts.is_empty() => Some(due),
        _ => None,
    }
}

impl<'a> Accepted<'a> {
    pub fn of(notice: &'a Notice) -> Self {
        Self {
            id: notice.id.to_string(),
            line: &notice.line,
            topic: &notice.topic,
            template: &notice.template,
            state: name_of(&notice.state),
            begins: (notice.state == NoticeState::Scheduled).then_some(notice.page_due),
            text: &notice.text,
            subject: notice.subject.as_deref(),
            not_before: notice.not_before,
            expires: notice.expires,
            created: notice.created,
        }
    }
}

impl<'a> NoticeStatus<'a> {
    pub fn of(notice: &'a Notice, counts: Counts) -> Self {
        let (since, by) = match notice.state {
            NoticeState::Scheduled | NoticeState::Sending | NoticeState::Sent => (None, None),
            NoticeState::Cancelled { at } | NoticeState::Expired { at } => (Some(at), None),
            NoticeState::Superseded { by, at } => (Some(at), Some(by)),
        };
        Self {
            accepted: Accepted::of(notice),
            since,
            superseded_by: by.map(|id| id.to_string()),
            supersedes: notice.supersedes.iter().map(ToString::to_string).collect(),
            recipients: counts.total(),
            counts,
        }
    }
}

impl ApiResponse {
    /// To whoever wanted a notice.
    pub fn of_notice(answer: &Answer) -> Self {
        match answer {
            Answer::Accepted(notice) | Answer::Already(notice) => Self {
                location: Some(format!("{NOTICES}/{}", notice.id)),
                ..Self::of(&Accepted::of(notice))
            },
            Answer::DryRun(estimate) => Self::of(estimate),
        }
    }

    /// To whoever wanted somebody invited.
    pub fn of_invitation(invited: &Invited) -> Self {
        match invited {
            Invited::Accepted(delivery) => Self {
                location: Some(format!("{INVITATIONS}/{}", delivery.id)),
                ..Self::of(&AcceptedInvitation {
                    id: &delivery.id,
                    line: &delivery.line,
                    name: &delivery.to.person,
                    event: delivery.invitation.as_ref().map_or("", |i| &i.event),
                    begins: begins(delivery),
                    text: &delivery.body,
                    expires: delivery.deadline,
                    created: delivery.created,
                })
            },
            Invited::DryRun { delivery, cost } => Self::of(&InvitationEstimate {
                dry_run: true,
                line: &delivery.line,
                begins: begins(delivery).unwrap_or(delivery.created),
                text: &delivery.body,
                segments: delivery.parts.len(),
                cost: *cost,
                expires: delivery.deadline,
            }),
        }
    }

    /// To whoever asks how something stands.
    pub fn of(answer: &impl Serialize) -> Self {
        Self {
            body: serde_json::to_value(answer).expect("answers are JSON"),
            location: None,
        }
    }

    pub fn response(self) -> Response<String> {
        let mut response = Response::new(self.body.to_string());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(location) = self.location.and_then(|location| location.parse().ok()) {
            headers.insert(LOCATION, location);
            *response.status_mut() = StatusCode::ACCEPTED;
        }
        response
    }
}
