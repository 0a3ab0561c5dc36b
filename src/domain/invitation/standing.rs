use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::delivery::failed_invitation::has_arrived;
use crate::domain::delivery::{Delivery, Failed, State};
use crate::domain::names::name_of;

/// How an invitation stands, as whoever asks reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "InvitationStanding")]
pub struct InvitationStatus {
    pub id: String,
    pub line: String,
    /// Who is invited, by the caller's own word for them.
    pub name: String,
    pub event: String,
    /// `waiting`, `sending`, `accepted` (Twilio has it), `delivered` or `failed`.
    pub state: &'static str,
    /// Why it failed: `opted_out`, `not_allowed`, `undeliverable`, `expired` or `no_report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The last error code of Twilio or the carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
    /// Whether it may be on the phone although it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_have_arrived: Option<bool>,
    pub attempts: usize,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created: Timestamp,
    /// Until when it is tried.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires: Timestamp,
    /// When something last happened to it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub changed: Timestamp,
}

impl InvitationStatus {
    /// `None` if the delivery invites nobody.
    pub fn of(delivery: &Delivery) -> Option<Self> {
        let invitation = delivery.invitation.as_ref()?;
        let failed = Failed::of(delivery);
        let state = match delivery.state {
            _ if failed.is_some() => "failed",
            _ if has_arrived(delivery) => "delivered",
            State::Waiting { .. } => "waiting",
            State::Sending { .. } | State::Unknown { .. } => "sending",
            _ => "accepted",
        };
        Some(Self {
            id: delivery.id.to_string(),
            line: delivery.line.clone(),
            name: delivery.to.person.clone(),
            event: invitation.event.clone(),
            state,
            because: failed.as_ref().map(|failed| name_of(&failed.because)),
            error_code: delivery.last_error().filter(|_| state != "delivered"),
            may_have_arrived: failed.as_ref().map(|failed| failed.may_have_arrived),
            attempts: delivery.attempts.len(),
            created: delivery.created,
            expires: delivery.deadline,
            changed: delivery.changed(),
        })
    }
}
