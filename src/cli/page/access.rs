//! Who may see the page: one-time keys, sessions and what a session may do.
//!
//! A [`Session`] is made here alone, so a handler that has one was asked by somebody who is logged in.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use super::answer::{Answer, Problem, Query, see_other};
use super::keys::random;
use super::{Page, links};

pub use super::keys::Key;
use crate::cli::explain::moment::Shown;
use crate::domain::phone::PhoneNumber;
use crate::twilio::signature::sha256_hex;

/// How long a session is good.
pub const SESSION_FOR: Duration = Duration::from_secs(12 * 60 * 60);
/// How long numbers and words are shown once somebody asked for them.
pub const SHOWN_FOR: Duration = Duration::from_secs(15 * 60);

const MOST_SESSIONS: usize = 8;
/// The most wrong keys within [`WITHIN`].
const MOST_WRONG: usize = 10;
const WITHIN: Duration = Duration::from_secs(60);
/// The most customers that a session's addresses lead back to.
const MOST_ALIASES: usize = 10_000;

/// The URL by which a page is reached that something stands before: `https://`, a host, and no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl std::str::FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let how = "not a URL of a page; write such as https://relay.example.com, without a path";
        let text = text.strip_suffix('/').unwrap_or(text).to_lowercase();
        let host = text.strip_prefix("https://").ok_or(how)?;
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
        let is_one = !host.is_empty() && host.bytes().all(is_host);
        is_one.then_some(Self(text)).ok_or(how)
    }
}

impl PublicUrl {
    pub fn origin(&self) -> &str {
        &self.0
    }

    fn host(&self) -> &str {
        self.0.trim_start_matches("https://")
    }
}

/// Who may see the page.
pub struct Access {
    /// The page's own address.
    place: String,
    port: u16,
    url: Option<PublicUrl>,
    /// Whoever asks on this machine is logged in by that.
    is_open: bool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    keys: Vec<Key>,
    /// Oldest first.
    sessions: Vec<Session>,
    /// When somebody came with a key that is none.
    wrong: VecDeque<Timestamp>,
}

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Session(Arc<OfSession>);

struct OfSession {
    name: String,
    read_only: bool,
    /// All that there is is made up, and shown.
    shows_all: bool,
    /// Of the cookie's value.
    digest: String,
    /// Makes the session's aliases others than those of every other session.
    secret: String,
    ends: Timestamp,
    inner: Mutex<Changing>,
}

#[derive(Default)]
struct Changing {
    aliases: HashMap<String, PhoneNumber>,
    shows_until: Option<Timestamp>,
}

impl Session {
    fn new(key: &Key, shows_all: bool, now: Timestamp) -> (String, Self) {
        let id = random();
        let session = Self(Arc::new(OfSession {
            name: key.name.clone(),
            read_only: key.read_only,
            shows_all,
            digest: sha256_hex(id.as_bytes()),
            secret: random(),
            ends: now + Duration::from_secs(key.lasts),
            inner: Mutex::default(),
        }));
        (id, session)
    }

    /// Who it is, for the audit.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn is_read_only(&self) -> bool {
        self.0.read_only
    }

    /// Tells it from other sessions, and says nothing of its cookie.
    pub(super) fn id(&self) -> &str {
        &self.0.digest
    }

    /// What it may show now.
    pub fn shown(&self, now: Timestamp) -> Shown {
        let shows = self.0.shows_all || self.shows_until().is_some_and(|until| now < until);
        Shown {
            numbers: shows,
            body: shows,
        }
    }

    /// Until when numbers and words are shown, if somebody asked for it.
    pub fn shows_until(&self) -> Option<Timestamp> {
        self.lock().shows_until
    }

    pub(super) fn show_until(&self, until: Option<Timestamp>) {
        self.lock().shows_until = until;
    }

    /// What stands for a customer's number in URLs of this session.
    pub fn alias(&self, number: &PhoneNumber) -> String {
        let text = format!("{} {}", self.0.secret, number.expose());
        let alias = sha256_hex(text.as_bytes())[..16].to_owned();
        let mut inner = self.lock();
        if MOST_ALIASES <= inner.aliases.len() {
            inner.aliases.clear();
        }
        inner.aliases.insert(alias.clone(), number.clone());
        alias
    }

    /// The number that an alias of this session stands for.
    #[allow(dead_code, reason = "for screens of one customer")]
    pub fn number(&self, alias: &str) -> Option<PhoneNumber> {
        self.lock().aliases.get(alias).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The guard has put it there; without one the request comes no further.
impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(no_session)
    }
}

pub(super) fn no_session() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "This browser is not logged in, or not any more.",
    )
    .todo("Open the address with a key that the relay printed at its start. `relay page link` makes a new one. An address is good once, and for 10 minutes.")
}

impl Access {
    /// `is_open`: whoever asks on this machine is logged in by that.
    pub fn new(port: u16, url: Option<PublicUrl>, is_open: bool) -> Self {
        let place = match &url {
            Some(url) => url.origin().to_owned(),
            None => format!("http://127.0.0.1:{port}"),
        };
        Self {
            place,
            port,
            url,
            is_open,
            inner: Mutex::default(),
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The address that a key is brought to.
    pub fn address(page: &str, secret: &str) -> String {
        format!("{page}/login?key={secret}")
    }

    pub fn add(&self, key: Key) {
        self.lock().keys.push(key);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cookie(&self) -> String {
        format!("relay_page_{}", self.port)
    }

    /// Whether `Host` is a name of this page's.
    pub(super) fn is_host(&self, host: &str) -> bool {
        if let Some(url) = &self.url
            && host.eq_ignore_ascii_case(url.host())
        {
            return true;
        }
        let port = format!(":{}", self.port);
        let name = host.strip_suffix(&port);
        name.is_some_and(|name| {
            name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
        })
    }

    /// Whether `Origin` is the page's own under that name.
    pub(super) fn is_origin(&self, origin: &str, host: &str) -> bool {
        let own = self.url.as_ref().filter(|url| url.host() == host);
        match own {
            Some(url) => origin == url.origin(),
            None => origin == format!("http://{host}"),
        }
    }

    /// The session that the cookie names.
    pub(super) fn session(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let name = self.cookie();
        let mut inner = self.lock();
        inner.sessions.retain(|session| now < session.0.ends);
        let cookies = headers.get_all(COOKIE).iter();
        let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
        let cookies = cookies.flat_map(|cookies| cookies.split(';'));
        let pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        let mut ids = pairs.filter(|(given, _)| *given == name);
        ids.find_map(|(_, id)| {
            let digest = sha256_hex(id.as_bytes());
            let mut sessions = inner.sessions.iter();
            sessions.find(|session| session.0.digest == digest).cloned()
        })
    }

    /// Logs somebody in who asks on this machine, if that is enough. Returns the cookie to set.
    pub(super) fn by_itself(
        &self,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<(HeaderValue, Session)> {
        let is_here = self.is_open && peer.is_some_and(|peer| peer.is_loopback());
        is_here.then(|| {
            let (_, key) = Key::new("dev", false, SESSION_FOR, now);
            self.begin(&key, true, now)
        })
    }

    fn begin(&self, key: &Key, shows_all: bool, now: Timestamp) -> (HeaderValue, Session) {
        let (id, session) = Session::new(key, shows_all, now);
        let mut inner = self.lock();
        if MOST_SESSIONS <= inner.sessions.len() {
            inner.sessions.remove(0);
        }
        inner.sessions.push(session.clone());
        let secure = if self.url.is_some() { "; Secure" } else { "" };
        let cookie = format!(
            "{}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            self.cookie(),
            key.lasts
        );
        let cookie = HeaderValue::try_from(cookie).expect("hexadecimal digits");
        (cookie, session)
    }

    /// Takes a key for a session. It is good once.
    fn exchange(
        &self,
        secret: &str,
        now: Timestamp,
        left: impl FnOnce() -> Vec<Key>,
    ) -> Result<HeaderValue, Problem> {
        let digest = sha256_hex(secret.as_bytes());
        let key = {
            let mut inner = self.lock();
            let is_past = |at: &Timestamp| *at + WITHIN <= now || now < *at;
            while inner.wrong.front().is_some_and(is_past) {
                inner.wrong.pop_front();
            }
            if MOST_WRONG <= inner.wrong.len() {
                return Err(Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "Too many wrong keys came within a minute.",
                )
                .todo("Wait a minute, then open the address again."));
            }
            inner.keys.extend(left());
            inner.keys.retain(|key| key.is_good(now));
            let position = inner.keys.iter().position(|key| key.digest == digest);
            let key = position.map(|position| inner.keys.remove(position));
            if key.is_none() {
                inner.wrong.push_back(now);
            }
            key
        };
        match key {
            Some(key) => Ok(self.begin(&key, false, now).0),
            None => Err(no_session()),
        }
    }

    /// Whether a session goes on.
    pub(super) fn is_alive(&self, session: &Session, now: Timestamp) -> bool {
        let inner = self.lock();
        let mut sessions = inner.sessions.iter();
        now < session.0.ends && sessions.any(|other| other.id() == session.id())
    }

    fn end(&self, session: &Session) {
        let mut inner = self.lock();
        inner.sessions.retain(|other| other.id() != session.id());
    }
}

pub(super) async fn log_in(State(page): State<Page>, query: Query) -> Answer {
    let key = query.filled("key").unwrap_or_default();
    let left = || links::take(&page.data).unwrap_or_default();
    let cookie = page.access.exchange(key, page.now(), left)?;
    Ok(([(SET_COOKIE, cookie)], see_other("/")).into_response())
}

pub(super) async fn log_out(State(page): State<Page>, session: Session) -> Response {
    page.access.end(&session);
    let cookie = format!("{}=; Path=/; Max-Age=0", page.access.cookie());
    let said = Problem::new(StatusCode::OK, "You are logged out.");
    ([(SET_COOKIE, cookie)], said).into_response()
}
