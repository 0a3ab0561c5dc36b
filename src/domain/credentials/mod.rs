//! Twilio's credentials: what they are, where they come from, and that nobody prints them.

pub mod callers;
mod previous;
mod secret;

pub use callers::{
    Action, Actions, CallerKey, Callers, Malformed, Previous, VARIABLE, name_of, variable_of,
};
pub use previous::{NotATime, WITHOUT_AN_END, end_of, is_over};
pub use secret::Secret;

/// The names under which credentials stand in `repos.env` and in Secrets Manager.
pub const ACCOUNT_SID: &str = "TWILIO_ACCOUNT_SID";
pub const AUTH_TOKEN: &str = "TWILIO_AUTH_TOKEN";
pub const PREVIOUS_AUTH_TOKEN: &str = "TWILIO_AUTH_TOKEN_PREVIOUS";
/// A token that was made but not promoted yet: Twilio signs nothing with it, and accepts it.
pub const NEXT_AUTH_TOKEN: &str = "TWILIO_AUTH_TOKEN_NEXT";
/// Until when signatures with the previous token are accepted; without it, for a day.
pub const PREVIOUS_NOT_AFTER: &str = "TWILIO_AUTH_TOKEN_PREVIOUS_NOT_AFTER";
/// The key of Twilio's webhook rules, which signs webhooks in place of the auth token.
pub const WEBHOOK_KEY: &str = "TWILIO_WEBHOOK_KEY";
/// Accepted beside it while the key is being changed.
pub const PREVIOUS_WEBHOOK_KEY: &str = "TWILIO_WEBHOOK_KEY_PREVIOUS";
/// Until when, as with the token.
pub const PREVIOUS_WEBHOOK_KEY_NOT_AFTER: &str = "TWILIO_WEBHOOK_KEY_PREVIOUS_NOT_AFTER";
/// The values that are accepted beside those in force, each with the variable of its end.
pub const PREVIOUS: [(&str, &str); 2] = [
    (PREVIOUS_AUTH_TOKEN, PREVIOUS_NOT_AFTER),
    (PREVIOUS_WEBHOOK_KEY, PREVIOUS_WEBHOOK_KEY_NOT_AFTER),
];
pub const API_KEY: &str = "TWILIO_API_KEY";
pub const API_SECRET: &str = "TWILIO_API_SECRET";

/// The key with which the audit hashes numbers: random, and not used for anything else.
pub const AUDIT_KEY: &str = "RELAY_AUDIT_KEY";

/// One consistent set; a request never mixes an old key with a new secret.
#[derive(Debug)]
pub struct Credentials {
    pub account_sid: String,
    /// Signs Twilio's webhooks; sends if there is no API key.
    pub auth_token: Secret,
    /// Accepted in signatures while a rotation is under way: one that will sign soon, and one that
    /// signed until a moment ago or signs still.
    pub next_auth_token: Option<Secret>,
    pub previous_auth_token: Option<Secret>,
    /// What signs the webhooks that a rule has signed with a shared key, the one in force first.
    pub webhook_keys: Vec<Secret>,
    pub api_key: Option<ApiKey>,
    pub audit_key: Option<Secret>,
    /// The programs that may call the relay, which stand in the same place.
    pub callers: Callers,
    /// Tells one state of the place they come from apart from another. No secret.
    pub version: Option<String>,
}

#[derive(Debug)]
pub struct ApiKey {
    pub sid: String,
    pub secret: Secret,
}

/// What is missing, and where it was looked for. Never carries a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCredentials {
    #[error(
        "{name} is missing from {place}; add it there (a line {name}=… in a file, \"{name}\": \"…\" in a secret, which `aws secretsmanager put-secret-value` replaces as a whole)"
    )]
    Missing { name: &'static str, place: String },
    #[error(
        "{have} is in {place}, but {lack} is not; an API key needs both, or neither to send with the auth token"
    )]
    HalfAKey {
        have: &'static str,
        lack: &'static str,
        place: String,
    },
    #[error("{name} in {place} is not {expected}")]
    Malformed {
        name: &'static str,
        place: String,
        expected: &'static str,
    },
}

impl Credentials {
    /// Picks Twilio's credentials from named values, of which there may be many others. `place`
    /// says where they come from, for the error message.
    pub fn from_values(
        place: &str,
        look_up: impl Fn(&str) -> Option<Secret>,
    ) -> Result<Self, BadCredentials> {
        let place = || place.to_owned();
        let optional = |name: &str| look_up(name).filter(|value| !value.expose().is_empty());
        let required = |name| {
            let missing = || BadCredentials::Missing {
                name,
                place: place(),
            };
            optional(name).ok_or_else(missing)
        };
        let sid = |name, value: Secret, prefix, expected| match value.expose() {
            sid if is_sid(prefix, sid) => Ok(sid.to_owned()),
            _ => Err(BadCredentials::Malformed {
                name,
                place: place(),
                expected,
            }),
        };
        let half = |have, lack| BadCredentials::HalfAKey {
            have,
            lack,
            place: place(),
        };
        let account_sid = sid(
            ACCOUNT_SID,
            required(ACCOUNT_SID)?,
            "AC",
            "an account's SID (AC and 32 hexadecimal digits)",
        )?;
        let api_key = match (optional(API_KEY), optional(API_SECRET)) {
            (Some(key), Some(secret)) => {
                let expected = "an API key's SID (SK and 32 hexadecimal digits)";
                let sid = sid(API_KEY, key, "SK", expected)?;
                Some(ApiKey { sid, secret })
            }
            (None, None) => None,
            (Some(_), None) => return Err(half(API_KEY, API_SECRET)),
            (None, Some(_)) => return Err(half(API_SECRET, API_KEY)),
        };
        Ok(Self {
            account_sid,
            auth_token: required(AUTH_TOKEN)?,
            next_auth_token: optional(NEXT_AUTH_TOKEN),
            previous_auth_token: optional(PREVIOUS_AUTH_TOKEN),
            webhook_keys: [WEBHOOK_KEY, PREVIOUS_WEBHOOK_KEY]
                .into_iter()
                .filter_map(optional)
                .collect(),
            api_key,
            audit_key: optional(AUDIT_KEY),
            callers: Callers::default(),
            version: None,
        })
    }

    /// The tokens that may have signed a webhook, the likeliest first.
    pub fn signing_tokens(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.auth_token)
            .chain(&self.next_auth_token)
            .chain(&self.previous_auth_token)
    }

    /// User name and password for Twilio's REST API.
    pub fn basic_auth(&self) -> (&str, &Secret) {
        match &self.api_key {
            Some(key) => (&key.sid, &key.secret),
            None => (&self.account_sid, &self.auth_token),
        }
    }
}

fn is_sid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&str, String)]) -> Result<Credentials, BadCredentials> {
        Credentials::from_values("repos.env", |name| {
            values
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| Secret::new(v.clone()))
        })
    }

    fn sid(prefix: &str) -> String {
        prefix.to_owned() + &"0".repeat(32)
    }

    #[test]
    fn an_api_key_sends_and_without_one_the_auth_token_does() {
        let mut values = vec![(ACCOUNT_SID, sid("AC")), (AUTH_TOKEN, "token".into())];
        assert_eq!(read(&values).unwrap().basic_auth().0, sid("AC"));
        values.extend([(API_KEY, sid("SK")), (API_SECRET, "shh".into())]);
        assert_eq!(read(&values).unwrap().basic_auth().0, sid("SK"));
    }

    #[test]
    fn what_is_missing_is_named_with_the_place() {
        let error = read(&[(ACCOUNT_SID, sid("AC"))]).unwrap_err().to_string();
        assert!(
            error.starts_with("TWILIO_AUTH_TOKEN is missing from repos.env"),
            "{error}"
        );
        let error = read(&[
            (AUTH_TOKEN, "t".into()),
            (ACCOUNT_SID, sid("AC")),
            (API_SECRET, "s".into()),
        ]);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("TWILIO_API_KEY is not")
        );
        let error = read(&[(AUTH_TOKEN, "t".into()), (ACCOUNT_SID, "hunter2".into())]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
