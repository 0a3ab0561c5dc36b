use std::time::Duration;

use super::error::ApiError;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;
use crate::sandbox::message::LONGEST_VALIDITY;
use crate::sandbox::state::State;
use crate::sandbox::{Direction, Message};
use crate::twilio::form::Form;

/// Twilio's limit for the whole of a text, in characters.
const MOST_CHARACTERS: usize = 1600;
/// Twilio's limit of attachments.
const MOST_MEDIA: usize = 10;

/// The sender that always works with Twilio's test credentials; nothing is sent.
const MAGIC_SENDER: &str = "+15005550006";

impl State {
    /// Creates a message, or refuses it as Twilio does.
    pub(super) fn create(&mut self, form: &Form) -> Result<MessageSid, ApiError> {
        let service = form.filled("MessagingServiceSid");
        let to = form.filled("To").ok_or_else(|| ApiError::bad(21604))?;
        let from = form.filled("From");
        if from.is_none() && service.is_none() {
            return Err(ApiError::bad(21603));
        }
        let (body, media) = content(form)?;
        let validity = parsed(form, "ValidityPeriod", "a number from 1 to 36000", |text| {
            let seconds = text.parse().ok();
            seconds.filter(|seconds| (1..=36_000).contains(seconds))
        })?;
        if let Some(from) = from {
            magic_sender(from)?;
        }
        check_recipient(to)?;
        match from {
            Some(from) => self.check_sender(from, to)?,
            None => self.check_service(service.unwrap_or_default())?,
        }
        let status_callback = form.filled("StatusCallback");
        if let Some(url) = status_callback.filter(|url| !is_http(url)) {
            let message = format!("The 'StatusCallback' URL {url} is not a valid URL.");
            return Err(ApiError::bad(21609).saying(message));
        }
        let send_at = match form.filled("ScheduleType") {
            Some("fixed") => parsed(form, "SendAt", "a time in ISO 8601", |at| at.parse().ok())?,
            _ => None,
        };
        let is_magic = from == Some(MAGIC_SENDER);
        let outcome = (!is_magic).then(|| self.faults.of_delivery(to, !media.is_empty()));
        let (media, outcome) = self.fetch_media(media, outcome);
        let from = from.unwrap_or_default();
        let message = Message {
            direction: Direction::OutboundApi,
            messaging_service: service.map(str::to_owned),
            status_callback: status_callback.map(str::to_owned),
            validity: validity.map_or(LONGEST_VALIDITY, Duration::from_secs),
            send_at,
            outcome,
            ..self.messages.begin(from, to, body, media, self.now)
        };
        Ok(self.accept(message))
    }

    fn check_service(&self, service: &str) -> Result<(), ApiError> {
        if !service.starts_with("MG") || service.len() != 34 {
            return Err(ApiError::bad(21701));
        }
        if self.account.numbers.is_empty() {
            return Err(ApiError::bad(21703));
        }
        Ok(())
    }

    fn check_sender(&self, from: &str, to: &str) -> Result<(), ApiError> {
        if from == MAGIC_SENDER {
            return Ok(());
        }
        let Some(number) = self.our_number(from) else {
            let message = format!(
                "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number \
                 or short code for your account."
            );
            return Err(ApiError::bad(21606).saying(message));
        };
        if from == to {
            return Err(ApiError::bad(21266));
        }
        if self.opt_outs.has(to, &number) {
            return Err(ApiError::bad(21610));
        }
        Ok(())
    }
}

fn content(form: &Form) -> Result<(&str, Vec<String>), ApiError> {
    let media: Vec<_> = form.all("MediaUrl").map(str::to_owned).collect();
    match form.get("Body") {
        None if media.is_empty() => return Err(ApiError::bad(21619)),
        Some("") if media.is_empty() => return Err(ApiError::bad(21602)),
        _ => {}
    }
    let body = form.get("Body").unwrap_or_default();
    if body.chars().count() > MOST_CHARACTERS {
        return Err(ApiError::bad(21617));
    }
    if media.len() > MOST_MEDIA {
        return Err(ApiError::bad(21623));
    }
    if let Some(wrong) = media.iter().find(|url| !is_http(url)) {
        let message =
            format!("Media urls: {wrong} are invalid. Please use only valid http and https urls");
        return Err(ApiError::bad(21620).saying(message));
    }
    Ok((body, media))
}

pub(super) fn is_http(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !url.contains(char::is_whitespace))
}

/// A parameter, if it is there; it has to be what is `expected`.
pub(super) fn parsed<T>(
    form: &Form,
    name: &str,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let Some(text) = form.filled(name) else {
        return Ok(None);
    };
    let wrong = || ApiError::bad(20001).saying(format!("{name} {text} is not {expected}"));
    parse(text).map(Some).ok_or_else(wrong)
}

/// Source: Twilio, "Test Credentials": numbers that behave in a known way as a sender.
fn magic_sender(from: &str) -> Result<(), ApiError> {
    match from {
        "+15005550001" => Err(ApiError::bad(21212).saying(format!(
                "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."
            ),
        )),
        "+15005550007" => Err(ApiError::bad(21606)),
        "+15005550008" => Err(ApiError::bad(21611)),
        _ => Ok(()),
    }
}

/// Among them are those that Twilio's "Test Credentials" name for recipients.
fn check_recipient(to: &str) -> Result<(), ApiError> {
    let code = match to {
        "+15005550001" => 21211,
        "+15005550002" => 21612,
        "+15005550003" => 21408,
        "+15005550004" => 21610,
        "+15005550009" => 21614,
        _ if PhoneNumber::parse(to).is_ok() => return Ok(()),
        _ => {
            let message = format!("The 'To' number {to} is not a valid phone number.");
            return Err(ApiError::bad(21211).saying(message));
        }
    };
    Err(ApiError::bad(code))
}
