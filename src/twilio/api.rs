//! One request to Twilio's REST API, and what its answer comes to. The clients of messages
//! ([`super::client`]) and of keys and tokens ([`super::access`]) both go through here.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::domain::credentials::Secret;

/// How long Twilio has for an answer; after that, what became of the request is unknown.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// What carries a request to Twilio: the network, or in tests the sandbox itself.
#[async_trait]
pub trait Transport: Send + Sync {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The request certainly did not arrive: there was no connection.
    #[error("no connection: {0}")]
    NotSent(String),
    /// It may have arrived.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// User name and password of a request.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub user: &'a str,
    pub password: &'a Secret,
}

impl Login<'_> {
    /// The value of the `Authorization` header.
    pub fn basic(&self) -> HeaderValue {
        let pair = Zeroizing::new(format!("{}:{}", self.user, self.password.expose()));
        let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut basic = HeaderValue::from_str(&basic).expect("base64 may stand in a header");
        basic.set_sensitive(true);
        basic
    }
}

/// The API at one address.
pub(super) struct Api {
    pub transport: Box<dyn Transport>,
    /// Without a slash at the end.
    pub base: String,
}

impl Api {
    pub fn new(transport: Box<dyn Transport>, base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { transport, base }
    }

    /// Sends a request once. `form` is the body of a POST; other methods have none.
    pub async fn send(
        &self,
        login: Login<'_>,
        method: Method,
        url: &str,
        form: String,
    ) -> Result<Response<Bytes>, NoAnswer> {
        self.send_for("application/json", login, method, url, form)
            .await
    }

    /// The same for an answer of another type than JSON.
    pub async fn send_for(
        &self,
        wanted: &'static str,
        login: Login<'_>,
        method: Method,
        url: &str,
        form: String,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let mut request = Request::builder()
            .uri(url)
            .header(AUTHORIZATION, login.basic())
            .header(ACCEPT, wanted);
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.method(method).body(form.into());
        let request = request.map_err(|error| NoAnswer::NotSent(error.to_string()))?;
        self.transport.send(request).await
    }
}

/// An answer that is not a success.
#[derive(Debug, thiserror::Error)]
#[error("Twilio refused with HTTP status {http_status} and error code {code:?}")]
pub struct Refused {
    pub http_status: u16,
    /// Twilio's error code, if the answer has one.
    pub code: Option<u32>,
}

/// Lets a success pass.
pub(super) fn success(answer: Response<Bytes>) -> Result<Response<Bytes>, Refused> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let error: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    Err(Refused {
        http_status: answer.status().as_u16(),
        code: error["code"].as_u64().and_then(|code| code.try_into().ok()),
    })
}

/// A page of a list, whatever it is a list of.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(
        alias = "keys",
        alias = "media_list",
        alias = "messages",
        alias = "calls",
        alias = "recordings"
    )]
    pub records: Vec<T>,
    pub next_page_uri: Option<HostPath>,
}

/// An address within an answer. It has to be a path: it is put behind the host's name as it is, and
/// without the slash could make another name of it, which would then get the credentials.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct HostPath(pub(super) String);

impl TryFrom<String> for HostPath {
    type Error = &'static str;

    fn try_from(uri: String) -> Result<Self, &'static str> {
        let is_path = uri.starts_with('/');
        let path = is_path.then_some(Self(uri));
        path.ok_or("it goes on at an address that is not Twilio's")
    }
}

/// Twilio has a host for each product; a sandbox, or whatever else stands in for Twilio, has one
/// for all.
pub(super) fn host(api: &str, product: &str) -> String {
    match api.strip_prefix("https://api.") {
        Some(rest) if rest == "twilio.com" || rest.ends_with(".twilio.com") => {
            format!("https://{product}.{rest}")
        }
        _ => api.to_owned(),
    }
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

    #[test]
    fn a_list_goes_on_at_the_same_host_or_not_at_all() {
        let page = |uri: &str| {
            let page = serde_json::json!({ "messages": [], "next_page_uri": uri }).to_string();
            serde_json::from_str::<Page<String>>(&page)
        };
        for uri in [
            "/2010-04-01/Accounts/A/Messages.json?Page=1",
            "//example.com/",
        ] {
            let next = page(uri).unwrap().next_page_uri.unwrap();
            let url = format!("https://api.twilio.com{}", next.0);
            let url: http::Uri = url.parse().unwrap();
            assert_eq!(url.host(), Some("api.twilio.com"));
        }
        for uri in ["https://example.com/", ".example.com/", "@example.com/", ""] {
            let error = page(uri).err().unwrap().to_string();
            assert!(error.contains("not Twilio's"), "{uri}: {error}");
        }
    }
}
