//! What every request has to be before a handler sees it, and what every answer has in its head.
//!
//! Any site that is open in a browser on this machine can send requests here, and any name can be made to
//! lead here (DNS rebinding); what the browser says of a request tells those apart.
//!
//! Source: Fetch Metadata Request Headers (`Sec-Fetch-Site`); Fetch ("Origin"); Go's CrossOriginProtection.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::Page;
use super::access::no_session;
use super::answer::Problem;
use crate::app::ports::kept_texts::Peer;
use crate::twilio::form::MOST_BYTES;

/// The head of every answer.
const HEAD: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=()",
    ),
];

const FORM: &str = "application/x-www-form-urlencoded";

/// Lets a request through that may come, with the session of whoever sent it.
pub(super) async fn guard(State(page): State<Page>, mut request: Request, next: Next) -> Response {
    let mut cookie = None;
    let mut answer = match admit(&page, &mut request, &mut cookie) {
        Ok(()) => {
            // So that times of no line in particular can be said by its clock.
            page.zones().await;
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    let headers = answer.headers_mut();
    for (name, value) in HEAD {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let caching = HeaderName::from_static("cache-control");
    headers
        .entry(caching)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        headers.append(SET_COOKIE, cookie);
    }
    answer
}

fn admit(
    page: &Page,
    request: &mut Request,
    cookie: &mut Option<HeaderValue>,
) -> Result<(), Problem> {
    let host = host_of(request)?;
    if !page.access.is_host(&host) {
        return Err(elsewhere());
    }
    let (headers, path) = (request.headers(), request.uri().path());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    comes_from_here(page, headers, &host, changes || path == "/events", request)?;
    if changes && !is_form(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The page takes forms alone.",
        ));
    }
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if length.is_some_and(|length| {
        length
            .parse()
            .is_ok_and(|length: usize| MOST_BYTES < length)
    }) {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "What was sent is larger than 64 KiB.",
        ));
    }
    if path.starts_with("/static/") || path == "/login" {
        return Ok(());
    }
    let now = page.now();
    let session = page.access.session(headers, now).or_else(|| {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        let (set, session) = page.access.by_itself(peer.filter(|_| !changes), now)?;
        *cookie = Some(set);
        Some(session)
    });
    let session = session.ok_or_else(no_session)?;
    if changes && session.is_read_only() && path != "/logout" {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "You may look at everything here, and change nothing.",
        )
        .todo("Ask whoever runs the relay for an address without --read-only."));
    }
    request.extensions_mut().insert(session);
    Ok(())
}

/// The one name by which the page was asked. A target with a name of its own, as proxies get it, is for
/// another server.
fn host_of(request: &Request) -> Result<String, Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next(), request.uri().authority()) {
        (Some(host), None, None) => host.to_str().map(str::to_owned).map_err(|_| elsewhere()),
        _ => Err(elsewhere()),
    }
}

fn elsewhere() -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "The page was asked by another host than its own (Host).",
    )
    .todo("Open it by the address that the relay printed.")
}

/// Whether the request comes from the page itself, or from the browser's address bar. One that `must` say so
/// is refused if it says nothing.
fn comes_from_here(
    page: &Page,
    headers: &HeaderMap,
    host: &str,
    must: bool,
    request: &Request,
) -> Result<(), Problem> {
    let value = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        let first = values
            .next()
            .map(|value| value.to_str().unwrap_or("?").to_owned());
        first.map(|first| values.next().map_or(first, |_| "?".to_owned()))
    };
    let site = value(&HeaderName::from_static("sec-fetch-site"));
    let origin = value(&ORIGIN);
    let is_own = |origin: &str| page.access.is_origin(origin, host);
    let is_fine = match (site.as_deref(), origin.as_deref()) {
        // Forms of a page without a referrer come so.
        (Some("same-origin"), Some("null")) => true,
        (_, Some(origin)) if !is_own(origin) => false,
        (Some("same-origin"), _) => true,
        (Some("none"), _) => !must,
        (Some(_), _) => false,
        (None, origin) => !must || origin.is_some(),
    };
    if is_fine {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::FORBIDDEN,
        "The request came from another site, or does not say where it came from (origin).",
    );
    Err(match request.uri().path_and_query() {
        // A link on another site may lead here, once somebody says that they want to.
        Some(target) if !must => problem.link(target.as_str(), "Open this page"),
        _ => problem.todo("Open the page itself, and try it again there."),
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    let content = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content.is_some_and(|content| {
        let content = content.split(';').next().unwrap_or_default();
        content.trim().eq_ignore_ascii_case(FORM)
    })
}
