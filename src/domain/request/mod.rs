//! What other programs ask the relay for: notices and invitations, by HTTP, by a direct invocation,
//! through EventBridge or through SNS. Bytes from outside become a [`Request`] that is checked as
//! far as it can be without knowing the line; whatever is wrong with them is said with its path.
//!
//! ```text
//! HTTP body ───────────────▶ notice / invitation ─▶ NoticeRequest / InvitationRequest
//! event of the function ───▶ invoked ─▶ (Way, Request)…
//!   {"notice": {…}} · {"detail-type": …, "detail": {…}} · {"Records": […]} · {"show": "no-…"}
//! ```

mod details;
mod fields;
mod invitation;
mod invoked;
mod notice;
mod refused;
mod shapes;

pub use details::{CrewDetail, DetailType, EventDetail, MaintenanceDetail};
pub use invitation::InvitationRequest;
pub use invoked::{DirectRequest, Way, invoked};
pub use notice::{MOST_NUMBERS, NoticeRequest};
pub use refused::{Because, Problem, Refused};

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::phone::PhoneNumber;

/// The longest body or event that is read. It is EventBridge's and SNS's order of magnitude (256 KB)
/// less what nobody needs: 500 numbers with their data are 20 KiB.
pub const MOST_BYTES: usize = 64 * 1024;

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Notice(NoticeRequest),
    Invitation(InvitationRequest),
    /// How a notice or an invitation stands, by its id.
    Show(String),
    /// That whoever has not got a notice yet never gets it.
    Cancel(String),
}

/// Reads the body of `POST /v1/notices`.
pub fn notice(body: &[u8]) -> Result<NoticeRequest, Refused> {
    NoticeRequest::read(json(body)?)
}

/// Reads the body of `POST /v1/invitations`.
pub fn invitation(body: &[u8]) -> Result<InvitationRequest, Refused> {
    InvitationRequest::read(json(body)?)
}

/// The JSON of at most [`MOST_BYTES`].
fn json(bytes: &[u8]) -> Result<Value, Refused> {
    if bytes.len() > MOST_BYTES {
        let detail = "this is larger than 64 KiB; send less at once";
        return Err(Refused::new(Because::TooLarge, detail));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // The message of a JSON error may quote what was written.
        let detail = if bytes.is_empty() {
            "the body is empty; write a JSON object".to_owned()
        } else {
            format!(
                "this is no JSON (line {}, column {}); write a JSON object in UTF-8",
                error.line(),
                error.column()
            )
        };
        Refused::new(Because::NotJson, detail)
    })
}

/// The same for the same values, however they were written: their members are sorted by name.
fn digest_of(request: &impl Serialize) -> String {
    let value = serde_json::to_value(request).expect("requests are JSON");
    let digest = Sha256::digest(value.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl JsonSchema for PhoneNumber {
    fn schema_name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A phone number in E.164 form.",
            "type": "string",
            "pattern": "^\\+[1-9][0-9]{6,14}$",
            "examples": ["+16195550110"],
        })
    }
}

#[cfg(test)]
mod tests;
