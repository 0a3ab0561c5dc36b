//! The attachments of a message: the list, the description of each, and where the file itself is.
//!
//! Source: Twilio, "Media subresource". The address without `.json` leads to the file, and wants no
//! credentials unless the account's owner has asked for that.

use ::http::header::LOCATION;
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::error::empty_response;
use super::list;
use super::resource::Resource;
use crate::sandbox::Message;
use crate::sandbox::message::{API_PATH, digest, rfc2822};
use crate::sandbox::state::State;
use crate::sandbox::text::content_type;

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

    /// The way to an attachment's file, if the path is one of those.
    pub(super) fn media_file(&self, path: &str) -> Option<Response<Bytes>> {
        let Resource::Medium(message, sid) = Resource::of(path, &self.account_sid)? else {
            return None;
        };
        if path.ends_with(".json") {
            return None;
        }
        let (_, url) = file(self.messages.get(&message)?, sid)?;
        let mut response = empty_response(StatusCode::TEMPORARY_REDIRECT);
        let url = HeaderValue::from_str(url).ok()?;
        response.headers_mut().insert(LOCATION, url);
        Some(response)
    }

    fn description(&self, message: &Message, index: usize, url: &str) -> Value {
        let (account, sid) = (&self.account_sid, media_sid(message, index));
        let created = rfc2822(message.created);
        json!({
            "sid": sid,
            "account_sid": account,
            "parent_sid": message.sid,
            "content_type": content_type(url),
            "date_created": created,
            "date_updated": created,
            "uri": format!("{API_PATH}/{account}/Messages/{}/Media/{sid}.json", message.sid),
        })
    }
}

fn media_sid(message: &Message, index: usize) -> String {
    format!("ME{}", digest(&format!("{}/{index}", message.sid)))
}

fn file<'a>(message: &'a Message, sid: &str) -> Option<(usize, &'a str)> {
    let mut media = message.media.iter().map(String::as_str).enumerate();
    media.find(|(index, _)| media_sid(message, *index) == sid)
}
