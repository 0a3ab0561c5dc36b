//! What handlers read and answer with: queries, forms, screens, problems.

use std::sync::PoisonError;

use anyhow::Error;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{StatusCode, Uri};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::access::Session;
use super::row::KINDS;
use super::{NAVIGATION, Page, assets, tail, templates};
use crate::domain::time_zone::TimeZone;
use crate::twilio::form::{self, BadForm};

pub type Answer = Result<Response, Problem>;

const HTML: (http::HeaderName, &str) = (CONTENT_TYPE, "text/html; charset=utf-8");

/// The most screens of which the last good view is kept.
const MOST_KEPT: usize = 64;

/// A screen as it was when all of it could be read.
pub struct LastGood {
    at: Timestamp,
    body: String,
}

/// An instant, for `{{ moment|time }}`.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    pub iso: String,
    /// The time of day, and before that the day if it is not today.
    pub says: String,
    /// Day, time and zone.
    pub full: String,
}

impl Moment {
    pub fn new(at: Timestamp, zone: &TimeZone, now: Timestamp) -> Self {
        let (local, today) = (zone.at(at), zone.at(now).date());
        let form = match local.date() {
            date if date == today && now < at && local.second() == 0 => "%H:%M",
            date if date == today => "%H:%M:%S",
            date if date.year() == today.year() => "%a %d %b %H:%M",
            _ => "%Y-%m-%d %H:%M",
        };
        Self {
            iso: at.to_string(),
            says: local.strftime(form).to_string(),
            full: zone.show_seconds(at),
        }
    }
}

/// How long it was from one instant to another, in words: `9 s`, `12 min`, `3 h`, `2 days`.
pub fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A name as a part of a path.
pub fn in_path(name: &str) -> impl std::fmt::Display {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
}

impl Page {
    /// A screen: a template with what it shows, in the frame that all have. If that could not be read, the
    /// screen as it was last with a word about it; if there is none, the problem.
    pub fn view(
        &self,
        session: &Session,
        uri: &Uri,
        (template, title): (&str, &str),
        shows: anyhow::Result<impl Serialize>,
    ) -> Answer {
        let now = self.now();
        let shown = session.shown(now);
        let key = format!("{} {} {uri}", session.id(), shown.numbers);
        let mut kept = self
            .last_good
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (body, stale) = match shows {
            Ok(shows) => {
                let body = templates::render(template, shows)?;
                if MOST_KEPT <= kept.len() && !kept.contains_key(&key) {
                    let oldest = kept.iter().min_by_key(|(_, kept)| kept.at);
                    let oldest = oldest.map(|(key, _)| key.clone());
                    oldest.map(|oldest| kept.remove(&oldest));
                }
                let good = LastGood {
                    at: now,
                    body: body.clone(),
                };
                kept.insert(key, good);
                (body, None)
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "a screen of the page could not be made");
                match kept.get(&key) {
                    Some(good) => {
                        let at = Moment::new(good.at, &self.zone(), now).full;
                        (good.body.clone(), Some(at))
                    }
                    None => return Err(unreadable()),
                }
            }
        };
        drop(kept);
        let path = uri.path();
        let navigation = NAVIGATION
            .iter()
            .filter(|(.., dev)| !*dev || self.is_dev())
            .map(|(to, name, _)| {
                let current = if *to == "/" {
                    path == "/" || path.starts_with("/lines/")
                } else {
                    path.starts_with(to)
                };
                json!({ "to": to, "name": name, "current": current })
            });
        let page = templates::render(
            "base.html",
            json!({
                "title": title,
                "body": body,
                "stale": stale,
                "navigation": navigation.collect::<Vec<_>>(),
                "css": assets::css(),
                "js": assets::js(),
                "dev": self.is_dev(),
                "name": session.name(),
                "read_only": session.is_read_only(),
                "shows": shown.numbers,
                "back": uri.path_and_query().map(|path| path.as_str()),
                "until": session
                    .shows_until()
                    .map(|until| Moment::new(until, &self.zone(), now)),
                "from": tail::end(&self.audit()).ok().map(|end| end.to_string()),
                "kinds": KINDS.join(" "),
            }),
        )?;
        Ok(([HTML], page).into_response())
    }
}

/// A part of a screen without its frame, for script that puts it in the place of the old one.
pub fn fragment(template: &str, shows: impl Serialize) -> Answer {
    let body = templates::render(template, shows)?;
    Ok(([HTML], body).into_response())
}

/// Where to look after a form was sent.
pub fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, to.to_owned())]).into_response()
}

/// Why a request has no screen: what happened, whether anything was changed, what to do.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    what: String,
    changed: &'static str,
    todo: Option<String>,
    link: (String, String),
}

impl Problem {
    /// By which nothing was changed.
    pub fn new(status: StatusCode, what: impl Into<String>) -> Self {
        Self {
            status,
            what: what.into(),
            changed: "Nothing was changed.",
            todo: None,
            link: ("/".to_owned(), "Go to the first page".to_owned()),
        }
    }

    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, what)
    }

    /// What somebody wrote into a form or an address cannot be used.
    pub fn unusable(what: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, what)
    }

    /// Somebody else was faster.
    pub fn conflict(what: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, what).todo("Look at how it is now, and decide again.")
    }

    /// It may have been done, or not.
    pub fn unknown(self) -> Self {
        let changed = "It is not known whether anything was changed.";
        Self { changed, ..self }
    }

    pub fn todo(self, todo: impl Into<String>) -> Self {
        let todo = Some(todo.into());
        Self { todo, ..self }
    }

    pub fn link(self, to: impl Into<String>, name: impl Into<String>) -> Self {
        let link = (to.into(), name.into());
        Self { link, ..self }
    }
}

fn unreadable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "What this screen shows cannot be read now.",
    )
    .todo("Load it again in some seconds. If that does not help, the log says why, and `relay status` whether the relay does its work.")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self {
            status,
            what,
            changed,
            todo,
            link: (to, name),
        } = self;
        let shows = json!({
            "what": what,
            "todo": todo,
            "to": to,
            "name": name,
            "changed": Some(changed).filter(|_| status != StatusCode::OK),
            "title": status.canonical_reason().unwrap_or("Problem"),
            "code": status.as_u16(),
            "css": assets::css(),
        });
        match templates::render("problem.html", shows) {
            Ok(page) => (status, [HTML], page).into_response(),
            Err(_) => (status, Body::empty()).into_response(),
        }
    }
}

/// What could not be read or done, for a reason that the log says.
impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        let error = format!("{:#}", error.into());
        tracing::warn!(error, "the page could not answer a request");
        unreadable().unknown()
    }
}

/// The fields behind a `?`.
pub struct Query(form::Form);

/// The fields of a form that was sent.
pub struct Form(form::Form);

impl std::ops::Deref for Query {
    type Target = form::Form;

    fn deref(&self) -> &form::Form {
        &self.0
    }
}

impl std::ops::Deref for Form {
    type Target = form::Form;

    fn deref(&self) -> &form::Form {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        form::Form::parse(query.as_bytes())
            .map(Self)
            .map_err(unread)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(|error| {
            Problem::new(
                error.into_response().status(),
                "The form could not be read.",
            )
        })?;
        form::Form::parse(&body).map(Self).map_err(unread)
    }
}

fn unread(bad: BadForm) -> Problem {
    let what = match bad {
        BadForm::TooLarge => "What was sent is larger than 64 KiB.",
        BadForm::NotUtf8 => "What was sent is not UTF-8.",
        BadForm::Repeated => "A field was sent twice.",
    };
    Problem::new(StatusCode::BAD_REQUEST, what)
}
