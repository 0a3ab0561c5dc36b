//! The provider who sends the texts, as people read of it.

pub const NAME: &str = "Twilio";

/// Where the provider explains an error.
pub fn page_of_error(code: u32) -> String {
    format!("twilio.com/docs/api/errors/{code}")
}
