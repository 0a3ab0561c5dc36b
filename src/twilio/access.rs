//! The account's API keys and auth tokens: making them, trying them, ending them.
//!
//! Source: Twilio, "REST API: Key Resource" (v2010 and v1), "REST API: Auth Token", "REST API:
//! Secondary Auth Token". None of these requests has an idempotency key: one that is not answered
//! may have been carried out.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::{NoAnswer, Transport, authorization, refusal_code};
use crate::domain::credentials::Secret;

/// What the relay's own key may do, if it is a restricted one: send, and look after what it sent.
pub const PERMISSIONS: [&str; 2] = [
    "/twilio/messaging/messages/create",
    "/twilio/messaging/messages/read",
];

/// The error of credentials that Twilio does not know.
pub const UNKNOWN_CREDENTIALS: u32 = 20003;

/// Keys on a page of the list. There may be more keys than that only if somebody else makes
/// thousands.
const PAGE_SIZE: u32 = 1000;

/// User name and password of a request.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub user: &'a str,
    pub password: &'a Secret,
}

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

/// Talks to Twilio's three hosts of keys and tokens.
pub struct Access {
    transport: Box<dyn Transport>,
    api: String,
    accounts: String,
    iam: String,
}

impl Access {
    /// `base` is [`super::API_URL`] or a sandbox's address.
    pub fn new(transport: Box<dyn Transport>, base: &str) -> Self {
        let api = base.trim_end_matches('/').to_owned();
        Self {
            transport,
            accounts: host(&api, "accounts"),
            iam: host(&api, "iam"),
            api,
        }
    }

    /// Makes a key of this name.
    pub async fn create_key(
        &self,
        login: Login<'_>,
        account_sid: &str,
        name: &str,
        key_type: KeyType,
    ) -> Result<NewKey, Failure> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("FriendlyName", name);
        let url = match key_type {
            KeyType::Standard => self.keys_url(account_sid, ".json"),
            KeyType::Restricted => {
                let policy = serde_json::json!({ "allow": PERMISSIONS }).to_string();
                form.append_pair("AccountSid", account_sid)
                    .append_pair("KeyType", "restricted")
                    .append_pair("Policy", &policy);
                format!("{}/v1/Keys", self.iam)
            }
        };
        let answer = self
            .ask(login, Method::POST, &url, Some(form.finish()))
            .await?;
        read(&good(answer)?)
    }

    /// The account's keys.
    pub async fn keys(
        &self,
        login: Login<'_>,
        account_sid: &str,
    ) -> Result<Vec<ListedKey>, Failure> {
        #[derive(Deserialize)]
        struct Page {
            keys: Vec<ListedKey>,
            next_page_uri: Option<String>,
        }
        let mut found = Vec::new();
        let mut url = self.keys_url(account_sid, &format!(".json?PageSize={PAGE_SIZE}"));
        loop {
            let page: Page = read(&good(self.ask(login, Method::GET, &url, None).await?)?)?;
            found.extend(page.keys);
            match page.next_page_uri {
                Some(next) => url = format!("{}{next}", self.api),
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
        let url = self.keys_url(account_sid, &format!("/{sid}.json"));
        gone(self.ask(login, Method::DELETE, &url, None).await?)
    }

    /// Makes a secondary auth token. Nothing is signed with it before it is promoted, but the REST
    /// API accepts it.
    pub async fn create_secondary(&self, login: Login<'_>) -> Result<Secret, Failure> {
        #[derive(Deserialize)]
        struct Created {
            secondary_auth_token: Secret,
        }
        let url = format!("{}/v1/AuthTokens/Secondary", self.accounts);
        let form = Some(String::new());
        let created: Created = read(&good(self.ask(login, Method::POST, &url, form).await?)?)?;
        Ok(created.secondary_auth_token)
    }

    /// Deletes the secondary auth token; it is no mistake if there is none.
    pub async fn delete_secondary(&self, login: Login<'_>) -> Result<(), Failure> {
        let url = format!("{}/v1/AuthTokens/Secondary", self.accounts);
        gone(self.ask(login, Method::DELETE, &url, None).await?)
    }

    /// Makes the secondary auth token the primary one. The one that was primary is void from that
    /// moment.
    pub async fn promote(&self, login: Login<'_>) -> Result<Promoted, Failure> {
        let url = format!("{}/v1/AuthTokens/Promote", self.accounts);
        let answer = self
            .ask(login, Method::POST, &url, Some(String::new()))
            .await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(Promoted::NothingToPromote),
            _ => good(answer).map(|_| Promoted::Now),
        }
    }

    /// Whether Twilio knows these credentials: a request that changes nothing. A refusal for any
    /// other reason than unknown credentials is a failure, so that nobody takes it for a proof.
    pub async fn accepts(&self, login: Login<'_>, account_sid: &str) -> Result<bool, Failure> {
        let url = format!(
            "{}/2010-04-01/Accounts/{account_sid}/Messages.json?PageSize=1",
            self.api
        );
        match good(self.ask(login, Method::GET, &url, None).await?) {
            Ok(_) => Ok(true),
            Err(Failure::Unauthorized(UNKNOWN_CREDENTIALS)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn keys_url(&self, account_sid: &str, rest: &str) -> String {
        format!("{}/2010-04-01/Accounts/{account_sid}/Keys{rest}", self.api)
    }

    async fn ask(
        &self,
        login: Login<'_>,
        method: Method,
        url: &str,
        form: Option<String>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, authorization(login.user, login.password))
            .header(ACCEPT, "application/json");
        if form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request
            .body(form.unwrap_or_default().into())
            .map_err(|error| NoAnswer::NotSent(error.to_string()))?;
        self.transport.send(request).await
    }
}

/// Twilio has a host for each product; a sandbox, or whatever else stands in for Twilio, has one
/// for all.
fn host(api: &str, product: &str) -> String {
    match api.strip_prefix("https://api.") {
        Some(rest) if rest == "twilio.com" || rest.ends_with(".twilio.com") => {
            format!("https://{product}.{rest}")
        }
        _ => api.to_owned(),
    }
}

fn good(answer: Response<Bytes>) -> Result<Response<Bytes>, Failure> {
    let http_status = answer.status().as_u16();
    if answer.status().is_success() {
        return Ok(answer);
    }
    let code = refusal_code(&answer);
    Err(match (http_status, code) {
        (401, Some(UNKNOWN_CREDENTIALS) | None) => Failure::Unauthorized(UNKNOWN_CREDENTIALS),
        (401 | 403, code) => Failure::Forbidden {
            http_status,
            code: code.unwrap_or_default(),
        },
        (429, _) => Failure::Busy,
        (500.., _) => Failure::OutOfOrder(http_status),
        _ => Failure::Refused { http_status, code },
    })
}

fn gone(answer: Response<Bytes>) -> Result<(), Failure> {
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(()),
        _ => good(answer).map(drop),
    }
}

fn read<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, Failure> {
    // The message of a JSON error may quote the answer, and with it a secret.
    serde_json::from_slice(answer.body()).map_err(|error| Failure::Unreadable {
        line: error.line(),
        column: error.column(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twilio_has_three_hosts_and_a_sandbox_has_one() {
        assert_eq!(
            host("https://api.twilio.com", "iam"),
            "https://iam.twilio.com"
        );
        let regional = "https://api.dublin.ie1.twilio.com";
        assert_eq!(
            host(regional, "accounts"),
            "https://accounts.dublin.ie1.twilio.com"
        );
        for other in [
            "http://127.0.0.1:4010",
            "https://api.twilio.com.example.com",
        ] {
            assert_eq!(host(other, "iam"), other);
        }
    }
}
