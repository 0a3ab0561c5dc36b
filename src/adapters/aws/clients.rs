//! What all clients of AWS share: one HTTP client with one pool of connections, few trusted roots,
//! and limits that fit inside the time that Twilio waits for an answer.

use std::ffi::OsString;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How long one operation may take, its retries included. A webhook waits for two of them in
/// sequence, and Twilio gives up after 15 s.
const OPERATION: Duration = Duration::from_secs(4);
/// One attempt, so that a request that hangs on a dead connection leaves time for a second one.
const ATTEMPT: Duration = Duration::from_millis(1500);
const CONNECT: Duration = Duration::from_secs(1);
const MOST_ATTEMPTS: u32 = 3;
/// The SDK's own second would eat the operation's time.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// Shorter than the services keep a connection open, so that none is used that they have closed.
const IDLE: Duration = Duration::from_secs(20);

/// Set to `system`, this variable lets the relay trust what the machine trusts, for endpoints
/// behind a company's proxy.
const TRUST_STORE: &str = "TRUST_STORE";

/// The start of every configuration. Region, endpoint and credentials come from the standard
/// variables of AWS (`AWS_REGION`, `AWS_ENDPOINT_URL`, …) when it is loaded. Clients made from one
/// loaded configuration share its connections.
///
/// The behaviour version is pinned: a newer one may change retries and time-outs.
pub fn loader() -> ConfigLoader {
    let tls = TlsContext::builder()
        .with_trust_store(trust_store())
        .build()
        .expect("the context takes any trust store");
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::rustls(CryptoMode::Ring))
        .tls_context(tls)
        .pool_idle_timeout(IDLE)
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MOST_ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF);
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(retries)
}

/// A variable of AWS that holds what can be no part of a request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the environment variable {0} has {1} in it; set it anew, without what a copy or a file has added at its end"
)]
pub struct BadVariable(String, &'static str);

/// Refuses variables of AWS (`AWS_ACCESS_KEY_ID`, …) with line breaks and the like in them, of which the SDK
/// would panic or say something else.
pub fn check_environment() -> Result<(), BadVariable> {
    check(std::env::vars_os())
}

/// These stand in headers and in host names; the others are names and paths.
const IN_HEADERS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

fn check(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), BadVariable> {
    for (name, value) in variables {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with("AWS_") {
            continue;
        }
        let in_headers = IN_HEADERS.contains(&name.as_str());
        let what = match value.to_str() {
            None => "bytes that are no UTF-8",
            Some(value) if value.contains(['\n', '\r']) => "a line break",
            Some(value) if value.chars().any(char::is_control) => "a control character",
            Some(value) if in_headers && value.contains(char::is_whitespace) => "white space",
            Some(value) if in_headers && !value.is_ascii() => "a character that is not ASCII",
            Some(_) => continue,
        };
        return Err(BadVariable(name, what));
    }
    Ok(())
}

/// Parsing all roots of a machine takes most of a small function's start, so only those are
/// trusted that AWS's endpoints chain up to.
///
/// Source: AWS, "Amazon Trust Services" repository and "Preparing for the move to Amazon Trust
/// Services": Amazon Root CA 1 to 4, Starfield Services Root Certificate Authority - G2.
fn trust_store() -> TrustStore {
    if std::env::var(TRUST_STORE).is_ok_and(|value| value == "system") {
        return TrustStore::default();
    }
    amazon_roots().fold(TrustStore::empty(), |store, der| {
        store.with_pem_certificate(pem(der))
    })
}

fn amazon_roots() -> impl Iterator<Item = &'static [u8]> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(AsRef::as_ref)
        .filter(|der: &&[u8]| {
            contains(der, b"Amazon Root CA ")
                || contains(der, b"Starfield Services Root Certificate Authority - G2")
        })
}

fn contains(der: &[u8], name: &[u8]) -> bool {
    // The subject stands within the first few hundred bytes.
    der[..der.len().min(512)]
        .windows(name.len())
        .any(|window| window == name)
}

fn pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(der)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_of_aws_that_cannot_be_sent_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let checked = |name: &str, value: &[u8]| {
            let one = (OsString::from(name), OsString::from_vec(value.to_vec()));
            check(std::iter::once(one)).map_err(|bad| bad.to_string())
        };
        for (name, value, what) in [
            ("AWS_ACCESS_KEY_ID", &b"AKIDEXAMPLE\n"[..], "a line break"),
            ("AWS_SECRET_ACCESS_KEY", b"secret\r\n", "a line break"),
            ("AWS_SESSION_TOKEN", b"tok\ten", "a control character"),
            ("AWS_REGION", b"us-east-1 ", "white space"),
            ("AWS_DEFAULT_REGION", b"us-east-1\0", "a control character"),
            ("AWS_PROFILE", b"relay\n", "a line break"),
            (
                "AWS_ENDPOINT_URL",
                b"http://127.0.0.1:1\x7f",
                "a control character",
            ),
            (
                "AWS_ACCESS_KEY_ID",
                "AKID\u{e9}".as_bytes(),
                "a character that is not ASCII",
            ),
            ("AWS_CONFIG_FILE", b"/a\xff", "bytes that are no UTF-8"),
        ] {
            let said = checked(name, value).unwrap_err();
            let expected = format!("the environment variable {name} has {what} in it; set it anew");
            assert!(said.starts_with(&expected), "{said}");
            assert!(!said.contains("AKID") && !said.contains("secret"), "{said}");
        }
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", &b"AKIDEXAMPLE"[..]),
            ("AWS_PROFILE", b"my relay"),
            ("AWS_CONFIG_FILE", "/home/jos\u{e9}/aws".as_bytes()),
            ("PS1", b"\x1b[0m\n"),
        ] {
            assert_eq!(checked(name, value), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_roots_of_amazon_are_trusted_and_no_others() {
        assert_eq!(amazon_roots().count(), 5);
        for number in 1..=4 {
            let name = format!("Amazon Root CA {number}");
            assert!(
                amazon_roots().any(|der| contains(der, name.as_bytes())),
                "{name}"
            );
        }
    }

    #[test]
    fn the_roots_are_readable_to_the_tls_stack() {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        for der in amazon_roots() {
            let read = CertificateDer::from_pem_slice(pem(der).as_bytes()).unwrap();
            assert_eq!(read.as_ref(), der);
            let mut store = rustls::RootCertStore::empty();
            store.add(read).unwrap();
        }
    }
}
