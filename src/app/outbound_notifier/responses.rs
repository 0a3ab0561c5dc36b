//! What is answered when something is done, over HTTP and to whoever invokes the function.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::invitations::Invited;
use crate::app::notices::Answer;
use crate::domain::notice::{Counts, Notice, NoticeState};

/// A notice that was accepted: the same whenever it is asked for with its key.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AcceptedNotice")]
pub struct Accepted<'a> {
    #[schemars(with = "String")]
    pub id: String,
    pub line: &'a str,
    pub topic: &'a str,
    pub template: &'a str,
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
pub struct Standing<'a> {
    #[serde(flatten)]
    pub accepted: Accepted<'a>,
    /// `scheduled`, `sending`, `sent` (every recipient has a text on the way), `cancelled`,
    /// `superseded` or `expired`.
    pub state: &'static str,
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

impl<'a> Accepted<'a> {
    pub fn of(notice: &'a Notice) -> Self {
        Self {
            id: notice.id.to_string(),
            line: &notice.line,
            topic: &notice.topic,
            template: &notice.template,
            text: &notice.text,
            subject: notice.subject.as_deref(),
            not_before: notice.not_before,
            expires: notice.expires,
            created: notice.created,
        }
    }
}

impl<'a> Standing<'a> {
    pub fn of(notice: &'a Notice, counts: Counts) -> Self {
        let (state, since, by) = match notice.state {
            NoticeState::Scheduled => ("scheduled", None, None),
            NoticeState::Sending => ("sending", None, None),
            NoticeState::Sent => ("sent", None, None),
            NoticeState::Cancelled { at } => ("cancelled", Some(at), None),
            NoticeState::Superseded { by, at } => ("superseded", Some(at), Some(by)),
            NoticeState::Expired { at } => ("expired", Some(at), None),
        };
        Self {
            accepted: Accepted::of(notice),
            state,
            since,
            superseded_by: by.map(|id| id.to_string()),
            supersedes: notice.supersedes.iter().map(ToString::to_string).collect(),
            recipients: counts.total(),
            counts,
        }
    }
}

/// To whoever wanted a notice.
pub fn of_notice(answer: &Answer) -> Value {
    match answer {
        Answer::Accepted(notice) | Answer::Already(notice) => value(&Accepted::of(notice)),
        Answer::DryRun(estimate) => {
            let mut answer = value(estimate);
            answer["dry_run"] = true.into();
            answer
        }
    }
}

/// To whoever asks about a notice.
pub fn of_standing(notice: &Notice, counts: Counts) -> Value {
    value(&Standing::of(notice, counts))
}

/// To whoever wanted somebody invited.
pub fn of_invitation(invited: &Invited) -> Value {
    match invited {
        Invited::Accepted(delivery) => json!({
            "id": delivery.id,
            "line": delivery.line,
            "name": delivery.to.person,
            "event": delivery.invitation.as_ref().map(|invitation| &invitation.event),
            "text": delivery.body,
            "expires": delivery.deadline,
            "created": delivery.created,
        }),
        Invited::DryRun { delivery, cost } => json!({
            "dry_run": true,
            "line": delivery.line,
            "text": delivery.body,
            "segments": delivery.parts.len(),
            "cost": cost,
            "expires": delivery.deadline,
        }),
    }
}

fn value(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).expect("answers are JSON")
}
