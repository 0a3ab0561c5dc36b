//! Who may use the account: its auth tokens and its API keys, as a program finds and changes them.
//!
//! Source: Twilio, "REST API: Key Resource" (v2010 and v1), "REST API: Auth Token", "REST API:
//! Secondary Auth Token", "Restricted API keys".

use std::collections::BTreeMap;

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use jiff::Timestamp;

use super::message::digest;
use crate::domain::credentials::{Credentials, Secret};
use crate::twilio::api::Login;

/// The tokens and keys that are alive.
pub(super) struct Access {
    account_sid: String,
    /// Signs the webhooks.
    pub primary: Secret,
    pub secondary: Option<Secret>,
    /// By SID.
    pub keys: BTreeMap<String, Key>,
    /// Keys and tokens that it makes derive from this and a count.
    seed: String,
    made: u64,
}

/// An API key.
pub(super) struct Key {
    pub friendly_name: String,
    pub rights: Rights,
    pub created: Timestamp,
    secret: Secret,
}

/// What a request may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rights {
    /// Everything, with the account's SID and one of its tokens.
    Account,
    /// With a Standard key: everything but keys, tokens and the account itself.
    Standard,
    /// With a Restricted key: what its policy allows.
    Restricted(Vec<String>),
}

impl Access {
    pub fn new(account: &Credentials, now: Timestamp) -> Self {
        let mut access = Self {
            account_sid: account.account_sid.clone(),
            primary: account.auth_token.duplicate(),
            secondary: None,
            keys: BTreeMap::new(),
            seed: now.to_string(),
            made: 0,
        };
        if let Some(key) = &account.api_key {
            let made = Key {
                friendly_name: "sandbox".to_owned(),
                rights: Rights::Standard,
                created: now,
                secret: key.secret.duplicate(),
            };
            access.keys.insert(key.sid.clone(), made);
        }
        access
    }

    /// What whoever asks may do; `None` if they are not known.
    pub fn rights(&self, headers: &HeaderMap) -> Option<Rights> {
        let given = headers.get(AUTHORIZATION)?;
        let is = |user: &str, password: &Secret| Login { user, password }.basic() == given;
        let mut tokens = std::iter::once(&self.primary).chain(&self.secondary);
        if tokens.any(|token| is(&self.account_sid, token)) {
            return Some(Rights::Account);
        }
        let key = self.keys.iter().find(|(sid, key)| is(sid, &key.secret));
        key.map(|(_, key)| key.rights.clone())
    }

    /// A new key: its SID and its secret, which is not told again.
    pub fn create_key(&mut self, name: &str, rights: Rights, now: Timestamp) -> (String, Secret) {
        let sid = format!("SK{}", self.make("key"));
        let secret = self.make("secret");
        let key = Key {
            friendly_name: name.to_owned(),
            rights,
            created: now,
            secret: Secret::new(secret.clone()),
        };
        self.keys.insert(sid.clone(), key);
        (sid, Secret::new(secret))
    }

    /// A new secondary token, in the place of an earlier one.
    pub fn create_secondary(&mut self) -> &Secret {
        let token = self.make("token");
        self.secondary.insert(Secret::new(token))
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
