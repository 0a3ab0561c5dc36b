//! The resources of keys and tokens. Twilio has them on three hosts (`api`, `iam` and `accounts`);
//! the sandbox has them under one.

use ::http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{Answer, Parameters, Resource, list};
use crate::sandbox::State;
use crate::sandbox::access::{Caller, Key, Kind};
use crate::sandbox::faults::Operation;
use crate::sandbox::message::{API_PATH, rfc2822};

/// Twilio's limit for a key's name, in characters.
const LONGEST_NAME: usize = 64;

/// What a path names beyond the account's messages and numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Guarded {
    Keys(Version),
    Key(Version, String),
    SecondaryToken,
    PromotedToken,
}

/// Which of Twilio's two resources of keys: only the second makes restricted ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V2010,
    V1,
}

impl Guarded {
    /// Of a path below `/v1`.
    pub fn of(path: &str) -> Option<Self> {
        let parts: Vec<_> = path.strip_prefix("/v1/")?.split('/').collect();
        match parts.as_slice() {
            ["Keys"] => Some(Guarded::Keys(Version::V1)),
            ["Keys", sid] => Some(Guarded::Key(Version::V1, (*sid).to_owned())),
            ["AuthTokens", "Secondary"] => Some(Guarded::SecondaryToken),
            ["AuthTokens", "Promote"] => Some(Guarded::PromotedToken),
            _ => None,
        }
    }

    pub fn operation(&self, method: &Method) -> Operation {
        match (self, method) {
            (Guarded::Keys(_), &Method::POST) => Operation::CreateKey,
            (Guarded::Keys(_), _) => Operation::ListKeys,
            (Guarded::Key(..), &Method::DELETE) => Operation::DeleteKey,
            (Guarded::SecondaryToken, &Method::POST) => Operation::CreateSecondary,
            (Guarded::SecondaryToken, _) => Operation::DeleteSecondary,
            (Guarded::PromotedToken, _) => Operation::Promote,
            (Guarded::Key(..), _) => Operation::Other,
        }
    }
}

/// Whether the caller may do that. A Standard key that asks for keys is told no more than one that
/// does not exist.
pub(super) fn allowed(
    caller: &Caller,
    resource: &Resource,
    method: &Method,
) -> Result<(), ApiError> {
    let of_the_account = matches!(resource, Resource::Guarded(_) | Resource::Account);
    match caller {
        Caller::Account => Ok(()),
        Caller::Key(Kind::Standard) if of_the_account => Err(ApiError::of(20003, 401)),
        Caller::Key(Kind::Standard) => Ok(()),
        Caller::Key(Kind::Restricted(policy)) => {
            let needed = permission(resource, method);
            match policy
                .iter()
                .any(|allowed| Some(allowed.as_str()) == needed)
            {
                true => Ok(()),
                false => Err(ApiError::of(70051, 401)),
            }
        }
    }
}

/// The permission that a restricted key needs.
fn permission(resource: &Resource, method: &Method) -> Option<&'static str> {
    match (resource, method) {
        (Resource::Messages, &Method::POST) => Some("/twilio/messaging/messages/create"),
        (Resource::Messages | Resource::Message(_) | Resource::Media(_), &Method::GET) => {
            Some("/twilio/messaging/messages/read")
        }
        (Resource::Message(_), &Method::POST) => Some("/twilio/messaging/messages/update"),
        (Resource::Message(_), &Method::DELETE) => Some("/twilio/messaging/messages/delete"),
        (Resource::Guarded(Guarded::Keys(_)), &Method::POST) => Some("/twilio/iam/api-keys/create"),
        _ => None,
    }
}

impl State {
    pub(super) fn guarded(
        &mut self,
        resource: &Guarded,
        path: &str,
        method: &Method,
        form: &Parameters,
        now: Timestamp,
    ) -> Answer {
        let gone = || ApiError::not_found(path);
        match (resource, method) {
            (Guarded::Keys(version), &Method::POST) => {
                let name = friendly_name(form)?;
                let kind = kind(*version, form)?;
                let (sid, secret) = self.access.create_key(name, kind, now);
                let mut body = self.key_json(&sid);
                body["secret"] = secret.expose().into();
                Ok((StatusCode::CREATED, body))
            }
            (Guarded::Keys(version), &Method::GET) => {
                let keys = self.access.keys();
                let keys: Vec<_> = keys.iter().map(|(sid, key)| shown(sid, key)).collect();
                let body = match version {
                    Version::V2010 => {
                        let uri = format!("{API_PATH}/{}/Keys.json", self.account_sid);
                        list::single_page(&uri, "keys", keys)
                    }
                    Version::V1 => json!({
                        "keys": keys,
                        "meta": {"key": "keys", "page": 0, "page_size": 50, "next_page_url": null},
                    }),
                };
                Ok((StatusCode::OK, body))
            }
            (Guarded::Key(_, sid), &Method::GET) => match self.access.keys().get(sid) {
                Some(key) => Ok((StatusCode::OK, shown(sid, key))),
                None => Err(gone()),
            },
            (Guarded::Key(_, sid), &Method::DELETE) => match self.access.delete_key(sid) {
                true => Ok((StatusCode::NO_CONTENT, Value::Null)),
                false => Err(gone()),
            },
            (Guarded::SecondaryToken, &Method::POST) => {
                let token = self.access.create_secondary().expose().to_owned();
                let body = self.token_json("secondary_auth_token", &token, path, now);
                Ok((StatusCode::CREATED, body))
            }
            (Guarded::SecondaryToken, &Method::DELETE) => match self.access.delete_secondary() {
                true => Ok((StatusCode::NO_CONTENT, Value::Null)),
                false => Err(gone()),
            },
            (Guarded::PromotedToken, &Method::POST) => {
                let token = self.access.promote().ok_or_else(gone)?.expose().to_owned();
                Ok((
                    StatusCode::OK,
                    self.token_json("auth_token", &token, path, now),
                ))
            }
            _ => Err(ApiError::of(20004, 405)),
        }
    }

    fn key_json(&self, sid: &str) -> Value {
        let key = self.access.keys().get(sid);
        key.map_or(Value::Null, |key| shown(sid, key))
    }

    fn token_json(&self, name: &str, token: &str, path: &str, now: Timestamp) -> Value {
        json!({
            "account_sid": self.account_sid,
            name: token,
            "date_created": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "date_updated": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "url": format!("https://accounts.twilio.com{path}"),
        })
    }
}

/// All but the secret, which only the answer to the creation has.
fn shown(sid: &str, key: &Key) -> Value {
    let mut shown = json!({
        "sid": sid,
        "friendly_name": key.friendly_name,
        "date_created": rfc2822(key.created),
        "date_updated": rfc2822(key.created),
    });
    if let Kind::Restricted(allow) = &key.kind {
        shown["policy"] = json!({ "allow": allow });
    }
    shown
}

fn friendly_name(form: &Parameters) -> Result<&str, ApiError> {
    let name = form.get("FriendlyName").unwrap_or_default();
    match name.chars().count() <= LONGEST_NAME {
        true => Ok(name),
        false => Err(ApiError::bad(
            20001,
            format!("FriendlyName is longer than {LONGEST_NAME} characters"),
        )),
    }
}

fn kind(version: Version, form: &Parameters) -> Result<Kind, ApiError> {
    #[derive(Deserialize)]
    struct Policy {
        allow: Vec<String>,
    }
    if version == Version::V2010 || form.filled("KeyType") != Some("restricted") {
        return Ok(Kind::Standard);
    }
    let policy = form.filled("Policy").unwrap_or_default();
    match serde_json::from_str::<Policy>(policy) {
        Ok(policy) if (1..=100).contains(&policy.allow.len()) => Ok(Kind::Restricted(policy.allow)),
        _ => Err(ApiError::bad(
            20001,
            "Policy must be an object with from 1 to 100 permissions in allow",
        )),
    }
}
