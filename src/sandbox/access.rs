//! Who may use the account: its auth tokens and its API keys, as a program finds and changes them.
//!
//! Source: Twilio, "REST API: Key Resource" (v2010 and v1), "REST API: Auth Token", "REST API:
//! Secondary Auth Token", "Restricted API keys".

use std::collections::BTreeMap;

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::message::digest;
use crate::domain::credentials::{Credentials, Secret};

/// The tokens and keys that are alive.
pub(super) struct Access {
    account_sid: String,
    primary: Secret,
    secondary: Option<Secret>,
    keys: BTreeMap<String, Key>,
    /// Keys and tokens that it makes derive from this and a count.
    seed: String,
    made: u64,
}

/// An API key.
pub(super) struct Key {
    pub friendly_name: String,
    pub kind: Kind,
    pub created: Timestamp,
    secret: Secret,
}

/// What an API key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything but keys, tokens and the account itself.
    Standard,
    /// What its policy allows.
    Restricted(Vec<String>),
}

/// Whose a request is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The account itself, by SID and one of its tokens.
    Account,
    Key(Kind),
}

impl Access {
    pub fn new(account: &Credentials, now: Timestamp) -> Self {
        let mut access = Self {
            account_sid: account.account_sid.clone(),
            primary: copy(&account.auth_token),
            secondary: None,
            keys: BTreeMap::new(),
            seed: now.to_string(),
            made: 0,
        };
        if let Some(key) = &account.api_key {
            let made = Key {
                friendly_name: "sandbox".to_owned(),
                kind: Kind::Standard,
                created: now,
                secret: copy(&key.secret),
            };
            access.keys.insert(key.sid.clone(), made);
        }
        access
    }

    /// Signs the webhooks.
    pub fn primary(&self) -> &Secret {
        &self.primary
    }

    pub fn keys(&self) -> &BTreeMap<String, Key> {
        &self.keys
    }

    /// Who asks, if anybody that is known.
    pub fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let given = STANDARD.decode(given.strip_prefix("Basic ")?.trim()).ok()?;
        let given = String::from_utf8(given).ok()?;
        let (user, password) = given.split_once(':')?;
        if user == self.account_sid {
            let tokens = std::iter::once(&self.primary).chain(&self.secondary);
            let mut tokens = tokens.map(Secret::expose);
            return tokens
                .any(|token| token == password)
                .then_some(Caller::Account);
        }
        let key = self.keys.get(user)?;
        (key.secret.expose() == password).then(|| Caller::Key(key.kind.clone()))
    }

    /// A new key: its SID and its secret, which is not told again.
    pub fn create_key(&mut self, name: &str, kind: Kind, now: Timestamp) -> (String, Secret) {
        let sid = format!("SK{}", self.make("key"));
        let secret = self.make("secret");
        let key = Key {
            friendly_name: name.to_owned(),
            kind,
            created: now,
            secret: Secret::new(secret.clone()),
        };
        self.keys.insert(sid.clone(), key);
        (sid, Secret::new(secret))
    }

    /// Whether there was one.
    pub fn delete_key(&mut self, sid: &str) -> bool {
        self.keys.remove(sid).is_some()
    }

    /// A new secondary token, in the place of an earlier one.
    pub fn create_secondary(&mut self) -> &Secret {
        let token = self.make("token");
        self.secondary.insert(Secret::new(token))
    }

    /// Whether there was one.
    pub fn delete_secondary(&mut self) -> bool {
        self.secondary.take().is_some()
    }

    /// Makes the secondary token the primary one, which is void from then on. `None` without a
    /// secondary token.
    pub fn promote(&mut self) -> Option<&Secret> {
        self.primary = self.secondary.take()?;
        Some(&self.primary)
    }

    fn make(&mut self, what: &str) -> String {
        self.made += 1;
        digest(&format!("{} {what} {}", self.seed, self.made))
    }
}

fn copy(secret: &Secret) -> Secret {
    Secret::new(secret.expose())
}
