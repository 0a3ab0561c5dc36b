//! Keeps web pages away from the sandbox. Any page that is open in a browser on this machine can send
//! requests here; what a browser says of them tells those apart from programs' own.
//!
//! Source: Fetch Metadata Request Headers (`Sec-Fetch-Site`); Fetch ("Origin", CORS-safelisted content types).
//! A page whose name is made to lead to this machine (DNS rebinding) is known by its name in `Host`.

use std::net::IpAddr;

use ::http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN};
use ::http::{Method, StatusCode, Uri};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::twilio::API_URL;

/// Answers what does not come from a program itself.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    match refusal(request.method(), request.uri(), request.headers()) {
        None => next.run(request).await,
        Some((status, why)) => {
            let error = json!({ "error": why }).to_string();
            (status, [(CONTENT_TYPE, "application/json")], error).into_response()
        }
    }
}

const ELSEWHERE: &str =
    "the request is for another host; call the sandbox by the address that it printed";
const FROM_A_PAGE: &str = "web pages may not use the sandbox";
const NO_JSON: &str = "send JSON, with the header `content-type: application/json`";

fn refusal(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
    let header = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = header(&HOST).unwrap_or_default();
    let is_one = headers.get_all(HOST).iter().count() <= 1;
    // A target with a name of its own is meant for a proxy.
    let is_same = uri.authority().is_none_or(|named| named.as_str() == host);
    if !is_one || !is_same || !is_named_here(host) {
        return Some((StatusCode::MISDIRECTED_REQUEST, ELSEWHERE));
    }
    let site = header(&HeaderName::from_static("sec-fetch-site"));
    let is_from_page = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let origin = header(&ORIGIN);
    let is_from_elsewhere = origin.is_some_and(|origin| origin != format!("http://{host}"));
    if is_from_page || is_from_elsewhere {
        return Some((StatusCode::FORBIDDEN, FROM_A_PAGE));
    }
    let is_control = uri.path().starts_with("/sandbox/") && method == Method::POST;
    // A program that says nothing of it is no browser, which always does of a page's text.
    let is_json = header(&CONTENT_TYPE).is_none_or(|content| {
        let content = content.split(';').next().unwrap_or_default();
        content.trim().eq_ignore_ascii_case("application/json")
    });
    (is_control && !is_json).then_some((StatusCode::UNSUPPORTED_MEDIA_TYPE, NO_JSON))
}

/// Whether a name can be no web page's: an address, or one without a dot, such as `localhost` or a
/// container's. Twilio's own is nobody else's.
fn is_named_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || name.ends_with(".localhost")
        || API_URL.strip_prefix("https://") == Some(name)
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;

    fn answer(path: &str, headers: &[(&'static str, &'static str)]) -> u16 {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect();
        let refused = refusal(&Method::POST, &path.parse().expect("a path"), &headers);
        refused.map_or(200, |(status, _)| status.as_u16())
    }

    const HERE: (&str, &str) = ("host", "127.0.0.1:4000");

    #[test]
    fn programs_are_let_through() {
        let json = ("content-type", "application/json; charset=utf-8");
        for host in [
            "127.0.0.1:4000",
            "localhost:4010",
            "[::1]:4010",
            "sandbox:4010",
        ] {
            assert_eq!(
                answer("/sandbox/texts", &[("host", host), json]),
                200,
                "{host}"
            );
        }
        assert_eq!(answer("/sandbox/faults", &[HERE]), 200);
        let form = ("content-type", "application/x-www-form-urlencoded");
        assert_eq!(
            answer("/2010-04-01/Accounts/AC1/Messages.json", &[HERE, form]),
            200
        );
        // Somebody who types the address, and a page of the sandbox's own.
        assert_eq!(
            answer("/sandbox/phones", &[HERE, ("sec-fetch-site", "none")]),
            200
        );
        let own = [
            HERE,
            json,
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://127.0.0.1:4000"),
        ];
        assert_eq!(answer("/sandbox/texts", &own), 200);
    }

    #[test]
    fn pages_are_not() {
        let text = ("content-type", "text/plain");
        for path in ["/sandbox/texts", "/2010-04-01/Accounts/AC1/Messages.json"] {
            for page in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "https://evil.example"),
                ("origin", "http://127.0.0.1:5000"),
                ("origin", "null"),
            ] {
                assert_eq!(answer(path, &[HERE, text, page]), 403, "{path} {page:?}");
            }
            // A name that the page's owner made lead here.
            for host in [
                "evil.example",
                "evil.example:4000",
                "127.0.0.1.evil.example:4000",
            ] {
                assert_eq!(answer(path, &[("host", host)]), 421, "{path} {host}");
            }
        }
        assert_eq!(answer("/sandbox/texts", &[HERE, text]), 415);
        let target = "http://evil.example/sandbox/texts";
        assert_eq!(answer(target, &[HERE]), 421);
        assert_eq!(answer("http://127.0.0.1:4000/sandbox/texts", &[HERE]), 200);
    }

    #[test]
    fn a_request_has_one_host() {
        let mut headers = HeaderMap::new();
        for host in ["127.0.0.1:4000", "evil.example"] {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        let path = "/sandbox/texts".parse().expect("a path");
        let refused = refusal(&Method::POST, &path, &headers);
        assert_eq!(refused.map(|(status, _)| status.as_u16()), Some(421));
    }
}
