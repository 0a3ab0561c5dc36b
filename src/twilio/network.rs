//! The network, as a [`Transport`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use rustls::{ClientConfig, RootCertStore};

use super::client::{ANSWER_TIMEOUT, NoAnswer, Transport};

/// How long opening a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// No answer of Twilio's comes near this size: a page of 50 messages of 1,600 characters has some
/// 500 KiB at most.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Requests over the network, through one pool of connections.
pub struct Network(reqwest::Client);

impl Network {
    pub fn new() -> Self {
        Self(build(client().timeout(ANSWER_TIMEOUT)))
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

/// An HTTP client that trusts the built-in root certificates: nothing is read from the system and
/// nothing parsed at start. It follows no redirects, for whom it talks to is configured.
pub fn client() -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("sms-relay/", env!("CARGO_PKG_VERSION")))
}

/// Builds a client that [`client()`] started.
pub fn build(client: reqwest::ClientBuilder) -> reqwest::Client {
    client
        .build()
        .expect("a client without files, proxies or system certificates always builds")
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let request =
            reqwest::Request::try_from(request).map_err(|error| NoAnswer::NotSent(told(error)))?;
        let answer = self.0.execute(request).await.map_err(|error| {
            // A builder's error is ours: the request was never written.
            match error.is_connect() || error.is_builder() {
                true => NoAnswer::NotSent(told(error)),
                false => NoAnswer::Unknown(told(error)),
            }
        })?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        match read(answer, LONGEST_ANSWER).await {
            Ok(body) => *response.body_mut() = body,
            // A refusal stands, whatever it wanted to say besides.
            Err(_) if !response.status().is_success() => {}
            Err(error) => return Err(error),
        }
        Ok(response)
    }
}

/// The body of an answer, as long as it is not longer than `longest` bytes.
pub async fn read(mut answer: reqwest::Response, longest: usize) -> Result<Bytes, NoAnswer> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| NoAnswer::Unknown(told(error)))?
    {
        if body.len() + chunk.len() > longest {
            let why = format!("the answer is larger than {longest} bytes");
            return Err(NoAnswer::Unknown(why));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The error and its causes, without the URL: it may carry a number.
fn told(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::from(error.without_url()))
}
