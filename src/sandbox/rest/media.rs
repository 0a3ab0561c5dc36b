//! The attachments of a message: the list, the description of each, and where the file itself is.
//!
//! Source: Twilio, "Media subresource". The address without `.json` leads to the file, and wants no
//! credentials unless the account's owner has asked for that.

use ::http::header::LOCATION;
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Resource, empty_response, list};
use crate::sandbox::inbound::content_type;
use crate::sandbox::message::{API_PATH, digest, rfc2822};
use crate::sandbox::{Message, State};

impl State {
    pub(super) fn media_json(&self, message: &Message) -> Value {
        let media = message.media.iter().enumerate();
        let media: Vec<_> = media
            .map(|(index, url)| self.description(message, index, url))
            .collect();
        list::single_page(&self.media_path(message, ".json"), "media_list", media)
    }

    pub(super) fn medium_json(&self, message: &Message, sid: &str) -> Option<Value> {
        let (index, url) = file(message, sid)?;
        Some(self.description(message, index, url))
    }

    /// The way to an attachment's file, if the path is one of those.
    pub(super) fn media_file(&self, path: &str) -> Option<Response<Bytes>> {
        let described = path.ends_with(".json");
        match Resource::of(path, &self.account_sid)? {
            Resource::Medium(message, sid) if !described => {
                let message = self.messages.get(self.messages.find(&message)?)?;
                let (_, url) = file(message, &sid)?;
                let mut response = empty_response(StatusCode::TEMPORARY_REDIRECT);
                let url = HeaderValue::from_str(url).ok()?;
                response.headers_mut().insert(LOCATION, url);
                Some(response)
            }
            _ => None,
        }
    }

    fn description(&self, message: &Message, index: usize, url: &str) -> Value {
        let sid = media_sid(message, index);
        json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "parent_sid": message.sid,
            "content_type": content_type(url),
            "date_created": rfc2822(message.created),
            "date_updated": rfc2822(message.created),
            "uri": self.media_path(message, &format!("/{sid}.json")),
        })
    }

    fn media_path(&self, message: &Message, rest: &str) -> String {
        let account = &self.account_sid;
        format!("{API_PATH}/{account}/Messages/{}/Media{rest}", message.sid)
    }
}

fn media_sid(message: &Message, index: usize) -> String {
    format!("ME{}", digest(&format!("{}/{index}", message.sid)))
}

fn file<'a>(message: &'a Message, sid: &str) -> Option<(usize, &'a str)> {
    let media = message.media.iter().map(String::as_str).enumerate();
    let mut files = media.filter(|(index, _)| media_sid(message, *index) == sid);
    files.next()
}
