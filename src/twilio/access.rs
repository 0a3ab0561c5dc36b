//! The account's API keys and auth tokens: making them, trying them, ending them.
//!
//! Source: Twilio, "REST API: Key Resource" (v2010 and v1), "REST API: Auth Token", "REST API:
//! Secondary Auth Token". None of these requests has an idempotency key: one that is not answered
//! may have been carried out.

use bytes::Bytes;
use http::{Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::{Api, NoAnswer, Page, Refused, Transport, host, success};
use super::form::Form;
use crate::domain::credentials::Secret;

pub use super::api::Login;

/// What the relay's own key may do, if it is a restricted one: send and look after what it sent, make calls and
/// look after them, and fetch and delete what callers left.
/// `read` is one message by its SID; a list of messages has a permission of its own.
pub const PERMISSIONS: [&str; 9] = [
    "/twilio/messaging/messages/create",
    "/twilio/messaging/messages/read",
    "/twilio/messaging/messages/list",
    "/twilio/voice/calls/read",
    "/twilio/voice/calls/list",
    "/twilio/voice/calls/create",
    "/twilio/voice/recordings/read",
    "/twilio/voice/recordings/list",
    "/twilio/voice/recordings/delete",
];

/// The error of a key that lacks a permission.
const NOT_PERMITTED: u32 = 70051;

/// The error of credentials that Twilio does not know.
pub const UNKNOWN_CREDENTIALS: u32 = 20003;

/// Keys on a page of the list. There may be more keys than that only if somebody else makes
/// thousands.
const PAGE_SIZE: u32 = 1000;

/// What a new key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyType {
    /// All but keys, tokens and the account itself.
    #[default]
    Standard,
    /// Only [`PERMISSIONS`]; in Twilio's US region alone.
    Restricted,
}

/// A key that was just made. The secret is not told again.
#[derive(Deserialize)]
pub struct NewKey {
    pub sid: String,
    pub secret: Secret,
}

#[derive(Debug, Deserialize)]
pub struct ListedKey {
    pub sid: String,
    #[serde(default)]
    pub friendly_name: String,
}

/// What a promotion did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promoted {
    Now,
    /// There is no secondary token: it was promoted before, or somebody deleted it.
    NothingToPromote,
}

/// Why Twilio did not do what was asked. Says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(
        "Twilio does not accept the account's SID and auth token (HTTP 401, error {0}); compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN with Twilio's console, and mind that the account may be suspended"
    )]
    Unauthorized(u32),
    #[error(
        "Twilio does not allow this (HTTP {http_status}, error {code}); keys and tokens are managed with the account's SID and auth token, not with a Standard or Restricted key"
    )]
    Forbidden { http_status: u16, code: u32 },
    #[error(
        "Twilio knows the key, and it may not list messages (HTTP 401, error 70051); without the permission /twilio/messaging/messages/list lost answers cannot be found and no day can be compared: add it to the key's policy in Twilio's console, or make another key with `relay secrets rotate api-key`"
    )]
    MayNotList,
    #[error(
        "Twilio is busy (HTTP 429, error 20429); nothing was done, wait a minute and do it again"
    )]
    Busy,
    #[error(
        "Twilio is out of order (HTTP {0}); whether it did what was asked is not known, and doing it again finds out"
    )]
    OutOfOrder(u16),
    #[error("Twilio did not answer ({0}); doing it again finds out what became of the request")]
    NoAnswer(#[from] NoAnswer),
    #[error(
        "Twilio refused with HTTP status {http_status} and error code {code:?}; Twilio's error dictionary says what that means"
    )]
    Refused { http_status: u16, code: Option<u32> },
    #[error("Twilio's answer cannot be read (line {line}, column {column})")]
    Unreadable { line: usize, column: usize },
}

impl From<Refused> for Failure {
    fn from(Refused { http_status, code }: Refused) -> Self {
        match (http_status, code) {
            (401, Some(UNKNOWN_CREDENTIALS) | None) => Failure::Unauthorized(UNKNOWN_CREDENTIALS),
            (401 | 403, code) => Failure::Forbidden {
                http_status,
                code: code.unwrap_or_default(),
            },
            (429, _) => Failure::Busy,
            (500.., _) => Failure::OutOfOrder(http_status),
            _ => Failure::Refused { http_status, code },
        }
    }
}

/// Talks to Twilio's three hosts of keys and tokens.
pub struct Access(Api);

impl Access {
    /// `base` is [`super::API_URL`] or a sandbox's address.
    pub fn new(transport: Box<dyn Transport>, base: &str) -> Self {
        Self(Api::new(transport, base))
    }

    /// Makes a key of this name.
    pub async fn create_key(
        &self,
        login: Login<'_>,
        account_sid: &str,
        name: &str,
        key_type: KeyType,
    ) -> Result<NewKey, Failure> {
        let mut fields = vec![("FriendlyName", name)];
        let policy = serde_json::json!({ "allow": PERMISSIONS }).to_string();
        let url = match key_type {
            KeyType::Standard => self.account_url(account_sid, "Keys.json"),
            KeyType::Restricted => {
                fields.push(("AccountSid", account_sid));
                fields.push(("KeyType", "restricted"));
                fields.push(("Policy", &policy));
                format!("{}/v1/Keys", host(&self.0.base, "iam"))
            }
        };
        let form = Form::from_fields(fields).encode();
        read(&self.ask(login, Method::POST, &url, form).await?)
    }

    /// The account's keys.
    pub async fn keys(
        &self,
        login: Login<'_>,
        account_sid: &str,
    ) -> Result<Vec<ListedKey>, Failure> {
        let mut found = Vec::new();
        let mut url = self.account_url(account_sid, &format!("Keys.json?PageSize={PAGE_SIZE}"));
        loop {
            let answer = self.ask(login, Method::GET, &url, String::new()).await?;
            let page: Page<ListedKey> = read(&answer)?;
            found.extend(page.records);
            match page.next_page_uri {
                Some(next) => url = format!("{}{}", self.0.base, next.0),
                None => return Ok(found),
            }
        }
    }

    /// Deletes a key; one that is gone is no mistake.
    pub async fn delete_key(
        &self,
        login: Login<'_>,
        account_sid: &str,
        sid: &str,
    ) -> Result<(), Failure> {
        let url = self.account_url(account_sid, &format!("Keys/{sid}.json"));
        self.is_there(login, Method::DELETE, &url).await.map(drop)
    }

    /// Makes a secondary auth token. Nothing is signed with it before it is promoted, but the REST
    /// API accepts it.
    pub async fn create_secondary(&self, login: Login<'_>) -> Result<Secret, Failure> {
        #[derive(Deserialize)]
        struct Created {
            secondary_auth_token: Secret,
        }
        let url = self.tokens_url("Secondary");
        let answer = self.ask(login, Method::POST, &url, String::new()).await?;
        Ok(read::<Created>(&answer)?.secondary_auth_token)
    }

    /// Deletes the secondary auth token; it is no mistake if there is none.
    pub async fn delete_secondary(&self, login: Login<'_>) -> Result<(), Failure> {
        let url = self.tokens_url("Secondary");
        self.is_there(login, Method::DELETE, &url).await.map(drop)
    }

    /// Makes the secondary auth token the primary one. The one that was primary is void from that
    /// moment.
    pub async fn promote(&self, login: Login<'_>) -> Result<Promoted, Failure> {
        let url = self.tokens_url("Promote");
        if self.is_there(login, Method::POST, &url).await? {
            Ok(Promoted::Now)
        } else {
            Ok(Promoted::NothingToPromote)
        }
    }

    /// Which of the permissions that calls need these credentials do not have, by asking for what is not
    /// there. An account's own token and a Standard key have all of them.
    pub async fn lacks_for_calls(
        &self,
        login: Login<'_>,
        account_sid: &str,
    ) -> Result<Vec<&'static str>, Failure> {
        let nobodys = "0".repeat(32);
        let (call, recording) = (
            format!("Calls/CA{nobodys}"),
            format!("Recordings/RE{nobodys}"),
        );
        let mut lacking = Vec::new();
        for (permission, method, path) in [
            (
                "/twilio/voice/calls/read",
                Method::GET,
                format!("{call}.json"),
            ),
            (
                "/twilio/voice/calls/list",
                Method::GET,
                "Calls.json?PageSize=1".to_owned(),
            ),
            // To nobody, so that no call is made.
            (
                "/twilio/voice/calls/create",
                Method::POST,
                "Calls.json".to_owned(),
            ),
            (
                "/twilio/voice/recordings/read",
                Method::GET,
                format!("{recording}.json"),
            ),
            (
                "/twilio/voice/recordings/list",
                Method::GET,
                format!("{call}/Recordings.json?PageSize=1"),
            ),
            (
                "/twilio/voice/recordings/delete",
                Method::DELETE,
                format!("{recording}.json"),
            ),
        ] {
            let url = self.account_url(account_sid, &path);
            match self.is_there(login, method, &url).await {
                Ok(_)
                | Err(Failure::Refused {
                    http_status: 400, ..
                }) => {}
                Err(Failure::Forbidden { code, .. }) if code == NOT_PERMITTED => {
                    lacking.push(permission);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(lacking)
    }

    /// Whether Twilio knows these credentials: a request that changes nothing. A refusal for any
    /// other reason than unknown credentials is a failure, so that nobody takes it for a proof.
    pub async fn accepts(&self, login: Login<'_>, account_sid: &str) -> Result<bool, Failure> {
        let url = self.account_url(account_sid, "Messages.json?PageSize=1");
        match self.ask(login, Method::GET, &url, String::new()).await {
            Ok(_) => Ok(true),
            Err(Failure::Unauthorized(UNKNOWN_CREDENTIALS)) => Ok(false),
            Err(Failure::Forbidden { code, .. }) if code == NOT_PERMITTED => {
                Err(Failure::MayNotList)
            }
            Err(failure) => Err(failure),
        }
    }

    fn account_url(&self, account_sid: &str, rest: &str) -> String {
        format!("{}/2010-04-01/Accounts/{account_sid}/{rest}", self.0.base)
    }

    fn tokens_url(&self, rest: &str) -> String {
        format!("{}/v1/AuthTokens/{rest}", host(&self.0.base, "accounts"))
    }

    /// Does something to what stands at the address, and tells whether there was anything.
    async fn is_there(&self, login: Login<'_>, method: Method, url: &str) -> Result<bool, Failure> {
        match self.ask(login, method, url, String::new()).await {
            Ok(_) => Ok(true),
            Err(Failure::Refused {
                http_status: 404, ..
            }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    async fn ask(
        &self,
        login: Login<'_>,
        method: Method,
        url: &str,
        form: String,
    ) -> Result<Response<Bytes>, Failure> {
        Ok(success(self.0.send(login, method, url, form).await?)?)
    }
}

fn read<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, Failure> {
    // The message of a JSON error may quote the answer, and with it a secret.
    serde_json::from_slice(answer.body()).map_err(|error| Failure::Unreadable {
        line: error.line(),
        column: error.column(),
    })
}
