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
use crate::credentials::Secret;

/// The header that carries it.
pub const HEADER: &str = "x-twilio-signature";

/// What is signed besides the URL.
#[derive(Clone, Copy)]
pub enum Signed<'a> {
    Form(&'a Form),
    /// A body of another type, JSON for one: the URL's `bodySHA256` parameter stands for it.
    Raw(&'a [u8]),
}

/// Signs as Twilio does.
pub fn sign(token: &Secret, url: &str, signed: Signed) -> String {
    STANDARD.encode(mac(token, url, signed).finalize().into_bytes())
}

/// Whether one of `tokens` signed the request. Takes the same time wherever the signature differs.
///
/// Twilio's SDKs accept the URL with and without its scheme's default port, since it is not certain
/// which of the two was signed; so does this.
pub fn verify<'a>(
    tokens: impl IntoIterator<Item = &'a Secret>,
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
    let urls = spellings(url);
    tokens
        .into_iter()
        .flat_map(|token| urls.iter().map(move |url| mac(token, url, signed)))
        .any(|mac| mac.verify_slice(&signature).is_ok())
}

fn mac(token: &Secret, url: &str, signed: Signed) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    if let Signed::Form(form) = signed {
        let mut fields: Vec<_> = form.fields().collect();
        fields.sort_unstable();
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    mac
}

/// Whether the URL's `bodySHA256` is the body's.
fn body_matches(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let claimed = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "bodySHA256")
        .map(|(_, value)| value);
    let actual: String = Sha256::digest(body)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    // No secret is compared here: everyone can compute the digest of the body they sent.
    claimed.is_some_and(|claimed| claimed.eq_ignore_ascii_case(&actual))
}

/// The URL as given, and with its default port added or taken away.
fn spellings(url: &str) -> Vec<Cow<'_, str>> {
    let mut urls = vec![Cow::Borrowed(url)];
    let Some((scheme, rest)) = url.split_once("://") else {
        return urls;
    };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return urls,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if let Some(without) = authority.strip_suffix(port) {
        urls.push(format!("{scheme}://{without}{path}").into());
    } else if !has_port(authority) {
        urls.push(format!("{scheme}://{authority}{port}{path}").into());
    }
    urls
}

fn has_port(authority: &str) -> bool {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    // An IPv6 address has colons of its own, inside brackets.
    host.rsplit_once(']')
        .map_or(host, |(_, after)| after)
        .contains(':')
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
    fn a_default_port_may_stand_in_the_url_or_not() {
        let bare = sign(&token(), URL, Signed::Form(&call()));
        let with_port = URL.replace(".com/", ".com:443/");
        assert!(verify([&token()], &bare, &with_port, Signed::Form(&call())));
        let ported = sign(&token(), &with_port, Signed::Form(&call()));
        assert!(verify([&token()], &ported, URL, Signed::Form(&call())));
        let other = URL.replace(".com/", ".com:8443/");
        assert!(!verify([&token()], &bare, &other, Signed::Form(&call())));
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
}
