use std::time::Duration;

use jiff::Timestamp;

use super::error::ApiError;
use super::{Parameters, error_message};
use crate::domain::phone::PhoneNumber;
use crate::sandbox::carrier::{LONGEST_VALIDITY, NewOutgoing};
use crate::sandbox::message::MessageNumber;
use crate::sandbox::{Direction, State};

/// Twilio's limit for the whole of a text, in characters.
const MOST_CHARACTERS: usize = 1600;
/// Twilio's limit of attachments.
const MOST_MEDIA: usize = 10;

/// The sender that always works with Twilio's test credentials; nothing is sent.
const MAGIC_SENDER: &str = "+15005550006";

impl State {
    /// Creates a message, or refuses it as Twilio does.
    pub(super) fn create(
        &mut self,
        form: &Parameters,
        now: Timestamp,
    ) -> Result<MessageNumber, ApiError> {
        let service = form.filled("MessagingServiceSid");
        let Some(to) = form.filled("To") else {
            return Err(ApiError::bad(21604, "A 'To' phone number is required."));
        };
        let from = form.filled("From");
        if from.is_none() && service.is_none() {
            return Err(ApiError::bad(21603, "A 'From' phone number is required."));
        }
        let (body, media) = content(form)?;
        let validity = validity(form)?;
        if let Some(from) = from {
            magic_sender(from)?;
        }
        self.check_recipient(to)?;
        self.check_sender(from, service, to)?;
        let new = NewOutgoing {
            direction: Direction::OutboundApi,
            from: from.unwrap_or_default().to_owned(),
            to: to.to_owned(),
            body,
            media,
            messaging_service: service.map(str::to_owned),
            status_callback: status_callback(form)?,
            validity,
            send_at: send_at(form)?,
        };
        let fate = (from != Some(MAGIC_SENDER)).then(|| self.fate(to));
        Ok(self.accept(new, fate, now))
    }

    fn check_recipient(&self, to: &str) -> Result<(), ApiError> {
        magic_recipient(to)?;
        match PhoneNumber::parse(to) {
            Ok(_) => Ok(()),
            Err(_) => {
                let message = format!("The 'To' number {to} is not a valid phone number.");
                Err(ApiError::bad(21211, message))
            }
        }
    }

    fn check_sender(
        &self,
        from: Option<&str>,
        service: Option<&str>,
        to: &str,
    ) -> Result<(), ApiError> {
        let Some(from) = from else {
            let service = service.unwrap_or_default();
            let is_service = service.starts_with("MG") && service.len() == 34;
            return match (is_service, self.numbers.is_empty()) {
                (false, _) => Err(ApiError::bad(
                    21701,
                    "The Messaging Service does not exist.",
                )),
                (true, true) => Err(ApiError::bad(
                    21703,
                    "The Messaging Service contains no phone numbers.",
                )),
                (true, false) => Ok(()),
            };
        };
        if from == MAGIC_SENDER {
            return Ok(());
        }
        let number = PhoneNumber::parse(from)
            .ok()
            .filter(|number| self.numbers.contains_key(number));
        let Some(number) = number else {
            let message = format!(
                "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number \
                 or short code for your account."
            );
            return Err(ApiError::bad(21606, message));
        };
        if from == to {
            return Err(ApiError::bad(
                21266,
                "'To' and 'From' number cannot be the same",
            ));
        }
        if self.has_opted_out(to, &number) {
            return Err(ApiError::of(21610, 400));
        }
        Ok(())
    }
}

fn content(form: &Parameters) -> Result<(String, Vec<String>), ApiError> {
    let media: Vec<_> = form.all("MediaUrl").map(str::to_owned).collect();
    let body = form.get("Body");
    match body {
        None if media.is_empty() => {
            let message = "A text message body or media urls must be specified.";
            return Err(ApiError::bad(21619, message));
        }
        Some("") if media.is_empty() => {
            return Err(ApiError::bad(21602, "Message body is required."));
        }
        _ => {}
    }
    let body = body.unwrap_or_default();
    if body.chars().count() > MOST_CHARACTERS {
        let message = format!("{}.", error_message(21617));
        return Err(ApiError::bad(21617, message));
    }
    if media.len() > MOST_MEDIA {
        return Err(ApiError::bad(
            21623,
            "Number of media files exceeds allowed limit",
        ));
    }
    if let Some(wrong) = media.iter().find(|url| !is_http(url)) {
        let message =
            format!("Media urls: {wrong} are invalid. Please use only valid http and https urls");
        return Err(ApiError::bad(21620, message));
    }
    Ok((body.to_owned(), media))
}

fn is_http(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !url.contains(char::is_whitespace))
}

fn status_callback(form: &Parameters) -> Result<Option<String>, ApiError> {
    match form.filled("StatusCallback") {
        Some(url) if !is_http(url) => {
            let message = format!("The 'StatusCallback' URL {url} is not a valid URL.");
            Err(ApiError::bad(21609, message))
        }
        url => Ok(url.map(str::to_owned)),
    }
}

/// Seconds from 1 to 36,000.
fn validity(form: &Parameters) -> Result<Duration, ApiError> {
    let Some(text) = form.filled("ValidityPeriod") else {
        return Ok(LONGEST_VALIDITY);
    };
    text.parse()
        .ok()
        .filter(|seconds| (1..=36_000).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            let message = format!("The ValidityPeriod {text} is not a number from 1 to 36000");
            ApiError::bad(20001, message)
        })
}

fn send_at(form: &Parameters) -> Result<Option<Timestamp>, ApiError> {
    match (form.filled("ScheduleType"), form.filled("SendAt")) {
        (Some("fixed"), Some(at)) => at
            .parse()
            .map(Some)
            .map_err(|_| ApiError::bad(20001, format!("SendAt {at} is not a time in ISO 8601"))),
        _ => Ok(None),
    }
}

/// Source: Twilio, "Test Credentials": numbers that behave in a known way as a sender.
fn magic_sender(from: &str) -> Result<(), ApiError> {
    match from {
        "+15005550001" => Err(ApiError::bad(
            21212,
            format!(
                "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."
            ),
        )),
        "+15005550007" => Err(ApiError::of(21606, 400)),
        "+15005550008" => Err(ApiError::of(21611, 400)),
        _ => Ok(()),
    }
}

/// The same for a recipient.
fn magic_recipient(to: &str) -> Result<(), ApiError> {
    let code = match to {
        "+15005550001" => 21211,
        "+15005550002" => 21612,
        "+15005550003" => 21408,
        "+15005550004" => 21610,
        "+15005550009" => 21614,
        _ => return Ok(()),
    };
    Err(ApiError::of(code, 400))
}
