//! The resources of keys and tokens, and who may do what.

use ::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{Answer, ApiError};
use super::list;
use super::resource::Resource;
use super::setup::Setup;
use crate::domain::credentials::Secret;
use crate::sandbox::access::{Key, Rights};
use crate::sandbox::message::rfc2822;
use crate::sandbox::state::State;
use crate::twilio::form::Form;

/// Twilio's limit for a key's name, in characters.
const LONGEST_NAME: usize = 64;

/// Whether the rights cover that. A Standard key that asks for keys is told no more than one that
/// does not exist.
pub(super) fn allowed(
    rights: &Rights,
    resource: &Resource,
    method: &Method,
) -> Result<(), ApiError> {
    match (rights, resource) {
        (Rights::Account, _) => Ok(()),
        (
            Rights::Standard,
            Resource::Setup(Setup::Account)
            | Resource::Keys
            | Resource::Key(_)
            | Resource::SecondaryToken
            | Resource::PromotedToken,
        ) => Err(ApiError::new(401, 20003)),
        (Rights::Standard, _) => Ok(()),
        (Rights::Restricted(policy), _) => {
            let needed = permission(resource, method);
            let granted = needed.is_some_and(|needed| policy.iter().any(|p| covers(p, needed)));
            granted.then_some(()).ok_or(ApiError::new(401, 70051))
        }
    }
}

/// Whether a permission is the one that is needed, or all of its resource: `/twilio/messaging/services/*`.
fn covers(permission: &str, needed: &str) -> bool {
    let resource = needed.rsplit_once('/').map(|(resource, _)| resource);
    permission == needed || (resource.is_some() && permission.strip_suffix("/*") == resource)
}

/// The permission that a restricted key needs.
fn permission(resource: &Resource, method: &Method) -> Option<&'static str> {
    match (resource, method) {
        (Resource::Messages, &Method::POST) => Some("/twilio/messaging/messages/create"),
        (Resource::Messages, &Method::GET) => Some("/twilio/messaging/messages/list"),
        (
            Resource::Message(_) | Resource::Media(_) | Resource::Medium(..) | Resource::File(..),
            &Method::GET,
        ) => Some("/twilio/messaging/messages/read"),
        (Resource::Message(_), &Method::POST) => Some("/twilio/messaging/messages/update"),
        (Resource::Message(_), &Method::DELETE) => Some("/twilio/messaging/messages/delete"),
        (Resource::Calls, &Method::POST) => Some("/twilio/voice/calls/create"),
        (Resource::Calls, &Method::GET) => Some("/twilio/voice/calls/list"),
        (Resource::Call(_), &Method::GET) => Some("/twilio/voice/calls/read"),
        (Resource::Call(_), &Method::POST) => Some("/twilio/voice/calls/update"),
        (Resource::RecordingsOf(_), &Method::GET) => Some("/twilio/voice/recordings/list"),
        (Resource::Recording(_) | Resource::RecordingFile(_), &Method::GET) => {
            Some("/twilio/voice/recordings/read")
        }
        (Resource::Recording(_), &Method::DELETE) => Some("/twilio/voice/recordings/delete"),
        (Resource::Keys, &Method::POST) => Some("/twilio/iam/api-keys/create"),
        (Resource::Setup(setup), method) => setup.permission(method),
        _ => None,
    }
}

impl State {
    pub(super) fn keys_and_tokens(
        &mut self,
        resource: &Resource,
        path: &str,
        method: &Method,
        form: &Form,
    ) -> Answer {
        // Twilio has keys twice; only the newer resource makes restricted ones.
        let is_v1 = path.starts_with("/v1/");
        let not_found = || ApiError::not_found(path);
        let deleted = |was_there: bool| {
            let answer = was_there.then_some((204, Value::Null));
            answer.ok_or_else(not_found)
        };
        match (resource, method) {
            (Resource::Keys, &Method::POST) => {
                let name = friendly_name(form)?;
                let rights = rights(is_v1, form)?;
                let (sid, secret) = self.access.create_key(name, rights, self.now);
                let key = self.access.keys.get(&sid).ok_or_else(not_found)?;
                let mut body = key_json(&sid, key, is_v1);
                body["secret"] = secret.expose().into();
                Ok((201, body))
            }
            (Resource::Keys, &Method::GET) => {
                let keys = self.access.keys.iter();
                let keys = keys.map(|(sid, key)| key_json(sid, key, false));
                if !is_v1 {
                    return Ok((200, list::single_page(path, "keys", keys)));
                }
                let keys: Vec<_> = keys.collect();
                let meta =
                    json!({"key": "keys", "page": 0, "page_size": 50, "next_page_url": null});
                Ok((200, json!({ "keys": keys, "meta": meta })))
            }
            (Resource::Key(sid), &Method::GET) => {
                let key = self.access.keys.get(*sid).ok_or_else(not_found)?;
                Ok((200, key_json(sid, key, is_v1)))
            }
            (Resource::Key(sid), &Method::DELETE) => {
                deleted(self.access.keys.remove(*sid).is_some())
            }
            (Resource::SecondaryToken, &Method::POST) => {
                let token = self.access.create_secondary().duplicate();
                Ok((201, self.token_json("secondary_auth_token", &token, path)))
            }
            (Resource::SecondaryToken, &Method::DELETE) => {
                deleted(self.access.secondary.take().is_some())
            }
            (Resource::PromotedToken, &Method::POST) => {
                let token = self.access.promote().ok_or_else(not_found)?.duplicate();
                Ok((200, self.token_json("auth_token", &token, path)))
            }
            _ => Err(ApiError::new(405, 20004)),
        }
    }

    fn token_json(&self, name: &str, token: &Secret, path: &str) -> Value {
        let now = self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({
            "account_sid": self.account_sid,
            name: token.expose(),
            "date_created": now,
            "date_updated": now,
            "url": format!("https://accounts.twilio.com{path}"),
        })
    }
}

/// All but the secret, which only the answer to the creation has. The newer API says of a single Standard key that
/// it has no policy.
fn key_json(sid: &str, key: &Key, is_v1: bool) -> Value {
    let created = rfc2822(key.created);
    let mut shown = json!({
        "sid": sid,
        "friendly_name": key.friendly_name,
        "date_created": created,
        "date_updated": created,
    });
    match &key.rights {
        Rights::Restricted(allow) => shown["policy"] = json!({ "allow": allow }),
        _ if is_v1 => shown["policy"] = Value::Null,
        _ => {}
    }
    shown
}

fn friendly_name(form: &Form) -> Result<&str, ApiError> {
    let name = form.get("FriendlyName").unwrap_or_default();
    if name.chars().count() > LONGEST_NAME {
        let message = format!("FriendlyName is longer than {LONGEST_NAME} characters");
        return Err(ApiError::bad(20001).saying(message));
    }
    Ok(name)
}

fn rights(is_v1: bool, form: &Form) -> Result<Rights, ApiError> {
    #[derive(Deserialize)]
    struct Policy {
        allow: Vec<String>,
    }
    if !is_v1 || form.filled("KeyType") != Some("restricted") {
        return Ok(Rights::Standard);
    }
    let policy = form.filled("Policy").unwrap_or_default();
    match serde_json::from_str::<Policy>(policy) {
        Ok(Policy { allow }) if (1..=100).contains(&allow.len()) => Ok(Rights::Restricted(allow)),
        _ => Err(ApiError::bad(20001)
            .saying("Policy must be an object with from 1 to 100 permissions in allow")),
    }
}
