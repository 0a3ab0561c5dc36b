//! What other programs ask the relay for: notices and invitations, by HTTP, by a direct invocation,
//! through EventBridge or through SNS. Bytes from outside become a [`Request`] that is checked as
//! far as it can be without knowing the line; whatever is wrong with them is said with its path.
//!
//! ```text
//! HTTP body ───────────────▶ notice / invitation ─▶ NoticeRequest / InvitationRequest
//! event of the function ───▶ invoked ─▶ (Source, Request)…
//!   {"notice": {…}} · {"detail-type": …, "detail": {…}} · {"Records": […]} · {"show": "no-…"}
//! ```
//!
//! What a request may contain is declared once, by `request!`: its struct, how it is read and its
//! JSON Schema follow from that.

mod details;
mod fields;
mod invitation;
mod invoked;
mod json;
mod notice;
mod refused;
mod shapes;

pub use details::{CrewDetail, DETAIL_TYPES, Detail, EventDetail, MaintenanceDetail};
pub use invitation::InvitationRequest;
pub use invoked::{Request, invoked};
pub use json::MOST_BYTES;
pub use notice::{MOST_NUMBERS, NoticeRequest};
pub use refused::{Because, Problem, Refused};

/// Reads the body of `POST /v1/notices`.
pub fn notice(body: &[u8]) -> Result<NoticeRequest, Refused> {
    NoticeRequest::read(&json::json(body)?)
}

/// Reads the body of `POST /v1/invitations`.
pub fn invitation(body: &[u8]) -> Result<InvitationRequest, Refused> {
    InvitationRequest::read(&json::json(body)?)
}

#[cfg(test)]
mod tests;
