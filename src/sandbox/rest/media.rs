//! The attachments of a message: the list, the description of each, and where the file itself is.
//!
//! Source: Twilio, "Media subresource" (HTTP Basic authentication is enforced for all media URLs), and
//! its help article "Protect Media Access with HTTP Basic Authentication": a request for the file
//! redirects to an address on mms.twiliocdn.com that needs no credentials and is valid for four hours.

use ::http::header::LOCATION;
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::error::empty_response;
use super::list;
use crate::domain::ids::message_sid::MessageSid;
use crate::sandbox::Message;
use crate::sandbox::message::{API_PATH, DeliveryOutcome, digest, rfc2822};
use crate::sandbox::state::State;
use crate::sandbox::text::content_type;
use crate::twilio::API_URL;

/// Where redirects lead to, and for how long.
const FILES: &str = "https://mms.twiliocdn.com";
const VALID_FOR: SignedDuration = SignedDuration::from_hours(4);

/// An attachment's URL cannot be fetched.
const NOT_FETCHED: u32 = 11200;

impl State {
    pub(super) fn media_json(&self, message: &Message, path: &str) -> Value {
        let media = message.media.iter().enumerate();
        let media = media.map(|(index, url)| self.description(message, index, url));
        list::single_page(path, "media_list", media)
    }

    pub(super) fn medium_json(&self, message: &Message, sid: &str) -> Option<Value> {
        let (index, url) = file(message, sid)?;
        Some(self.description(message, index, url))
    }

    /// The way to an attachment's file: an address that needs no credentials.
    pub(super) fn way_to_file(&self, message: &MessageSid, sid: &str) -> Option<Response<Bytes>> {
        let (index, _) = file(self.messages.get(message)?, sid)?;
        let until = (self.now + VALID_FOR).as_second();
        let address = HeaderValue::try_from(self.signed(message, index, until)).ok()?;
        let mut response = empty_response(StatusCode::TEMPORARY_REDIRECT);
        response.headers_mut().insert(LOCATION, address);
        Some(response)
    }

    fn signed(&self, message: &MessageSid, index: usize, until: i64) -> String {
        let file = format!(
            "{FILES}/{}/{message}/{index}?Expires={until}",
            self.account_sid
        );
        let signature = digest(&file);
        format!("{file}&Signature={signature}")
    }

    /// What Twilio gets of the attachments of a message that it is to send: those that it keeps itself
    /// need an address that [`Self::way_to_file`] gave, as everybody's do.
    pub(in crate::sandbox) fn fetch_media(
        &self,
        media: Vec<String>,
        outcome: Option<DeliveryOutcome>,
    ) -> (Vec<String>, Option<DeliveryOutcome>) {
        let mut is_missing = false;
        let mut fetch = |url: String| match url.strip_prefix(FILES) {
            Some(file) => self.file_at(&url, file).unwrap_or_else(|| {
                is_missing = true;
                url.clone()
            }),
            None => {
                is_missing |= url.starts_with(API_URL);
                url
            }
        };
        let media = media.into_iter().map(&mut fetch).collect();
        let failed = || DeliveryOutcome {
            undeliverable: Some(NOT_FETCHED),
            ..DeliveryOutcome::default()
        };
        (
            media,
            outcome.map(|good| if is_missing { failed() } else { good }),
        )
    }

    /// The file at a signed address, unless its time is over.
    fn file_at(&self, url: &str, file: &str) -> Option<String> {
        let (path, query) = file.split_once('?')?;
        let (message, index) = path.rsplit_once('/')?;
        let (_, message) = message.rsplit_once('/')?;
        let (message, index) = (MessageSid::parse(message).ok()?, index.parse().ok()?);
        let until: i64 = query.split('&').find_map(|pair| {
            let until = pair.strip_prefix("Expires=")?;
            until.parse().ok()
        })?;
        let is_valid = self.signed(&message, index, until) == url && self.now.as_second() < until;
        let message = self.messages.get(&message).filter(|_| is_valid)?;
        message.media.get(index).cloned()
    }

    fn description(&self, message: &Message, index: usize, url: &str) -> Value {
        let created = rfc2822(message.created);
        json!({
            "sid": media_sid(&message.sid, index),
            "account_sid": self.account_sid,
            "parent_sid": message.sid,
            "content_type": content_type(url),
            "date_created": created,
            "date_updated": created,
            "uri": format!("{}.json", medium_path(&self.account_sid, &message.sid, index)),
        })
    }
}

/// The URL of an attachment in a webhook. It leads to the file only with the account's credentials.
pub(in crate::sandbox) fn media_url(account: &str, message: &MessageSid, index: usize) -> String {
    format!("{API_URL}{}", medium_path(account, message, index))
}

fn medium_path(account: &str, message: &MessageSid, index: usize) -> String {
    let sid = media_sid(message, index);
    format!("{API_PATH}/{account}/Messages/{message}/Media/{sid}")
}

fn media_sid(message: &MessageSid, index: usize) -> String {
    format!("ME{}", digest(&format!("{message}/{index}")))
}

fn file<'a>(message: &'a Message, sid: &str) -> Option<(usize, &'a str)> {
    let mut media = message.media.iter().map(String::as_str).enumerate();
    media.find(|(index, _)| media_sid(&message.sid, *index) == sid)
}
