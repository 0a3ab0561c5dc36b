use ::http::{Response, StatusCode};
use bytes::Bytes;
use serde_json::json;

/// A refusal in Twilio's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct ApiError {
    pub status: u16,
    pub code: u32,
    pub message: String,
}

impl ApiError {
    /// The request is wrong.
    pub fn bad(code: u32, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code,
            message: message.into(),
        }
    }

    /// Any error by its code.
    pub fn of(code: u32, status: u16) -> Self {
        Self {
            status,
            code,
            message: error_message(code).to_owned(),
        }
    }

    pub fn not_found(path: &str) -> Self {
        Self {
            status: 404,
            code: 20404,
            message: format!("The requested resource {path} was not found"),
        }
    }

    pub fn response(&self) -> Response<Bytes> {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        super::json_response(StatusCode::from_u16(self.status).unwrap_or_default(), &body)
    }
}

/// Twilio's title of an error ("Error and Warning Dictionary").
pub(in crate::sandbox) fn error_message(code: u32) -> &'static str {
    match code {
        14107 => "Message rate limit exceeded",
        20003 => "Authenticate",
        20004 => "Method not allowed",
        20429 => "Too Many Requests",
        20500 => "Internal Server Error",
        20503 => "Service Unavailable",
        21211 => "Invalid 'To' Phone Number",
        21212 => "Invalid From Number (caller ID)",
        21408 => {
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"
        }
        21606 => {
            "The 'From' phone number provided is not a valid, message-capable Twilio phone number for this destination/account"
        }
        21608 => "The 'To' phone number is unverified",
        21610 => "Attempt to send to unsubscribed recipient",
        21611 => "This 'From' number has exceeded the maximum number of queued messages",
        21612 => {
            "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"
        }
        21614 => "'To' number is not a valid mobile number",
        21617 => "The concatenated message body exceeds the 1600 character limit",
        30001 => "Queue overflow",
        30002 => "Account suspended",
        30003 => "Unreachable destination handset",
        30004 => "Message blocked",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        30008 => "Unknown error",
        30009 => "Missing inbound segment",
        30010 => "Message price exceeds max price",
        30011 => "MMS not supported by the receiving phone number in this region",
        30017 => "Carrier network congestion",
        30019 => "Content size exceeds carrier limit",
        30022 => "US A2P 10DLC - Rate limits exceeded",
        30023 => "US A2P 10DLC - Daily message cap reached",
        30032 => "Toll-free number has not been verified",
        30034 => "US A2P 10DLC - Message from an unregistered number",
        30036 => "Validity period expired",
        30410 => "Provider timeout",
        30500 => "Provider error",
        63038 => "Account exceeded the daily messages limit",
        70051 => "Authorization Failed",
        _ => "See Twilio's error dictionary",
    }
}
