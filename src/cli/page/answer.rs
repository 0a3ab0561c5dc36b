//! What handlers read and answer with, apart from screens: queries, forms, problems.

use anyhow::Error;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use serde_json::json;

use super::{assets, templates};
use crate::twilio::form::{self, BadForm};

pub type Answer = Result<Response, Problem>;

pub(super) const HTML: (http::HeaderName, &str) = (CONTENT_TYPE, "text/html; charset=utf-8");

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
    #[allow(dead_code, reason = "for screens with forms")]
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

pub(super) fn unreadable() -> Problem {
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
