//! Webhooks as they come out of the network.
//!
//! An input is the path with its query, the content type and the signature, a line each, and then
//! the body. The account's SID cannot stand in it, since those are put together at run time: an
//! `{AC}` in the body becomes it, an `{SM}` a message's.

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use relay::domain::credentials::{ACCOUNT_SID, AUTH_TOKEN, Credentials, Secret};
use relay::twilio::form::Form;
use relay::twilio::signature::{HEADER, Signed, sign};
use relay::twilio::voice::fallback_document;
use relay::twilio::webhook::{Unverified, Verified};

const PUBLIC_URL: &str = "https://relay.example.com";
const HOST_NAME: &str = "relay.example.com";
const FORM: &str = "application/x-www-form-urlencoded";

/// What the relay makes of the request as it is, and of its form when Twilio has signed it.
pub fn verified(input: &[u8]) -> Option<Verified<Form>> {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (path, content_type, signature) = (next(), next(), next());
    let body = Bytes::from(with_sids(next()));
    let request = Request::post(path)
        .header(HOST, HOST_NAME)
        .header(CONTENT_TYPE, content_type)
        .header(HEADER, signature)
        .body(body.clone());
    if let Ok(request) = request {
        stranger(&request);
    }
    let form = Form::parse(&body).ok()?;
    let path = std::str::from_utf8(path).ok()?;
    let url = format!("{PUBLIC_URL}{path}");
    let token = Secret::new("12345");
    let request = Request::post(path)
        .header(HOST, HOST_NAME)
        .header(CONTENT_TYPE, FORM)
        .header(HEADER, sign(&token, &url, Signed::Form(&form)))
        .body(body)
        .ok()?;
    let uri = request.uri();
    // A server gets a path and nothing else, without a fragment.
    if uri != path || !path.starts_with('/') || path.contains('#') {
        return None;
    }
    let came = Unverified::read(&request).expect("it is well formed");
    about_a_call(&came);
    let kept = serde_json::to_string(&came).expect("it can be kept");
    let kept: Unverified = serde_json::from_str(&kept).expect("it was kept as it came");
    assert!(kept == came);
    let genuine = kept.seems_genuine(&credentials());
    let verified = kept.verify(&credentials(), PUBLIC_URL);
    assert_eq!(genuine.is_ok(), verified.is_ok());
    match verified {
        Ok(verified) => Some(verified),
        Err(refusal) => {
            assert_eq!(refusal.counts_as(), "other_account");
            assert_ne!(form.get("AccountSid"), Some(&*sid("AC")));
            None
        }
    }
}

/// Whatever failed, the fallback rings nobody, and a leg is not asked for a message.
fn about_a_call(came: &Unverified) {
    let failed = came.failed_voice();
    let document = fallback_document(failed.as_ref(), PUBLIC_URL);
    assert!(!document.contains("<Dial"), "{document}");
    let is_of_leg = failed.is_some_and(|failed| failed.is_of_leg());
    assert!(!is_of_leg || !document.contains("<Record"), "{document}");
    if let Err(refusal) = came.voice() {
        assert!(refusal.status().is_client_error());
    }
}

/// Nobody gets in who has not signed, and nobody is told why in their own words.
fn stranger(request: &Request<Bytes>) {
    let refusal = match Unverified::read(request) {
        Ok(unverified) => {
            let _ = unverified.line();
            let _ = unverified.message_sid();
            about_a_call(&unverified);
            assert!(unverified.seems_genuine(&credentials()).is_err());
            let verified = unverified.verify(&credentials(), PUBLIC_URL);
            verified.err().expect("nobody signed it")
        }
        Err(refusal) => refusal,
    };
    assert!(refusal.status().is_client_error());
    assert!(refusal.to_string().len() < 100);
}

fn with_sids(body: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(body) {
        Ok(text) => text
            .replace("{AC}", &sid("AC"))
            .replace("{SM}", &sid("SM"))
            .into_bytes(),
        Err(_) => body.to_vec(),
    }
}

fn credentials() -> Credentials {
    Credentials::from_values("this test", |name| match name {
        ACCOUNT_SID => Some(Secret::new(sid("AC"))),
        AUTH_TOKEN => Some(Secret::new("12345")),
        _ => None,
    })
    .expect("both values are there")
}

fn sid(prefix: &str) -> String {
    prefix.to_owned() + &"0".repeat(32)
}
