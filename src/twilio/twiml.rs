//! Answers to Twilio's webhooks in its XML.

/// "Nothing to do." The relay sends texts through the API, where they can be retried, never in
/// the answer to a webhook.
pub const EMPTY: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#;

pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";
