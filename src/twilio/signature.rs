//! The signature by which a request proves that it comes from Twilio: base64 of the HMAC-SHA1,
//! keyed with the account's auth token, over the URL and the sorted fields of the form.
//!
//! Source: Twilio, "Webhooks security" (validating signatures) and error 57012; the vectors in the
//! tests are those of Twilio's own SDKs.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::form::Form;
use crate::domain::credentials::Secret;
use crate::domain::ids::hex;

/// The header that carries it.
pub const HEADER: &str = "x-twilio-signature";

/// The header that says that a shared key signed it, in place of the auth token:
/// `key=…,algorithm=HMAC_SHA256`.
///
/// Source: Twilio, webhook rules (public beta); the `RequestValidator` of twilio-python 9.13.
pub const SETTINGS_HEADER: &str = "x-twilio-webhooks-signature-settings";

/// The hash of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Sha1,
    Sha256,
}

impl Algorithm {
    /// The algorithm that [`SETTINGS_HEADER`] names; `None` if the relay does not know it.
    pub fn of_settings(settings: &str) -> Option<Self> {
        let named = settings.split(',').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            (name.trim() == "algorithm" && !value.is_empty()).then_some(value)
        });
        match named.map(str::to_ascii_uppercase).as_deref() {
            None | Some("HMAC_SHA1") => Some(Self::Sha1),
            Some("HMAC_SHA256") => Some(Self::Sha256),
            Some(_) => None,
        }
    }
}

/// What is signed besides the URL.
#[derive(Clone, Copy)]
pub enum Signed<'a> {
    Form(&'a Form),
    /// A body of another type, JSON for one: the URL's `bodySHA256` parameter stands for it.
    Raw(&'a [u8]),
}

/// Signs as Twilio does.
pub fn sign(token: &Secret, url: &str, signed: Signed) -> String {
    sign_by(Algorithm::Sha1, token, url, signed)
}

/// The same with a shared key.
pub fn sign_by(algorithm: Algorithm, key: &Secret, url: &str, signed: Signed) -> String {
    let fields = sorted(signed);
    match algorithm {
        Algorithm::Sha1 => encoded(mac::<Hmac<Sha1>>(key, url, &fields)),
        Algorithm::Sha256 => encoded(mac::<Hmac<Sha256>>(key, url, &fields)),
    }
}

fn encoded(mac: impl Mac) -> String {
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether one of `tokens` signed the request. Takes the same time wherever the signature differs.
///
/// Which port stands in the URL that is signed is not certain: Twilio leaves out any port for some
/// webhooks and keeps it for others (twilio-python#402, twilio-node#411). So, as in Twilio's SDKs,
/// both are accepted, and where there is no port, the scheme's default one as well.
pub fn verify<'a>(
    tokens: impl IntoIterator<Item = &'a Secret>,
    signature: &str,
    url: &str,
    signed: Signed,
) -> bool {
    verify_by(Algorithm::Sha1, tokens, signature, url, signed)
}

/// The same with shared keys.
pub fn verify_by<'a>(
    algorithm: Algorithm,
    keys: impl IntoIterator<Item = &'a Secret>,
    signature: &str,
    url: &str,
    signed: Signed,
) -> bool {
    if let Signed::Raw(body) = signed
        && !body_matches(url, body)
    {
        return false;
    }
    let Ok(signature) = STANDARD.decode(signature) else {
        return false;
    };
    let fields = sorted(signed);
    let urls = spellings(url);
    let fits = |key, url| match algorithm {
        Algorithm::Sha1 => mac::<Hmac<Sha1>>(key, url, &fields).verify_slice(&signature),
        Algorithm::Sha256 => mac::<Hmac<Sha256>>(key, url, &fields).verify_slice(&signature),
    };
    keys.into_iter()
        .any(|key| urls.iter().any(|url| fits(key, url).is_ok()))
}

/// The fields in the order in which they are signed.
fn sorted(signed: Signed<'_>) -> Vec<(&str, &str)> {
    let Signed::Form(form) = signed else {
        return Vec::new();
    };
    let mut fields: Vec<_> = form.fields().collect();
    fields.sort_unstable();
    fields
}

fn mac<M: Mac + KeyInit>(key: &Secret, url: &str, fields: &[(&str, &str)]) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac
}

/// Whether the URL's `bodySHA256` is the body's.
fn body_matches(url: &str, body: &[u8]) -> bool {
    let without_fragment = url.split_once('#').map_or(url, |(before, _)| before);
    let query = without_fragment
        .split_once('?')
        .map_or("", |(_, query)| query);
    let claimed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    // No secret is compared here: everyone can compute the digest of the body they sent.
    claimed.is_some_and(|(_, claimed)| claimed == sha256_hex(body))
}

/// A SHA-256 digest in small hexadecimal digits.
pub(crate) fn sha256_hex(of: &[u8]) -> String {
    hex(&Sha256::digest(of))
}

/// The URL as given, and without its port, or with the default one if it has none.
fn spellings(url: &str) -> Vec<Cow<'_, str>> {
    let mut urls = vec![Cow::Borrowed(url)];
    let Some((scheme, rest)) = url.split_once("://") else {
        return urls;
    };
    let default = match scheme {
        scheme if scheme.eq_ignore_ascii_case("https") => ":443",
        scheme if scheme.eq_ignore_ascii_case("http") => ":80",
        _ => return urls,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = authority.split_at(port_at(authority));
    let port = if port.is_empty() { default } else { "" };
    urls.push(format!("{scheme}://{host}{port}{path}").into());
    urls
}

/// Where the port begins, with its colon; at the end if there is none.
fn port_at(authority: &str) -> usize {
    let host = authority.rfind('@').map_or(0, |at| at + 1);
    // An IPv6 address has colons of its own, inside brackets.
    let after_address = authority[host..].rfind(']').map_or(host, |at| host + at);
    authority[after_address..]
        .find(':')
        .map_or(authority.len(), |colon| after_address + colon)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    fn token() -> Secret {
        Secret::new("12345")
    }

    fn call() -> Form {
        Form::from_fields([
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ])
    }

    #[test]
    fn the_vector_of_the_official_sdks_is_accepted() {
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert_eq!(sign(&token(), URL, Signed::Form(&call())), signature);
        assert!(verify([&token()], signature, URL, Signed::Form(&call())));
    }

    #[test]
    fn the_url_may_have_been_signed_with_its_port_or_without() {
        let signed = |url: &str| sign(&token(), url, Signed::Form(&call()));
        let accepts =
            |signature: &str, url: &str| verify([&token()], signature, url, Signed::Form(&call()));
        for (host, port) in [
            ("https://example.com", ":443"),
            ("https://example.com", ":8443"),
            ("http://example.com", ":80"),
            ("http://me:pw@example.com", ":8080"),
            ("https://[2001:db8::1]", ":443"),
            ("HTTPS://example.com", ":443"),
        ] {
            let (bare, ported) = (format!("{host}/sms?a=:1"), format!("{host}{port}/sms?a=:1"));
            assert!(accepts(&signed(&bare), &ported), "{ported} signed without");
            let is_default = [":443", ":80"].contains(&port);
            assert_eq!(accepts(&signed(&ported), &bare), is_default, "{ported}");
            let other = format!("{host}:8444/sms?a=:1");
            assert!(!accepts(&signed(&ported), &other), "{ported}");
        }
    }

    #[test]
    fn whatever_is_tampered_with_the_signature_fails() {
        let signature = sign(&token(), URL, Signed::Form(&call()));
        let mut fields: Vec<_> = call()
            .fields()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        fields[2].1.push('5');
        let tampered = Form::from_fields(fields);
        assert!(!verify(
            [&token()],
            &signature,
            URL,
            Signed::Form(&tampered)
        ));
        assert!(!verify(
            [&token()],
            &signature,
            "https://mycompany.com/myapp.php?foo=1",
            Signed::Form(&call())
        ));
        assert!(!verify(
            [&Secret::new("54321")],
            &signature,
            URL,
            Signed::Form(&call())
        ));
        for wrong in ["", "not base64", &signature[..20]] {
            assert!(!verify([&token()], wrong, URL, Signed::Form(&call())));
        }
    }

    #[test]
    fn the_primary_and_the_previous_token_are_both_accepted() {
        let (primary, previous) = (Secret::new("new"), Secret::new("old"));
        let signature = sign(&previous, URL, Signed::Form(&call()));
        assert!(verify(
            [&primary, &previous],
            &signature,
            URL,
            Signed::Form(&call())
        ));
        assert!(!verify([&primary], &signature, URL, Signed::Form(&call())));
    }

    #[test]
    fn a_json_body_is_covered_through_its_digest() {
        let body = br#"{"property": "value", "boolean": true}"#;
        let digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let url = format!("{URL}&bodySHA256={digest}");
        let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
        assert!(verify([&token()], signature, &url, Signed::Raw(body)));
        assert!(!verify([&token()], signature, &url, Signed::Raw(b"{}")));
        assert!(!verify(
            [&token()],
            &sign(&token(), URL, Signed::Raw(b"{}")),
            URL,
            Signed::Raw(b"{}")
        ));
    }

    #[test]
    fn the_digest_of_a_body_is_that_of_the_query_in_small_letters() {
        let body = b"{}";
        let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        let accepts = |url: &str| {
            let signature = sign(&token(), url, Signed::Raw(body));
            verify([&token()], &signature, url, Signed::Raw(body))
        };
        let url = "https://example.com/sms";
        assert!(accepts(&format!("{url}?a=1&bodySHA256={digest}#b")));
        assert!(accepts(&format!("{url}?body%53HA256={digest}")));
        for other in [
            format!("{url}?bodySHA256={}", digest.to_uppercase()),
            format!("{url}?bodySHA256=&bodySHA256={digest}"),
            format!("{url}#?bodySHA256={digest}"),
            format!("{url}?bodysha256={digest}"),
        ] {
            assert!(!accepts(&other), "{other}");
        }
    }
}
